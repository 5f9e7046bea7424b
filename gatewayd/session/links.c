/* SPDX-License-Identifier: Apache-2.0 */
/*
 * links - see links.h.
 */
#include "session/links.h"

#include "base/err.h"
#include "base/log.h"

enum { SEND_WAIT_MS = 2000 };

void
link_init(struct link *l)
{
	*l = (struct link){.ipc = {.fd = -1}};
}

void
link_set(struct link *l, int fd, enum proc peer)
{
	link_lost(l);
	ipc_init(&l->ipc, fd, PROC_SESSION, peer);
	l->up = true;
}

void
link_lost(struct link *l)
{
	if (!l->up)
		return;
	ipc_done(&l->ipc);
	l->up = false;
	log_warn("the link to the %s is lost", proc_name(l->ipc.peer));
}

uint32_t
link_rid(struct link *l)
{
	if (++l->rid == 0)
		l->rid = 1;
	return l->rid;
}

int
link_send(struct link *l, unsigned type, const void *body)
{
	int r = GW_ECLOSED;

	if (!l->up)
		return r;
	r = ipc_send_wait(&l->ipc, type, body, NULL, 0, SEND_WAIT_MS);
	if (r != 0 && r != GW_EINVAL)
		link_lost(l);
	return r;
}

void
link_post(struct link *l, unsigned type, const void *body)
{
	int r = link_send(l, type, body);

	if (r == GW_EINVAL)
		log_err("message %u cannot be sent to the %s", type,
		    proc_name(l->ipc.peer));
}

void
link_event_init(struct event_fields *f, const struct msg_ses_auth_ok *g)
{
	event_fields_init(f);
	event_str(f, EF_USER, g->user);
	event_str(f, EF_TARGET, g->target);
	event_str(f, EF_LOGIN, g->login);
	event_str(f, EF_GRANT, g->grant);
	event_str(f, EF_SID, g->sid);
}

int
link_append(struct link *notary, enum event_code ev,
    const struct event_fields *f, uint32_t rid)
{
	struct msg_log_append m = {.rid = rid, .event = (uint16_t)ev};
	int r;

	if ((r = buf_err(&f->b)) != 0)
		return r;
	m.fields.p = f->b.p;
	m.fields.len = (uint32_t)f->b.len;
	return link_send(notary, MSG_LOG_APPEND, &m);
}

void
link_note(struct link *notary, enum event_code ev, const struct event_fields *f)
{
	int r = link_append(notary, ev, f, 0);

	if (r != 0)
		log_warn(
		    "event %s is lost: %s", event_spec(ev)->name, err_str(r));
}
