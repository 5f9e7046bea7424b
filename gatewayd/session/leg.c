/* SPDX-License-Identifier: Apache-2.0 */
/*
 * leg - see leg.h. Knows nothing of channels.
 */
#include "session/leg.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/limits.h"
#include "base/str.h"
#include "core/conf.h"
#include "session/shim.h"

enum { BY_APPLICATION = 11 }; /* RFC 4253 section 11.1: "disconnected" */

/* AES-GCM first: libssh's own order costs twice the time on AES-NI hosts. CTR
 * last, for clients that have no AEAD (paramiko before 3). */
#define GCM "aes128-gcm@openssh.com,aes256-gcm@openssh.com"
#define CTR "aes256-ctr,aes128-ctr"
#define CHACHA "chacha20-poly1305@openssh.com"
/* Safe from quantum computers; of these libssh takes what its version knows
 * (0.12). No group exchange: it would read the moduli file. */
#define QUANTUM                                                                \
	"mlkem768x25519-sha256,sntrup761x25519-sha512,"                        \
	"sntrup761x25519-sha512@openssh.com"
#define CURVE25519 "curve25519-sha256,curve25519-sha256@libssh.org"
#define NISTP "ecdh-sha2-nistp256,ecdh-sha2-nistp384,ecdh-sha2-nistp521"
#define GROUPS                                                                 \
	"diffie-hellman-group16-sha512,diffie-hellman-group18-sha512,"         \
	"diffie-hellman-group14-sha256"
#define MACS                                                                   \
	"hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,"         \
	"hmac-sha2-256,hmac-sha2-512"

const struct leg_algs *
leg_algs(uint8_t algorithms, bool user)
{
	/* the NIST curves are nobody's first choice, but some target's only */
	static const struct leg_algs to_user = {
	    GCM "," CHACHA "," CTR, MACS, QUANTUM "," CURVE25519 "," GROUPS};
	static const struct leg_algs to_target = {GCM "," CHACHA "," CTR, MACS,
	    QUANTUM "," CURVE25519 "," NISTP "," GROUPS};
	static const struct leg_algs fips = {
	    GCM "," CTR, MACS, NISTP "," GROUPS};

	if (algorithms == ALGORITHMS_FIPS)
		return &fips;
	return user && !FAULT(weak_kex) ? &to_user : &to_target;
}

static const char of_client[] = "client [";
static const char of_server[] = "server [";

/* Is one of that side's, as libssh names them in its failure, in that list? */
static bool
would_help(const char *list, const char *failure, const char *side)
{
	const char *p = strstr(failure, side);
	char name[80], all[LIMIT_TEXT_SIZE];
	size_t n;

	if (p == NULL || str_fmt(all, sizeof(all), ",%s,", list) != 0)
		return false;
	for (p += strlen(side); *p != '\0' && *p != ']'; p += n) {
		p += *p == ',';
		n = strcspn(p, ",]");
		if (n > 0 &&
		    str_fmt(name, sizeof(name), ",%.*s,", (int)n, p) == 0 &&
		    strstr(all, name) != NULL)
			return true;
	}
	return false;
}

const char *
leg_no_common(uint8_t algorithms, const char *failure)
{
	const bool fips = algorithms == ALGORITHMS_FIPS;
	const struct leg_algs *other =
	    leg_algs(fips ? ALGORITHMS_DEFAULT : ALGORITHMS_FIPS, true);
	const char *list = "";

	if (strstr(failure, "method server host key") != NULL)
		return "no algorithm in common: the gateway's host key is "
		       "ssh-ed25519, and only that";
	if (strstr(failure, "method kex") != NULL)
		list = other->kex;
	else if (strstr(failure, "method encryption") != NULL)
		list = other->ciphers;
	else if (strstr(failure, "method mac") != NULL)
		list = other->macs;
	if (!would_help(list, failure, of_client))
		return fips ? "no algorithm in common: ssh.algorithms is fips "
			      "here; default has none of these either"
			    : "no algorithm in common: ssh.algorithms is "
			      "default here; fips has none of these either";
	return fips ? "no algorithm in common: ssh.algorithms is fips here; "
		      "default has others (gatewayd.yaml)"
		    : "no algorithm in common: ssh.algorithms is default here; "
		      "fips has others (gatewayd.yaml)";
}

/* Of one side's list, as much as there is room for beside the other's. */
static void
offered(char *ret, size_t size, const char *failure, const char *side)
{
	const char *p = strstr(failure, side);
	size_t n;

	ret[0] = '\0';
	if (p == NULL)
		return;
	p += strlen(side);
	n = strcspn(p, "]");
	if (n < size / 2)
		str_escape(ret, size, p, n);
	else {
		str_escape(ret, size, p, size / 2);
		(void)snprintf(ret + strlen(ret), size - strlen(ret), "...");
	}
}

enum no_common
leg_target_lacks(
    char *ret, size_t size, uint8_t algorithms, const char *failure)
{
	static const struct {
		const char *method, *word;
		size_t at; /* its list in struct leg_algs */
	} rows[] = {
	    {"method kex", "key exchange", offsetof(struct leg_algs, kex)},
	    {"method encryption", "cipher", offsetof(struct leg_algs, ciphers)},
	    {"method mac", "MAC", offsetof(struct leg_algs, macs)},
	};
	const bool fips = algorithms == ALGORITHMS_FIPS;
	const struct leg_algs *other =
	    leg_algs(fips ? ALGORITHMS_DEFAULT : ALGORITHMS_FIPS, false);
	const char *list = NULL;
	char theirs[200], ours[200];

	offered(theirs, sizeof(theirs), failure, of_server);
	offered(ours, sizeof(ours), failure, of_client);
	if (strstr(failure, "method server host key") != NULL) {
		(void)snprintf(ret, size,
		    "no type of host key in common: it has %s; the gateway "
		    "asks for %s",
		    theirs, ours);
		return NO_COMMON_HOSTKEY;
	}
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (strstr(failure, rows[i].method) == NULL)
			continue;
		memcpy(&list, (const char *)other + rows[i].at, sizeof(list));
		(void)snprintf(ret, size,
		    "no %s in common: it offers %s; the gateway, whose "
		    "ssh.algorithms is %s%s, %s",
		    rows[i].word, theirs, fips ? "fips" : "default",
		    would_help(list, failure, of_server)
			? (fips ? " (default has one)" : " (fips has one)")
			: "",
		    ours);
		return NO_COMMON_OTHER;
	}
	return NO_COMMON_NONE;
}

/* Closed, it is reset: nothing of it stays in the kernel. */
static void
set_abort(int fd, bool abort)
{
	const struct linger l = {.l_onoff = abort, .l_linger = 0};

	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l));
}

int
leg_init(struct leg *l, int fd)
{
	const int one = 1;
	int r;

	memset(l, 0, sizeof(*l));
	l->fd = fd;
	if ((r = shim_add(fd)) != 0)
		goto out;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	/* should we be killed: the kernel would go on for minutes */
	if (!FAULT(leg_lingers))
		set_abort(fd, true);
	r = GW_ENOMEM;
	if ((l->ssh = ssh_new()) == NULL)
		goto out;
	ssh_set_blocking(l->ssh, 0);
	r = 0;
out:
	if (r != 0)
		leg_done(l);
	return r;
}

/* What is unsent when it is closed is given some time, and nothing of it stays
 * in the kernel. Who is silent is reset. */
static void
close_politely(const struct leg *l)
{
	const unsigned goodbye_ms = LIMIT_GOODBYE_MS;

	if (l->fd < 0 || l->silent)
		return;
	set_abort(l->fd, false);
	/* a peer that is not there would keep it in the kernel for minutes */
	(void)setsockopt(l->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &goodbye_ms,
	    sizeof(goodbye_ms));
}

static void
close_leg(struct leg *l)
{
	if (l->event != NULL)
		ssh_event_free(l->event);
	l->event = NULL;
	/* libssh closes the descriptor unless it has done so already */
	shim_del(l->fd);
	if (l->ssh != NULL)
		ssh_free(l->ssh);
	else if (l->fd >= 0)
		(void)close(l->fd);
	l->ssh = NULL;
	l->fd = -1;
	l->dead = true;
}

void
leg_done(struct leg *l)
{
	close_politely(l);
	close_leg(l);
}

int
leg_evented(struct leg *l)
{
	if ((l->event = ssh_event_new()) == NULL)
		return GW_ENOMEM;
	if (ssh_event_add_session(l->event, l->ssh) != SSH_OK)
		return GW_ESTATE;
	return 0;
}

bool
leg_fill(struct leg *l, int64_t now_ms)
{
	int r;

	if (l->dead || l->fd < 0)
		return false;
	if ((r = shim_fill(l->fd)) == 0) {
		l->heard = true;
		l->heard_ms = now_ms;
	}
	return r == 0 || r == GW_ECLOSED;
}

/* A stream that ended, or a goodbye, leaves l->broken empty. */
static void
ended(struct leg *l)
{
	const char *why = ssh_get_error(l->ssh);
	int code = 0;

	l->dead = true;
	if (shim_eof(l->fd))
		return;
	/* a peer that leaves because it got damaged packets says so */
	if (!ssh_is_connected(l->ssh) &&
	    (sscanf(why, "Received SSH_MSG_DISCONNECT: %d:", &code) != 1 ||
		code == BY_APPLICATION))
		return;
	if (why[0] == '\0')
		why = "unknown";
	str_escape(l->broken, sizeof(l->broken), why, strlen(why));
}

/* libssh keeps a session it has given up: it is connected, reads nothing and
 * reports no error to its caller. */
static bool
given_up(const struct leg *l)
{
	return (ssh_get_status(l->ssh) & SSH_CLOSED_ERROR) != 0 &&
	       !FAULT(session_broken);
}

void
leg_feed(struct leg *l)
{
	size_t before;
	int r;

	if (l->dead || l->event == NULL)
		return;
	do {
		before = shim_rx(l->fd);
		r = ssh_event_dopoll(l->event, 0);
		if (r == SSH_ERROR || !ssh_is_connected(l->ssh) ||
		    given_up(l)) {
			ended(l);
			return;
		}
	} while (shim_rx(l->fd) > 0 && shim_rx(l->fd) != before);
	if (shim_eof(l->fd) && shim_rx(l->fd) == 0)
		l->dead = true;
}

int
leg_exchange(struct leg *l, int (*fn)(ssh_session ssh))
{
	size_t before;
	int rc;

	do {
		before = shim_rx(l->fd);
		rc = fn(l->ssh);
	} while (
	    rc == SSH_AGAIN && shim_rx(l->fd) > 0 && shim_rx(l->fd) != before);
	if (rc == SSH_AGAIN &&
	    ((shim_eof(l->fd) && shim_rx(l->fd) == 0) || given_up(l)))
		rc = SSH_ERROR;
	return rc;
}

void
leg_flush(struct leg *l)
{
	if (l->fd >= 0 && shim_flush(l->fd) == GW_ECLOSED)
		l->dead = true;
}

bool
leg_busy(const struct leg *l)
{
	return l->fd >= 0 && shim_tx(l->fd) > SHIM_TX_BUSY;
}

void
leg_ask(struct leg *l, int64_t now_ms)
{
	if (l->dead)
		return;
	l->asked_ms = now_ms;
	l->heard = false;
	/* twice: the first call may do no more than take the answer to the last
	 * question; one that is not answered yet is not asked again */
	(void)ssh_send_keepalive(l->ssh);
	(void)ssh_send_keepalive(l->ssh);
}

unsigned
leg_unanswered(const struct leg *l, unsigned ms)
{
	struct tcp_info i = {0};
	socklen_t n = sizeof(i);

	if (l->fd < 0 ||
	    getsockopt(l->fd, IPPROTO_TCP, TCP_INFO, &i, &n) != 0 ||
	    i.tcpi_last_ack_recv < ms)
		return 0;
	return (unsigned)i.tcpi_retransmits + i.tcpi_probes;
}

void
leg_disconnect(struct leg *l)
{
	close_politely(l);
	ssh_disconnect(l->ssh);
	/* libssh has closed the descriptor */
	shim_del(l->fd);
	l->fd = -1;
	l->dead = true;
}

void
leg_reset(struct leg *l)
{
	if (l->fd >= 0)
		set_abort(l->fd, true);
	close_leg(l);
}
