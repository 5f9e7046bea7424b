/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apply - policy.apply: a whole document of users, targets and roles, all or
 * nothing. First everything is read and compared, then one record says what
 * changes (after records of the document itself, if it is large), then all of
 * it is stored in one transaction. What the document does not name is left
 * alone.
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/str.h"
#include "broker/admin/apply.h"
#include "broker/admin/change.h"
#include "broker/admin/lookalike.h"
#include "broker/admin/quota.h"
#include "broker/admin/reconsider.h"
#include "broker/admin/role.h"
#include "broker/admin/role_json.h"
#include "broker/admin/target.h"
#include "broker/admin/user.h"
#include "broker/broker.h"
#include "broker/call/call.h"
#include "broker/call/put.h"
#include "broker/grant/protect.h"

enum {
	PART_SIZE = 8 * 1024, /* a record has room for it, all of it escaped */
	REPLY_SPARE = 4096,
};

enum entry { ENTRY_SAME = 0, ENTRY_NEW, ENTRY_CHANGED, ENTRY_COUNT };

static const char *const entry_names[] = {"same", "new", "changed"};

/* What an entry is against what there is. */
struct verdict {
	enum entry is;
	json_t *changes; /* of a changed one: change_difference() */
};

struct apply_user {
	struct user u;
	struct verdict v;
	char invitation[INVITE_TEXT_SIZE];
};

struct apply_target {
	struct target t;
	struct verdict v;
};

struct apply_role {
	struct policy_role r;
	struct verdict v;
	char warning[LIMIT_TEXT_SIZE]; /* what of it matches nothing */
};

struct apply {
	struct change ch;
	struct apply_user *users;
	struct apply_target *targets;
	struct apply_role *roles;
	size_t nusers, ntargets, nroles;
	unsigned changes;
	bool brief;       /* no details in the answer */
	bool changes_fit; /* details and all, into one record */
	/* what goes into records of its own; NULL = it fits */
	char *whole;
	size_t whole_len, recorded;
	unsigned parts;
	char digest[DIGEST_SIZE];
};

static void
apply_free(void *p)
{
	struct apply *a = p;

	for (size_t i = 0; i < a->nusers; i++)
		json_decref(a->users[i].v.changes);
	for (size_t i = 0; i < a->ntargets; i++)
		json_decref(a->targets[i].v.changes);
	for (size_t i = 0; i < a->nroles; i++)
		json_decref(a->roles[i].v.changes);
	change_done(&a->ch);
	if (a->users != NULL)
		explicit_bzero(a->users, a->nusers * sizeof(*a->users));
	free(a->users);
	free(a->targets);
	free(a->roles);
	free(a->whole);
	free(a);
}

/* ---- reading */

/* Names which entry a problem is in, keeping what it says. */
static int
place(struct problem *p, const char *kind, size_t i, int r)
{
	struct problem was = *p;

	if (r == 0)
		return 0;
	problem_set(p, was.status, was.code, was.field, "%s, entry %zu: %.400s",
	    kind, i + 1, was.text);
	text_set(p->list, sizeof(p->list), kind);
	p->entry = (unsigned)i + 1;
	return r;
}

static int
bad(struct problem *p, const char *kind, size_t i, const char *what)
{
	problem_set(p, 400, "bad-field", kind, "%s", what);
	return place(p, kind, i, GW_EINVAL);
}

static int
get_list(const json_t *o, const char *kind, const json_t **ret, size_t *retn,
    struct problem *p)
{
	const json_t *list = json_object_get(o, kind);

	*ret = list;
	*retn = json_array_size(list);
	if (list == NULL)
		return 0;
	if (!json_is_array(list) || *retn > LIMIT_APPLY) {
		problem_set(p, 400, "bad-field", kind,
		    "%s: a list of at most %d was expected", kind,
		    (int)LIMIT_APPLY);
		return GW_EINVAL;
	}
	for (size_t i = 0; i < *retn; i++)
		if (!json_is_object(json_array_get(list, i)))
			return bad(p, kind, i, "an object was expected");
	return 0;
}

static int
no_memory(struct problem *p)
{
	problem_set(p, 503, "unavailable", NULL, "out of memory");
	return GW_ENOMEM;
}

static bool
shares_key(const struct user *a, const struct user *b)
{
	for (unsigned i = 0; i < a->nkeys; i++)
		for (unsigned k = 0; k < b->nkeys; k++)
			if (strcmp(a->keys[i].fp, b->keys[k].fp) == 0)
				return true;
	return false;
}

/* found: GW_ENOENT where there is none of that name. Takes both. */
static void
compare(struct verdict *v, int found, bool same, json_t *before, json_t *now)
{
	v->is = found == GW_ENOENT ? ENTRY_NEW
		: same             ? ENTRY_SAME
				   : ENTRY_CHANGED;
	if (v->is == ENTRY_CHANGED)
		v->changes = change_difference(before, now);
	json_decref(before);
	json_decref(now);
}

static int
compare_user(struct broker *b, struct apply_user *x)
{
	struct user *old = calloc(1, sizeof(*old));
	int r = GW_ENOMEM;

	if (old == NULL)
		return r;
	r = store_user_get(b->store, x->u.name, old);
	if (r == 0 || r == GW_ENOENT)
		compare(&x->v, r, user_equal(old, &x->u), user_json(old),
		    user_json(&x->u));
	free(old);
	return r == GW_ENOENT ? 0 : r;
}

static int
read_users(struct call *c, struct apply *a, struct problem *p)
{
	const json_t *list = NULL;
	size_t n = 0;
	int r = get_list(c->req.body, "users", &list, &n, p);

	if (r != 0 || n == 0)
		return r;
	if ((a->users = calloc(n, sizeof(*a->users))) == NULL)
		return no_memory(p);
	a->nusers = n;
	for (size_t i = 0; i < n; i++) {
		struct apply_user *x = &a->users[i];

		r = user_parse(
		    &x->u, c->b, json_array_get(list, i), USER_POLICY, p);
		if (r != 0)
			return place(p, "users", i, r);
		for (size_t k = 0; k < i; k++) {
			if (strcmp(a->users[k].u.name, x->u.name) == 0)
				return bad(
				    p, "users", i, "this user is listed twice");
			if (shares_key(&a->users[k].u, &x->u))
				return bad(p, "users", i,
				    "another user has the same key");
		}
		if (compare_user(c->b, x) != 0)
			return no_memory(p);
	}
	return 0;
}

static int
compare_target(struct broker *b, struct apply_target *x)
{
	struct target *old = calloc(1, sizeof(*old));
	int found = GW_ENOMEM;
	int r;

	if (old == NULL)
		return GW_ENOMEM;
	r = store_id(b->store, STORE_TARGETS, x->t.name, x->t.id);
	if (r == 0 || r == GW_ENOENT)
		found = store_target_get(b->store, x->t.name, old);
	if (found == 0 || found == GW_ENOENT)
		compare(&x->v, found, target_equal(old, &x->t),
		    target_json(old), target_json(&x->t));
	free(old);
	return found == GW_ENOENT ? 0 : found;
}

static int
read_targets(struct call *c, struct apply *a, struct problem *p)
{
	const json_t *list = NULL;
	size_t n = 0;
	int r = get_list(c->req.body, "targets", &list, &n, p);

	if (r != 0 || n == 0)
		return r;
	if ((a->targets = calloc(n, sizeof(*a->targets))) == NULL)
		return no_memory(p);
	a->ntargets = n;
	for (size_t i = 0; i < n; i++) {
		struct apply_target *x = &a->targets[i];

		r = target_parse(&x->t, c->b, json_array_get(list, i), p);
		if (r != 0)
			return place(p, "targets", i, r);
		for (size_t k = 0; k < i; k++)
			if (strcmp(a->targets[k].t.name, x->t.name) == 0)
				return bad(p, "targets", i,
				    "this target is listed twice");
		if (compare_target(c->b, x) != 0)
			return no_memory(p);
	}
	return 0;
}

static void
compare_role(const struct broker *b, struct apply_role *x)
{
	const struct policy_role *old = role_find(b, x->r.name);

	role_set_id(b, &x->r);
	compare(&x->v, old == NULL ? GW_ENOENT : 0,
	    old != NULL && policy_role_equal(old, &x->r),
	    old != NULL ? role_json(old) : NULL, role_json(&x->r));
}

static int
read_roles(struct call *c, struct apply *a, struct problem *p)
{
	const json_t *list = NULL;
	size_t n = 0;
	int r = get_list(c->req.body, "roles", &list, &n, p);

	if (r != 0 || n == 0)
		return r;
	if ((a->roles = calloc(n, sizeof(*a->roles))) == NULL)
		return no_memory(p);
	a->nroles = n;
	for (size_t i = 0; i < n; i++) {
		struct apply_role *x = &a->roles[i];

		r = role_parse(&x->r, json_array_get(list, i), p);
		if (r != 0)
			return place(p, "roles", i, r);
		for (size_t k = 0; k < i; k++)
			if (strcmp(a->roles[k].r.name, x->r.name) == 0)
				return bad(
				    p, "roles", i, "this role is listed twice");
		compare_role(c->b, x);
	}
	return 0;
}

/* ---- the answer */

static json_t *
add_change(json_t *list, const char *kind, const char *name,
    const struct verdict *v, json_t *now)
{
	json_t *o = json_object();
	char *text = v->is != ENTRY_SAME && now != NULL ? json_text(now) : NULL;

	put_str(o, "kind", kind);
	put_str(o, "name", name);
	put_str(o, "change", entry_names[v->is]);
	put_str(o, "detail", text != NULL ? text : "");
	if (o != NULL && now != NULL && v->changes != NULL)
		(void)json_object_set(o, "changes", v->changes);
	(void)json_array_append_new(list, o);
	free(text);
	json_decref(now);
	return o; /* the list's */
}

static json_t *
detail(bool brief, json_t *now)
{
	if (!brief)
		return now;
	json_decref(now);
	return NULL;
}

static json_t *
changes_json(const struct apply *a, bool brief)
{
	json_t *list = json_array();

	for (size_t i = 0; i < a->nusers; i++)
		(void)add_change(list, "user", a->users[i].u.name,
		    &a->users[i].v, detail(brief, user_json(&a->users[i].u)));
	for (size_t i = 0; i < a->ntargets; i++) {
		json_t *o = add_change(list, "target", a->targets[i].t.name,
		    &a->targets[i].v,
		    detail(brief, target_json(&a->targets[i].t)));

		if (a->targets[i].v.is != ENTRY_SAME)
			put_str(o, "warning", target_warning(&a->targets[i].t));
	}
	for (size_t i = 0; i < a->nroles; i++) {
		json_t *o = add_change(list, "role", a->roles[i].r.name,
		    &a->roles[i].v, detail(brief, role_json(&a->roles[i].r)));

		if (a->roles[i].warning[0] != '\0')
			put_str(o, "warning", a->roles[i].warning);
	}
	return list;
}

static int
count(struct broker *b, struct apply *a, struct problem *p)
{
	unsigned n[ENTRY_COUNT] = {0}, users, targets;
	int r;

	for (size_t i = 0; i < a->nusers; i++)
		n[a->users[i].v.is]++;
	users = n[ENTRY_NEW];
	for (size_t i = 0; i < a->ntargets; i++)
		n[a->targets[i].v.is]++;
	targets = n[ENTRY_NEW] - users;
	for (size_t i = 0; i < a->nroles; i++)
		n[a->roles[i].v.is]++;
	a->changes = n[ENTRY_NEW] + n[ENTRY_CHANGED];
	if ((r = quota_check(b, STORE_USERS, users, p)) != 0 ||
	    (r = quota_check(b, STORE_TARGETS, targets, p)) != 0)
		return r;
	return quota_check(b, STORE_ROLES, n[ENTRY_NEW] - users - targets, p);
}

static json_t *
reply_json(const struct apply *a, bool applied)
{
	json_t *o = json_object();
	json_t *invitations = json_object();

	for (size_t i = 0; applied && i < a->nusers; i++)
		if (a->users[i].invitation[0] != '\0')
			put_str(invitations, a->users[i].u.name,
			    a->users[i].invitation);
	if (o == NULL)
		json_decref(invitations);
	else
		(void)json_object_set_new(o, "invitations", invitations);
	if (o != NULL)
		(void)json_object_set_new(
		    o, "changes", changes_json(a, a->brief));
	if (o != NULL && a->ch.ended != NULL)
		(void)json_object_set(o, "ended", a->ch.ended);
	put_bool(o, "applied", applied);
	put_bool(o, "dry_run", a->ch.dry_run);
	return o;
}

static bool
reply_fits(const struct apply *a)
{
	json_t *o = reply_json(a, true);
	char *text = o != NULL ? json_text(o) : NULL;
	/* room for what may come to it until it is stored */
	const bool fits =
	    text != NULL && strlen(text) < LIMIT_BODY_MAX - REPLY_SPARE;

	if (text != NULL)
		explicit_bzero(text, strlen(text)); /* invitations */
	free(text);
	json_decref(o);
	return fits;
}

/* Nothing is done whose answer, invitations above all, could not be given:
 * without the details if they are what is too much. */
static bool
can_reply(struct apply *a)
{
	if (!reply_fits(a))
		a->brief = true;
	return !a->brief || reply_fits(a);
}

/* ---- doing */

static int
put_target(struct call *c, const struct apply *a, size_t i, struct problem *p)
{
	const struct target *t = &a->targets[i].t;
	const int r = lookalike_target(c->b->store, t, p);

	if (r != 0)
		return p->status != 0 ? place(p, "targets", i, r) : r;
	return store_target_put(c->b->store, t, c->seq);
}

static int
put_role(struct call *c, struct apply *a, size_t i, struct problem *p)
{
	struct apply_role *x = &a->roles[i];
	int r = lookalike_role(c->b->store, &x->r, p);

	if (r != 0)
		return p->status != 0 ? place(p, "roles", i, r) : r;
	r = store_role_put(c->b->store, &x->r, c->seq);
	role_unmatched_text(c->b, &x->r, x->warning);
	return r;
}

static int
put_user(struct call *c, struct apply *a, size_t i, struct problem *p)
{
	const json_t *users = json_object_get(c->req.body, "users");
	struct apply_user *x = &a->users[i];
	int r = user_again(c->b, &x->u, x->invitation, json_array_get(users, i),
	    USER_POLICY, p);

	if (r == 0)
		r = lookalike_user(c->b->store, &x->u, p);
	if (r != 0)
		return p->status != 0 ? place(p, "users", i, r) : r;
	return store_user_put(c->b->store, &x->u, c->seq);
}

static int
put_all(struct call *c, struct problem *p)
{
	struct apply *a = c->state;
	int r = 0;

	for (size_t i = 0; r == 0 && i < a->nusers; i++)
		if (a->users[i].v.is != ENTRY_SAME)
			r = put_user(c, a, i, p);
	for (size_t i = 0; r == 0 && i < a->ntargets; i++)
		if (a->targets[i].v.is != ENTRY_SAME)
			r = put_target(c, a, i, p);
	for (size_t i = 0; r == 0 && i < a->nroles; i++)
		if (a->roles[i].v.is != ENTRY_SAME)
			r = put_role(c, a, i, p);
	return r;
}

static void
applied(struct call *c)
{
	struct apply *a = c->state;

	if (!change_make(c, &a->ch, put_all))
		return;
	for (size_t i = 0; i < a->nusers; i++) {
		if (a->users[i].v.is != ENTRY_SAME)
			user_changed(c->b, &a->users[i].u);
		if (a->users[i].invitation[0] != '\0')
			user_invited(c, &a->users[i].u);
	}
	for (size_t i = 0; i < a->ntargets; i++)
		protect_target(c->b, &a->targets[i].t);
	grants_reconsider(c->b, NULL, NULL);
	call_reply(c, 200, reply_json(a, true));
}

/* Who is new, or changed and without a second factor, is invited. */
static int
invite(struct broker *b, struct apply *a)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < a->nusers; i++) {
		struct apply_user *x = &a->users[i];

		if (x->v.is != ENTRY_SAME && x->u.totp.len == 0 &&
		    x->u.state != USER_DISABLED)
			r = user_invite(b, &x->u, x->invitation);
	}
	return r;
}

/* ---- recording: the whole text first, where one record is too small */

static void
record(struct call *c)
{
	const struct apply *a = c->state;
	struct event_fields f;
	json_t *list = changes_json(a, !a->changes_fit);
	char *text = list != NULL ? json_text(list) : NULL;

	call_fields(c, &f);
	event_num(&f, EF_COUNT, a->changes);
	if (text != NULL) /* which tells nothing that the whole does not */
		event_cut(
		    &f, EF_CHANGES, text, strlen(text), LIMIT_FIELD_MAX / 2);
	if (a->whole != NULL && c->local)
		event_str(&f, EF_SHA256, a->digest);
	call_append(c, EV_POLICY_APPLY, &f, applied);
	event_fields_done(&f);
	free(text);
	json_decref(list);
}

/* Never in the middle of a character: it would be lost. */
static size_t
part_len(const char *p, size_t left)
{
	size_t n = PART_SIZE;

	if (left <= n)
		return left;
	while (n > PART_SIZE - 4 && ((uint8_t)p[n] & 0xc0) == 0x80)
		n--;
	return n;
}

static void
record_parts(struct call *c)
{
	struct apply *a = c->state;
	struct event_fields f;
	size_t n;

	if (a->whole == NULL || a->recorded == a->whole_len ||
	    FAULT(policy_whole)) {
		record(c);
		return;
	}
	n = part_len(a->whole + a->recorded, a->whole_len - a->recorded);
	call_who(c, &f);
	event_str(&f, EF_SHA256, a->digest);
	event_num(&f, EF_SIZE, (int64_t)a->whole_len);
	event_num(&f, EF_CHUNK, ++a->parts);
	event_strn(&f, EF_PAYLOAD, a->whole + a->recorded, n);
	a->recorded += n;
	call_append(c, EV_POLICY_PART, &f, record_parts);
	event_fields_done(&f);
}

/* What was signed; on the admin socket, where the changes tell all if they are
 * not too long, the body. */
static int
find_whole(struct call *c, struct apply *a)
{
	json_t *list = changes_json(a, false);
	char *text = list != NULL ? json_text(list) : NULL;

	a->changes_fit = text != NULL && fits_field(text, strlen(text));
	free(text);
	json_decref(list);
	if (c->local ? a->changes_fit
		     : fits_field(c->env.payload, c->env.payload_len))
		return 0;
	a->whole = c->local ? json_text(c->req.body)
			    : strndup((const char *)c->env.payload,
				  c->env.payload_len);
	if (a->whole == NULL)
		return GW_ENOMEM;
	a->whole_len = strlen(a->whole);
	text_digest(a->digest, a->whole, a->whole_len);
	return 0;
}

/* Everything is read and compared; p says what is wrong with it. */
static bool
read_all(struct call *c, struct apply *a, struct problem *p)
{
	static const char *const keys[] = {"users", "targets", "roles", NULL};

	return change_read(&a->ch, c, p) == 0 &&
	       json_only(c->req.body, keys, p) == 0 &&
	       read_users(c, a, p) == 0 && read_targets(c, a, p) == 0 &&
	       read_roles(c, a, p) == 0 && count(c->b, a, p) == 0;
}

void
verb_apply(struct call *c)
{
	struct apply *a = call_state(c, sizeof(*a), apply_free);
	struct problem p = {0};

	if (a == NULL)
		return;
	if (!read_all(c, a, &p)) {
		call_problem(c, &p);
		return;
	}
	if (a->changes > 0 && !a->ch.dry_run && invite(c->b, a) != 0) {
		call_refuse(c, 503, "unavailable", NULL,
		    "an invitation does not fit: host is too long");
		return;
	}
	if (a->changes > 0 && !change_weigh(c, &a->ch, put_all))
		return;
	if (a->ch.dry_run || a->changes == 0) {
		a->brief = !reply_fits(a);
		call_reply(c, 200, reply_json(a, !a->ch.dry_run));
		return;
	}
	if (!can_reply(a)) {
		call_refuse(c, 413, "too-large", "users",
		    "users: so many invitations do not fit into one answer: "
		    "apply the policy in parts");
		return;
	}
	if (find_whole(c, a) != 0) {
		call_refuse(c, 503, "unavailable", NULL, "out of memory");
		return;
	}
	record_parts(c);
}
