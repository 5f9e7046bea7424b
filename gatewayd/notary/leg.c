/* SPDX-License-Identifier: Apache-2.0 */
/*
 * leg - NT_LEG_OPEN: one session's own opening towards its target.
 *
 * MUST open a leg only for a grant that lives in the fold by our own clock, to
 * an address of that grant, from one of its sources, for the client the
 * supervisor saw on that connection.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/ids.h"
#include "base/str.h"
#include "notary/foldrecord.h"
#include "notary/notary.h"

void
leg_identity(struct event_fields *f, const struct fold_leg *l)
{
	event_str(f, EF_USER, l->user);
	event_str(f, EF_USER_ID, l->user_id);
	event_str(f, EF_OWNER, l->owner);
	event_str(f, EF_TARGET, l->target_name);
	event_str(f, EF_TARGET_ID, l->target_id);
	event_str(f, EF_LOGIN, l->login);
	event_str(f, EF_REQ, l->req);
	event_str(f, EF_GRANT, l->grant);
	event_str(f, EF_SID, l->sid);
}

struct opening {
	uint32_t rid;
	struct fold_leg leg;
};

static struct session_peer *
session_of(struct notary *n, uint64_t conn)
{
	for (struct session_peer *s = n->sessions; s != NULL; s = s->next)
		if (s->conn == conn)
			return s;
	return NULL;
}

/* 0 when this grant lets this leg be. */
static int
leg_check(struct notary *n, const struct msg_nt_leg_open *m,
    const struct fold_grant *g)
{
	const struct session_peer *s = session_of(n, m->conn);
	const struct msg_sup_link *link;
	struct now now = clock_now();

	if (FAULT(leg_check))
		return g == NULL ? GW_EDENIED : 0;
	if (g == NULL || queue_has(n, EV_GRANT_CLOSE, m->grant) ||
	    grant_left_ms(&g->grant, &now, clock_boot_id()) <= 0)
		return GW_EDENIED;
	if (m->target.family == 0 ||
	    (!addr_equal(&m->target, &g->grant.addr4) &&
		!addr_equal(&m->target, &g->grant.addr6)))
		return GW_EDENIED;
	if (m->gateway.family != m->target.family || m->sport == 0)
		return GW_EINVAL;
	if (g->grant.reach == REACH_PROBE)
		return 0; /* there is no client */
	if (!grant_has_source(&g->grant, &m->client) || s == NULL || s->has_leg)
		return GW_EDENIED;
	link = peer_link(s->peer);
	if (!addr_equal(&link->peer, &m->client) ||
	    link->peer_port != m->client_port)
		return GW_EDENIED;
	return 0;
}

/* The receipt for the one element of a leg, while its grant lives. */
static int
leg_receipt(struct notary *n, const struct fold_leg *l, uint64_t seq,
    struct buf *enc, struct msg_nt_leg_opened *out)
{
	const struct fold_grant *g = fold_grant(n->fold, l->grant);
	struct now now = clock_now();
	struct element_list list = {.n = 1};

	if (g == NULL)
		return GW_EDENIED;
	grant_leg(&list.e[0], &g->grant, &l->gateway, l->sport, &l->target,
	    &now, clock_boot_id());
	return elements_receipt(
	    n, &list, l->sid, l->grant, seq, enc, out->mac, &out->elements);
}

static void
opened(struct notary *n, struct peer *p, void *arg, int result, uint64_t seq)
{
	const struct opening *o = arg;
	struct msg_nt_leg_opened out = {.rid = o->rid, .seq = seq};
	struct session_peer *s = session_of(n, o->leg.conn);
	struct buf enc;

	buf_init(&enc, LIMIT_FIELD_MAX);
	if (result == 0)
		result = leg_receipt(n, &o->leg, seq, &enc, &out);
	if (result == 0 && s != NULL) {
		s->has_leg = true;
		s->leg = o->leg;
		s->certs = 0;
		peer_set_state(s->peer, MST_READY);
	}
	out.result = msg_result(result);
	(void)!peer_send(p, MSG_NT_LEG_OPENED, &out, -1);
	buf_done(&enc);
}

static struct fold_leg
leg_make(
    struct notary *n, const struct msg_nt_leg_open *m, const struct grant *g)
{
	const struct now now = notary_now(n);
	struct fold_leg l = {.conn = m->conn,
	    .gateway = m->gateway,
	    .target = m->target,
	    .client = m->client,
	    .sport = m->sport,
	    .port = g->port,
	    .client_port = m->client_port,
	    .start_ms = now.utc_ms,
	    .start_boot_ms = now.boot_ms};

	/* all of one size and with their end: the decoder and grant_ok made
	 * sure */
	memcpy(l.sid, m->sid, sizeof(l.sid));
	memcpy(l.grant, g->id, sizeof(l.grant));
	memcpy(l.req, g->req, sizeof(l.req));
	memcpy(l.user, g->user, sizeof(l.user));
	memcpy(l.target_name, g->target, sizeof(l.target_name));
	memcpy(l.login, g->login, sizeof(l.login));
	memcpy(l.user_id, g->user_id, sizeof(l.user_id));
	memcpy(l.owner, g->owner, sizeof(l.owner));
	memcpy(l.target_id, g->target_id, sizeof(l.target_id));
	return l;
}

static int
start_add(struct notary *n, struct peer *p, const struct msg_nt_leg_open *m,
    const struct grant *g)
{
	struct opening *o = calloc(1, sizeof(*o));
	struct queue_item item = {.event = EV_SESSION_START,
	    .origin = PROC_BROKER,
	    .key = m->sid,
	    .peer = p,
	    .fn = opened,
	    .arg = o};
	struct event_fields f;
	int r;

	if (o == NULL)
		return GW_ENOMEM;
	o->rid = m->rid;
	o->leg = leg_make(n, m, g);
	event_fields_init(&f);
	fold_leg_fields(&f, &o->leg);
	event_num(&f, EF_UPTIME, o->leg.start_boot_ms);
	event_str(&f, EF_PROTO, "tcp");
	event_str(&f, EF_ROLE, g->role);
	event_roles(&f, g->roles);
	event_str(&f, EF_ROLE_ID, g->role_id);
	event_str(&f, EF_REACH, grant_reach_str((enum grant_reach)g->reach));
	event_num(&f, EF_END, g->end_ms);
	event_bool(&f, EF_RECORD, g->record != 0);
	event_num(&f, EF_CAPS, g->caps);
	event_str(&f, EF_KEY_FP, m->key_fp);
	event_str(&f, EF_CLIENT, m->client_version);
	if (m->approved_by[0] != '\0')
		event_str(&f, EF_APPROVED_BY, m->approved_by);
	event_str(&f, EF_OUTCOME, "success");
	r = queue_add(n, &item, &f);
	event_fields_done(&f);
	return r;
}

int
on_leg_open(struct process *r, struct peer *p, const struct ipc_msg *msg)
{
	const struct msg_nt_leg_open *m = msg->body;
	struct notary *n = process_ctx(r);
	const struct fold_grant *g = fold_grant(n->fold, m->grant);
	struct msg_nt_leg_opened no = {.rid = m->rid};
	int e = 0;

	if (!id_ok(m->sid, 's') || m->conn == 0 || m->conn > LIMIT_NUMBER_MAX)
		return GW_EPROTO;
	if (fold_leg(n->fold, m->sid) != NULL ||
	    queue_has(n, EV_SESSION_START, m->sid))
		e = GW_EEXIST;
	if (e == 0)
		e = leg_check(n, m, g);
	if (e == 0)
		e = quota_open(n, g->grant.user);
	if (e == 0)
		return start_add(n, p, m, &g->grant);
	no.result = msg_result(e);
	return peer_send(p, MSG_NT_LEG_OPENED, &no, -1);
}
