/* SPDX-License-Identifier: Apache-2.0 */
/*
 * longer - see the header.
 *
 * MUST: the kernel is told nothing longer before the record of it is durable.
 * MUST: nobody is told the new end before the firewall has confirmed it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "broker/broker.h"
#include "broker/call/call.h"
#include "broker/call/wait.h"
#include "broker/grant/longer.h"
#include "broker/grant/recheck.h"
#include "broker/identity/mfa.h"

static void
finish(struct longer *x, enum longer_result result, int error)
{
	struct live_grant *lg = grant_find(x->b, x->grant);

	if (lg != NULL)
		lg->extending = false;
	x->done(x->c, result, error, lg);
}

/* What the kernel may have got of it goes: by the log. If a process went away,
 * its successor brings that about by itself. */
static void
unsure(struct longer *x, bool ask_again)
{
	if (ask_again)
		x->b->resync(x->b);
	finish(x, LONGER_UNSURE, GW_ECLOSED);
}

/* Still open; NULL: it has ended, and x is done with. */
static struct live_grant *
still_open(struct longer *x)
{
	struct live_grant *lg = grant_find(x->b, x->grant);

	if (lg != NULL && lg->state == GRANT_ACTIVE)
		return lg;
	finish(x, LONGER_OVER, 0);
	return NULL;
}

static bool
still_given(const struct live_grant *lg)
{
	struct subject *s = calloc(1, sizeof(*s));
	struct recheck why;
	const bool given = s != NULL && recheck_grant(s, lg, &why);

	if (s != NULL)
		subject_clear(s);
	free(s);
	return given;
}

/* ---- the door */

static void
fw_opened(struct broker *b, void *arg, const void *body)
{
	const struct msg_fw_opened *m = body;
	struct longer *x = arg;
	struct live_grant *lg = NULL;

	if (m == NULL || m->result != 0) {
		unsure(x, m != NULL);
		return;
	}
	if ((lg = still_open(x)) == NULL)
		return;
	lg->g.end_ms = x->end_ms;
	lg->g.end_boot_ms = x->end_boot_ms;
	memcpy(lg->mac, x->mac, sizeof(lg->mac));
	memcpy(lg->elements, x->elements, sizeof(lg->elements));
	lg->nelements = x->nelements;
	lg->extending = false;
	if (!still_given(lg)) { /* what changed meanwhile judged the old end */
		grant_end(lg, END_REVOKED, "policy", NULL);
		finish(x, LONGER_TAKEN_AWAY, 0);
		return;
	}
	grant_activate(lg); /* its timer */
	if (grant_find(b, x->grant) != NULL)
		b->grant_hooks->moved(lg);
	/* it was told of what we held then, perhaps after this */
	if (!b->recovered || b->syncs != x->syncs)
		b->resync(b);
	finish(x, LONGER_DONE, 0);
}

static void
renewed(void *arg, bool done)
{
	struct longer *x = arg;
	struct live_grant *lg = still_open(x);
	struct msg_fw_open m = {0};

	if (lg == NULL)
		return;
	if (!done) {
		unsure(x, true);
		return;
	}
	m.seq = lg->seq;
	text_set(m.id, sizeof(m.id), lg->g.id);
	text_set(m.grant, sizeof(m.grant), lg->g.id);
	memcpy(m.mac, x->mac, sizeof(m.mac));
	m.elements.p = x->elements;
	m.elements.len = x->nelements;
	if (ask(x->b, PROC_FIREWALL, MSG_FW_OPEN, &m, MSG_FW_OPENED, fw_opened,
		x) != 0)
		unsure(x, true);
}

/* ---- the log */

static void
not_written(struct longer *x, int error)
{
	if (error == GW_EDENIED)
		finish(x, LONGER_CODE_USED, error);
	else if (error == GW_ENOENT || error == GW_ESTATE)
		finish(x, LONGER_OVER, error);
	else
		finish(x, LONGER_FAILED, error);
}

static void
nt_extended(struct broker *b, void *arg, const void *body)
{
	const struct msg_nt_grant_extended *m = body;
	struct longer *x = arg;
	struct live_grant *lg = NULL;

	if (m == NULL) {
		not_written(x, GW_ECLOSED);
		return;
	}
	x->seq = m->seq;
	if (m->result != 0 || m->elements.len > sizeof(x->elements) ||
	    m->elements.len == 0) {
		not_written(
		    x, m->result != 0 ? msg_error(m->result) : GW_ELIMIT);
		return;
	}
	if (x->c->mfa_step > 0)
		mfa_given(b, x->c->user, x->c->key_fp, &x->c->peer);
	x->end_ms = m->end_ms;
	x->end_boot_ms = m->end_boot_ms;
	memcpy(x->mac, m->mac, sizeof(x->mac));
	memcpy(x->elements, m->elements.p, m->elements.len);
	x->nelements = m->elements.len;
	if ((lg = still_open(x)) == NULL)
		return;
	if (!x->still(x->c, lg))
		finish(x, LONGER_TAKEN_AWAY, 0);
	else if (call_late(b, x->c->late_boot_ms))
		finish(x, LONGER_LATE, 0);
	else
		b->grant_hooks->renew(lg, x->end_boot_ms, renewed, x);
}

void
longer_start(struct longer *x, struct live_grant *lg)
{
	const struct call *c = x->c;
	struct msg_nt_grant_extend m = {
	    .seconds = x->seconds, .mfa_step = c->mfa_step};

	x->b = lg->b;
	x->syncs = lg->b->syncs;
	lg->extending = true;
	text_set(x->grant, sizeof(x->grant), lg->g.id);
	text_set(m.id, sizeof(m.id), lg->g.id);
	text_set(m.key_fp, sizeof(m.key_fp), c->key_fp);
	memcpy(m.factor, c->factor, sizeof(m.factor));
	text_set(m.by, sizeof(m.by), c->user);
	text_set(m.idempotency, sizeof(m.idempotency), c->req.idempotency);
	m.payload.p = c->env.payload;
	m.payload.len = (uint32_t)c->env.payload_len;
	m.signature.p = (const uint8_t *)c->env.signature;
	m.signature.len = (uint32_t)strlen(c->env.signature);
	if (ask(x->b, PROC_NOTARY, MSG_NT_GRANT_EXTEND, &m,
		MSG_NT_GRANT_EXTENDED, nt_extended, x) != 0)
		not_written(x, GW_ECLOSED);
}
