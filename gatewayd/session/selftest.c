/* SPDX-License-Identifier: Apache-2.0 */
/*
 * selftest - see selftest.h. Each part gives NULL, or what is not as it should
 * be.
 */
#include "session/selftest.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/limits.h"
#include "base/log.h"
#include "session/hooks.h"
#include "session/key.h"
#include "session/leg.h"
#include "session/names.h"
#include "session/nul.h"
#include "session/ssh.h"
#include "session/stream.h"

enum {
	SECONDS = 20, /* for all of it, on the busiest machine */
	TURNS = 200000,
	STILL = 50,   /* turns without a byte: it stands */
	PERIOD = 251, /* of the bytes' numbers; a prime */
	CHUNK = 64 * 1024,
	MORE = 2 * 1024 * 1024, /* after the stand */
	LAST = 16 * 1024,       /* before a close */
};

struct side {
	struct leg leg;
	ssh_channel ch;
	struct ssh_channel_callbacks_struct cb;
	struct stream in;
	uint64_t sent, come, taken;
	bool eof, closed;
};

struct pair {
	struct side user, target; /* server and client */
	ssh_bind bind;
	ssh_key host_key, key;
	EVP_PKEY *signer;
	uint8_t sid[LIMIT_HASH_MAX]; /* the first exchange hash */
	size_t nsid;
	uint8_t bytes[CHUNK + PERIOD];
};

/* ---- turns */
static void
turn_side(struct side *s)
{
	(void)leg_fill(&s->leg, 0);
	leg_feed(&s->leg);
	leg_flush(&s->leg);
}

/* False: a connection has ended. */
static bool
turn(struct pair *p)
{
	names_listen(true);
	nul_listen(true);
	turn_side(&p->user);
	nul_listen(false);
	names_listen(false);
	turn_side(&p->target);
	return !p->user.leg.dead && !p->target.leg.dead;
}

/* ---- the connection comes up */
static int
sign(void *arg, uint8_t sig[static 64], const void *tbs, size_t n)
{
	struct pair *p = arg;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t nsig = 64;
	int r = GW_ECRYPTO;

	if (p->nsid == 0 && n <= sizeof(p->sid)) {
		memcpy(p->sid, tbs, n);
		p->nsid = n;
	}
	if (ctx != NULL &&
	    EVP_DigestSignInit(ctx, NULL, NULL, NULL, p->signer) == 1 &&
	    EVP_DigestSign(ctx, sig, &nsig, tbs, n) == 1)
		r = 0;
	EVP_MD_CTX_free(ctx);
	return r;
}

static bool
make_keys(struct pair *p)
{
	uint8_t pub[32];
	size_t n = sizeof(pub);
	char *text = NULL;
	bool ok = false;

	p->signer = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	if (p->signer != NULL &&
	    EVP_PKEY_get_raw_public_key(p->signer, pub, &n) == 1 &&
	    (text = key_text(pub, hooks_marker)) != NULL) {
		ok = hooks_host_key(pub) == 0 &&
		     ssh_pki_import_privkey_base64(
			 text, NULL, NULL, NULL, &p->host_key) == SSH_OK &&
		     key_new(&p->key, pub) == 0;
	}
	free(text);
	return ok;
}

static bool
set_up(struct pair *p, const int fd[2])
{
	static const char ciphers[] = "aes128-gcm@openssh.com";
	const bool no = false;
	ssh_session client = NULL;

	if (leg_init(&p->user.leg, fd[0]) != 0 ||
	    leg_init(&p->target.leg, fd[1]) != 0 || !make_keys(p) ||
	    (p->bind = ssh_bind_new()) == NULL)
		return false;
	client = p->target.leg.ssh;
	hooks_signer(sign, p);
	ssh_set_auth_methods(p->user.leg.ssh, SSH_AUTH_METHOD_PUBLICKEY);
	return ssh_bind_options_set(
		   p->bind, SSH_BIND_OPTIONS_PROCESS_CONFIG, &no) == SSH_OK &&
	       ssh_bind_options_set(p->bind, SSH_BIND_OPTIONS_IMPORT_KEY,
		   p->host_key) == SSH_OK &&
	       ssh_bind_accept_fd(p->bind, p->user.leg.ssh, fd[0]) == SSH_OK &&
	       ssh_options_set(client, SSH_OPTIONS_PROCESS_CONFIG, &no) ==
		   SSH_OK &&
	       ssh_options_set(client, SSH_OPTIONS_SSH_DIR, "/nonexistent") ==
		   SSH_OK &&
	       ssh_options_set(client, SSH_OPTIONS_HOST, "self") == SSH_OK &&
	       ssh_options_set(client, SSH_OPTIONS_USER, "self") == SSH_OK &&
	       ssh_options_set(client, SSH_OPTIONS_KNOWNHOSTS,
		   "/nonexistent/known_hosts") == SSH_OK &&
	       ssh_options_set(client, SSH_OPTIONS_GLOBAL_KNOWNHOSTS,
		   "/nonexistent/known_hosts") == SSH_OK &&
	       ssh_options_set(client, SSH_OPTIONS_CIPHERS_C_S, ciphers) ==
		   SSH_OK &&
	       ssh_options_set(client, SSH_OPTIONS_CIPHERS_S_C, ciphers) ==
		   SSH_OK &&
	       ssh_options_set(client, SSH_OPTIONS_FD, &fd[1]) == SSH_OK;
}

static const char *
exchange(struct pair *p)
{
	int user = SSH_AGAIN;
	int target = SSH_AGAIN;

	for (unsigned i = 0; i < TURNS; i++) {
		(void)leg_fill(&p->user.leg, 0);
		(void)leg_fill(&p->target.leg, 0);
		if (user == SSH_AGAIN)
			user =
			    leg_exchange(&p->user.leg, ssh_handle_key_exchange);
		if (target == SSH_AGAIN)
			target = leg_exchange(&p->target.leg, ssh_connect);
		leg_flush(&p->user.leg);
		leg_flush(&p->target.leg);
		if (user != SSH_AGAIN && target != SSH_AGAIN)
			break;
	}
	if (user != SSH_OK || target != SSH_OK) {
		log_err("libssh says: %s; %s", ssh_get_error(p->user.leg.ssh),
		    ssh_get_error(p->target.leg.ssh));
		return "there is no key exchange";
	}
	if (p->nsid == 0)
		return "the host key's signature is made without us";
	if (leg_evented(&p->user.leg) != 0 || leg_evented(&p->target.leg) != 0)
		return "no memory";
	return NULL;
}

/* Is it what RFC 4252 section 7 has signed, of this connection? */
static bool
signed_here(const struct pair *p, const struct captured *c)
{
	char alg[64];
	struct rd r;
	size_t n;
	const uint8_t *sid;

	rd_init(&r, c->tbs, c->ntbs);
	sid = rd_string(&r, &n);
	return sid != NULL && n == p->nsid && memcmp(sid, p->sid, n) == 0 &&
	       c->nsig == 64 && captured_alg(c, alg, sizeof(alg)) == 0 &&
	       strcmp(alg, "ssh-ed25519") == 0;
}

/* Takes m. NULL while all is well. */
static const char *
answer(struct pair *p, ssh_message m)
{
	struct captured c = {.tbs = NULL};
	const char *bad = NULL;

	if (ssh_message_type(m) == SSH_REQUEST_SERVICE) {
		(void)ssh_message_service_reply_success(m);
	} else if (ssh_message_type(m) == SSH_REQUEST_AUTH &&
		   ssh_message_subtype(m) == SSH_AUTH_METHOD_PUBLICKEY) {
		if (ssh_message_auth_publickey_state(m) ==
		    SSH_PUBLICKEY_STATE_NONE)
			(void)ssh_message_auth_reply_pk_ok_simple(m);
		else if (!hooks_next(&c) || !signed_here(p, &c))
			bad = "a user's signature is checked without us";
		else
			(void)ssh_message_auth_reply_success(m, 0);
	} else {
		(void)ssh_message_reply_default(m);
	}
	free(c.tbs);
	ssh_message_free(m);
	return bad;
}

static const char *
log_in(struct pair *p)
{
	const char *bad = NULL;
	ssh_message m;
	int rc = SSH_AUTH_AGAIN;

	hooks_capture(true);
	for (unsigned i = 0; i < TURNS && bad == NULL; i++) {
		if (!turn(p))
			break;
		while (bad == NULL &&
		       (m = ssh_message_get(p->user.leg.ssh)) != NULL)
			bad = answer(p, m);
		rc = ssh_userauth_publickey(p->target.leg.ssh, NULL, p->key);
		if (rc != SSH_AUTH_AGAIN)
			break;
	}
	hooks_capture(false);
	return bad == NULL && rc != SSH_AUTH_SUCCESS ? "there is no login"
						     : bad;
}

/* ---- channels */
static int
on_data(
    ssh_session ssh, ssh_channel ch, void *p, uint32_t n, int is_err, void *arg)
{
	struct side *s = arg;
	size_t fitted;

	(void)ssh;
	(void)ch;
	(void)is_err;
	fitted = stream_take(&s->in, p, n);
	s->come += fitted;
	return (int)fitted;
}

static void
on_eof(ssh_session ssh, ssh_channel ch, void *arg)
{
	(void)ssh;
	(void)ch;
	((struct side *)arg)->eof = true;
}

static void
on_close(ssh_session ssh, ssh_channel ch, void *arg)
{
	(void)ssh;
	(void)ch;
	((struct side *)arg)->closed = true;
}

static bool
new_channel(struct side *s)
{
	stream_done(&s->in);
	s->sent = s->come = s->taken = 0;
	s->eof = s->closed = false;
	s->cb = (struct ssh_channel_callbacks_struct){
	    .userdata = s,
	    .channel_data_function = on_data,
	    .channel_eof_function = on_eof,
	    .channel_close_function = on_close,
	};
	ssh_callbacks_init(&s->cb);
	if ((s->ch = ssh_channel_new(s->leg.ssh)) == NULL)
		return false;
	return ssh_set_channel_callbacks(s->ch, &s->cb) == SSH_OK;
}

static const char *
open_channels(struct pair *p)
{
	ssh_message m;
	int rc = SSH_AGAIN;

	if (!new_channel(&p->user) || !new_channel(&p->target))
		return "no memory";
	for (unsigned i = 0; i < TURNS && rc == SSH_AGAIN && turn(p); i++) {
		rc = ssh_channel_open_session(p->target.ch);
		while ((m = ssh_message_get(p->user.leg.ssh)) != NULL) {
			if (ssh_message_type(m) == SSH_REQUEST_CHANNEL_OPEN)
				(void)
				    ssh_message_channel_request_open_reply_accept_channel(
					m, p->user.ch);
			ssh_message_free(m);
		}
	}
	return rc == SSH_OK ? NULL : "no channel opens";
}

static void
free_channel(struct side *s)
{
	/* its last messages come after it */
	(void)ssh_remove_channel_callbacks(s->ch, &s->cb);
	ssh_channel_free(s->ch);
	s->ch = NULL;
}

static uint32_t
window_of(ssh_channel ch)
{
#if FAULT_BUILD
	/* another libssh, for t-libssh-odd */
	if (fault_on("libssh_odd"))
		return ssh_channel_window_size(ch) + LAST;
#endif
	return ssh_channel_window_size(ch);
}

/* Sends up to `until` bytes in all; false if one write was not taken whole. */
static bool
send_until(struct pair *p, struct side *s, uint64_t until)
{
	while (s->sent < until && !leg_busy(&s->leg)) {
		uint32_t n = window_of(s->ch);
		int w;

		n = n < CHUNK ? n : CHUNK;
		if (n > until - s->sent)
			n = (uint32_t)(until - s->sent);
		if (n == 0)
			break;
		w = ssh_channel_write(s->ch, p->bytes + s->sent % PERIOD, n);
		if (w != (int)n)
			return false;
		s->sent += (unsigned)w;
	}
	return true;
}

/* Reads a little of what has come; false if it is not what was sent. */
static bool
read_some(struct pair *p, struct side *s)
{
	const uint8_t *at;
	size_t n;

	(void)stream_read(&s->in, s->ch, 0, &s->come, false);
	at = ring_peek(&s->in.ring, &n);
	n = n < CHUNK ? n : CHUNK;
	if (n > 0 && memcmp(at, p->bytes + s->taken % PERIOD, n) != 0)
		return false;
	ring_drop(&s->in.ring, n);
	s->taken += n;
	return !s->in.broken;
}

static const char *
stands(struct pair *p, struct side *from, struct side *to)
{
	const uint64_t most = LIMIT_SSH_UNREAD + STREAM_RING;
	uint64_t before;

	for (unsigned still = 0; still < STILL;) {
		before = from->sent;
		if (!send_until(p, from, most + 1))
			return "a write within the window is not taken whole";
		if (!turn(p))
			return "the connection ended while nobody read";
		still = from->sent == before ? still + 1 : 0;
	}
	if (from->sent > most)
		return "the window has no end";
	if (to->come + (uint64_t)ssh_channel_poll(to->ch, 0) != from->sent)
		return "it does not keep what was sent";
	return NULL;
}

static const char *
flows(struct pair *p, struct side *from, struct side *to)
{
	const char *bad = stands(p, from, to);
	const uint64_t all = from->sent + MORE;

	for (unsigned i = 0; bad == NULL && to->taken < all; i++) {
		if (!send_until(p, from, all))
			bad = "a write within the window is not taken whole";
		else if (!turn(p))
			bad = "the connection ended while bytes passed";
		else if (!read_some(p, to))
			bad = "other bytes came than were sent";
		else if (i == TURNS)
			bad = "a window that was used up does not open again";
	}
	return bad;
}

/* What came before a close can be read after it. */
static const char *
read_after_close(struct pair *p, struct side *from, struct side *to)
{
	to->in.stalled = true; /* it accepts nothing */
	if (!send_until(p, from, LAST) || from->sent != LAST ||
	    ssh_channel_send_eof(from->ch) != SSH_OK ||
	    ssh_channel_close(from->ch) != SSH_OK)
		return "no channel can be closed";
	for (unsigned i = 0; i < TURNS && !to->closed; i++)
		if (!turn(p))
			return "the connection ended with a channel";
	for (unsigned i = 0; i < STILL && to->taken < LAST; i++)
		if (!read_some(p, to))
			return "other bytes came than were sent";
	if (!to->eof || to->taken != LAST)
		return "what came before a close is lost";
	(void)ssh_channel_close(to->ch);
	return turn(p) ? NULL : "the connection ended with a channel";
}

/* What is on its way when its receiver closes harms nothing. */
static const char *
sent_after_close(struct pair *p, struct side *from, struct side *to)
{
	(void)ssh_channel_close(to->ch); /* from has not read it */
	if (!send_until(p, from, LAST))
		return "a write within the window is not taken whole";
	for (unsigned i = 0; i < STILL || !from->closed; i++)
		if (!turn(p) || i == TURNS)
			return "what crosses a close ends the connection";
	(void)ssh_channel_close(from->ch);
	return turn(p) ? NULL : "the connection ended with a channel";
}

static const char *
keepalive(struct pair *p)
{
	char *name = NULL;
	bool told;

	(void)ssh_send_keepalive(p->target.leg.ssh);
	for (unsigned i = 0; i < STILL && name == NULL && turn(p); i++)
		name = names_next(NAME_OF_KEEPALIVE);
	told = name != NULL;
	free(name);
	return told ? NULL : "a client's keepalive is not told";
}

/* A string with a NUL in it is whole: here 0x01 is one, as the client's side
 * takes C strings. */
static const char *
nul_byte(struct pair *p, struct side *from, struct side *to)
{
	static const char text[] = "before\1after";
	const char *got;
	const uint8_t *exact;
	ssh_message m = NULL;
	bool told = false;
	size_t n = 0;

	(void)to;
	if (from != &p->target)
		return NULL;
	nul_is(1);
	(void)ssh_channel_request_exec(from->ch, text);
	for (unsigned i = 0; i < STILL && m == NULL && turn(p); i++)
		m = ssh_message_get(p->user.leg.ssh);
	if (m != NULL && ssh_message_type(m) == SSH_REQUEST_CHANNEL &&
	    (got = ssh_message_channel_request_command(m)) != NULL) {
		exact = nul_exact(got, &n);
		told = exact != NULL && n == strlen(text) &&
		       memcmp(exact, text, n) == 0 &&
		       strcmp(got, "before\xff"
				   "after") == 0;
	}
	if (m != NULL) {
		(void)ssh_message_channel_request_reply_success(m);
		ssh_message_free(m);
	}
	nul_forget();
	nul_is(0);
	for (unsigned i = 0; i < TURNS && turn(p); i++)
		if (ssh_channel_request_exec(from->ch, text) != SSH_AGAIN)
			break;
	return told ? NULL : "a NUL in a string is not told";
}

typedef const char *part_fn(struct pair *p, struct side *from, struct side *to);

/* One part, on channels of its own. */
static const char *
try(struct pair *p, part_fn *part, struct side *from, struct side *to)
{
	const char *bad = open_channels(p);

	if (bad == NULL)
		bad = part(p, from, to);
	if (bad != NULL)
		return bad;
	free_channel(&p->user);
	free_channel(&p->target);
	for (unsigned i = 0; i < STILL; i++)
		if (!turn(p))
			return "the connection ended with a channel";
	return NULL;
}

static const char *
run(struct pair *p)
{
	static part_fn *const parts[] = {
	    flows, nul_byte, read_after_close, sent_after_close};
	const char *bad;

	for (size_t i = 0; i < sizeof(p->bytes); i++)
		p->bytes[i] = (uint8_t)(i % PERIOD);
	if ((bad = exchange(p)) != NULL || (bad = log_in(p)) != NULL)
		return bad;
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		if ((bad = try(p, parts[i], &p->target, &p->user)) != NULL ||
		    (bad = try(p, parts[i], &p->user, &p->target)) != NULL)
			return bad;
	}
	return keepalive(p);
}

/* In the child: its exit status. */
static int
test(int (*confine)(void), const int fd[2])
{
	struct pair *p = calloc(1, sizeof(*p));
	const char *bad = "no memory";

	/* what hangs dies of it */
	(void)alarm(SECONDS);
	if (confine != NULL && confine() != 0)
		bad = "the sandbox cannot be entered";
	else if (p != NULL)
		bad = set_up(p, fd) ? run(p) : "an option is refused";
	if (bad != NULL)
		log_err("the self-test of libssh %s failed: %s", ssh_version(0),
		    bad);
	return bad == NULL ? 0 : 1;
}

int
selftest(int (*confine)(void))
{
	int status = 0;
	int fd[2];
	pid_t pid;

	if (FAULT(no_selftest))
		return 0;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
		fd) != 0)
		return GW_ESYS;
	if ((pid = fork()) == 0)
		_exit(test(confine, fd));
	(void)close(fd[0]);
	(void)close(fd[1]);
	if (pid < 0)
		return GW_ESYS;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return GW_ESYS;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	log_err("libssh %s does not behave as the relay relies on: the gateway "
		"does not serve with it (tested are those of Debian 12 and 13)",
	    ssh_version(0));
	return GW_EUNSUPPORTED;
}
