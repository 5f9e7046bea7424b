/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lock - see the header. A lock is set in one call and needs no code: who
 * closes something in a hurry has none at hand. What it covers has ended in the
 * kernel, or the answer says that it has not, before that is told.
 */
#include "broker/admin/lock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/ids.h"
#include "base/log.h"
#include "base/str.h"
#include "broker/admin/change.h"
#include "broker/admin/role.h"
#include "broker/broker.h"
#include "broker/call/listing.h"
#include "broker/call/put.h"
#include "broker/call/subject.h"
#include "broker/grant/live.h"

enum { LOOK_MS = 1000 };

static json_t *
lock_json(const struct lock *l)
{
	json_t *o = json_object();

	put_str(o, "lock", l->id);
	put_str(o, "kind", lock_kind_str(l->kind));
	put_str(o, "value", l->value);
	put_str(o, "by", l->by);
	put_str(o, "reason", l->reason);
	put_time(o, "created", l->created_ms);
	put_time(o, "until", l->until_ms);
	return o;
}

/* ---- lock.list */

static int
list(struct call *c, struct listing *l)
{
	const bool all = c->rights != RIGHT_NONE;
	struct lock_facts own = {.user = c->user,
	    .key_fp = c->key_fp,
	    .source = &c->peer,
	    .nsources = 1};

	if (c->subject != NULL)
		own.groups = &c->subject->user.groups;
	for (size_t i = 0; i < c->b->nlocks; i++) {
		const struct lock *x = &c->b->locks[i];
		/* of those that cannot be read there is but one, without id */
		const char *place = x->id[0] != '\0' ? x->id : "all";

		if (listing_wants(l, place) &&
		    (all || lock_find(x, 1, &own) != NULL))
			listing_add(l, lock_json(x), place);
	}
	return 0;
}

/* Admins and auditors get all; others those that cover them wherever they want
 * to go. */
void
verb_locks(struct call *c)
{
	listing_answer(c, list);
}

/* ---- what all changes have */

struct lock_change {
	struct change ch;
	struct lock l;
	bool themself;
	uint8_t recovery[RECOVERY_HASH_SIZE]; /* by which */
	char whose_id[LIMIT_ID_SIZE]; /* of what it is on, "" = it has none */
	json_t *unmatched;
};

static void
lock_change_free(void *p)
{
	struct lock_change *a = p;

	change_done(&a->ch);
	json_decref(a->unmatched);
	free(a);
}

static struct lock_change *
begin(struct call *c)
{
	struct lock_change *a = call_state(c, sizeof(*a), lock_change_free);

	return a != NULL && change_begin(&a->ch, c) ? a : NULL;
}

/* Whom or what it is on, where records name that too. A key and a source in a
 * record are those of who did it. */
static void
whose_fields(const struct lock *l, const char *whose_id, struct event_fields *f)
{
	static const struct {
		enum event_field_id name, id;
	} fields[LOCK_KIND_COUNT] = {[LOCK_USER] = {EF_USER, EF_USER_ID},
	    [LOCK_ROLE] = {EF_ROLE, EF_ROLE_ID},
	    [LOCK_TARGET] = {EF_TARGET, EF_TARGET_ID},
	    [LOCK_LOGIN] = {EF_LOGIN, EF_NONE},
	    [LOCK_GRANT] = {EF_GRANT, EF_NONE}};

	event_str(f, EF_LOCK, l->id);
	event_str(f, EF_KIND, lock_kind_str(l->kind));
	event_str(f, EF_VALUE, l->value);
	if (fields[l->kind].name != EF_NONE)
		event_str(f, fields[l->kind].name, l->value);
	if (fields[l->kind].id != EF_NONE && whose_id != NULL)
		event_str(f, fields[l->kind].id, whose_id);
}

static void
record(struct call *c, enum event_code ev, call_fn *then)
{
	const struct lock_change *a = c->state;
	struct event_fields f;

	call_fields(c, &f);
	whose_fields(&a->l, a->whose_id, &f);
	event_str(&f, EF_WHY, a->l.reason);
	if (a->l.until_ms != 0)
		event_num(&f, EF_END, a->l.until_ms);
	if (a->themself)
		event_str(&f, EF_METHOD, "recovery");
	call_append(c, ev, &f, then);
	event_fields_done(&f);
}

/* ---- lock.add: is there such a thing? */

static int
missing(const struct lock *l, const char *see, struct problem *p)
{
	problem_set(p, 404, "not-found", "value", "there is no %s %s: see %s",
	    lock_kind_str(l->kind), l->value, see);
	return GW_ENOENT;
}

static void
unmatched(struct lock_change *a, const char *how)
{
	char text[LIMIT_TEXT_SIZE];

	(void)snprintf(text, sizeof(text), "%s%s", how, a->l.value);
	(void)json_array_append_new(a->unmatched, json_string(text));
}

static int
look_role(struct broker *b, struct lock_change *a, struct problem *p)
{
	const struct policy_role *r = role_find(b, a->l.value);

	if (r == NULL)
		return missing(&a->l, "jitctl roles", p);
	memcpy(a->whose_id, r->id, sizeof(a->whose_id));
	if (r->deny)
		unmatched(a, "nothing is given, but denied, by the role ");
	return 0;
}

/* What could be taken for another that is there can never come to be: it is
 * that one which is meant. */
static int
look_meant(struct broker *b, const struct lock *l, struct problem *p)
{
	const enum store_name kind =
	    l->kind == LOCK_GROUP ? STORE_NAME_GROUP : STORE_NAME_LOGIN;
	char other[LIMIT_NAME_SIZE];
	int r = store_look_alike(b->store, kind, l->value, other);

	if (r != 0 || FAULT(lock_alike))
		return r == 0 ? GW_ENOENT : r;
	problem_set(p, 404, "not-found", "value",
	    "there is no %s %s, did you mean %s? Nothing was locked",
	    lock_kind_str(l->kind), l->value, other);
	return GW_EINVAL;
}

/* What nothing names may have been meant otherwise, and is told. */
static int
look_named(struct broker *b, struct lock_change *a, struct problem *p)
{
	const struct lock *l = &a->l;
	char name[LIMIT_NAME_SIZE];
	int r = 0;

	if (l->kind == LOCK_GROUP) {
		r = store_group_used(b->store, l->value);
		if (r == GW_ENOENT && (r = look_meant(b, l, p)) == GW_ENOENT)
			unmatched(a, "nobody is in the group ");
	} else if (l->kind == LOCK_LOGIN) {
		r = store_login_used(b->store, l->value);
		if (r == GW_ENOENT && (r = look_meant(b, l, p)) == GW_ENOENT)
			unmatched(a, "no target has the login ");
	} else if (l->kind == LOCK_KEY) {
		r = store_user_by_key(b->store, l->value, name);
		if (r == GW_ENOENT)
			unmatched(a, "nobody has the key ");
	}
	return r == GW_ENOENT ? 0 : r;
}

static int
look_there(struct broker *b, struct lock_change *a, struct problem *p)
{
	const struct lock *l = &a->l;
	int r = 0;

	json_decref(a->unmatched);
	a->unmatched = json_array();
	switch (l->kind) {
	case LOCK_USER:
		r = store_id(b->store, STORE_USERS, l->value, a->whose_id);
		return r == GW_ENOENT ? missing(l, "jitctl users", p) : r;
	case LOCK_TARGET:
		r = store_id(b->store, STORE_TARGETS, l->value, a->whose_id);
		return r == GW_ENOENT ? missing(l, "jitctl targets", p) : r;
	case LOCK_ROLE:
		return look_role(b, a, p);
	case LOCK_GRANT:
		return grant_find(b, l->value) != NULL
			   ? 0
			   : missing(l, "jitctl grants", p);
	default:
		return look_named(b, a, p);
	}
}

/* The same one twice would be two to remove. */
static int
look_twice(const struct broker *b, const struct lock *l, bool themself,
    struct problem *p)
{
	char text[LOCK_TEXT_SIZE];

	for (size_t i = 0; i < b->nlocks; i++) {
		if (!lock_same(&b->locks[i], l) || FAULT(lock_twice))
			continue;
		if (themself && !FAULT(lock_me_tells))
			text_set(text, sizeof(text), "you are locked already");
		else
			lock_text(text, &b->locks[i]);
		problem_set(p, 409, "conflict", "value", "%s", text);
		return GW_EEXIST;
	}
	if (b->nlocks < LIMIT_LOCKS)
		return 0;
	problem_set(p, 409, "full", "value",
	    "a gateway keeps at most %d locks (jitctl unlock takes one away)",
	    (int)LIMIT_LOCKS);
	return GW_ELIMIT;
}

static int
put_added(struct call *c, struct problem *p)
{
	struct lock_change *a = c->state;
	int r;

	if ((r = look_there(c->b, a, p)) != 0 ||
	    (r = look_twice(c->b, &a->l, a->themself, p)) != 0)
		return r;
	if (a->themself && (r = store_recovery_burn(c->b->store, a->l.value,
				a->recovery, c->seq)) != 0)
		return r;
	a->l.seq = c->seq;
	return store_lock_put(c->b->store, &a->l);
}

static int
parse(struct lock *l, const json_t *o, struct problem *p)
{
	static const char *const keys[] = {
	    "kind", "value", "reason", "for", NULL};
	const char *kind = NULL, *value = NULL, *reason = NULL;
	int64_t seconds = 0;
	int r;

	if ((r = json_only(o, keys, p)) != 0 ||
	    (r = json_get_name(o, "kind", true, &kind, p)) != 0 ||
	    (r = json_get_str(o, "value", false, LIMIT_NAME_MAX, &value, p)) !=
		0 ||
	    (r = json_get_str(
		 o, "reason", false, LIMIT_REASON_MAX, &reason, p)) != 0 ||
	    (r = json_get_int(
		 o, "for", false, 1, LIMIT_LOCK_MAX_S, &seconds, p)) != 0)
		return r;
	if (lock_kind_of(kind) == LOCK_NONE) {
		problem_set(p, 400, "bad-field", "kind",
		    "kind: user, group, role, target, login, source, key, "
		    "grant or everything was expected");
		return GW_EINVAL;
	}
	if (lock_set(l, lock_kind_of(kind), value != NULL ? value : "") != 0) {
		problem_set(p, 400, "bad-field", "value", "value: %s",
		    lock_expects(lock_kind_of(kind)));
		return GW_EINVAL;
	}
	text_set(l->reason, sizeof(l->reason), reason != NULL ? reason : "");
	l->until_ms = seconds * 1000; /* from when it is made */
	return 0;
}

static json_t *
added_json(struct lock_change *a)
{
	json_t *o = change_json(&a->ch, NULL, lock_json(&a->l));

	if (o != NULL && json_array_size(a->unmatched) > 0)
		(void)json_object_set(o, "unmatched", a->unmatched);
	return o;
}

static void
added(struct call *c)
{
	struct lock_change *a = c->state;

	if (!change_make(c, &a->ch, put_added))
		return;
	change_end(c, &a->ch, NULL, NULL);
	/* whoever holds a code need not be its user: they are told no more */
	call_reply(c, 201,
	    a->themself && !FAULT(lock_me_tells) ? lock_json(&a->l)
						 : added_json(a));
}

/* From now on. */
static void
from_now(struct lock *l, const struct call *c)
{
	const struct now now = broker_now(c->b);

	id_new(l->id, 'l');
	l->created_ms = now.utc_ms;
	if (l->until_ms == 0)
		return;
	l->end_boot_ms = now.boot_ms + l->until_ms;
	text_set(l->boot_id, sizeof(l->boot_id), clock_boot_id());
	l->until_ms += now.utc_ms;
}

void
verb_lock_add(struct call *c)
{
	struct lock_change *a = begin(c);
	struct problem p = {0};

	if (a == NULL)
		return;
	if (parse(&a->l, c->req.body, &p) != 0) {
		call_problem(c, &p);
		return;
	}
	name_set(a->l.by, c->user);
	from_now(&a->l, c);
	if (!change_weigh(c, &a->ch, put_added))
		return;
	if (a->ch.dry_run)
		call_reply(c, 200, added_json(a));
	else
		record(c, EV_LOCK_CREATE, added);
}

void
lock_themself(struct call *c, const struct lock *l,
    const uint8_t recovery[static RECOVERY_HASH_SIZE])
{
	struct lock_change *a = begin(c);

	if (a == NULL)
		return;
	a->l = *l;
	a->themself = a->ch.last_may = true;
	memcpy(a->recovery, recovery, sizeof(a->recovery));
	from_now(&a->l, c);
	if (change_weigh(c, &a->ch, put_added))
		record(c, EV_LOCK_CREATE, added);
}

/* ---- lock.remove */

static const struct lock *
find(const struct broker *b, const char *id)
{
	for (size_t i = 0; i < b->nlocks; i++)
		if (strcmp(b->locks[i].id, id) == 0)
			return &b->locks[i];
	return NULL;
}

static int
put_removed(struct call *c, struct problem *p)
{
	const struct lock_change *a = c->state;

	if (find(c->b, a->l.id) != NULL)
		return store_lock_remove(c->b->store, a->l.id, c->seq);
	problem_set(p, 404, "not-found", "lock",
	    "there is no lock %s (any more): jitctl locks lists them", a->l.id);
	return GW_ENOENT;
}

static json_t *
removed_json(struct lock_change *a)
{
	json_t *o = lock_json(&a->l);

	put_str(o, "state", "removed");
	return change_json(&a->ch, NULL, o);
}

static void
removed(struct call *c)
{
	struct lock_change *a = c->state;

	if (!change_make(c, &a->ch, put_removed))
		return;
	change_end(c, &a->ch, NULL, NULL);
	call_reply(c, 200, removed_json(a));
}

void
verb_lock_remove(struct call *c)
{
	struct lock_change *a = begin(c);
	const struct lock *l = NULL;
	const char *id = NULL;

	if (a == NULL || (id = call_only_name(c, "lock")) == NULL)
		return;
	if (!id_ok(id, 'l')) {
		call_refuse(c, 404, "not-found", "lock",
		    "%.20s is no lock: they are called like l-7Q2MXK4P, and "
		    "jitctl locks lists them",
		    id);
		return;
	}
	if ((l = find(c->b, id)) != NULL)
		a->l = *l;
	else
		text_set(a->l.id, sizeof(a->l.id), id);
	if (!change_weigh(c, &a->ch, put_removed))
		return;
	if (a->ch.dry_run)
		call_reply(c, 200, removed_json(a));
	else
		record(c, EV_LOCK_REMOVE, removed);
}

/* ---- those that run out */

struct lock_ends {
	struct broker *b;
	struct timer *timer;
	struct lock l; /* whose record is being written */
};

static void
written(void *arg, int result, uint64_t seq)
{
	struct lock_ends *e = arg;
	int r = result;

	if (r == 0)
		r = store_lock_remove(e->b->store, e->l.id, seq);
	if (r == 0)
		r = broker_load_locks(e->b);
	if (r != 0)
		log_warn("lock %s has run out and is not stored as such: %s",
		    e->l.id, err_str(r));
	timer_set(e->timer, r == 0 ? 0 : LOOK_MS); /* there may be more */
}

static int
record_expired(struct lock_ends *e)
{
	struct event_fields f;
	int r;

	event_fields_init(&f);
	whose_fields(&e->l, NULL, &f);
	event_num(&f, EF_END, e->l.until_ms);
	r = process_append(e->b->process, EV_LOCK_EXPIRE, &f, written, e);
	event_fields_done(&f);
	return r;
}

static void
on_look(struct process *p, void *arg)
{
	struct lock_ends *e = arg;
	const struct broker *b = e->b;
	const struct now now = broker_now(b);
	const struct lock *l = NULL;
	int r;

	(void)p;
	for (size_t i = 0; b->recovered && l == NULL && i < b->nlocks; i++)
		if (!lock_stands(&b->locks[i], &now, clock_boot_id()))
			l = &b->locks[i];
	if (l != NULL) {
		e->l = *l;
		if ((r = record_expired(e)) == 0)
			return;
		log_warn("locks that run out: %s", err_str(r));
	}
	timer_set(e->timer, LOOK_MS);
}

int
lock_ends_new(struct broker *b)
{
	struct lock_ends *e = calloc(1, sizeof(*e));

	if (e == NULL)
		return GW_ENOMEM;
	e->b = b;
	if ((e->timer = timer_new(b->process, on_look, e)) == NULL) {
		free(e);
		return GW_ENOMEM;
	}
	b->lock_ends = e;
	timer_set(e->timer, LOOK_MS);
	return 0;
}

void
lock_ends_free(struct broker *b)
{
	if (b->lock_ends != NULL)
		timer_free(b->lock_ends->timer);
	free(b->lock_ends);
	b->lock_ends = NULL;
}
