/* SPDX-License-Identifier: Apache-2.0 */
/*
 * user - user.list, and what a body says of a user. Fields that are not said
 * stay as they are; an empty list of keys keeps the keys there are, so that
 * applying a policy file does not throw out what people enrolled themselves.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/ids.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/str.h"
#include "broker/admin/user.h"
#include "broker/admin/user_kind.h"
#include "broker/broker.h"
#include "broker/call/call.h"
#include "broker/call/listing.h"
#include "broker/call/put.h"
#include "broker/grant/live.h"
#include "broker/identity/codeclock.h"
#include "broker/identity/mfa.h"
#include "broker/identity/seed.h"
#include "broker/identity/token.h"
#include "wire/body.h"

static const char *
state_str(uint8_t state)
{
	switch (state) {
	case USER_INVITED:
		return "invited";
	case USER_ACTIVE:
		return "active";
	default:
		return "disabled";
	}
}

json_t *
user_json(const struct user *u)
{
	json_t *o = json_object();
	json_t *keys = json_array();
	char form[OTP_TEXT_SIZE];

	for (unsigned i = 0; i < u->nkeys; i++) {
		json_t *k = json_object();

		put_str(k, "type", u->keys[i].type);
		put_str(k, "fingerprint", u->keys[i].fp);
		(void)json_array_append_new(keys, k);
	}
	put_str(o, "user", u->name);
	put_str(o, "user_id", u->id);
	put_str(o, "kind", kind_str(u->kind));
	if (u->kind == KIND_AGENT)
		put_str(o, "owner", u->owner);
	put_str(o, "state", state_str(u->state));
	put_rights(o, u->rights);
	(void)json_object_set_new(o, "groups", names_json(&u->groups));
	(void)json_object_set_new(o, "sources", prefixes_json(&u->sources));
	(void)json_object_set_new(o, "keys", keys);
	put_bool(o, "totp", u->totp.len > 0);
	otp_format(form, u->totp.len > 0 ? &u->totp.otp : &u->pending.otp);
	if (form[0] != '\0')
		put_str(o, "totp_form", form);
	return o;
}

/* A line as of a .pub file. NULL: it is no key. */
static json_t *
key_line(const struct user_key *k)
{
	char line[LIMIT_PUBKEY_MAX * 2],
	    text[sizeof(line) + STORE_COMMENT_SIZE];
	json_t *v = NULL;

	if (sshkey_format_line(line, sizeof(line), k->blob, k->len) != 0)
		return NULL;
	(void)snprintf(text, sizeof(text), "%s%s%s", line,
	    k->comment[0] != '\0' ? " " : "", k->comment);
	v = json_string(text);
	return v != NULL ? v : json_string(line);
}

/* As policy.apply takes them, with the whole keys, and nothing that proves who
 * they are. Who is not disabled has no state there: a file that is applied
 * again lets nobody in who was locked out meanwhile. */
static json_t *
user_policy_json(const struct user *u)
{
	json_t *o = json_object();
	json_t *keys = json_array();

	for (unsigned i = 0; i < u->nkeys; i++)
		(void)json_array_append_new(keys, key_line(&u->keys[i]));
	put_str(o, "user", u->name);
	if (u->kind != KIND_PERSON) {
		put_str(o, "kind", kind_str(u->kind));
		if (u->kind == KIND_AGENT)
			put_str(o, "owner", u->owner);
		(void)json_object_set_new(
		    o, "sources", prefixes_json(&u->sources));
	}
	(void)json_object_set_new(o, "keys", keys);
	(void)json_object_set_new(o, "groups", names_json(&u->groups));
	put_rights(o, u->rights);
	if (u->state == USER_DISABLED)
		put_str(o, "state", state_str(u->state));
	return o;
}

void
user_codes(
    struct broker *b, const struct user *u, char ret[static LIMIT_TEXT_SIZE])
{
	const struct now now = broker_now(b);
	uint64_t wrong = 0;
	int64_t left_ms = 0, most_ms = 0;
	bool closed = false;
	char when[32];

	for (unsigned i = 0; i < u->nkeys && !closed; i++) {
		struct tries t;

		closed = store_tries_get(
			     b->store, u->id, u->keys[i].fp, &t, &wrong) != 0 ||
			 tries_judge(&t, wrong, &now, clock_boot_id(),
			     &left_ms) == TRIES_CLOSED;
		if (left_ms > most_ms)
			most_ms = left_ms;
	}
	str_time(when, sizeof(when), now.utc_ms + most_ms);
	if (closed)
		text_set(ret, LIMIT_TEXT_SIZE, "refused until unlocked");
	else if (most_ms > 0)
		(void)snprintf(ret, LIMIT_TEXT_SIZE, "paused until %s", when);
	else if (wrong > 0)
		(void)snprintf(ret, LIMIT_TEXT_SIZE, "accepted, %llu wrong",
		    (unsigned long long)wrong);
	else
		text_set(ret, LIMIT_TEXT_SIZE, USER_CODES_GOOD);
}

/* ---- user.list */

struct walk {
	struct broker *b;
	struct listing *l;
};

static void
list_one(void *arg, const char *name, const struct user *u)
{
	const struct walk *w = arg;
	char text[LIMIT_TEXT_SIZE], clock[DRIFT_TEXT_SIZE];
	json_t *o = NULL;

	if (!listing_wants(w->l, name) || u == NULL)
		return;
	o = w->l->policy ? user_policy_json(u) : user_json(u);
	if (!w->l->policy && w->l->only[0] != '\0' && u->totp.len > 0) {
		user_codes(w->b, u, text);
		put_str(o, "codes", text);
		codeclock_text(w->b, name, clock);
		if (clock[0] != '\0')
			put_str(o, "code_clock", clock);
	}
	listing_add(w->l, o, name);
}

static int
list(struct call *c, struct listing *l)
{
	struct walk w = {.b = c->b, .l = l};

	return store_user_each(c->b->store, list_one, &w);
}

void
verb_users(struct call *c)
{
	listing_answer(c, list);
}

/* ---- a body */

int
user_add_key(struct user *u, struct broker *b, const char *field,
    const char *line, struct problem *p)
{
	struct user_key *k = &u->keys[u->nkeys];
	struct sshkey key;
	char owner[LIMIT_NAME_SIZE] = "";
	const char *comment = NULL;
	int r;

	if (u->nkeys >= LIMIT_KEYS_PER_USER) {
		problem_set(p, 400, "bad-field", field, "%s: more than %d",
		    field, (int)LIMIT_KEYS_PER_USER);
		return GW_ELIMIT;
	}
	if ((r = sshkey_parse_line(&key, line)) == GW_EUNSUPPORTED) {
		problem_set(p, 400, "bad-field", field,
		    "%s: this version does not know keys of the type %.*s, "
		    "only " SSHKEY_TYPES,
		    field, (int)strcspn(line, " \t"), line);
		return GW_EINVAL;
	}
	if (r != 0) {
		problem_set(p, 400, "bad-field", field,
		    "%s: not a usable SSH public key (ed25519, ecdsa, rsa of "
		    "3072 bits or more, sk-*): \"%.40s\"",
		    field, line);
		return GW_EINVAL;
	}
	memset(k, 0, sizeof(*k));
	sshkey_fingerprint(k->fp, key.blob, key.len);
	for (unsigned i = 0; i < u->nkeys; i++)
		if (strcmp(u->keys[i].fp, k->fp) == 0)
			return 0; /* the same line twice */
	if (store_user_by_key(b->store, k->fp, owner) == 0 &&
	    strcmp(owner, u->name) != 0) {
		problem_set(p, 409, "conflict", field,
		    "%s: %s belongs to another user", field, k->fp);
		return GW_EEXIST;
	}
	text_set(k->type, sizeof(k->type), key.type);
	if ((comment = strchr(line, ' ')) != NULL &&
	    (comment = strchr(comment + 1, ' ')) != NULL)
		text_set(k->comment, sizeof(k->comment), comment + 1);
	memcpy(k->blob, key.blob, key.len);
	k->len = key.len;
	u->nkeys++;
	return 0;
}

static int
parse_keys(struct user *u, struct broker *b, const json_t *o, struct problem *p)
{
	const json_t *list = NULL;
	int r = json_get_array(o, "keys", false, LIMIT_KEYS_PER_USER, &list, p);

	if (r != 0 || json_array_size(list) == 0)
		return r;
	u->nkeys = 0;
	for (size_t i = 0; r == 0 && i < json_array_size(list); i++)
		r = user_add_key(u, b, "keys",
		    json_string_value(json_array_get(list, i)), p);
	return r;
}

static bool
drop_group(struct user *u, const char *name)
{
	for (unsigned i = 0; i < u->groups.n; i++) {
		if (strcmp(u->groups.name[i], name) != 0)
			continue;
		u->groups.n--;
		memmove(u->groups.name[i], u->groups.name[i + 1],
		    (u->groups.n - i) * sizeof(u->groups.name[0]));
		return true;
	}
	return false;
}

/* Groups to leave: one that the user is not in was meant to be another. */
static int
parse_leave(struct user *u, const json_t *o, struct problem *p)
{
	struct name_list leave = {0};
	int r = names_parse(&leave, o, "remove_groups", false, p);

	for (unsigned i = 0; r == 0 && i < leave.n; i++) {
		if (drop_group(u, leave.name[i]))
			continue;
		problem_set(p, 404, "not-found", "remove_groups",
		    "%s is not in the group %s", u->name, leave.name[i]);
		r = GW_ENOENT;
	}
	return r;
}

static int
parse_groups(struct user *u, const json_t *o, struct problem *p)
{
	int r;

	if (json_object_get(o, "groups") != NULL)
		memset(&u->groups, 0, sizeof(u->groups));
	if ((r = names_parse(&u->groups, o, "groups", false, p)) != 0 ||
	    (r = names_parse(&u->groups, o, "add_groups", false, p)) != 0)
		return r;
	return parse_leave(u, o, p);
}

static int
bad_right(const char *name, struct problem *p)
{
	problem_set(p, 400, "bad-field", "rights",
	    "rights: %s: admin, auditor, policy, responder or user-admin was "
	    "expected%s",
	    name,
	    strcmp(name, "approver") == 0
		? "; who approves is said by a role's approvals: put them "
		  "into a group that one names"
		: "");
	return GW_EINVAL;
}

/* One of them by its own word, as there was before rights had a list. */
static int
parse_right(
    struct user *u, const json_t *o, enum right right, struct problem *p)
{
	bool has = (u->rights & right) != 0;
	const int r = json_get_bool(o, right_str(right), false, &has, p);

	u->rights = (uint8_t)(has ? u->rights | right : u->rights & ~right);
	return r;
}

static int
parse_list(uint8_t *ret, const json_t *o, const char *key, struct problem *p)
{
	struct name_list names = {0};
	int r = names_parse(&names, o, key, false, p);

	*ret = RIGHT_NONE;
	for (unsigned i = 0; r == 0 && i < names.n; i++) {
		const enum right right = right_find(names.name[i]);

		*ret = (uint8_t)(*ret | right);
		if (right == RIGHT_NONE)
			r = bad_right(names.name[i], p);
	}
	return r;
}

/* "rights" are all of them, in place of those there are. */
static int
parse_rights(struct user *u, const json_t *o, struct problem *p)
{
	uint8_t all = RIGHT_NONE, more = RIGHT_NONE, less = RIGHT_NONE;
	int r;

	if ((r = parse_list(&all, o, "rights", p)) != 0 ||
	    (r = parse_list(&more, o, "add_rights", p)) != 0 ||
	    (r = parse_list(&less, o, "remove_rights", p)) != 0)
		return r;
	if (json_object_get(o, "rights") != NULL)
		u->rights = all;
	u->rights = (uint8_t)((u->rights | more) & ~less);
	r = parse_right(u, o, RIGHT_ADMIN, p);
	return r != 0 ? r : parse_right(u, o, RIGHT_AUDITOR, p);
}

static int
parse_state(struct user *u, const json_t *o, struct problem *p)
{
	const char *s = NULL;
	int r = json_get_str(o, "state", false, 16, &s, p);

	if (r != 0)
		return r;
	if (s != NULL && strcmp(s, "disabled") == 0) {
		u->state = USER_DISABLED;
	} else if (s != NULL && strcmp(s, "active") != 0) {
		problem_set(p, 400, "bad-field", "state",
		    "state: \"active\" or \"disabled\" was expected");
		return GW_EINVAL;
	} else if (s != NULL || u->state == USER_NONE) {
		/* nobody is active without a second factor, if they have to
		 * have one */
		u->state = user_is_enrolled(u) ? USER_ACTIVE : USER_INVITED;
	}
	return 0;
}

/* A lost phone: what it made codes from is worth nothing from here on, and an
 * enrolment begun with it is none. A new one is the user's own to make. */
static int
parse_totp(struct user *u, const json_t *o, struct problem *p)
{
	bool keep = true;
	int r = json_get_bool(o, "totp", false, &keep, p);

	if (r != 0 || json_object_get(o, "totp") == NULL)
		return r;
	if (keep) {
		problem_set(p, 400, "bad-field", "totp",
		    "totp: only false can be set; the user enrols a new one");
		return GW_EINVAL;
	}
	explicit_bzero(&u->totp, sizeof(u->totp));
	explicit_bzero(&u->pending, sizeof(u->pending));
	u->pending_end_ms = 0;
	if (u->state == USER_ACTIVE)
		u->state = USER_INVITED;
	return 0;
}

/* How the codes are to be made of the secret that an invitation leads to. */
static int
parse_form(
    struct user *u, const json_t *o, enum user_body kind, struct problem *p)
{
	struct otp form;
	int r = seed_form(&form, o, p);

	if (r != 0 || !otp_ok(&form))
		return r;
	if (u->kind != KIND_PERSON || (kind == USER_SET && u->totp.len > 0)) {
		problem_set(p, 400, "bad-field", "totp_form",
		    "totp_form: it goes with an invitation%s",
		    u->kind != KIND_PERSON ? ", and a machine gives no codes"
					   : ": with --reset-code, where there "
					     "is a second factor");
		return GW_EINVAL;
	}
	/* what was begun by an invitation before is void with it */
	u->pending = (struct sealed){.otp = form};
	return 0;
}

int
user_missing(const char *name, struct problem *p)
{
	problem_set(p, 404, "not-found", "user",
	    "there is no user %s: jitctl users lists them", name);
	return GW_ENOENT;
}

/* Is the user there, as this kind of body wants them? */
static int
check_there(
    const struct user *u, enum user_body kind, bool there, struct problem *p)
{
	if (kind == USER_SET && !there && !FAULT(set_makes))
		return user_missing(u->name, p);
	if (kind != USER_ADD || !there)
		return 0;
	problem_set(p, 409, "conflict", "user",
	    "there is a user %s already; to change what they are, see jitctl "
	    "help user set; to invite them again: jitctl user set %s --invite",
	    u->name, u->name);
	return GW_EEXIST;
}

int
user_parse(struct user *ret, struct broker *b, const json_t *o,
    enum user_body kind, struct problem *p)
{
	static const char *const policy[] = {"user", "keys", "rights", "admin",
	    "auditor", "groups", "state", "totp", "kind", "owner", "sources",
	    NULL};
	static const char *const add[] = {"user", "keys", "rights", "admin",
	    "auditor", "groups", "kind", "owner", "sources", "totp_form", NULL};
	static const char *const set[] = {"user", "keys", "rights",
	    "add_rights", "remove_rights", "admin", "auditor", "groups",
	    "add_groups", "remove_groups", "totp", "invite", "sources",
	    "totp_form", NULL};
	static const char *const *const keys[] = {
	    [USER_POLICY] = policy, [USER_ADD] = add, [USER_SET] = set};
	const char *name = NULL;
	char id[LIMIT_ID_SIZE]; /* of a user who is being made */
	int r;

	memcpy(id, ret->id, sizeof(id));
	if ((r = json_only(o, keys[kind], p)) != 0 ||
	    (r = json_get_name(o, "user", true, &name, p)) != 0)
		return r;
	r = store_user_get(b->store, name, ret);
	if (event_actor_own(name) ||
	    (r == GW_ENOENT && event_actor_alike(name) && !FAULT(look_alike))) {
		problem_set(p, 400, "bad-field", "user",
		    "user: %s is, or could be taken for, a name of the gateway "
		    "itself: choose another",
		    name);
		return GW_EINVAL;
	}
	if (r != 0 && r != GW_ENOENT) {
		problem_set(
		    p, 503, "unavailable", NULL, "the store cannot be read");
		return r;
	}
	if (r == 0 && id[0] != '\0' && strcmp(id, ret->id) != 0) {
		/* the record that was written meanwhile names another one */
		problem_set(p, 409, "conflict", "user",
		    "user %s was made by another request meanwhile: see what "
		    "it is now, and ask again",
		    name);
		return GW_ESTATE;
	}
	if (r == GW_ENOENT && id[0] == '\0')
		id_new(id, 'u');
	if (r == GW_ENOENT)
		memcpy(ret->id, id, sizeof(id));
	name_set(ret->name, name);
	if ((r = check_there(ret, kind, r == 0, p)) != 0 ||
	    (r = user_kind_parse(ret, o, p)) != 0 ||
	    (r = parse_keys(ret, b, o, p)) != 0 ||
	    (r = parse_groups(ret, o, p)) != 0 ||
	    (r = parse_rights(ret, o, p)) != 0 ||
	    (r = user_kind_check(ret, o, p)) != 0 ||
	    /* of a policy it may come with the same document */
	    (kind != USER_POLICY &&
		(r = user_owner_find(ret, b->store, p)) != 0) ||
	    (r = parse_totp(ret, o, p)) != 0 ||
	    (r = parse_form(ret, o, kind, p)) != 0)
		return r;
	return parse_state(ret, o, p);
}

static bool
sealed_equal(const struct sealed *a, const struct sealed *b)
{
	return a->len == b->len && memcmp(a->p, b->p, a->len) == 0;
}

bool
user_equal(const struct user *a, const struct user *b)
{
	if (!sealed_equal(&a->totp, &b->totp) ||
	    !sealed_equal(&a->pending, &b->pending))
		return false;
	if (strcmp(a->name, b->name) != 0 || a->state != b->state ||
	    a->kind != b->kind ||
	    !prefix_list_equal(&a->sources, &b->sources) ||
	    a->rights != b->rights || a->nkeys != b->nkeys ||
	    a->groups.n != b->groups.n)
		return false;
	for (unsigned i = 0; i < a->groups.n; i++)
		if (!name_list_has(&b->groups, a->groups.name[i]))
			return false;
	for (unsigned i = 0; i < a->nkeys; i++) {
		bool hit = false;

		for (unsigned k = 0; k < b->nkeys; k++)
			hit = hit || strcmp(a->keys[i].fp, b->keys[k].fp) == 0;
		if (!hit)
			return false;
	}
	return true;
}

void
user_changed(struct broker *b, const struct user *u)
{
	if (u->state == USER_ACTIVE)
		return;
	token_forget(b, u->name);
	mfa_forget(b, u->name);
	/* where that fails they shut out somebody who has nothing open anyway
	 */
	(void)!mfa_unlock(b, u);
	if (u->state != USER_DISABLED)
		return; /* invited: grants_reconsider finds nobody to give to */
	for (struct live_grant *lg = b->grants, *next = NULL; lg != NULL;
	     lg = next) {
		next = lg->next;
		if (lg->state == GRANT_ACTIVE && grant_is_of(&lg->g, u->name))
			grant_end(lg, END_LOCKED, "gateway", NULL);
	}
}

int
user_again(struct broker *b, struct user *u,
    char invitation[static INVITE_TEXT_SIZE], const json_t *o,
    enum user_body kind, struct problem *p)
{
	char invite[sizeof(u->invite)];
	const int64_t end_ms = u->invite_end_ms;
	int r;

	memcpy(invite, u->invite, sizeof(invite));
	if ((r = user_parse(u, b, o, kind, p)) != 0)
		return r;
	if (u->totp.len > 0 || u->state == USER_DISABLED)
		explicit_bzero(invitation, INVITE_TEXT_SIZE);
	if (invitation[0] == '\0')
		return 0;
	memcpy(u->invite, invite, sizeof(invite));
	u->invite_end_ms = end_ms;
	return 0;
}
