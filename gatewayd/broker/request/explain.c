/* SPDX-License-Identifier: Apache-2.0 */
/*
 * explain - see the header.
 */
#include "broker/request/explain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/str.h"
#include "broker/call/params.h"
#include "broker/call/put.h"
#include "broker/call/subject.h"
#include "broker/identity/approvers.h"
#include "broker/request/alone.h"
#include "broker/request/answer.h"
#include "core/opening.h"
#include "core/policy.h"
#include "core/trial.h"

struct question {
	char user[LIMIT_NAME_SIZE], target[LIMIT_NAME_SIZE];
	char login[LIMIT_NAME_SIZE], role[LIMIT_NAME_SIZE];
	char from[ADDR_TEXT_SIZE];
	struct addr source; /* family 0 = from anywhere */
	uint64_t port, seconds;
	int64_t at_ms; /* when it would be asked */
	struct subject subject;
	struct policy_result verdict;
	int64_t opens_ms; /* when hours let it pass that do not now; 0 */
	struct policy_result opened; /* and what it is then */
	json_t *named;               /* who names a role: alone.h */
	bool keys;                   /* which key asks makes a difference, */
	bool by_key[LIMIT_KEYS_PER_USER]; /* and these may */
	struct trial trial;
	struct shortage lack; /* of those who could approve it */
};

static void
question_free(void *p)
{
	struct question *q = p;

	subject_clear(&q->subject);
	json_decref(q->named);
	free(q);
}

static bool
is_name(const char *s)
{
	return s[0] == '\0' || str_name_ok(s);
}

static bool
parse(struct call *c, struct question *q)
{
	static const char *const keys[] = {"user", "target", "login", "role"};
	char *const ret[] = {q->user, q->target, q->login, q->role};
	char at[32] = "";

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (!params_text(c->query, keys[i], ret[i], LIMIT_NAME_SIZE) ||
		    !is_name(ret[i])) {
			call_refuse(c, 400, "bad-field", keys[i],
			    "%s: a name was expected", keys[i]);
			return false;
		}
	if (!params_num(c->query, "port", UINT16_MAX, &q->port) ||
	    !params_num(c->query, "for", LIMIT_GRANT_MAX_S, &q->seconds) ||
	    !params_text(c->query, "from", q->from, sizeof(q->from)) ||
	    (q->from[0] != '\0' && addr_parse(&q->source, q->from) != 0)) {
		call_refuse(c, 400, "bad-field", "from",
		    "port and for are numbers, from is an address");
		return false;
	}
	q->at_ms = broker_now(c->b).utc_ms;
	if (!params_text(c->query, "at", at, sizeof(at)) ||
	    (at[0] != '\0' && str_time_parse(at, &q->at_ms) != 0)) {
		call_refuse(c, 400, "bad-field", "at",
		    "at: a time like 2026-11-22T14:30:00Z");
		return false;
	}
	return true;
}

static bool
is_self(const struct call *c, const struct question *q)
{
	return !c->local && strcmp(q->user, c->user) == 0;
}

/* It is an agent of who asks. */
static bool
owns(struct call *c, struct question *q)
{
	return subject_user(c->b, &q->subject, q->user) == 0 &&
	       q->subject.behalf.owner_id[0] != '\0' &&
	       strcmp(q->subject.behalf.owner_id, call_user_id(c)) == 0;
}

/* Of oneself and one's agents everybody may ask; of others who may read
 * everything. */
static bool
may_ask(struct call *c, struct question *q)
{
	if (q->user[0] == '\0' && !c->local)
		name_set(q->user, c->user);
	if (q->user[0] == '\0' || q->target[0] == '\0') {
		call_refuse(c, 400, "bad-field",
		    q->user[0] == '\0' ? "user" : "target",
		    "say whom, and which target");
		return false;
	}
	/* about oneself: as a request from here would be */
	if (is_self(c, q) && q->source.family == 0 && !FAULT(explain_anywhere))
		q->source = c->peer;
	if (c->rights != RIGHT_NONE || is_self(c, q) || owns(c, q))
		return true;
	call_refuse(c, 403, "forbidden", "user",
	    "only auditors and admins ask what others may");
	return false;
}

/* As if the person had all that can be brought: a reason, a ticket, a code. */
static struct policy_facts
facts(const struct broker *b, const struct question *q)
{
	const struct target *t = &q->subject.target;
	struct policy_facts f = {.user = q->user,
	    .kind = q->subject.user.kind,
	    .from = &q->subject.user.sources,
	    .behalf = &q->subject.behalf,
	    .user_id = q->subject.user.id,
	    .groups = &q->subject.user.groups,
	    .target_name = q->target,
	    .target = t->name[0] != '\0' ? t : NULL,
	    .login = q->login,
	    .role = q->role,
	    .port = (uint16_t)q->port,
	    .seconds = (uint32_t)q->seconds,
	    .reason = "",
	    .ticket = "",
	    .settled = true,
	    .hardware = HARDWARE_VERIFIED,
	    .anywhere = q->source.family == 0,
	    .max_s = b->conf->max_grant_s,
	    .mfa_max_s = b->conf->mfa_age_s,
	    .locks = b->locks,
	    .nlocks = b->nlocks,
	    .utc_ms = q->at_ms,
	    .when_ms = q->at_ms,
	    .zones = b->zones};

	if (!f.anywhere)
		f.sources[f.nsources++] = q->source;
	return f;
}

static void
judge_with(const struct broker *b, const struct question *q,
    struct policy_facts *f, const char *key_fp, struct policy_result *ret)
{
	f->key_fp = key_fp;
	f->hardware = user_hardware(&q->subject.user, key_fp);
	policy_decide(ret, f, b->roles, b->nroles);
}

/* With each key that they have: the first that may, or the first of all. */
static int
judge_keys(const struct broker *b, struct question *q, struct policy_facts *f)
{
	const struct user *u = &q->subject.user;
	struct policy_result *one = malloc(sizeof(*one));
	unsigned best = 0, n = 0;

	if (one == NULL)
		return GW_ENOMEM;
	for (unsigned i = u->nkeys; i-- > 0;) {
		judge_with(b, q, f, u->keys[i].fp, one);
		q->by_key[i] = one->verdict != POLICY_DENY;
		n += q->by_key[i];
		if (q->by_key[i])
			best = i;
	}
	free(one);
	q->keys = n > 0 && n < u->nkeys;
	judge_with(b, q, f, u->keys[best].fp, &q->verdict);
	return 0;
}

/* With the key that asks, about oneself; of others with each that they have, of
 * who has none as if they had any. */
static int
judge(const struct call *c, struct question *q)
{
	struct broker *b = c->b;
	struct policy_facts f = facts(b, q);
	int r = 0;

	if (is_self(c, q) && !FAULT(explain_any_key))
		judge_with(b, q, &f, c->key_fp, &q->verdict);
	else if (q->subject.user.nkeys > 0)
		r = judge_keys(b, q, &f);
	else
		policy_decide(&q->verdict, &f, b->roles, b->nroles);
	if (r != 0)
		return r;
	if (q->verdict.verdict == POLICY_DENY && !q->verdict.would_pass)
		q->opens_ms = opening_find(&q->opened, &f, b->roles, b->nroles);
	q->named = json_array();
	alone_add(q->named, &f, &q->verdict, b->roles, b->nroles);
	trial_judge(&q->trial, &f, &q->verdict, b->roles, b->nroles);
	return 0;
}

/* What there is to be had: now, or once the hours begin. */
static const struct policy_result *
offered(const struct question *q)
{
	return q->opens_ms != 0 ? &q->opened : &q->verdict;
}

/* Can they have it approved? Themself they do not count. */
static int
judge_approvers(struct broker *b, struct question *q)
{
	const struct quorum_list *needs = &offered(q)->needs;
	struct approvers *a = NULL;
	int r = 0;

	if (offered(q)->verdict == POLICY_DENY || needs->n == 0)
		return 0;
	if ((r = approvers_read(b, needs, &a)) == 0)
		(void)approvers_lack(&q->lack, a, needs, q->subject.user.id);
	approvers_free(a);
	return r;
}

/* ---- told */

static json_t *
patterns_json(const struct pattern_list *l)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < l->n; i++)
		(void)json_array_append_new(list, json_string(l->text[i]));
	return list;
}

static void
add_condition(json_t *list, const char *field, json_t *value)
{
	json_t *o = json_object();

	put_str(o, "field", field);
	if (o != NULL)
		(void)json_object_set_new(o, "value", value);
	(void)json_array_append_new(list, o);
}

/* What the roles that count say there: of a field that says which these are. */
static void
add_selects(json_t *list, const char *field, const struct broker *b,
    const struct policy_result *v)
{
	const struct rolefield *f = rolefield_find(field);
	struct rolefield_value text;
	json_t *all = json_array();

	for (size_t i = 0; i < b->nroles; i++) {
		const struct policy_role *r = &b->roles[i];

		for (unsigned k = 0; name_list_has(&v->roles, r->name) &&
				     k < rolefield_count(f, r);
		     k++) {
			rolefield_get(&text, f, r, k);
			(void)json_array_append_new(
			    all, json_string(text.text));
		}
	}
	if (json_array_size(all) > 0)
		add_condition(list, field, all);
	else
		json_decref(all);
}

/* Of the roles that count, those that the user is in until a moment. */
static void
add_members(json_t *list, const struct broker *b, const struct question *q)
{
	const struct policy_result *v = offered(q);
	json_t *all = json_array();
	char text[LIMIT_NAME_SIZE + 64], clock[32];

	for (size_t i = 0; i < b->nroles; i++) {
		const struct policy_role *r = &b->roles[i];
		const int64_t ms =
		    policy_for_until_ms(r, q->user, &q->subject.user.groups);

		if (ms == MEMBER_ALWAYS || !name_list_has(&v->roles, r->name))
			continue;
		str_time(clock, sizeof(clock), ms);
		(void)snprintf(
		    text, sizeof(text), "%s until %s", r->name, clock);
		(void)json_array_append_new(all, json_string(text));
	}
	if (json_array_size(all) > 0)
		add_condition(list, "member", all);
	else
		json_decref(all);
}

/* Of the roles that count, each alternative, and whether it holds; of those
 * about a reason, for a reason as it wants it. */
static void
add_any_of(json_t *list, const struct broker *b, const struct question *q)
{
	const struct alternative_facts f = {.groups = &q->subject.user.groups,
	    .labels = &q->subject.target.labels,
	    .zones = b->zones,
	    .at_ms = q->opens_ms != 0 ? q->opens_ms : q->at_ms};
	json_t *all = json_array();
	char text[LIMIT_TEXT_SIZE];
	int64_t until_ms = 0;

	for (size_t i = 0; i < b->nroles; i++) {
		const struct policy_role *r = &b->roles[i];

		for (unsigned k = 0;
		     name_list_has(&offered(q)->roles, r->name) &&
		     k < r->any_of.n;
		     k++) {
			const struct alternative *a = &r->any_of.of[k];
			const bool holds = alternative_holds(a, &f, &until_ms);

			alternative_text(text, a);
			(void)json_array_append_new(
			    all, json_sprintf("%s (%s%s)", text,
				     holds ? "holds" : "does not hold",
				     holds && a->reason[0] != '\0'
					 ? " with such a reason"
					 : ""));
		}
	}
	if (json_array_size(all) > 0)
		add_condition(list, "or", all);
	else
		json_decref(all);
}

static json_t *
time_json(int64_t utc_ms)
{
	char text[32];

	str_time(text, sizeof(text), utc_ms);
	return json_string(text);
}

static void
add_names(json_t *list, const char *field, const struct name_list *l)
{
	if (l->n > 0)
		add_condition(list, field, names_json(l));
}

/* Of an agent: whose it is, by which of their roles, and what it is lent. */
static void
add_behalf(json_t *list, const struct question *q)
{
	const struct behalf *own = &q->subject.behalf;
	char text[SELECTOR_TEXT_SIZE];
	json_t *select = NULL;

	if (q->subject.user.kind != KIND_AGENT)
		return;
	add_condition(list, "owner", json_string(own->owner));
	add_names(list, "owner_roles", &offered(q)->owner_roles);
	if (own->d.id[0] == '\0')
		return;
	add_condition(list, "delegation", json_string(own->d.id));
	add_condition(list, "delegated_until", time_json(own->d.until_ms));
	add_condition(list, "delegated_max", json_integer(own->d.max_s));
	add_condition(list, "delegated_allow", caps_json(own->d.caps));
	add_names(list, "delegated_roles", &own->d.roles);
	add_names(list, "delegated_targets", &own->d.targets);
	add_names(list, "delegated_logins", &own->d.logins);
	if (own->d.select.n == 0)
		return;
	select = json_array();
	for (unsigned i = 0; i < own->d.select.n; i++) {
		selector_text(text, &own->d.select.selector[i]);
		(void)json_array_append_new(select, json_string(text));
	}
	add_condition(list, "delegated_select", select);
}

/* From where it was judged, or where that was left open. */
static void
add_from(json_t *list, const struct broker *b, const struct question *q)
{
	char text[ADDR_TEXT_SIZE];
	json_t *locked = json_array();

	if (q->source.family != 0) {
		addr_format(text, &q->source);
		add_condition(list, "from", json_string(text));
		json_decref(locked);
		return;
	}
	add_condition(list, "from", json_string("any address"));
	add_selects(list, "sources", b, offered(q));
	for (size_t i = 0; i < b->nlocks; i++)
		if (b->locks[i].kind == LOCK_SOURCE)
			(void)json_array_append_new(
			    locked, json_string(b->locks[i].value));
	if (json_array_size(locked) > 0)
		add_condition(list, "locked_sources", locked);
	else
		json_decref(locked);
}

/* Of others: which of their keys may. */
static void
add_keys(json_t *list, const struct question *q)
{
	const struct user *u = &q->subject.user;
	json_t *all = json_array();

	for (unsigned i = 0; q->keys && i < u->nkeys; i++)
		if (q->by_key[i])
			(void)json_array_append_new(
			    all, json_string(u->keys[i].fp));
	if (json_array_size(all) > 0)
		add_condition(list, "keys", all);
	else
		json_decref(all);
}

/* What holds for a request, whoever makes it: each with its value. */
static json_t *
conditions_json(const struct broker *b, const struct question *q)
{
	const struct policy_result *v = offered(q);
	json_t *list = json_array();

	add_behalf(list, q);
	add_from(list, b, q);
	add_keys(list, q);
	add_members(list, b, q);
	add_selects(list, "select", b, v);
	add_selects(list, "hours", b, v);
	add_any_of(list, b, q);
	if (v->until_ms != HOURS_NEVER)
		add_condition(list, "until", time_json(v->until_ms));

	add_condition(list, "login", json_string(v->login));
	add_condition(list, "port", json_integer(v->port));
	add_condition(list, "max", json_integer(v->max_s));
	if (q->subject.user.kind == KIND_PERSON)
		add_condition(list, "mfa_age", json_integer(v->mfa_age_s));
	if (v->hardware_code)
		add_condition(list, "hardware_code", json_true());
	add_condition(list, "reason", json_boolean(v->reason));
	if (v->hardware != HARDWARE_NONE)
		add_condition(list, "hardware_key",
		    json_string(hardware_str(v->hardware)));
	if (v->reasons.n > 0)
		add_condition(
		    list, "reason_pattern", patterns_json(&v->reasons));
	if (v->tickets.n > 0)
		add_condition(
		    list, "ticket_pattern", patterns_json(&v->tickets));
	add_condition(list, "allow", caps_json(v->caps));
	if (v->commands.n > 0)
		add_condition(list, "commands", commands_json(&v->commands));
	add_condition(list, "record", json_boolean(v->record));
	if (v->needs.n > 0)
		add_condition(list, "approvals", needs_json(&v->needs));
	return list;
}

/* A user who is none, or is locked, gets nothing, whatever the roles say. */
static const char *
state_word(const struct question *q)
{
	switch (q->subject.user.state) {
	case USER_ACTIVE:
		return "active";
	case USER_INVITED:
		return "invited";
	default:
		return "disabled";
	}
}

static json_t *
passing_json(const struct question *q)
{
	json_t *o = would_pass_json(q->target, q->role, offered(q), "");

	if (q->opens_ms != 0)
		put_time(o, "at", q->opens_ms);
	return o;
}

static void
reply(struct call *c, const struct question *q)
{
	const struct policy_result *v = &q->verdict;
	const bool allowed =
	    v->verdict != POLICY_DENY && q->subject.user.state == USER_ACTIVE;
	json_t *o = json_object();

	put_str(o, "user", q->user);
	put_str(o, "state", state_word(q));
	put_str(o, "target", q->target);
	put_bool(o, "allowed", allowed);
	put_str(o, "rule", v->role);
	if (o != NULL)
		(void)json_object_set_new(o, "roles", names_json(&v->roles));
	if (q->opens_ms != 0)
		put_time(o, "opens", q->opens_ms);
	if (o != NULL && offered(q)->roles.n > 0)
		(void)json_object_set_new(
		    o, "conditions", conditions_json(c->b, q));
	if (o != NULL && offered(q)->needs.n > 0 &&
	    (offered(q)->verdict == POLICY_APPROVAL || v->would_pass))
		(void)json_object_set_new(
		    o, "wants", wants_json(&offered(q)->needs, 1));
	put_str(o, "unapprovable", q->lack.text);
	if (o != NULL)
		(void)json_object_set_new(o, "refused", refused_json(v));
	if (o != NULL && q->trial.n > 0)
		(void)json_object_set_new(
		    o, "would_refuse", would_refuse_json(&q->trial));
	if (o != NULL &&
	    (v->verdict != POLICY_DENY || v->would_pass || q->opens_ms != 0))
		(void)json_object_set_new(o, "would_pass", passing_json(q));
	if (o != NULL && json_array_size(q->named) > 0)
		(void)json_object_set(o, "named", q->named);
	call_reply(c, 200, o);
}

/* Who may ask of others may know which targets there are. */
static bool
others(const struct call *c, const struct question *q)
{
	return c->local || strcmp(q->user, c->user) != 0;
}

/* What no role gives them is said of them, not of who asks. */
static void
tell_of_others(struct question *q)
{
	struct policy_result *v = &q->verdict;

	if (v->nrefused > 0 && v->role[0] == '\0' &&
	    strcmp(v->refused[0].field, "target") == 0)
		(void)snprintf(v->refused[0].text, sizeof(v->refused[0].text),
		    "no role gives %s to %s", q->target, q->user);
}

void
verb_explain(struct call *c)
{
	struct question *q = call_state(c, sizeof(*q), question_free);
	int r;

	if (q == NULL || !parse(c, q) || !may_ask(c, q))
		return;
	if ((r = subject_user(c->b, &q->subject, q->user)) == GW_ENOENT) {
		call_refuse(c, 404, "not-found", "user",
		    "there is no user %s: see jitctl users", q->user);
		return;
	}
	if (r == 0)
		r = subject_target(c->b, &q->subject, q->target);
	if (r != 0 && r != GW_ENOENT) {
		call_store_failed(c, r);
		return;
	}
	if (r == GW_ENOENT && others(c, q)) {
		call_refuse(c, 404, "not-found", "target",
		    "there is no target %s: see jitctl targets", q->target);
		return;
	}
	if ((r = judge(c, q)) != 0 || (r = judge_approvers(c->b, q)) != 0) {
		call_store_failed(c, r);
		return;
	}
	if (others(c, q))
		tell_of_others(q);
	reply(c, q);
}
