/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inbox - see inbox.h.
 */
#include "session/inbox.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/log.h"
#include "session/auth.h"
#include "session/end.h"
#include "session/links.h"
#include "session/open.h"
#include "session/probe.h"
#include "session/record.h"
#include "session/request.h"
#include "session/session.h"
#include "session/target_leg.h"
#include "session/until.h"

enum {
	HOSTSIGN_MS = 5000,
	READ_MAX = 64, /* internal: messages of one link per turn */
};

int
inbox_init(struct session *s)
{
	struct inbox *in = s->inbox;

	if ((in->body = ipc_room()) == NULL ||
	    (in->wait_body = ipc_room()) == NULL)
		return GW_ENOMEM;
	return 0;
}

void
inbox_done(struct session *s)
{
	ipc_room_free(s->inbox->body);
	ipc_room_free(s->inbox->wait_body);
}

static struct link *
link_of(struct session *s, enum proc p)
{
	switch (p) {
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

static void
on_link(struct session *s, const struct msg_sup_link *m, int fd)
{
	struct link *l = link_of(s, (enum proc)m->proc);

	if (l == NULL) {
		(void)close(fd);
		return;
	}
	link_set(l, fd, (enum proc)m->proc);
	if (s->logged_in)
		l->ipc.state = MST_READY;
	if (s->phase < PH_RELAY)
		return;
	if (l == &s->notary) {
		/* what waited for the notary that died is sent to this one */
		request_notary_relinked(s);
		target_notary_relinked(s);
		s->busy = true;
	}
	if (l == &s->recorder)
		record_relinked(s);
}

static void
on_hostsig(struct session *s, const struct msg_nt_hostsig *m)
{
	struct inbox *in = s->inbox;

	if (m->rid != in->hostsig.rid || in->hostsig.done)
		return;
	in->hostsig.done = true;
	in->hostsig.result = GW_ECRYPTO;
	if (m->result == 0 && m->sig.len == sizeof(in->hostsig.sig)) {
		memcpy(in->hostsig.sig, m->sig.p, m->sig.len);
		in->hostsig.result = 0;
	}
}

/* 0, or GW_EPROTO: a message nobody expects here. Takes every descriptor. */
static int
dispatch(struct session *s, struct ipc_msg *m)
{
	const struct msg_log_durable *d = m->body;
	const struct msg_empty alive = {0};
	int fd = m->fds[0];

	m->fds[0] = -1;
	switch (m->type) {
	case MSG_SUP_LINK:
		on_link(s, m->body, fd);
		return 0;
	case MSG_SUP_CONFIG:
		return 0;
	case MSG_SUP_BEAT:
		link_post(&s->ctl, MSG_SUP_ALIVE, &alive);
		return 0;
	case MSG_SUP_STOP:
		end_begin(s, END_SHUTDOWN, NULL);
		return 0;
	case MSG_LOG_DURABLE:
		request_durable(s, d->rid, d->result == 0 ? 0 : GW_EDENIED);
		return 0;
	case MSG_NT_HOSTSIG:
		on_hostsig(s, m->body);
		return 0;
	case MSG_NT_CERT_OK:
		target_certified(s, m->body);
		return 0;
	case MSG_SES_AUTH_OK:
		auth_accepted(s, m->body);
		return 0;
	case MSG_SES_AUTH_NO:
		auth_refused(s, m->body);
		return 0;
	case MSG_SES_TARGET:
		target_dialed(s, m->body, fd);
		return 0;
	case MSG_SES_DIAL_NO:
		target_dial_failed(
		    s, ((const struct msg_ses_dial_no *)m->body)->text);
		return 0;
	case MSG_SES_STOP:
		end_stop(s, m->body);
		return 0;
	case MSG_SES_UNTIL:
		until_moved(s, m->body);
		return 0;
	case MSG_SES_CHANNEL_OK:
		open_answered(s, m->body);
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
	struct ipc_msg m = {.body = s->inbox->body, .fds = {-1, -1}};
	int r;

	if (!l->up)
		return GW_EAGAIN;
	r = ipc_recv(&l->ipc, &m);
	if (r == 0)
		r = dispatch(s, &m);
	ipc_msg_close(&m);
	if (r != 0 && r != GW_EAGAIN)
		link_lost(l);
	return r;
}

void
inbox_read(struct session *s)
{
	struct link *all[] = {&s->ctl, &s->notary, &s->broker, &s->recorder};

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		for (unsigned n = 0; n < READ_MAX; n++)
			if (read_one(s, all[i]) != 0)
				break;
}

void
inbox_read_recorder(struct session *s)
{
	struct link *both[] = {&s->ctl, &s->recorder};

	for (size_t i = 0; i < ARRAY_LEN(both); i++)
		for (unsigned n = 0; n < READ_MAX; n++)
			if (read_one(s, both[i]) != 0)
				break;
}

/* Reads the notary's link until the host key's signature is there. */
static int
wait_notary(struct session *s)
{
	int64_t until = clock_mono_us() + HOSTSIGN_MS * 1000;
	int64_t left;
	/* its own storage: a handler up the stack may still read the other */
	struct ipc_msg m = {.body = s->inbox->wait_body, .fds = {-1, -1}};
	int r;

	while (!s->inbox->hostsig.done) {
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
			link_lost(&s->notary);
			return r;
		}
	}
	return s->inbox->hostsig.result;
}

int
inbox_sign(void *arg, uint8_t sig[static 64], const void *tbs, size_t n)
{
	struct session *s = arg;
	struct inbox *in = s->inbox;
	struct msg_nt_hostsign m = {
	    .hash = {tbs, (uint32_t)n}, .rekey = s->phase > PH_KEX};
	int r;

	if (n > LIMIT_HASH_MAX)
		return GW_ELIMIT;
	m.rid = link_rid(&s->notary);
	in->hostsig.rid = m.rid;
	in->hostsig.done = false;
	if ((r = link_send(&s->notary, MSG_NT_HOSTSIGN, &m)) != 0 ||
	    (r = wait_notary(s)) != 0) {
		log_warn("no host key signature: %s", err_str(r));
		return r;
	}
	memcpy(sig, in->hostsig.sig, sizeof(in->hostsig.sig));
	return 0;
}
