/* SPDX-License-Identifier: Apache-2.0 */
/*
 * user_verbs - see the header.
 */
#include "broker/admin/user_verbs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "broker/admin/change.h"
#include "broker/admin/lookalike.h"
#include "broker/admin/quota.h"
#include "broker/admin/user.h"
#include "broker/broker.h"
#include "broker/call/put.h"
#include "broker/identity/mfa.h"
#include "broker/identity/token.h"

struct user_change {
	struct change ch;
	change_put_fn *put;
	struct user old, u; /* before and after */
	char invitation[INVITE_TEXT_SIZE];
	char codes[LIMIT_TEXT_SIZE]; /* user_codes() before; "" = not asked */
};

static void
change_free(void *p)
{
	struct user_change *a = p;

	change_done(&a->ch);
	explicit_bzero(a, sizeof(*a));
	free(a);
}

/* Roles that give to a user of this name, whoever it is. */
static json_t *
roles_json(const struct broker *b, const char *name)
{
	json_t *list = json_array();

	for (size_t i = 0; i < b->nroles; i++)
		if (member_until_ms(&b->roles[i].users, name) >
		    broker_now(b).utc_ms)
			(void)json_array_append_new(
			    list, json_string(b->roles[i].name));
	return list;
}

static bool
names_group(const struct broker *b, const char *group)
{
	for (size_t i = 0; i < b->nroles; i++)
		if (name_list_has(&b->roles[i].groups.names, group) ||
		    quorum_names(&b->roles[i].approvals, group) ||
		    alternative_names(&b->roles[i].any_of, group))
			return true;
	return false;
}

/* Groups they are new in that give nothing: another may have been meant. */
static void
put_unmatched(json_t *o, const struct broker *b, const struct user_change *a)
{
	json_t *list = json_array();
	char text[LIMIT_NAME_SIZE + 64];

	for (unsigned i = 0; i < a->u.groups.n; i++) {
		const char *group = a->u.groups.name[i];

		if (name_list_has(&a->old.groups, group) ||
		    names_group(b, group))
			continue;
		(void)snprintf(text, sizeof(text),
		    "no role names the group %s yet", group);
		(void)json_array_append_new(list, json_string(text));
	}
	if (json_array_size(list) > 0)
		(void)json_object_set(o, "unmatched", list);
	json_decref(list);
}

static json_t *
change_reply(struct call *c, bool is_new)
{
	struct user_change *a = c->state;
	json_t *o = change_json(
	    &a->ch, is_new ? NULL : user_json(&a->old), user_json(&a->u));

	put_unmatched(o, c->b, a);
	if (a->invitation[0] != '\0' && !a->ch.dry_run) {
		put_str(o, "invitation", a->invitation);
		user_invited(c, &a->u);
	}
	return o;
}

/* ---- what all of them do */

static struct user_change *
begin(struct call *c, change_put_fn *put)
{
	struct user_change *a = call_state(c, sizeof(*a), change_free);

	if (a == NULL || !change_begin(&a->ch, c))
		return NULL;
	a->put = put;
	return a;
}

/* Of a user who is there: {"user"} and no more. */
static struct user_change *
begin_named(struct call *c, change_put_fn *put)
{
	struct user_change *a = begin(c, put);
	struct problem p = {0};
	const char *name = NULL;
	int r;

	if (a == NULL || (name = call_only_name(c, "user")) == NULL)
		return NULL;
	if ((r = store_user_get(c->b->store, name, &a->old)) == GW_ENOENT)
		(void)user_missing(name, &p);
	if (p.status != 0)
		call_problem(c, &p);
	else if (r != 0)
		call_store_failed(c, r);
	else
		a->u = a->old;
	return r == 0 ? a : NULL;
}

/* False: a dry run, or refused; answered. */
static bool
weighed(struct call *c, bool is_new)
{
	struct user_change *a = c->state;

	if (!change_weigh(c, &a->ch, a->put))
		return false;
	if (a->ch.dry_run) {
		call_reply(c, 200, change_reply(c, is_new));
		return false;
	}
	return true;
}

/* reason: what no member of a user shows; may be NULL. */
static void
record(struct call *c, enum event_code ev, const char *reason, call_fn *then)
{
	struct user_change *a = c->state;
	struct event_fields f;

	call_fields(c, &f);
	event_str(&f, EF_USER, a->u.name);
	event_str(&f, EF_USER_ID, a->u.id);
	event_str(&f, EF_OWNER, a->u.owner);
	event_str(&f, EF_REASON, reason);
	call_append_change(c, ev, &f,
	    ev == EV_USER_CREATE ? NULL : user_json(&a->old), user_json(&a->u),
	    then);
}

/* Stored; now what it takes away ends. */
static bool
made(struct call *c)
{
	struct user_change *a = c->state;

	if (!change_make(c, &a->ch, a->put))
		return false;
	user_changed(c->b, &a->u);
	change_end(c, &a->ch, a->u.name, NULL);
	return true;
}

static void
changed(struct call *c)
{
	if (made(c))
		call_reply(c, 200, change_reply(c, false));
}

static bool
invite(struct call *c, struct user_change *a)
{
	struct problem p = {0};

	if (user_invite(c->b, &a->u, a->invitation, &p) == 0)
		return true;
	call_problem(c, &p);
	return false;
}

/* ---- user.add */

static int
put_added(struct call *c, struct problem *p)
{
	struct user_change *a = c->state;
	int r =
	    user_again(c->b, &a->u, a->invitation, c->req.body, USER_ADD, p);

	if (r == 0)
		r = lookalike_user(c->b->store, &a->u, p);
	return r != 0 ? r : store_user_put(c->b->store, &a->u, c->seq);
}

static void
added(struct call *c)
{
	struct user_change *a = c->state;
	json_t *o = NULL;

	if (!made(c))
		return;
	o = change_reply(c, true);
	if (o != NULL)
		(void)json_object_set_new(
		    o, "roles", roles_json(c->b, a->u.name));
	call_reply(c, 201, o);
}

void
verb_user_add(struct call *c)
{
	struct user_change *a = begin(c, put_added);
	struct problem p = {0};

	if (a == NULL)
		return;
	if (user_parse(&a->u, c->b, c->req.body, USER_ADD, &p) != 0 ||
	    quota_check(c->b, STORE_USERS, 1, &p) != 0) {
		call_problem(c, &p);
		return;
	}
	if (invite(c, a) && weighed(c, true))
		record(c, EV_USER_CREATE, NULL, added);
}

/* ---- user.set */

static int
put_set(struct call *c, struct problem *p)
{
	struct user_change *a = c->state;
	int r =
	    user_again(c->b, &a->u, a->invitation, c->req.body, USER_SET, p);

	if (r == 0)
		r = lookalike_user(c->b->store, &a->u, p);
	return r != 0 ? r : store_user_put(c->b->store, &a->u, c->seq);
}

/* Is a new invitation wanted, and can there be one? */
static int
wants_invitation(
    const struct user_change *a, const json_t *o, bool *ret, struct problem *p)
{
	bool invite = false;
	const int r = json_get_bool(o, "invite", false, &invite, p);

	*ret = false;
	if (r != 0)
		return r;
	if (invite && (a->u.totp.len > 0 || a->u.state == USER_DISABLED)) {
		problem_set(p, 409, "conflict", "invite",
		    a->u.totp.len > 0
			? "%s has a second factor already: with --reset-code "
			  "it is taken away, and a new one invited to"
			: "%s is locked out: jitctl user unlock",
		    a->u.name);
		return GW_ESTATE;
	}
	*ret = a->u.state != USER_DISABLED &&
	       (invite || json_object_get(o, "totp") != NULL ||
		   json_object_get(o, "totp_form") != NULL);
	return 0;
}

void
verb_user_set(struct call *c)
{
	struct user_change *a = begin(c, put_set);
	struct problem p = {0};
	bool wanted = false;

	if (a == NULL)
		return;
	if (user_parse(&a->u, c->b, c->req.body, USER_SET, &p) != 0 ||
	    wants_invitation(a, c->req.body, &wanted, &p) != 0) {
		call_problem(c, &p);
		return;
	}
	if (store_user_get(c->b->store, a->u.name, &a->old) != 0) {
		call_unavailable(c, "the store");
		return;
	}
	if ((wanted && !invite(c, a)) || !weighed(c, false))
		return;
	if (!wanted && user_equal(&a->old, &a->u))
		call_reply(c, 200, change_reply(c, false));
	else
		record(c, EV_USER_UPDATE,
		    a->invitation[0] != '\0' ? "invited" : NULL, changed);
}

/* ---- user.lock, user.unlock */

/* As the store has them now, in that state. */
static int
put_state(struct call *c, uint8_t state, struct problem *p)
{
	struct user_change *a = c->state;
	const struct user was = a->u;
	int r = store_user_get(c->b->store, was.name, &a->u);

	if (r == GW_ENOENT) {
		a->u = was;
		return user_missing(was.name, p);
	}
	if (r != 0)
		return r;
	a->u.state = state;
	if (state != USER_DISABLED && !user_is_enrolled(&a->u)) {
		a->u.state = USER_INVITED;
		memcpy(a->u.invite, was.invite, sizeof(was.invite));
		a->u.invite_end_ms = was.invite_end_ms;
	} else {
		explicit_bzero(a->invitation, sizeof(a->invitation));
	}
	return store_user_put(c->b->store, &a->u, c->seq);
}

static int
put_locked(struct call *c, struct problem *p)
{
	return put_state(c, USER_DISABLED, p);
}

static int
put_unlocked(struct call *c, struct problem *p)
{
	const struct user_change *a = c->state;
	int r = put_state(c, USER_ACTIVE, p);

	/* in one with it: nobody is let in by half */
	return r == 0 ? mfa_unlock(c->b, &a->u) : r;
}

void
verb_user_lock(struct call *c)
{
	struct user_change *a = begin_named(c, put_locked);

	if (a == NULL || !weighed(c, false))
		return;
	if (a->old.state == USER_DISABLED)
		call_reply(c, 200, change_reply(c, false));
	else
		record(c, EV_USER_UPDATE, NULL, changed);
}

static bool
codes_taken(const struct user_change *a)
{
	return strcmp(a->codes, USER_CODES_GOOD) == 0;
}

static json_t *
unlock_reply(struct call *c)
{
	const struct user_change *a = c->state;
	json_t *o = change_reply(c, false);
	json_t *was = NULL;

	if (o == NULL || codes_taken(a))
		return o;
	was = json_object();
	put_str(was, "field", "codes");
	put_str(was, "before", a->codes);
	put_str(was, "after", USER_CODES_GOOD);
	(void)json_array_append_new(json_object_get(o, "changes"), was);
	return o;
}

/* What wrong codes had shut out is let in again, whatever the user's state. */
static void
unlocked(struct call *c)
{
	struct user_change *a = c->state;
	int r;

	if (a->old.state == USER_DISABLED) {
		if (!made(c))
			return;
	} else if ((r = mfa_unlock(c->b, &a->u)) != 0) {
		call_store_failed(c, r);
		return;
	}
	call_reply(c, 200, unlock_reply(c));
}

void
verb_user_unlock(struct call *c)
{
	struct user_change *a = begin_named(c, put_unlocked);
	bool locked = false;

	if (a == NULL)
		return;
	locked = a->old.state == USER_DISABLED;
	user_codes(c->b, &a->u, a->codes);
	if (locked && !user_is_enrolled(&a->u) && !invite(c, a))
		return;
	if (locked ? !change_weigh(c, &a->ch, a->put)
		   : !codes_taken(a) && !change_has_room(c, &a->ch))
		return;
	if (a->ch.dry_run || (!locked && codes_taken(a)))
		call_reply(c, 200, unlock_reply(c));
	else
		record(c, EV_USER_UPDATE, "unlocked", unlocked);
}

/* ---- user.remove */

static int
put_removed(struct call *c, struct problem *p)
{
	const struct user_change *a = c->state;
	int r = change_same(c, STORE_USERS, a->old.name, a->old.id, p);

	if (r != 0)
		return r;
	r = store_user_remove(c->b->store, a->old.name, c->seq);
	return r == GW_ENOENT ? user_missing(a->old.name, p) : r;
}

static json_t *
removed_json(struct call *c)
{
	struct user_change *a = c->state;
	json_t *o = json_object();

	put_str(o, "user", a->old.name);
	put_str(o, "user_id", a->old.id);
	put_str(o, "state", "removed");
	if (o != NULL)
		(void)json_object_set_new(
		    o, "roles", roles_json(c->b, a->old.name));
	return change_json(&a->ch, NULL, o);
}

static void
removed(struct call *c)
{
	struct user_change *a = c->state;

	if (!change_make(c, &a->ch, a->put))
		return;
	token_forget(c->b, a->old.name);
	mfa_forget(c->b, a->old.name);
	change_end(c, &a->ch, a->old.name, NULL);
	call_reply(c, 200, removed_json(c));
}

void
verb_user_remove(struct call *c)
{
	struct user_change *a = begin_named(c, put_removed);
	struct event_fields f;

	if (a == NULL || !change_weigh(c, &a->ch, a->put))
		return;
	if (a->ch.dry_run) {
		call_reply(c, 200, removed_json(c));
		return;
	}
	call_fields(c, &f);
	event_str(&f, EF_USER, a->old.name);
	event_str(&f, EF_USER_ID, a->old.id);
	event_str(&f, EF_OWNER, a->old.owner);
	call_append_change(
	    c, EV_USER_REMOVE, &f, user_json(&a->old), NULL, removed);
}
