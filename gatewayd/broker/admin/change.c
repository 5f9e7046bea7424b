/* SPDX-License-Identifier: Apache-2.0 */
/*
 * change - see the header.
 */
#include "broker/admin/change.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/disk.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/log.h"
#include "broker/admin/own_power.h"
#include "broker/admin/power_read.h"
#include "broker/admin/propose.h"
#include "broker/admin/reconsider.h"
#include "broker/broker.h"
#include "broker/call/order.h"
#include "broker/call/put.h"
#include "broker/identity/caller.h"
#include "core/conf.h"

enum { WIDENS_MAX = 64 * 1024 }; /* internal: who reads more? */

int
change_read(struct change *x, const struct call *c, struct problem *p)
{
	const int r =
	    json_get_bool(c->req.body, "dry_run", false, &x->dry_run, p);

	(void)json_object_del(c->req.body, "dry_run");
	x->dry_run = x->dry_run || c->look;
	return r;
}

bool
change_begin(struct change *x, struct call *c)
{
	struct problem p = {0};

	if (change_read(x, c, &p) == 0)
		return true;
	call_problem(c, &p);
	return false;
}

struct change_trial {
	struct power power; /* before */
	struct own own;     /* likewise, of whoever makes it */
	struct buf targets; /* what they get by those it puts */
	json_t *lacks;      /* likewise */
	uint64_t admins;    /* likewise */
	bool last;          /* the last admin goes */
};

static void
trial_free(struct change_trial *t)
{
	if (t == NULL)
		return;
	power_done(&t->power);
	own_done(&t->own);
	buf_done(&t->targets);
	json_decref(t->lacks);
	free(t);
}

void
change_done(struct change *x)
{
	json_decref(x->ended);
	x->ended = NULL;
	json_decref(x->lacks);
	x->lacks = NULL;
	free(x->widens);
	x->widens = NULL;
	trial_free(x->trial);
	x->trial = NULL;
}

/* ---- in the store */

struct admins {
	const struct broker *b;
	uint64_t n;
};

/* One key that is not locked is enough. */
static void
count_admin(void *arg, const char *name, const struct user *u)
{
	struct admins *x = arg;
	struct lock_facts f = {.user = name, .named = true};
	bool can = false;

	if (u == NULL)
		return;
	f.groups = &u->groups;
	for (unsigned i = 0; i < u->nkeys; i++) {
		f.key_fp = u->keys[i].fp;
		can = can || broker_lock(x->b, &f) == NULL;
	}
	x->n += can;
}

/* Active, and not locked: they can undo what is done. */
static int
admins_left(struct broker *b, uint64_t *ret)
{
	struct admins x = {.b = b};
	int r = 0;

	if (b->nlocks == 0)
		return store_admins(b->store, ret);
	r = store_admin_each(b->store, count_admin, &x);
	*ret = x.n;
	return r;
}

/* Whose rights, keys and codes it touches is an admin's to touch. */
static int
judge_touched(struct call *c, const char *whose, struct problem *p)
{
	if (whose == NULL || right_may(c->rights, RIGHT_ADMIN) || FAULT(beyond))
		return 0;
	problem_set(p, 403, "forbidden", NULL,
	    "%s has a right of administration, or would have: only an admin "
	    "changes that, their keys or their codes",
	    whose);
	return GW_EDENIED;
}

/* Wider power is a second admin's to sign for. What is made is judged as what
 * was weighed. */
static int
judge_widening(struct call *c, struct change *x, const struct power *before,
    bool keep, struct problem *p)
{
	const char *text = x->widens != NULL ? x->widens : "";

	x->waits = x->widens != NULL && !c->local && !FAULT(one_admin) &&
		   c->proposal == NULL && c->b->conf->one_admin == 0 &&
		   power_has_second(before, call_user_id(c));
	if ((x->waits && keep) ||
	    (c->proposal != NULL && !propose_same(c, text))) {
		problem_set(p, 409, "conflict", NULL,
		    "how it would widen power has changed meanwhile: nothing "
		    "was done; ask again");
		return GW_ESTATE;
	}
	if (!keep)
		return 0;
	if (c->proposal != NULL)
		return propose_used(c);
	return c->local && x->widens != NULL ? propose_root(c, text) : 0;
}

/* What nobody can approve then is told; what nobody ever could is refused. */
static int
judge_lacks(struct call *c, struct change *x, const json_t *before,
    const struct power *after, struct problem *p)
{
	json_t *now = lacks_of(after);
	int r =
	    now != NULL ? lacks_refuse(c->b, now, x->writes, c, p) : GW_ENOMEM;

	json_decref(x->lacks);
	x->lacks = r == 0 ? lacks_told(before, now, x->writes, c) : NULL;
	json_decref(now);
	return r;
}

/* Of a large policy the first lines, and how many more there are: so many are
 * no second admin's to sign for (propose()), and root is not told them all. */
static char *
readable(const struct buf *text)
{
	const char *p = (const char *)text->p;
	size_t n = text->len, more = 0;
	char *ret = NULL;

	if (n > WIDENS_MAX) {
		n = WIDENS_MAX;
		while (n > 0 && p[n - 1] != '\n')
			n--;
	}
	for (size_t i = n; i < text->len; i++)
		more += p[i] == '\n';
	if ((ret = malloc(n + 64)) == NULL)
		return NULL;
	memcpy(ret, p, n);
	ret[n] = '\0';
	if (more > 0)
		(void)snprintf(ret + n, 64, "and in %zu more ways\n", more);
	return ret;
}

static int
judge_power(struct call *c, struct change *x, const struct change_trial *t,
    bool keep, struct problem *p)
{
	const struct power *before = &t->power;
	struct own own = {0};
	struct power after;
	struct buf text;
	int r = power_read(c->b, &after);

	buf_init(&text, LIMIT_ANSWER_MAX);
	free(x->widens);
	x->widens = NULL;
	if (r == 0 && !x->own_keys)
		r = judge_touched(c, power_touched(before, &after), p);
	if (r == 0)
		r = own_power_read(c, &own);
	if (r == 0 && !x->own_keys) {
		power_widening(&text, before, &after);
		own_widening(&text, c->user, &t->own, &own);
		buf_put(&text, t->targets.p, t->targets.len);
		r = buf_err(&text);
	}
	if (r == 0 && text.len > 0 && (x->widens = readable(&text)) == NULL)
		r = GW_ENOMEM;
	if (r == 0)
		r = judge_lacks(c, x, t->lacks, &after, p);
	if (r == 0)
		r = judge_widening(c, x, before, keep, p);
	buf_done(&text);
	own_done(&own);
	power_done(&after);
	return r;
}

/* What is before it, and what its author gets. */
static int
look_before(struct call *c, struct change *x, struct change_trial *t)
{
	int r;

	if ((r = power_read(c->b, &t->power)) != 0 ||
	    (r = own_power_read(c, &t->own)) != 0 ||
	    (r = admins_left(c->b, &t->admins)) != 0)
		return r;
	if ((t->lacks = lacks_of(&t->power)) == NULL)
		return GW_ENOMEM;
	if (x->targets == NULL)
		return 0;
	r = x->targets(c, &t->own, &t->targets);
	return r != 0 ? r : buf_err(&t->targets);
}

/* In an open transaction. GW_EDENIED: no admin would be left to undo it. */
static int
judge(struct call *c, struct change *x, struct change_trial *t, bool keep,
    struct problem *p)
{
	bool may;
	uint64_t after = 0;
	int r;

	if ((r = broker_load_locks(c->b)) != 0 ||
	    (r = broker_load_roles(c->b)) != 0 ||
	    (r = judge_power(c, x, t, keep, p)) != 0 ||
	    (r = admins_left(c->b, &after)) != 0)
		return r;
	t->last = t->admins > 0 && after == 0;
	may = x->last_may || FAULT(last_admin) ||
	      (c->local && (!x->keep_admin || FAULT(prune_admin)));
	if (t->last && !may)
		return GW_EDENIED;
	json_decref(x->ended);
	x->ended = keep ? json_object() : grants_over_json(c->b);
	return x->ended != NULL ? 0 : GW_ENOMEM;
}

/* What is on record by now, and was not done, is put right there first. */
static bool
answer(struct call *c, int r, struct problem *p)
{
	if (r == 0)
		return true;
	if (p->status == 0 && r == GW_EDENIED && c->local)
		problem_set(p, 409, "last-admin", NULL,
		    "no active admin would be left: name one in the file, or "
		    "remove the last one by itself (jitctl user rm)");
	else if (p->status == 0 && r == GW_EDENIED)
		problem_set(p, 409, "last-admin", NULL,
		    "nobody would be left who may change users, targets and "
		    "roles: make another user admin first (jitctl user set "
		    "NAME --admin), or say the same as root on the gateway, "
		    "with --socket %s",
		    c->b->conf->admin_socket);
	if (p->status == 403 && c->seq == 0)
		caller_refuse(c, 403, p->code, p->text);
	else if (p->status != 0)
		call_undone(c, p);
	else
		call_store_failed(c, r);
	return false;
}

/* The transaction is open, and what it is to be judged against is known. */
static int
open_trial(struct call *c, struct change *x, bool keep)
{
	int r;

	trial_free(x->trial);
	if ((x->trial = calloc(1, sizeof(*x->trial))) == NULL)
		return GW_ENOMEM;
	buf_init(&x->trial->targets, LIMIT_ANSWER_MAX);
	if ((r = store_begin(c->b->store)) != 0)
		return r;
	if (!keep)
		grants_mark_over(c->b);
	if ((r = look_before(c, x, x->trial)) != 0)
		store_rollback(c->b->store);
	return r;
}

static bool
begin(struct call *c, struct change *x, bool keep)
{
	struct problem p = {0};
	const int r = open_trial(c, x, keep);

	if (r == 0)
		return true;
	trial_free(x->trial);
	x->trial = NULL;
	(void)answer(c, r, &p);
	return false;
}

/* Roles and locks may have been read in it. */
static int
take_back(struct broker *b)
{
	store_rollback(b->store);
	return broker_roles_back(b) != 0 || broker_load_locks(b) != 0 ? GW_ESYS
								      : 0;
}

static bool
end(struct call *c, struct change *x, change_put_fn *put, bool keep)
{
	struct problem p = {0};
	int r, e = 0;
	bool last;

	if (!keep)
		broker_roles_try(c->b);
	r = put(c, &p);
	if (r == 0)
		r = judge(c, x, x->trial, keep, &p);
	if (r == 0 && keep)
		r = store_commit(c->b->store);
	if (r != 0 || !keep)
		e = take_back(c->b);
	last = x->trial->last;
	trial_free(x->trial);
	x->trial = NULL;
	if (r == 0 && (r = e) == 0 && last)
		put_bool(x->ended, "last_admin", true);
	return answer(c, r, &p);
}

void
change_fail(struct call *c, int r, struct problem *p)
{
	const int e = take_back(c->b);

	(void)answer(c, r != 0 ? r : e, p);
}

int
change_same(struct call *c, enum store_kind k, const char *name, const char *id,
    struct problem *p)
{
	char now[LIMIT_ID_SIZE];
	const int r = store_id(c->b->store, k, name, now);

	if (r == 0 && strcmp(now, id) == 0)
		return 0;
	if (r != 0 && r != GW_ENOENT)
		return r;
	problem_set(p, 409, "conflict", NULL,
	    "%s was removed by another request meanwhile: nothing was done",
	    name);
	return GW_ESTATE;
}

/* Which disk has no room, or none that can be used. */
static bool
full(struct broker *b, char ret[static LIMIT_TEXT_SIZE])
{
	struct disk d;
	const char *which = "the disk of the log";
	int e = broker_disk(b, "notary", &d);

	if (e == 0 && !disk_may_open(&d)) {
		e = GW_EFULL;
	} else if (e == 0) {
		which = "the disk of the store";
		e = store_room(b->store);
	}
	if (e == GW_EFULL)
		(void)snprintf(ret, LIMIT_TEXT_SIZE,
		    "%s is full: until there is "
		    "room",
		    which);
	else if (e != 0)
		(void)snprintf(ret, LIMIT_TEXT_SIZE,
		    "%s cannot be used (%s): until it can be", which,
		    strerror(errno));
	return e != 0;
}

bool
change_has_room(struct call *c, const struct change *x)
{
	char what[LIMIT_TEXT_SIZE];

	if (x->dry_run || verb_takes(c->verb) || !full(c->b, what))
		return true;
	call_refuse(c, 503, "unavailable", NULL,
	    "%s nothing is given or changed, and "
	    "access is taken away by: jitctl lock, revoke, release, sessions "
	    "kill, deny, cancel, key rm, user lock, user rm, role rm, target "
	    "rm (root on the gateway: jitctl --socket %s doctor)",
	    what, c->b->conf->admin_socket);
	return false;
}

static void
record_root(struct call *c, const char *widens)
{
	struct event_fields f;

	call_who(c, &f);
	event_str(&f, EF_PATH, c->verb->name);
	event_cut(&f, EF_WIDENS, widens, strlen(widens), LIMIT_FIELD_MAX / 2);
	if (process_append(c->b->process, EV_POWER_ROOT, &f, NULL, NULL) != 0)
		log_warn("that root widened power could not be recorded");
	event_fields_done(&f);
}

bool
change_weigh_begin(struct call *c, struct change *x)
{
	return change_has_room(c, x) && begin(c, x, false);
}

bool
change_weigh_end(struct call *c, struct change *x, change_put_fn *put)
{
	char *widens = NULL;

	if (!end(c, x, put, false))
		return false;
	if (x->dry_run || x->widens == NULL || (!x->waits && !c->local))
		return true;
	if (c->local) { /* its own record comes behind this one */
		record_root(c, x->widens);
		return true;
	}
	if (x->waiting != NULL)
		x->waiting(c);
	if ((widens = strdup(x->widens)) != NULL)
		propose(c, widens);
	else
		call_refuse(c, 503, "unavailable", NULL, "out of memory");
	free(widens);
	return false;
}

bool
change_weigh(struct call *c, struct change *x, change_put_fn *put)
{
	return change_weigh_begin(c, x) && change_weigh_end(c, x, put);
}

int
change_target(struct call *c, struct change *x, const struct target *t)
{
	struct buf *text = &x->trial->targets;
	const int r = own_power_target(text, c, &x->trial->own, t);

	return r != 0 ? r : buf_err(text);
}

bool
change_make_begin(struct call *c, struct change *x)
{
	return begin(c, x, true);
}

bool
change_make_end(struct call *c, struct change *x, change_put_fn *put)
{
	order_begin(c); /* what ends by it, the answer waits for */
	if (!end(c, x, put, true))
		return false;
	ended_begin(&x->count);
	c->b->ended = &x->count;
	return true;
}

bool
change_make(struct call *c, struct change *x, change_put_fn *put)
{
	return change_make_begin(c, x) && change_make_end(c, x, put);
}

int
change_look(struct call *c, struct change *x)
{
	struct power now;
	json_t *all = NULL;
	int r = power_read(c->b, &now);

	if (r == 0 && (all = lacks_of(&now)) == NULL)
		r = GW_ENOMEM;
	json_decref(x->lacks);
	x->lacks = r == 0 ? lacks_told(all, all, x->writes, c) : NULL;
	json_decref(all);
	power_done(&now);
	return r;
}

void
change_end(
    struct call *c, struct change *x, const char *user, const char *target)
{
	json_t *o = NULL;

	grants_reconsider(c->b, user, target);
	c->b->ended = NULL;
	o = ended_done(&x->count);
	(void)json_object_update(o, x->ended);
	json_decref(x->ended);
	x->ended = o;
}

/* ---- the answer */

json_t *
change_difference(const json_t *before, json_t *now)
{
	json_t *list = json_array();
	const char *key = NULL;
	json_t *v = NULL;

	json_object_foreach(now, key, v)
	{
		json_t *was = json_object_get(before, key);
		json_t *o = NULL;

		if (was == NULL || json_equal(was, v))
			continue;
		o = json_object();
		put_str(o, "field", key);
		(void)json_object_set(o, "before", was);
		(void)json_object_set(o, "after", v);
		(void)json_array_append_new(list, o);
	}
	return list;
}

void
change_put_wait(json_t *o, const struct change *x)
{
	if (x->widens != NULL && o != NULL)
		(void)json_object_set_new(
		    o, "widens", propose_lines(x->widens));
	if (x->waits)
		put_bool(o, "waits", true);
}

json_t *
change_json(struct change *x, json_t *before, json_t *now)
{
	if (before != NULL && now != NULL)
		(void)json_object_set_new(
		    now, "changes", change_difference(before, now));
	if (x->ended != NULL && now != NULL)
		(void)json_object_set(now, "ended", x->ended);
	put_bool(now, "dry_run", x->dry_run);
	if (json_array_size(x->lacks) > 0 && now != NULL)
		(void)json_object_set(now, "unapprovable", x->lacks);
	change_put_wait(now, x);
	json_decref(before);
	return now;
}
