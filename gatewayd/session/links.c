/* SPDX-License-Identifier: Apache-2.0 */
/*
 * links - the sockets to supervisor, broker, notary and recorder: receiving,
 * dispatching, sending evidence. A link that goes is not the end: the
 * supervisor brings a new one when the process is back (DESIGN section 3), and
 * session.c's clocks decide how long the relay may wait for it.
 */
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "session/session.h"

enum { SEND_WAIT_MS = 2000 };

struct link *
link_of(struct session *s, enum proc p)
{
	switch (p) {
	case PROC_SUPERVISOR:
		return &s->ctl;
	case PROC_NOTARY:
		return &s->notary;
	case PROC_BROKER:
		return &s->broker;
	case PROC_RECORDER:
		return &s->recorder;
	default:
		return NULL;
	}
}

void
link_lost(struct session *s, struct link *l)
{
	if (!l->up)
		return;
	ipc_done(&l->ipc);
	l->up = false;
	l->lost_ms = s->now.boot_ms;
	log_warn("connection %llu: the link to the %s is gone",
	    (unsigned long long)s->spawn.conn, proc_name(l->ipc.peer));
}

int
link_send(struct session *s, struct link *l, unsigned type, const void *body)
{
	int r = GW_ECLOSED;

	if (!l->up)
		return r;
	r = ipc_send_wait(&l->ipc, type, body, NULL, 0, SEND_WAIT_MS);
	if (r != 0 && r != GW_EINVAL)
		link_lost(s, l);
	return r;
}

void
link_event_common(struct session *s, struct event_fields *f)
{
	const struct msg_ses_auth_ok *g = &s->auth.grant;

	event_str(f, EF_USER, g->user);
	event_str(f, EF_TARGET, g->target);
	event_str(f, EF_LOGIN, g->login);
	event_str(f, EF_GRANT, g->grant);
	event_str(f, EF_SID, g->sid);
}

int
link_append(
    struct session *s, enum event_code ev, struct event_fields *f, uint32_t rid)
{
	struct msg_log_append m = {.rid = rid, .event = (uint16_t)ev};
	int r;

	if ((r = buf_err(&f->b)) != 0)
		return r;
	m.fields.p = f->b.p;
	m.fields.len = (uint32_t)f->b.len;
	return link_send(s, &s->notary, MSG_LOG_APPEND, &m);
}

void
link_tell(struct session *s, struct link *l, unsigned type, const void *body)
{
	int r = link_send(s, l, type, body);

	if (r == GW_EINVAL)
		log_err("message %u cannot be sent to the %s", type,
		    proc_name(l->ipc.peer));
}

void
link_note(struct session *s, enum event_code ev, struct event_fields *f)
{
	int r = link_append(s, ev, f, 0);

	if (r != 0)
		log_warn(
		    "event %s is lost: %s", event_spec(ev)->name, err_str(r));
}

static void
on_link(struct session *s, const struct msg_sup_link *m, int fd)
{
	struct link *l = link_of(s, (enum proc)m->proc);

	if (l == NULL || l == &s->ctl) {
		(void)close(fd);
		return;
	}
	if (l->up)
		link_lost(s, l);
	ipc_init(&l->ipc, fd, PROC_SESSION, (enum proc)m->proc);
	l->up = true;
	l->lost_ms = 0;
	if (s->auth.ok)
		l->ipc.state = MST_READY;
	if (s->phase < PH_RELAY)
		return;
	if (l == &s->notary)
		chan_relinked(s);
	if (l == &s->recorder)
		record_relinked(s);
}

static void
on_hostsig(struct session *s, const struct msg_nt_hostsig *m)
{
	if (m->rid != s->hostsign.rid || s->hostsign.done)
		return;
	s->hostsign.done = true;
	s->hostsign.result = GW_ECRYPTO;
	if (m->result == 0 && m->sig.len == sizeof(s->hostsign.sig)) {
		memcpy(s->hostsign.sig, m->sig.p, m->sig.len);
		s->hostsign.result = 0;
	}
}

static void
on_changed(struct session *s, const struct msg_ses_changed *m)
{
	s->auth.grant.end_ms = m->end_ms;
	s->auth.grant.end_boot_ms = m->end_boot_ms;
}

/* 0, or GW_EPROTO: a message nobody expects here. Takes every descriptor. */
static int
dispatch(struct session *s, struct ipc_msg *m)
{
	const struct msg_log_durable *d = m->body;
	int fd = m->fds[0];

	m->fds[0] = -1;
	switch (m->type) {
	case MSG_SUP_LINK:
		on_link(s, m->body, fd);
		return 0;
	case MSG_SUP_CONFIG:
		return 0;
	case MSG_SUP_STOP:
		end_begin(s, END_SHUTDOWN, NULL);
		return 0;
	case MSG_LOG_DURABLE:
		chan_durable(s, d->rid, d->result == 0 ? 0 : GW_EDENIED);
		return 0;
	case MSG_NT_HOSTSIG:
		on_hostsig(s, m->body);
		return 0;
	case MSG_NT_CERT_OK:
		target_certified(s, m->body);
		return 0;
	case MSG_SES_AUTH_OK:
		auth_verdict_ok(s, m->body);
		return 0;
	case MSG_SES_AUTH_NO:
		auth_verdict_no(s, m->body);
		return 0;
	case MSG_SES_TARGET:
		target_dialed(s, m->body, fd);
		return 0;
	case MSG_SES_DIAL_NO:
		target_refused(
		    s, ((const struct msg_ses_dial_no *)m->body)->text);
		return 0;
	case MSG_SES_STOP:
		end_stop(s, m->body);
		return 0;
	case MSG_SES_CHANGED:
		on_changed(s, m->body);
		return 0;
	case MSG_SES_CHANNEL_OK:
		chan_answered(s, m->body);
		return 0;
	case MSG_SES_PROBE:
		probe_asked(s, m->body, fd);
		return 0;
	case MSG_REC_STATE:
		record_state(s, m->body);
		return 0;
	default:
		if (fd >= 0)
			(void)close(fd);
		return GW_EPROTO;
	}
}

static int
read_one(struct session *s, struct link *l)
{
	struct ipc_msg m = {.body = s->body, .fds = {-1, -1}};
	int r;

	if (!l->up)
		return GW_EAGAIN;
	r = ipc_recv(&l->ipc, &m);
	if (r == 0)
		r = dispatch(s, &m);
	ipc_msg_close(&m);
	if (r != 0 && r != GW_EAGAIN)
		link_lost(s, l);
	return r;
}

void
links_read(struct session *s)
{
	struct link *all[] = {&s->ctl, &s->notary, &s->broker, &s->recorder};

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		for (unsigned n = 0; n < 64; n++)
			if (read_one(s, all[i]) != 0)
				break;
}

int
link_wait_notary(struct session *s, const bool *done, int timeout_ms)
{
	int64_t until = clock_mono_us() + (int64_t)timeout_ms * 1000;
	int64_t left;
	/* its own storage: a handler up the stack may still read s->body */
	struct ipc_msg m = {.body = s->wait_body, .fds = {-1, -1}};
	int r;

	while (!*done) {
		left = (until - clock_mono_us()) / 1000;
		if (left <= 0)
			return GW_EAGAIN;
		if (!s->notary.up)
			return GW_ECLOSED;
		r = ipc_recv_wait(&s->notary.ipc, &m, (int)left);
		if (r == 0)
			r = dispatch(s, &m);
		ipc_msg_close(&m);
		if (r != 0 && r != GW_EAGAIN) {
			link_lost(s, &s->notary);
			return r;
		}
	}
	return 0;
}
