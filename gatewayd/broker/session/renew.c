/* SPDX-License-Identifier: Apache-2.0 */
/*
 * renew - see the header. A leg that cannot be renewed ends when it was to, and
 * its session is told of no other end.
 */
#include "broker/session/renew.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "broker/broker.h"
#include "broker/call/wait.h"
#include "broker/session/list.h"

struct batch {
	unsigned left;
	bool failed;
	renewed_fn *fn;
	void *arg;
};

struct renewal {
	struct session *s;
	struct batch *batch; /* NULL: of this one alone, told when it is done */
	uint64_t seq;
	uint8_t mac[RECEIPT_MAC_SIZE];
	uint8_t elements[ELEMENTS_MAX];
	uint32_t nelements;
};

static void
tell(const struct session *s)
{
	struct msg_ses_until m = {0};

	if (s->grant == NULL || !s->linked || s->owner != NULL)
		return;
	m.end_ms = s->grant->g.end_ms;
	m.end_boot_ms = s->grant->g.end_boot_ms;
	if (peer_send(process_session(s->b->process, s->conn), MSG_SES_UNTIL,
		&m, -1) != 0)
		log_warn(
		    "session %s does not know when its grant ends now", s->sid);
}

static void
batch_step(struct batch *t, bool done)
{
	t->failed = t->failed || !done;
	if (--t->left > 0)
		return;
	t->fn(t->arg, !t->failed);
	free(t);
}

static void
told_late(const struct session *s)
{
	log_err("session %s ends when its grant was to end before", s->sid);
}

/* s may be gone after this. */
static void
over(struct renewal *x, bool done)
{
	struct session *s = x->s;
	struct batch *t = x->batch;

	s->pending--;
	if (t == NULL && done && !s->gone)
		tell(s);
	else if (t == NULL && !done)
		told_late(s);
	session_release(s);
	free(x);
	if (t != NULL)
		batch_step(t, done);
}

/* It has one no more: nothing to renew. */
static bool
has_leg(const struct session *s)
{
	return !s->gone && s->leg && !s->cut && s->grant != NULL;
}

static void
fw_opened(struct broker *b, void *arg, const void *body)
{
	const struct msg_fw_opened *m = body;
	struct renewal *x = arg;
	struct session *s = x->s;
	const bool done = m != NULL && m->result == 0;

	(void)b;
	if (done && has_leg(s)) {
		memcpy(s->mac, x->mac, sizeof(s->mac));
		memcpy(s->elements, x->elements, sizeof(s->elements));
		s->nelements = x->nelements;
	}
	over(x, done || !has_leg(s));
}

static void
nt_renewed(struct broker *b, void *arg, const void *body)
{
	const struct msg_nt_leg_opened *m = body;
	struct renewal *x = arg;
	struct session *s = x->s;
	struct msg_fw_open o = {0};

	if (m == NULL || m->result != 0 || m->elements.len == 0 ||
	    m->elements.len > sizeof(x->elements) || !has_leg(s)) {
		over(x, !has_leg(s));
		return;
	}
	memcpy(x->mac, m->mac, sizeof(x->mac));
	memcpy(x->elements, m->elements.p, m->elements.len);
	x->nelements = m->elements.len;
	o.seq = m->seq;
	text_set(o.id, sizeof(o.id), s->sid);
	text_set(o.grant, sizeof(o.grant), s->grant_id);
	memcpy(o.mac, x->mac, sizeof(o.mac));
	o.elements.p = x->elements;
	o.elements.len = x->nelements;
	if (ask(b, PROC_FIREWALL, MSG_FW_OPEN, &o, MSG_FW_OPENED, fw_opened,
		x) != 0)
		over(x, false);
}

/* False: it was not asked for, and s and t are as before. */
static bool
renew(struct session *s, int64_t end_boot_ms, struct batch *t)
{
	struct renewal *x = calloc(1, sizeof(*x));
	struct msg_nt_leg_renew m = {.end_boot_ms = end_boot_ms};

	if (x == NULL)
		return false;
	x->s = s;
	x->batch = t;
	text_set(m.sid, sizeof(m.sid), s->sid);
	if (ask(s->b, PROC_NOTARY, MSG_NT_LEG_RENEW, &m, MSG_NT_LEG_OPENED,
		nt_renewed, x) != 0) {
		free(x);
		return false;
	}
	s->pending++;
	return true;
}

void
renew_legs(
    struct live_grant *lg, int64_t end_boot_ms, renewed_fn *fn, void *arg)
{
	struct batch *t = calloc(1, sizeof(*t));

	if (t == NULL) {
		fn(arg, false);
		return;
	}
	*t = (struct batch){.left = 1, .fn = fn, .arg = arg};
	for (struct session *s = lg->b->sessions, *next = NULL; s != NULL;
	     s = next) {
		next = s->next;
		if (s->grant != lg || !has_leg(s))
			continue;
		if (renew(s, end_boot_ms, t))
			t->left++;
		else
			t->failed = true;
	}
	batch_step(t, true);
}

/* Until when the firewall lets it, as far as we know. */
static int64_t
leg_end(const struct session *s)
{
	struct element_list l;

	if (element_decode(&l, s->elements, s->nelements) != 0 || l.n == 0)
		return 0;
	return l.e[0].end_boot_ms;
}

static bool
is_late(const struct session *s)
{
	return has_leg(s) && leg_end(s) < s->grant->g.end_boot_ms;
}

void
renew_late(struct session *s)
{
	if (is_late(s) && !renew(s, s->grant->g.end_boot_ms, NULL))
		told_late(s);
}

void
renew_follow(struct session *s)
{
	if (s->grant == NULL || s->gone || s->state < SES_AUTHED ||
	    s->state == SES_ENDING)
		return;
	if (is_late(s))
		renew_late(s);
	else
		tell(s);
}

void
renew_moved(struct live_grant *lg)
{
	for (struct session *s = lg->b->sessions, *next = NULL; s != NULL;
	     s = next) {
		next = s->next;
		if (s->grant == lg)
			renew_follow(s);
	}
}
