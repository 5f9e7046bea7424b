/* SPDX-License-Identifier: Apache-2.0 */
/*
 * accept - see the header. A session has direct lines to notary, broker and
 * recorder. No byte of what the client says is read here; the peer's address
 * comes from accept(2), so nobody further down can lie about it.
 */
#include "supervisor/accept.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/tcp.h"
#include "core/places.h"
#include "supervisor/beat.h"
#include "supervisor/goodbye.h"
#include "wire/ipc.h"

enum { ACCEPT_BURST = 32, TALLY_MS = 60 * 1000 };

static const enum proc lines[] = {PROC_NOTARY, PROC_BROKER, PROC_RECORDER};

struct conn {
	struct conn *next;
	struct msg_sup_spawn who;
	struct peer *control; /* to the session process; NULL: lost */
	pid_t zygote;         /* that forked it; 0: it has ended */
	pid_t pid;            /* 0: not known yet */
	bool gone;            /* reaped, or never there */
	unsigned said;        /* lines for the operators */
	bool known;           /* its source had a live grant or token */
	bool logged_in;       /* as the broker says */
	bool gave_way;        /* it is being killed, and has no place */
	bool doomed;          /* its zygote was asked to kill it */
	struct beat beat;
};

void
accept_known(struct supervisor *s, const struct msg_sup_known *m)
{
	if (m->source.family == 0)
		known_clear(&s->known);
	else if (m->known == 0)
		(void)known_drop(&s->known, &m->source);
	else if (!known_has(&s->known, &m->source) &&
		 known_add(&s->known, &m->source) < 0)
		return; /* it counts as a stranger */
}

bool
accept_waits(enum proc proc)
{
	return proc == PROC_NOTARY || proc == PROC_RECORDER;
}

/* One socket pair between a session and proc: both learn who is at the other
 * end, and which connection it is about. */
static int
connect_line(struct supervisor *s, struct conn *c, enum proc proc)
{
	struct peer *other = supervisor_peer(s, proc);
	struct msg_sup_link m = {
	    .conn = c->who.conn,
	    .peer = c->who.peer,
	    .peer_port = c->who.peer_port,
	    .own = c->who.own,
	    .own_port = c->who.own_port,
	};
	int fd[2];
	int r;

	if (other == NULL ||
	    (accept_waits(proc) && !supervisor_child(s, proc)->ready &&
		!FAULT(early_lines)))
		return GW_ECLOSED;
	if ((r = ipc_pair(fd)) != 0)
		return r;
	m.proc = PROC_SESSION;
	if ((r = peer_send(other, MSG_SUP_LINK, &m, fd[0])) == 0) {
		m.proc = (uint8_t)proc;
		r = peer_send(c->control, MSG_SUP_LINK, &m, fd[1]);
	}
	(void)close(fd[0]);
	(void)close(fd[1]);
	return r;
}

void
accept_relink(struct supervisor *s, enum proc proc)
{
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		if (lines[i] == proc)
			for (struct conn *c = s->conns; c != NULL; c = c->next)
				if (c->control != NULL)
					(void)connect_line(s, c, proc);
}

/* ---- the end of a session */

/* Forgets c once its line is lost (all that it said was read) and its process
 * is no more. */
static void
forget(struct supervisor *s, struct conn *c)
{
	if (c->control != NULL || (!c->gone && !FAULT(session_kill)))
		return;
	for (struct conn **cp = &s->conns; *cp != NULL; cp = &(*cp)->next)
		if (*cp == c) {
			*cp = c->next;
			s->nconns--;
			free(c);
			return;
		}
}

/* Is c's process a child of ours, since its zygote has ended? What a zygote
 * said of its pid is not believed: the kernel is asked. */
static bool
adopted(const struct supervisor *s, const struct conn *c)
{
	siginfo_t si;

	return c->zygote == 0 && c->pid > 0 && !supervisor_started(s, c->pid) &&
	       waitid(P_PID, (id_t)c->pid, &si, WEXITED | WNOHANG | WNOWAIT) ==
		   0;
}

/* False: it was not told, and lives on. */
static bool
kill_conn(struct supervisor *s, struct conn *c)
{
	const struct msg_sup_conn m = {.conn = c->who.conn};

	if (c->gone || FAULT(session_kill))
		return true;
	c->doomed = true;
	if (c->zygote != 0)
		/* one that does not do it is killed for that, or ends without
		 * its line, and we come here again */
		return peer_send(supervisor_zygote(s, c->zygote), MSG_SUP_KILL,
			   &m, -1) == 0;
	if (adopted(s, c))
		(void)kill(c->pid, SIGKILL);
	else
		c->gone = true;
	return true;
}

void
accept_lost(struct supervisor *s, struct peer *p)
{
	for (struct conn *c = s->conns; c != NULL; c = c->next)
		if (c->control == p) {
			c->control = NULL;
			(void)kill_conn(s, c);
			forget(s, c);
			return;
		}
}

void
accept_logged_in(struct supervisor *s, uint64_t conn)
{
	for (struct conn *c = s->conns; c != NULL; c = c->next)
		if (c->who.conn == conn)
			c->logged_in = true;
}

void
accept_kill(struct supervisor *s, uint64_t conn)
{
	for (struct conn *c = s->conns; c != NULL; c = c->next)
		if (c->who.conn == conn) {
			(void)kill_conn(s, c);
			forget(s, c);
			return;
		}
}

void
accept_kill_all(struct supervisor *s)
{
	for (struct conn *c = s->conns, *next = NULL; c != NULL; c = next) {
		next = c->next;
		(void)kill_conn(s, c);
		forget(s, c);
	}
}

/* Evidence of a session that died by a signal. */
static void
audit_died(struct supervisor *s, const struct conn *c, int sig)
{
	struct event_fields f;

	event_fields_init(&f);
	event_str(&f, EF_PROCESS, proc_name(PROC_SESSION));
	event_num(&f, EF_PID, c->pid);
	event_num(&f, EF_CONN, (int64_t)c->who.conn);
	event_num(&f, EF_STATUS, -sig);
	event_str(&f, EF_MSG,
	    "Sessions that begin after this have a memory of another layout.");
	(void)process_append(s->process, EV_PROCESS_EXIT, &f, NULL, NULL);
	event_fields_done(&f);
}

bool
accept_told(struct supervisor *s, pid_t zygote, const struct msg_sup_session *m)
{
	struct conn *c = s->conns;

	while (c != NULL && (c->who.conn != m->conn || c->zygote != zygote))
		c = c->next;
	if (c == NULL || c->gone)
		return false;
	if (c->pid == 0)
		c->pid = (pid_t)m->pid;
	if (m->gone == 0)
		return false;
	c->gone = true;
	if (m->signal != 0)
		audit_died(s, c, m->signal);
	forget(s, c);
	return m->signal != 0;
}

void
accept_said(
    struct supervisor *s, const struct peer *p, const struct msg_sup_say *m)
{
	const unsigned long long conn = peer_conn(p);
	struct conn *c = s->conns;

	while (c != NULL && c->control != p)
		c = c->next;
	if (c == NULL || c->said > LIMIT_SESSION_LINES)
		return;
	if (c->said++ == LIMIT_SESSION_LINES)
		log_warn("connection %llu: its session has said %d lines: the "
			 "rest is left out",
		    conn, LIMIT_SESSION_LINES);
	else if (m->level == LOG_LV_ERR)
		log_err("connection %llu: %s", conn, m->text);
	else if (m->level == LOG_LV_WARN)
		log_warn("connection %llu: %s", conn, m->text);
	else
		log_info("connection %llu: %s", conn, m->text);
}

void
accept_orphans(struct supervisor *s, pid_t zygote)
{
	for (struct conn *c = s->conns, *next = NULL; c != NULL; c = next) {
		next = c->next;
		if (c->zygote != zygote)
			continue;
		c->zygote = 0;
		if (!adopted(s, c))
			c->gone = true; /* it went with, or before */
		else if (c->control == NULL ||
			 (c->doomed && !FAULT(doomed_spared)))
			(void)kill_conn(s, c);
		forget(s, c);
	}
}

void
accept_reaped(struct supervisor *s, pid_t pid, int status)
{
	for (struct conn *c = s->conns; c != NULL; c = c->next)
		if (c->zygote == 0 && c->pid == pid && !c->gone) {
			c->gone = true;
			if (WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL)
				audit_died(s, c, WTERMSIG(status));
			forget(s, c);
			return;
		}
}

bool
accept_any_of(const struct supervisor *s, pid_t zygote)
{
	for (const struct conn *c = s->conns; c != NULL; c = c->next)
		if (c->zygote == zygote && !c->gone)
			return true;
	return false;
}

/* ---- the beginning */

/* Hands client (or, for a probe, a descriptor of /dev/null) to the zygote. */
static int
spawn(struct supervisor *s, const struct msg_sup_spawn *who, int client)
{
	struct msg_sup_link link = {.proc = PROC_SESSION, .conn = who->conn};
	struct peer *zygote = supervisor_peer(s, PROC_ZYGOTE);
	struct conn *c = NULL;
	int fd[2] = {-1, -1};
	int r;

	if (zygote == NULL)
		return GW_ECLOSED;
	if ((c = calloc(1, sizeof(*c))) == NULL)
		return GW_ENOMEM;
	c->who = *who;
	c->zygote = supervisor_zygote_pid(s, zygote);
	c->known = known_has(&s->known, &who->peer);
	if ((r = ipc_pair(fd)) != 0)
		goto out;
	r = peer_send2(zygote, MSG_SUP_SPAWN, who, client, fd[1]);
	(void)close(fd[1]);
	if (r != 0) {
		(void)close(fd[0]);
		goto out;
	}
	if ((r = process_adopt(
		 s->process, &c->control, PROC_SESSION, &link, fd[0])) != 0) {
		const struct msg_sup_conn m = {.conn = who->conn};

		(void)peer_send(zygote, MSG_SUP_KILL, &m, -1);
		goto out;
	}
	beat_begin(&c->beat, c->control);
	c->next = s->conns;
	s->conns = c;
	s->nconns++;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		(void)connect_line(s, c, lines[i]);
	c = NULL;
out:
	free(c);
	return r;
}

static void
audit(struct supervisor *s, enum event_code ev, const struct msg_sup_spawn *who,
    const char *reason)
{
	struct event_fields f;
	char text[ADDR_TEXT_SIZE];

	addr_format(text, &who->peer);
	event_fields_init(&f);
	event_num(&f, EF_CONN, (int64_t)who->conn);
	event_str(&f, EF_SRC, text);
	event_num(&f, EF_SRC_PORT, who->peer_port);
	addr_format(text, &who->own);
	event_str(&f, EF_DST, text);
	event_num(&f, EF_DST_PORT, who->own_port);
	event_str(&f, EF_REASON, reason);
	(void)process_append(s->process, ev, &f, NULL, NULL);
	event_fields_done(&f);
}

static void
report_rest(
    struct supervisor *s, struct tally *t, enum event_code ev, const char *text)
{
	struct event_fields f;

	if (t->left_out > 0) {
		event_fields_init(&f);
		event_num(&f, EF_COUNT, t->left_out);
		event_str(&f, EF_REASON, "repeated");
		event_str(&f, EF_MSG, text);
		(void)process_append(s->process, ev, &f, NULL, NULL);
		event_fields_done(&f);
	}
	*t = (struct tally){0};
}

static void
on_minute(struct process *r, void *arg)
{
	struct supervisor *s = arg;

	(void)r;
	report_rest(s, &s->connects, EV_SSH_CONNECT,
	    "This many more connections were accepted within a minute.");
	report_rest(s, &s->refusals, EV_SSH_REFUSED,
	    "This many more connections were refused within a minute.");
}

/* True while there is a record for each of them. */
static bool
has_record(struct supervisor *s, struct tally *t, unsigned max)
{
	if (s->connects.n == 0 && s->refusals.n == 0)
		timer_set(s->tally_timer, TALLY_MS);
	if (t->n >= max && !FAULT(tally)) {
		t->left_out++;
		return false;
	}
	t->n++;
	return true;
}

/* The newest are first: the last one found has had the longest time to log in.
 */
static bool
give_way(struct supervisor *s, const struct places *p, enum place kind)
{
	struct conn *who = NULL;
	unsigned dying = 0;

	for (struct conn *c = s->conns; c != NULL; c = c->next) {
		dying += c->gave_way;
		if (!c->logged_in && !c->gave_way && c->who.probe == 0 &&
		    places_shared(p, kind, &c->who.peer, c->known))
			who = c;
	}
	/* who connects faster than these end gains nothing by it */
	if (who == NULL || dying >= LIMIT_GIVING_WAY || FAULT(keep_unproven) ||
	    !kill_conn(s, who))
		return false;
	who->gave_way = true;
	if (has_record(s, &s->refusals, LIMIT_SSH_REFUSALS))
		audit(s, EV_SSH_REFUSED, &who->who, place_str(kind));
	forget(s, who);
	return true;
}

/* Probes have a place like all, but come from nowhere. */
static enum place
judge(struct supervisor *s, const struct addr *a)
{
	struct places p;
	enum place kind;

	places_begin(&p, a, known_has(&s->known, a));
	for (const struct conn *c = s->conns; c != NULL; c = c->next)
		if (!c->gave_way)
			places_count(
			    &p, &c->who.peer, c->known || c->who.probe != 0);
	kind = places_judge(
	    &p, &s->conf->caps, LIMIT_SSH_STRANGERS, LIMIT_SESSIONS);
	return kind == PLACE_FREE || give_way(s, &p, kind) ? PLACE_FREE : kind;
}

static void
refused(struct supervisor *s, const struct msg_sup_spawn *who, int fd,
    const char *reason, const char *text)
{
	goodbye_say(s->goodbyes, fd, text);
	if (has_record(s, &s->refusals, LIMIT_SSH_REFUSALS))
		audit(s, EV_SSH_REFUSED, who, reason);
}

static void
accept_one(struct supervisor *s, int fd, const struct sockaddr_storage *ss)
{
	struct msg_sup_spawn who = {.conn = s->next_conn++};
	struct sockaddr_storage own;
	socklen_t len = sizeof(own);
	enum place place;
	int r;

	if (addr_from_sockaddr(
		&who.peer, &who.peer_port, (const struct sockaddr *)ss) != 0 ||
	    getsockname(fd, (struct sockaddr *)&own, &len) != 0 ||
	    addr_from_sockaddr(
		&who.own, &who.own_port, (const struct sockaddr *)&own) != 0)
		return;
	tcp_prepare(fd);
	if (s->nretired >= LIMIT_ZYGOTES_RETIRED) {
		refused(
		    s, &who, fd, "too_many_crashes", place_text(PLACE_UNKNOWN));
		return;
	}
	if ((place = judge(s, &who.peer)) != PLACE_FREE) {
		refused(s, &who, fd, place_str(place), place_text(place));
		return;
	}
	if (has_record(s, &s->connects, LIMIT_SSH_CONNECTS))
		audit(s, EV_SSH_CONNECT, &who, NULL);
	if ((r = spawn(s, &who, fd)) != 0) {
		log_warn("cannot start a session: %s", err_str(r));
		refused(s, &who, fd, "no_session_process",
		    place_text(PLACE_UNKNOWN));
	}
}

static void
on_listener(struct process *r, int listener, unsigned what, void *arg)
{
	struct supervisor *s = arg;

	(void)r;
	(void)what;
	for (int i = 0; i < ACCEPT_BURST; i++) {
		struct sockaddr_storage ss;
		socklen_t len = sizeof(ss);
		int fd = accept4(listener, (struct sockaddr *)&ss, &len,
		    SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd < 0)
			return;
		accept_one(s, fd, &ss);
		(void)close(fd);
	}
}

int
accept_start(struct supervisor *s)
{
	struct now now = clock_now();
	int r;

	/* unique over restarts, with fewer than 1024 connections a millisecond;
	 * below the bit that marks probes until 2109 */
	s->next_conn = ((uint64_t)now.utc_ms << 10) & (CONN_PROBE - 1);
	if ((s->tally_timer = timer_new(s->process, on_minute, s)) == NULL)
		return GW_ENOMEM;
	if ((r = goodbye_new(&s->goodbyes, s->process)) != 0)
		return r;
	for (int i = 0; i < LIMIT_LISTEN; i++) {
		if (s->ssh_fd[i] < 0)
			continue;
		s->ssh_watch[i] =
		    watch_new(s->process, s->ssh_fd[i], on_listener, s);
		if (s->ssh_watch[i] == NULL)
			return GW_ENOMEM;
		watch_set(s->ssh_watch[i], WATCH_READ);
	}
	return 0;
}

void
accept_stop(struct supervisor *s)
{
	struct msg_empty m = {0};

	for (int i = 0; i < LIMIT_LISTEN; i++) {
		watch_free(s->ssh_watch[i]);
		s->ssh_watch[i] = NULL;
	}
	for (struct conn *c = s->conns, *next = NULL; c != NULL; c = next) {
		next = c->next; /* a link that breaks now frees c */
		if (!FAULT(stop_sessions) && c->control != NULL)
			(void)peer_send(c->control, MSG_SUP_STOP, &m, -1);
	}
}

void
accept_beat(struct supervisor *s)
{
	for (struct conn *c = s->conns; c != NULL; c = c->next) {
		/* without its line it is being killed already */
		if (c->control == NULL ||
		    !beat_turn(&c->beat, c->control, BEAT_SESSION))
			continue;
		beat_report(s, PROC_SESSION, c->who.conn);
		kill_conn(s, c);
	}
}

int
accept_probe(struct supervisor *s, uint64_t conn)
{
	struct msg_sup_spawn who = {.conn = conn, .probe = 1};
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	int r;

	if (fd < 0)
		return GW_ESYS;
	r = spawn(s, &who, fd);
	(void)close(fd);
	return r;
}
