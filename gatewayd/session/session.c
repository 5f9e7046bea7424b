/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session - the forked child: sandbox, links, then one loop in which each leg
 * is fed, messages are read, channels move and what was written is sent. One
 * thread, nothing blocks but the host key signature (bounded).
 */
#include "session/session.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/str.h"
#include "session/alive.h"
#include "session/auth.h"
#include "session/chan.h"
#include "session/deadline.h"
#include "session/denied.h"
#include "session/end.h"
#include "session/inbox.h"
#include "session/leg.h"
#include "session/open.h"
#include "session/probe.h"
#include "session/record.h"
#include "session/relay.h"
#include "session/request.h"
#include "session/shim.h"
#include "session/target_leg.h"
#include "session/until.h"
#include "session/user_leg.h"
#include "sys/confine.h"

enum { LAST_TURN_MS = 100, DIALED_MS = 2000 };

int
session_confine(void)
{
	const struct rlimit as = {LIMIT_SESSION_MEMORY, LIMIT_SESSION_MEMORY};
	const struct rlimit none = {0, 0};

	if (setrlimit(RLIMIT_AS, &as) != 0 ||
	    setrlimit(RLIMIT_NPROC, &none) != 0)
		return GW_ESYS;
	return confine_enter(PROC_SESSION, NULL, NULL);
}

static void
step_channels(struct session *s)
{
	struct chan *next;

	for (struct chan *c = s->chans; c != NULL && s->phase == PH_RELAY;
	     c = next) {
		next = c->next;
		if (chan_broken(c))
			end_begin(s, END_ABORTED,
			    "sallyport: session ended: a channel needs more "
			    "memory than it may have");
		else if (!c->opened)
			open_step(s, c);
		else
			request_step(s, c);
	}
	until_step(s);
	relay_step(s);
}

static void
turn(struct session *s)
{
	s->now = clock_now();
	s->busy = false;
	record_turn(s);
	denied_turn(s);
	inbox_read(s);
	if (s->phase == PH_LINKS && !s->spawn.probe && s->notary.up &&
	    s->broker.up && s->recorder.up && user_serve(s) != 0)
		s->phase = PH_DONE;
	if (leg_fill(&s->user, s->now.boot_ms))
		s->busy = true;
	if (leg_fill(&s->target->leg, s->now.boot_ms))
		s->busy = true;
	user_step(s);
	target_step(s);
	alive_step(s);
	if (s->spawn.probe)
		probe_step(s);
	else
		step_channels(s);
	leg_flush(&s->user);
	leg_flush(&s->target->leg);
	if (s->user.dead && !s->spawn.probe && s->phase >= PH_KEX &&
	    s->phase < PH_ENDING)
		end_leg(s, &s->user);
	deadline_check(s);
	end_step(s);
	leg_flush(&s->user);
}

static void
add_fd(struct pollfd *p, nfds_t *n, int fd, bool in, bool out)
{
	if (fd < 0)
		return;
	p[*n].fd = fd;
	p[*n].events = (short)((in ? POLLIN : 0) | (out ? POLLOUT : 0));
	p[*n].revents = 0;
	(*n)++;
}

static void
wait_for_work(struct session *s)
{
	struct pollfd p[6];
	nfds_t n = 0;
	const struct leg *target = &s->target->leg;
	const struct link *links[] = {
	    &s->ctl, &s->notary, &s->broker, &s->recorder};

	for (size_t i = 0; i < ARRAY_LEN(links); i++)
		if (links[i]->up)
			add_fd(p, &n, links[i]->ipc.fd, true,
			    links[i] == &s->recorder && record_waits(s));
	if (!s->user.dead)
		add_fd(p, &n, s->user.fd, s->phase >= PH_KEX,
		    shim_waits(s->user.fd));
	if (!target->dead)
		add_fd(p, &n, target->fd, true, shim_waits(target->fd));
	(void)shim_wait(p, n, deadline_wait_ms(s));
}

/* Nothing is relayed any more; what the recorder has not written yet may have
 * to be given to another one. */
static void
wait_recorder(struct session *s)
{
	const int64_t until = clock_now().boot_ms + LIMIT_FREEZE_S * 1000;
	struct pollfd p[2];
	nfds_t n;

	for (;;) {
		s->now = clock_now();
		record_turn(s);
		inbox_read_recorder(s);
		if (!record_unwritten(s) || s->now.boot_ms >= until ||
		    !s->ctl.up)
			return;
		n = 0;
		add_fd(p, &n, s->ctl.ipc.fd, true, false);
		if (s->recorder.up)
			add_fd(
			    p, &n, s->recorder.ipc.fd, true, record_waits(s));
		(void)shim_wait(p, n, LAST_TURN_MS);
	}
}

/* A client that leaves at a refusal, as ssh -W does, leaves before the broker
 * has dialed. */
static void
wait_dialed(struct session *s)
{
	const int64_t until = clock_now().boot_ms + DIALED_MS;
	struct pollfd p[3];
	nfds_t n;

	/* at a stop there is no time: the ends come first */
	while (s->ending->reason != END_SHUTDOWN && denied_waits(s) &&
	       clock_now().boot_ms < until && s->ctl.up && s->broker.up &&
	       s->notary.up) {
		s->now = clock_now();
		n = 0;
		add_fd(p, &n, s->ctl.ipc.fd, true, false);
		add_fd(p, &n, s->broker.ipc.fd, true, false);
		add_fd(p, &n, s->notary.ipc.fd, true, false);
		(void)shim_wait(p, n, LAST_TURN_MS);
		inbox_read(s);
	}
}

static void
session_done(struct session *s)
{
	wait_dialed(s);
	denied_end(s);
	while (s->chans != NULL) {
		if (FAULT(session_chan_end))
			chan_free(s, s->chans);
		else
			chan_ended(
			    s, s->chans, end_reason_str(s->ending->reason));
	}
	wait_recorder(s);
	record_done(s);
	end_report(s);
	auth_done(s);
	target_done(s);
	user_done(s);
	ipc_done(&s->notary.ipc);
	ipc_done(&s->broker.ipc);
	ipc_done(&s->recorder.ipc);
	inbox_done(s);
}

/* The operators' log is not this process's to write: the supervisor does, with
 * the number of the connection before. What it does not take is dropped. */
static void
say(void *ctx, enum log_level level, const char *text)
{
	struct session *s = ctx;
	struct msg_sup_say m = {.level = (uint8_t)level};

	text_set(m.text, sizeof(m.text), text);
	if (!s->ctl.up || ipc_send(&s->ctl.ipc, MSG_SUP_SAY, &m, NULL, 0) != 0)
		return; /* nowhere is left to complain to */
}

static int
session_init(struct session *s, int client_fd, int ctl_fd, ssh_key host_key)
{
	struct link *links[] = {&s->ctl, &s->notary, &s->broker, &s->recorder};
	int r;

	s->user.fd = s->target->leg.fd = -1;
	for (size_t i = 0; i < ARRAY_LEN(links); i++)
		link_init(links[i]);
	link_set(&s->ctl, ctl_fd, PROC_SUPERVISOR);
	/* 1 is /dev/null */
	if (dup2(STDOUT_FILENO, STDERR_FILENO) < 0)
		return GW_ESYS;
	log_to(say, s);
	s->exit = -1;
	s->now = clock_now();
	s->start_ms = s->active_ms = s->now.boot_ms;
	if ((r = inbox_init(s)) != 0)
		return r;
	if (s->spawn.probe)
		(void)close(client_fd);
	else if ((r = user_init(s, client_fd, host_key)) != 0)
		return r;
	return session_confine();
}

/* The session and what its files keep for it, in one piece of memory. */
struct whole {
	struct session s;
	struct target_leg target;
	struct auth auth;
	struct record record;
	struct probe probe;
	struct ending ending;
	struct denials denials;
	struct inbox inbox;
};

int
session_main(const struct msg_sup_spawn *spawn, int client_fd, int ctl_fd,
    ssh_key host_key, uint8_t algorithms)
{
	struct whole *w = calloc(1, sizeof(*w));
	struct session *s;
	int r;

	if (w == NULL)
		return 1;
	s = &w->s;
	*s = (struct session){.spawn = *spawn,
	    .algorithms = algorithms,
	    .target = &w->target,
	    .auth = &w->auth,
	    .record = &w->record,
	    .probe = &w->probe,
	    .ending = &w->ending,
	    .denials = &w->denials,
	    .inbox = &w->inbox};
	if ((r = session_init(s, client_fd, ctl_fd, host_key)) != 0) {
		log_err("no session: %s", err_str(r));
		return 1;
	}
	while (s->phase != PH_DONE) {
		turn(s);
		if (s->phase != PH_DONE)
			wait_for_work(s);
	}
	session_done(s);
	free(w);
	return 0;
}
