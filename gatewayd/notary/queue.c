/* SPDX-License-Identifier: Apache-2.0 */
/*
 * queue - group commit: see the header.
 */
#include "notary/queue.h"

#include <stdlib.h>
#include <string.h>

#include "base/disk.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/str.h"
#include "core/part.h"
#include "notary/notary.h"
#include "notary/steps.h"

static int
grow(struct queue *q)
{
	struct queued *grown;
	size_t cap = q->cap == 0 ? 64 : q->cap * 2;

	if (q->n < q->cap)
		return 0;
	grown = reallocarray(q->q, cap, sizeof(*grown));
	if (grown == NULL)
		return GW_ENOMEM;
	q->q = grown;
	q->cap = cap;
	return 0;
}

void
queue_make_room(struct notary *n)
{
	const struct queue *q = &n->queue;

	if (q->n < QUEUE_MAX && q->bytes < QUEUE_BYTES)
		return;
	/* a burned step and its intent go together or not at all */
	if (q->q[q->n - 1].event == EV_AUTH_MFA && q->q[q->n - 1].fn == NULL)
		return;
	queue_commit(n, false);
}

/* Takes over item->arg once it returns 0. */
static int
push(struct notary *n, const struct queue_item *item,
    const struct event_fields *f)
{
	struct queue *q = &n->queue;
	struct queued e = {.event = item->event,
	    .origin = item->origin,
	    .conn = item->conn,
	    .step = item->step,
	    .peer = item->peer,
	    .fn = item->fn,
	    .arg = item->arg};
	int r;

	buf_init(&e.fields, LIMIT_RECORD_MAX);
	if ((r = event_fields_json(&e.fields, f->b.p, f->b.len)) < 0 ||
	    (r = str_copy(e.key, sizeof(e.key),
		 item->key == NULL ? "" : item->key)) < 0 ||
	    (r = grow(q)) < 0) {
		buf_done(&e.fields);
		return r;
	}
	q->q[q->n++] = e;
	q->bytes += e.fields.len + 512;
	if (q->n == 1)
		timer_set(n->commit_timer, 0);
	return 0;
}

/* Whose record has these parts. */
struct whole {
	struct notary *n;
	const struct queue_item *item;
	const struct event_fields *f;
};

static int
copy_identity(void *arg, const struct event_value *v)
{
	if (v->id == EF_USER || v->id == EF_BY || v->id == EF_TARGET ||
	    v->id == EF_GRANT || v->id == EF_SID || v->id == EF_CHANNEL)
		event_copy(arg, v->id, v->cut, v->p, v->n);
	return 0;
}

static int
push_part(void *arg, const struct part *part)
{
	const struct whole *w = arg;
	const struct queue_item item = {.event = EV_AUDIT_PART,
	    .origin = w->item->origin,
	    .conn = w->item->conn};
	struct event_fields f;
	int r;

	event_fields_init(&f);
	r = event_each(w->f->b.p, w->f->b.len, copy_identity, &f);
	event_str(&f, EF_FIELD, event_field_name(part->field));
	event_num(&f, EF_CHUNK, part->chunk);
	event_num(&f, EF_SIZE, (int64_t)part->size);
	event_str(&f, EF_SHA256, part->hex);
	event_strn(&f, EF_PAYLOAD, part->p, part->n);
	if (r == 0 && (r = buf_err(&f.b)) == 0)
		r = push(w->n, &item, &f);
	event_fields_done(&f);
	return r;
}

/* What is too long for one record goes before it, in parts; with them it is
 * one batch. */
static int
push_all(struct notary *n, const struct queue_item *item,
    const struct event_fields *f)
{
	struct whole w = {.n = n, .item = item, .f = f};
	struct event_fields cut;
	int r;

	if ((r = buf_err(&f->b)) < 0)
		return r;
	if (f->b.len <= PART_SHORT)
		return push(n, item, f);
	event_fields_init(&cut);
	if ((r = part_fields(&cut, f->b.p, f->b.len, push_part, &w)) == 0)
		r = push(n, item, &cut);
	event_fields_done(&cut);
	return r;
}

int
queue_add(struct notary *n, const struct queue_item *item,
    const struct event_fields *f)
{
	int r;

	queue_make_room(n);
	if ((r = push_all(n, item, f)) < 0)
		free(item->arg);
	return r;
}

bool
queue_has(const struct notary *n, enum event_code event, const char *key)
{
	for (size_t i = 0; i < n->queue.n; i++)
		if (n->queue.q[i].event == event &&
		    strcmp(n->queue.q[i].key, key) == 0)
			return true;
	return false;
}

bool
queue_has_step(const struct notary *n, const char *user, int64_t step)
{
	for (size_t i = 0; i < n->queue.n; i++) {
		const struct queued *k = &n->queue.q[i];

		if (k->event == EV_AUTH_MFA && k->step >= step &&
		    k->step - step <= STEPS_NEAR && strcmp(k->key, user) == 0)
			return true;
	}
	return false;
}

uint64_t
queue_next_seq(const struct notary *n)
{
	return ledger_next(n->ledger) + n->queue.n;
}

static bool
is_urgent(enum event_code e)
{
	return e == EV_GRANT_OPEN || e == EV_GRANT_EXTEND ||
	       e == EV_GRANT_CLOSE || e == EV_SESSION_END;
}

/* Calls everyone back, and frees. e NULL: nothing was written, no memory. */
static void
answer(struct notary *n, struct queue *q, const struct ledger_entry *e)
{
	for (size_t i = 0; i < q->n; i++) {
		struct queued *k = &q->q[i];

		if (k->fn != NULL)
			k->fn(n, k->peer, k->arg,
			    e == NULL ? GW_ENOMEM : e[i].result,
			    e == NULL ? 0 : e[i].seq);
		free(k->arg);
		buf_done(&k->fields);
		k->peer = NULL;
	}
	free(q->q);
}

/* What this process has of the log is not to be trusted any more: the next one
 * reads it from the disk, or says why it cannot. */
static void
log_disk_state(const struct notary *n, bool was_degraded)
{
	const int error = ledger_error(n->ledger);

	if (ledger_broken(n->ledger)) {
		log_err(
		    "the audit log cannot be written any more%s%s: starting "
		    "anew; until it can be, everything is refused",
		    error != 0 ? ": " : "", error != 0 ? strerror(error) : "");
		if (!FAULT(broken_log))
			process_exit(n->process, 1);
	} else if (ledger_degraded(n->ledger) && !was_degraded && error != 0 &&
		   !disk_is_full(error))
		log_err("the audit log cannot grow: %s; new access is refused "
			"until it can",
		    strerror(error));
	else if (ledger_degraded(n->ledger) && !was_degraded)
		log_err("the disk of the audit log is full: new access is "
			"refused until there is room");
	else if (!ledger_degraded(n->ledger) && was_degraded)
		log_info("the audit log has room again");
}

void
queue_commit(struct notary *n, bool checkpoint)
{
	struct queue q;
	struct ledger_entry *e = NULL;
	bool urgent = false;
	bool degraded;
	uint64_t before;
	int64_t boot_ms;

	n->hooks->commit(n);
	q = n->queue;
	degraded = ledger_degraded(n->ledger);
	before = ledger_next(n->ledger);
	boot_ms = n->time.boot_ms;
	checkpoint = checkpoint || checkpoint_wanted(n, boot_ms);
	if (q.n == 0 && !checkpoint)
		return;
	n->queue = (struct queue){0};
	if ((e = calloc(q.n + 1, sizeof(*e))) == NULL) {
		answer(n, &q, NULL);
		return;
	}
	for (size_t i = 0; i < q.n; i++) {
		e[i].event = q.q[i].event;
		e[i].origin = q.q[i].origin;
		e[i].conn = q.q[i].conn;
		e[i].fields = q.q[i].fields.p;
		e[i].len = q.q[i].fields.len;
		urgent = urgent || is_urgent(q.q[i].event);
	}
	if (ledger_commit(n->ledger, e, q.n, checkpoint, &n->time) < 0 ||
	    degraded)
		log_disk_state(n, degraded);
	answer(n, &q, e);
	free(e);
	if (ledger_next(n->ledger) > before)
		read_tail(n);
	n->hooks->written(n);
	checkpoint_plan(n, urgent, boot_ms);
}

void
queue_forget(struct notary *n, const struct peer *p)
{
	for (size_t i = 0; i < n->queue.n; i++)
		if (n->queue.q[i].peer == p)
			n->queue.q[i].peer = NULL;
}

void
queue_done(struct notary *n)
{
	for (size_t i = 0; i < n->queue.n; i++) {
		free(n->queue.q[i].arg);
		buf_done(&n->queue.q[i].fields);
	}
	free(n->queue.q);
	n->queue = (struct queue){0};
}
