/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rootsock - see the header.
 */
#include "supervisor/rootsock.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/peercred.h"
#include "base/str.h"

enum {
	WHOSE_MS = 2000,   /* internal: for the broker to know the targets */
	SILENT_MS = 10000, /* to ask, and for the others to answer */
	BACKLOG = 4,
};

struct rootsock {
	struct supervisor *s;
	int fd; /* listens */
	struct watch *watch;
	/* the one who asks; fd -1 = nobody */
	struct ipc asker;
	struct watch *asker_watch;
	struct peercred who;
	struct timer *silence;
	struct msg_sup_unprotect *want; /* NULL: has not said it yet */
	unsigned serial;                /* of what was wanted */
	uint32_t whose;                 /* rid of SUP_WHOSE; 0 = not asked;
					 * want NULL: root only asks */
	struct timer *whose_timer;
	uint32_t rid; /* of FW_UNPROTECT; 0 = not sent */
	uint64_t seq; /* of the record that it is done; 0 = not written */
	void *body;
};

/* Of which order the record is: another may have come meanwhile. */
struct recording {
	struct rootsock *x;
	unsigned serial;
	struct msg_sup_unprotect want;
	struct peercred who;
};

int
rootsock_path(const struct conf *c, char ret[static LIMIT_PATH_SIZE])
{
	if (str_fmt(ret, LIMIT_PATH_SIZE, "%s/gatewayd.sock", c->state_dir) !=
		0 ||
	    strlen(ret) >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
		return GW_ELIMIT;
	return 0;
}

static void record_undone(struct rootsock *x, const struct peercred *who,
    const struct msg_sup_unprotect *m, uint64_t seq, const char *reason);

/* An order that is under way is nobody's from here on: a record of it that
 * comes serves no other, and what nobody hears of is on record as that. */
static void
hang_up(struct rootsock *x)
{
	if (x->seq != 0 && x->rid != 0 && x->want != NULL)
		record_undone(x, &x->who, x->want, x->seq, "unconfirmed");
	x->serial++;
	watch_free(x->asker_watch);
	x->asker_watch = NULL;
	timer_stop(x->silence);
	timer_stop(x->whose_timer);
	ipc_done(&x->asker);
	x->asker.fd = -1;
	free(x->want);
	x->want = NULL;
	x->rid = x->whose = 0;
	x->seq = 0;
}

static void
who_fields(const struct peercred *who, const struct msg_sup_unprotect *m,
    struct event_fields *f)
{
	char text[ADDR_TEXT_SIZE];

	addr_format(text, &m->addr);
	event_fields_init(f);
	event_num(f, EF_UID, who->uid);
	event_num(f, EF_LOGINUID, who->loginuid);
	event_num(f, EF_PID, who->pid);
	event_str(f, EF_WHY, m->why);
	event_str(f, m->addr.family == 4 ? EF_DST : EF_DST6, text);
	event_num(f, EF_DST_PORT, m->port);
	event_str(f, EF_PROTO, m->proto == IPPROTO_UDP ? "udp" : "tcp");
}

/* It is on record as done, and is not, or nobody says so. */
static void
record_undone(struct rootsock *x, const struct peercred *who,
    const struct msg_sup_unprotect *m, uint64_t seq, const char *reason)
{
	struct event_fields f;

	if (FAULT(unprotect_uncorrected))
		return;
	who_fields(who, m, &f);
	event_str(&f, EF_OUTCOME, "failure");
	event_num(&f, EF_CORRECTS, (int64_t)seq);
	event_str(&f, EF_REASON, reason);
	if (process_append(x->s->process, EV_PORT_UNPROTECT, &f, NULL, NULL) !=
	    0)
		log_err("not on record: what record %llu says was not done",
		    (unsigned long long)seq);
	event_fields_done(&f);
}

static void
answer(struct rootsock *x, int result, const char *text)
{
	struct msg_sup_unprotected m = {.result = msg_result(result)};

	if (result != 0 && x->seq != 0 && x->want != NULL)
		record_undone(x, &x->who, x->want, x->seq,
		    result == GW_EAGAIN || result == GW_ECLOSED ? "unconfirmed"
								: "refused");
	if (str_copy(m.text, sizeof(m.text), text) != 0 ||
	    ipc_send(&x->asker, MSG_SUP_UNPROTECTED, &m, NULL, 0) != 0)
		log_warn("an answer to root was lost on its way");
	if (!FAULT(unprotect_done_corrected))
		x->seq = 0; /* what came of it is known */
	hang_up(x);
}

/* The answer to a question. */
static void
reply_to_root(struct rootsock *x, enum msg_type type, const void *body)
{
	if (ipc_send(&x->asker, type, body, NULL, 0) != 0)
		log_warn("an answer to root was lost on its way");
	hang_up(x);
}

static void
on_silence(struct process *r, void *arg)
{
	struct rootsock *x = arg;

	(void)r;
	if (x->want != NULL)
		answer(x, GW_EAGAIN,
		    "no answer of another process in time: look whether the "
		    "port is open (nft list set inet sallyport protected4)");
	else
		hang_up(x);
}

/* ---- first the log, then the firewall */

static void
ask_firewall(struct rootsock *x, int result)
{
	struct msg_fw_unprotect m = {0};

	if (result != 0) {
		answer(x, result,
		    "the log cannot be written: nothing was changed");
		return;
	}
	m.rid = x->rid = process_rid(x->s->process);
	m.addr = x->want->addr;
	m.proto = x->want->proto;
	m.port = x->want->port;
	if (peer_send(supervisor_peer(x->s, PROC_FIREWALL), MSG_FW_UNPROTECT,
		&m, -1) != 0)
		rootsock_firewall_lost(x->s);
}

static void
recorded(void *arg, int result, uint64_t seq)
{
	struct recording *y = arg;
	struct rootsock *x = y->x;

	if (x->want != NULL && x->serial == y->serial) {
		x->seq = result == 0 ? seq : 0;
		ask_firewall(x, result);
	} else if (result == 0) { /* nobody waits any more: nothing is done */
		record_undone(x, &y->who, &y->want, seq, "interrupted");
	}
	free(y);
}

static void
record(struct rootsock *x)
{
	struct recording *y = calloc(1, sizeof(*y));
	struct event_fields f;
	int r = GW_ENOMEM;

	if (y == NULL) {
		ask_firewall(x, r);
		return;
	}
	y->x = x;
	y->serial = ++x->serial;
	y->want = *x->want;
	y->who = x->who;
	who_fields(&x->who, x->want, &f);
	r = FAULT(unprotect_unrecorded)
		? 0
		: process_append(
		      x->s->process, EV_PORT_UNPROTECT, &f, recorded, y);
	event_fields_done(&f);
	if (r != 0 || FAULT(unprotect_unrecorded))
		recorded(y, r, 0);
}

/* ---- is it a target's still? It would be shut again at once */

/* A broker that hangs is started anew soon, and would shut a target's port
 * again: what cannot be told is not done. */
static void
on_whose_timer(struct process *r, void *arg)
{
	struct rootsock *x = arg;

	(void)r;
	x->whose = 0;
	if (x->want != NULL && FAULT(unprotect_unasked))
		record(x);
	else if (x->want != NULL)
		answer(x, GW_EAGAIN, UNPROTECT_UNTOLD);
	else
		hang_up(x);
}

static void
ask_whose(
    struct rootsock *x, const struct addr *addr, uint8_t proto, uint16_t port)
{
	const struct msg_fw_unprotect m = {.rid = process_rid(x->s->process),
	    .addr = *addr,
	    .proto = proto,
	    .port = port};

	x->whose = m.rid;
	timer_set(x->whose_timer, peer_send(supervisor_peer(x->s, PROC_BROKER),
				      MSG_SUP_WHOSE, &m, -1) == 0
				      ? WHOSE_MS
				      : 0);
}

int
on_whose_is(struct process *r, struct peer *p, const struct ipc_msg *msg)
{
	const struct msg_sup_whose_is *m = msg->body;
	struct rootsock *x = ((struct supervisor *)process_ctx(r))->rootsock;
	char text[LIMIT_TEXT_SIZE];

	if (peer_proc(p) != PROC_BROKER ||
	    (m->target[0] != '\0' && !str_name_ok(m->target)))
		return GW_EPROTO;
	if (x == NULL || x->whose == 0 || m->rid != x->whose)
		return 0;
	timer_stop(x->whose_timer);
	x->whose = 0;
	if (x->want == NULL) {
		reply_to_root(x, MSG_SUP_WHOSE_IS, m);
		return 0;
	}
	if (m->target[0] == '\0' || FAULT(unprotect_named)) {
		record(x);
		return 0;
	}
	(void)snprintf(text, sizeof(text),
	    "target %s still names it, and it would be shut again at once: "
	    "nothing was changed. Remove that first: jitctl --socket %s target "
	    "rm %s",
	    m->target, x->s->conf->admin_socket, m->target);
	answer(x, GW_ESTATE, text);
	return 0;
}

int
on_fw_unprotected(struct process *r, struct peer *p, const struct ipc_msg *msg)
{
	const struct msg_fw_unprotected *m = msg->body;
	struct rootsock *x = ((struct supervisor *)process_ctx(r))->rootsock;
	const int e = msg_error(m->result);

	if (peer_proc(p) != PROC_FIREWALL)
		return GW_EPROTO;
	if (x == NULL || x->rid == 0 || m->rid != x->rid)
		return 0;
	if (e == 0)
		answer(x, 0, "");
	else if (e == GW_ENOENT)
		answer(x, e, "it is not protected: nothing was changed");
	else
		answer(x, e, "the kernel refused: nothing was changed");
	return 0;
}

void
rootsock_firewall_lost(struct supervisor *s)
{
	struct rootsock *x = s->rootsock;

	if (x != NULL && x->rid != 0)
		answer(
		    x, GW_ECLOSED, "the firewall process went away: ask again");
}

/* ---- who asks what */

static bool
is_whole(const struct msg_sup_unprotect *m)
{
	return addr_valid(&m->addr) && m->port != 0 && m->why[0] != '\0' &&
	       (m->proto == IPPROTO_TCP || m->proto == IPPROTO_UDP);
}

/* What root asks; true: nothing is changed by it. */
static bool
only_asks(struct rootsock *x, const struct ipc_msg *m)
{
	const struct msg_fw_unprotect *at = m->body;
	struct msg_sup_serves serves = {0};

	if (x->want != NULL || x->whose != 0)
		return false;
	if (m->type == MSG_SUP_SERVED) {
		(void)snprintf(serves.tls_next, sizeof(serves.tls_next), "%s",
		    x->s->conf->tls_next);
		reply_to_root(x, MSG_SUP_SERVES, &serves);
		return true;
	}
	if (m->type != MSG_SUP_WHOSE || !addr_valid(&at->addr))
		return false;
	ask_whose(x, &at->addr, at->proto, at->port);
	return true;
}

static void
on_asked(struct process *r, int fd, unsigned what, void *arg)
{
	struct rootsock *x = arg;
	struct ipc_msg m = {.body = x->body, .fds = {-1, -1}};
	int e = ipc_recv(&x->asker, &m);

	(void)r;
	(void)fd;
	(void)what;
	if (e == GW_EAGAIN)
		return;
	ipc_msg_close(&m);
	if (e == 0 && only_asks(x, &m))
		return;
	if (e != 0 || m.type != MSG_SUP_UNPROTECT || x->want != NULL ||
	    x->whose != 0 || !is_whole(m.body) ||
	    (x->want = calloc(1, sizeof(*x->want))) == NULL) {
		hang_up(x);
		return;
	}
	*x->want = *(const struct msg_sup_unprotect *)m.body;
	timer_set(x->silence, SILENT_MS);
	ask_whose(x, &x->want->addr, x->want->proto, x->want->port);
}

static void
on_connect(struct process *r, int listener, unsigned what, void *arg)
{
	struct rootsock *x = arg;
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)what;
	if (fd < 0)
		return;
	peercred_get(&x->who, fd);
	/* the folder lets nobody else in; and one at a time */
	if (x->who.uid != 0 || x->asker.fd >= 0) {
		(void)close(fd);
		return;
	}
	ipc_init(&x->asker, fd, PROC_SUPERVISOR, PROC_SUPERVISOR);
	if ((x->asker_watch = watch_new(r, fd, on_asked, x)) == NULL) {
		hang_up(x);
		return;
	}
	watch_set(x->asker_watch, WATCH_READ);
	timer_set(x->silence, SILENT_MS);
}

static int
listen_at(const char *path, int *ret)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	struct stat st;
	int fd =
	    socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || str_copy(sun.sun_path, sizeof(sun.sun_path), path) != 0)
		goto failed;
	if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode))
		(void)unlink(path); /* an earlier run's */
	if (fchmod(fd, 0600) != 0 ||
	    bind(fd, (const struct sockaddr *)&sun, sizeof(sun)) != 0 ||
	    chmod(path, 0600) != 0 || listen(fd, BACKLOG) != 0)
		goto failed;
	*ret = fd;
	return 0;
failed:
	if (fd >= 0)
		(void)close(fd);
	return GW_ESYS;
}

int
rootsock_start(struct supervisor *s)
{
	char path[LIMIT_PATH_SIZE];
	struct rootsock *x = calloc(1, sizeof(*x));
	int r;

	if (x == NULL || (x->body = ipc_room()) == NULL) {
		free(x);
		return GW_ENOMEM;
	}
	x->s = s;
	x->asker.fd = -1;
	if ((r = rootsock_path(s->conf, path)) != 0 ||
	    (r = listen_at(path, &x->fd)) != 0) {
		log_err("cannot listen in %s: %s", s->conf->state_dir,
		    r == GW_ESYS ? strerror(errno) : err_str(r));
		ipc_room_free(x->body);
		free(x);
		return r;
	}
	s->rootsock = x; /* as long as the process */
	x->silence = timer_new(s->process, on_silence, x);
	x->whose_timer = timer_new(s->process, on_whose_timer, x);
	x->watch = watch_new(s->process, x->fd, on_connect, x);
	if (x->silence == NULL || x->whose_timer == NULL || x->watch == NULL)
		return GW_ENOMEM;
	watch_set(x->watch, WATCH_READ);
	return 0;
}
