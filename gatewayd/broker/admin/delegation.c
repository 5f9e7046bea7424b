/* SPDX-License-Identifier: Apache-2.0 */
/*
 * delegation - see the header.
 *
 * MUST: an owner lends to agents of their own alone, with a code of now, and no
 * more than they have. MUST: what is refused as wider is on record.
 */
#include "broker/admin/delegation.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/ids.h"
#include "base/log.h"
#include "base/str.h"
#include "broker/admin/change.h"
#include "broker/broker.h"
#include "broker/call/listing.h"
#include "broker/call/put.h"
#include "broker/call/subject.h"
#include "broker/identity/mfa.h"
#include "broker/identity/permission.h"
#include "core/grant.h"
#include "wire/body.h"

struct lend {
	struct change ch;
	struct behalf own; /* who lends, and .d what */
	struct behalf was; /* as the store has it: .d.id "" = nothing yet */
	struct policy_result verdict;
	struct call *c;
	struct problem *p; /* why it is wider; of a walk */
	int err;
};

static void
lend_free(void *p)
{
	struct lend *x = p;

	change_done(&x->ch);
	free(x);
}

/* ---- told */

static json_t *
selectors_json(const struct selector_list *l)
{
	char text[SELECTOR_TEXT_SIZE];
	json_t *list = json_array();

	for (unsigned i = 0; i < l->n; i++) {
		selector_text(text, &l->selector[i]);
		(void)json_array_append_new(list, json_string(text));
	}
	return list;
}

static json_t *
words_json(uint32_t caps)
{
	json_t *list = json_array();

	for (uint32_t bit = 1; bit <= CAP_DEFAULT; bit <<= 1)
		if ((caps & bit) != 0 && grant_cap_word(bit) != NULL)
			(void)json_array_append_new(
			    list, json_string(grant_cap_word(bit)));
	return list;
}

static json_t *
delegation_json(const struct broker *b, const struct delegation *d)
{
	const bool over = d->until_ms <= broker_now(b).utc_ms;
	json_t *o = json_object();

	put_str(o, "delegation", d->id);
	put_str(o, "agent", d->agent);
	put_str(o, "owner", d->owner);
	put_str(o, "state", over ? "over" : "active");
	if (o != NULL) {
		(void)json_object_set_new(o, "roles", names_json(&d->roles));
		(void)json_object_set_new(
		    o, "targets", names_json(&d->targets));
		(void)json_object_set_new(
		    o, "select", selectors_json(&d->select));
		(void)json_object_set_new(o, "logins", names_json(&d->logins));
		(void)json_object_set_new(o, "allow", words_json(d->caps));
	}
	put_num(o, "max", d->max_s);
	put_str(o, "reason", d->reason);
	put_time(o, "created", d->created_ms);
	put_time(o, "until", d->until_ms);
	return o;
}

/* ---- delegation.list */

struct walk {
	struct call *c;
	struct listing *l;
};

static void
list_one(void *arg, const struct delegation *d)
{
	const struct walk *w = arg;
	const char *id = call_user_id(w->c);

	if (listing_wants(w->l, d->agent) &&
	    (w->c->rights != RIGHT_NONE || strcmp(d->owner_id, id) == 0 ||
		strcmp(d->agent_id, id) == 0))
		listing_add(w->l, delegation_json(w->c->b, d), d->agent);
}

static int
list(struct call *c, struct listing *l)
{
	struct walk w = {.c = c, .l = l};

	return store_delegation_each(c->b->store, list_one, &w);
}

/* Whose it is, as owner or agent; and who has any right. */
void
verb_delegations(struct call *c)
{
	listing_answer(c, list);
}

/* ---- no wider than the owner */

static void
wider(struct lend *x)
{
	const struct policy_result *v = &x->verdict;

	if (x->p->status == 0)
		problem_set(x->p, 403, "wider", "delegation",
		    "it would be wider than what you have: %s",
		    v->nrefused > 0 ? v->refused[0].text : "nothing gives it");
}

static bool
lends_at(
    struct lend *x, const struct target *t, const char *name, const char *login)
{
	const struct broker *b = x->c->b;
	const struct policy_facts f = {.target_name = name,
	    .target = t,
	    .login = login,
	    .role = "",
	    .reason = "",
	    .ticket = "",
	    .settled = true,
	    .anywhere = true,
	    .anytime = true,
	    .hardware = HARDWARE_VERIFIED,
	    .max_s = b->conf->max_grant_s,
	    .mfa_max_s = b->conf->mfa_age_s,
	    .locks = b->locks,
	    .nlocks = b->nlocks,
	    .utc_ms = broker_now(b).utc_ms,
	    .when_ms = broker_now(b).utc_ms,
	    .zones = b->zones};

	return behalf_lends(&x->verdict, &x->own, &f, b->roles, b->nroles) ||
	       FAULT(delegate_wider);
}

/* Of a name: each login. By label: those that are there. */
static void
try_target(struct lend *x, const struct target *t, const char *name, bool named)
{
	const struct name_list *logins = &x->own.d.logins;

	for (unsigned i = 0; x->p->status == 0 && i < logins->n; i++)
		if ((named || name_list_has(&t->logins, logins->name[i])) &&
		    !lends_at(x, t, name, logins->name[i]))
			wider(x);
}

static void
by_label(void *arg, const char *name, const struct target *t)
{
	struct lend *x = arg;

	if (t != NULL && selector_list_holds(&x->own.d.select, &t->labels))
		try_target(x, t, name, false);
}

static int
check_named(struct lend *x, const char *name)
{
	struct target *t = calloc(1, sizeof(*t));
	int r =
	    t != NULL ? store_target_get(x->c->b->store, name, t) : GW_ENOMEM;

	if (r == 0 || r == GW_ENOENT)
		try_target(x, r == 0 ? t : NULL, name, true);
	free(t);
	return r == GW_ENOENT ? 0 : r;
}

/* GW_EDENIED: it is, and *p says how. */
static int
check_wider(struct lend *x, struct problem *p)
{
	const struct broker *b = x->c->b;
	const struct delegation *d = &x->own.d;
	int r = 0;

	x->p = p;
	for (unsigned i = 0; p->status == 0 && i < d->roles.n; i++)
		if (!behalf_lends_role(&x->verdict, &x->own, d->roles.name[i],
			b->roles, b->nroles, broker_now(b).utc_ms) &&
		    !FAULT(delegate_wider))
			wider(x);
	for (unsigned i = 0; r == 0 && p->status == 0 && i < d->targets.n; i++)
		r = check_named(x, d->targets.name[i]);
	if (r == 0 && p->status == 0 && d->select.n > 0)
		r = store_target_each(b->store, by_label, x);
	x->p = NULL;
	return r == 0 && p->status != 0 ? GW_EDENIED : r;
}

/* ---- delegation.add: read */

static int
bad(struct problem *p, const char *field, const char *text)
{
	problem_set(p, 400, "bad-field", field, "%s: %s", field, text);
	return GW_EINVAL;
}

static int
parse_select(struct delegation *d, const json_t *o, struct problem *p)
{
	const json_t *list = NULL;
	int r = json_get_array(o, "select", false, LIMIT_SELECTORS, &list, p);

	for (size_t i = 0; r == 0 && i < json_array_size(list); i++)
		if ((r = selector_add(&d->select,
			 json_string_value(json_array_get(list, i)))) != 0)
			return bad(p, "select",
			    "rules like env=prod or app in (shop, till) were "
			    "expected, each once");
	return r;
}

static int
parse_caps(struct delegation *d, const json_t *o, struct problem *p)
{
	const json_t *list = NULL;
	int r = json_get_array(o, "allow", false, LIMIT_LIST, &list, p);

	if (r == 0 && list == NULL)
		d->caps = CAP_EXEC;
	for (size_t i = 0; r == 0 && i < json_array_size(list); i++) {
		const uint32_t cap =
		    grant_cap(json_string_value(json_array_get(list, i)));

		if (cap == 0 || (cap & ~(uint32_t)CAP_DEFAULT) != 0)
			return bad(p, "allow",
			    "shell, exec, sftp or pty was expected");
		d->caps |= cap;
	}
	return r;
}

static int
parse_until(struct delegation *d, const json_t *o, struct problem *p)
{
	const char *until = NULL;
	int r = json_get_str(o, "until", true, 32, &until, p);

	if (r != 0)
		return r;
	if (str_time_parse(until, &d->until_ms) != 0 ||
	    d->until_ms <= d->created_ms ||
	    d->until_ms - d->created_ms > (int64_t)LIMIT_DELEGATION_S * 1000)
		return bad(p, "until",
		    "a time to come, like 2026-11-22T14:30:00Z, in at most 30 "
		    "days");
	return 0;
}

static int
parse(struct delegation *d, const json_t *o, struct problem *p)
{
	static const char *const keys[] = {"agent", "roles", "targets",
	    "select", "logins", "allow", "max", "until", "reason", NULL};
	const char *agent = NULL, *reason = NULL;
	int64_t max = LIMIT_DELEGATED_S;
	int r;

	if ((r = json_only(o, keys, p)) != 0 ||
	    (r = json_get_name(o, "agent", true, &agent, p)) != 0 ||
	    (r = names_parse(&d->roles, o, "roles", false, p)) != 0 ||
	    (r = names_parse(&d->targets, o, "targets", false, p)) != 0 ||
	    (r = names_parse(&d->logins, o, "logins", true, p)) != 0 ||
	    (r = json_get_int(o, "max", false, LIMIT_GRANT_MIN_S,
		 LIMIT_GRANT_MAX_S, &max, p)) != 0 ||
	    (r = json_get_str(
		 o, "reason", false, LIMIT_REASON_MAX, &reason, p)) != 0 ||
	    (r = parse_select(d, o, p)) != 0 ||
	    (r = parse_caps(d, o, p)) != 0 || (r = parse_until(d, o, p)) != 0)
		return r;
	name_set(d->agent, agent);
	d->max_s = (uint32_t)max;
	text_set(d->reason, sizeof(d->reason), reason != NULL ? reason : "");
	if (d->logins.n == 0)
		return bad(p, "logins", "name one at least");
	if (d->roles.n == 0 && d->targets.n == 0 && d->select.n == 0)
		return bad(p, "targets",
		    "say which: targets by name, by label (select), or roles "
		    "of yours");
	return 0;
}

/* ---- delegation.add: made */

/* The agent as it is now, if it is the caller's own. */
static int
read_own(struct lend *x, struct problem *p)
{
	struct call *c = x->c;
	struct subject *s = calloc(1, sizeof(*s));
	struct delegation d = x->own.d;
	int r = s != NULL ? subject_user(c->b, s, d.agent) : GW_ENOMEM;

	if (r == GW_ENOENT ||
	    (r == 0 && (s->user.kind != KIND_AGENT ||
			   (strcmp(s->behalf.owner_id, call_user_id(c)) != 0 &&
			       !FAULT(delegate_any)) ||
			   (d.agent_id[0] != '\0' &&
			       strcmp(s->user.id, d.agent_id) != 0)))) {
		problem_set(p, 404, "not-found", "agent",
		    "you have no agent %s: whoever administers users makes "
		    "them (jitctl user add --kind agent)",
		    d.agent);
		r = GW_ENOENT;
	}
	if (r == 0) {
		x->was = x->own = s->behalf;
		memcpy(d.agent_id, s->user.id, sizeof(d.agent_id));
		memcpy(d.owner, s->behalf.owner, sizeof(d.owner));
		memcpy(d.owner_id, s->behalf.owner_id, sizeof(d.owner_id));
		x->own.d = d;
	}
	if (s != NULL)
		subject_clear(s);
	free(s);
	return r;
}

static int
put_lent(struct call *c, struct problem *p)
{
	struct lend *x = c->state;
	int r;

	if ((r = read_own(x, p)) != 0 || (r = check_wider(x, p)) != 0)
		return r;
	if (!permission_still(c)) {
		problem_set(p, 409, "conflict", NULL,
		    "your key was taken from you meanwhile, or you were "
		    "locked: nothing was done");
		return GW_ESTATE;
	}
	x->own.d.seq = c->seq;
	return store_delegation_put(c->b->store, &x->own.d);
}

static void
fields(struct call *c, const struct delegation *d, struct event_fields *f)
{
	call_fields(c, f);
	event_str(f, EF_DELEGATION, d->id);
	event_str(f, EF_USER, d->agent);
	event_str(f, EF_USER_ID, d->agent_id);
	event_str(f, EF_OWNER, d->owner);
	event_str(f, EF_WHY, d->reason);
	if (d->until_ms != 0)
		event_num(f, EF_END, d->until_ms);
}

static void
lent(struct call *c)
{
	struct lend *x = c->state;

	if (!change_make(c, &x->ch, put_lent))
		return;
	change_end(c, &x->ch, x->own.d.agent, NULL);
	call_reply(c, 201,
	    change_json(&x->ch, NULL, delegation_json(c->b, &x->own.d)));
}

static void
code_burned(struct call *c)
{
	struct lend *x = c->state;
	struct event_fields f;

	if (!change_weigh(c, &x->ch, put_lent))
		return;
	fields(c, &x->own.d, &f);
	event_str(&f, EF_OUTCOME, "success");
	call_append_change(c, EV_DELEGATE, &f,
	    x->was.d.id[0] != '\0' ? delegation_json(c->b, &x->was.d) : NULL,
	    delegation_json(c->b, &x->own.d), lent);
}

static void
refuse(struct call *c, const struct problem *p)
{
	const struct lend *x = c->state;
	struct event_fields f;

	fields(c, &x->own.d, &f);
	event_str(&f, EF_OUTCOME, "failure");
	event_str(&f, EF_REASON, p->code);
	event_str(&f, EF_MSG, p->text);
	if (process_append(c->b->process, EV_DELEGATE_DENIED, &f, NULL, NULL) !=
	    0)
		log_warn("a refused delegation could not be recorded");
	event_fields_done(&f);
	call_problem(c, p);
}

static struct lend *
begin(struct call *c)
{
	struct lend *x = call_state(c, sizeof(*x), lend_free);

	if (x != NULL)
		x->c = c;
	return x != NULL && change_begin(&x->ch, c) ? x : NULL;
}

/* What cannot be is told before a code is used up for it. */
void
verb_delegate(struct call *c)
{
	struct lend *x = begin(c);
	struct problem p = {0};
	int r;

	if (x == NULL)
		return;
	x->own.d.created_ms = broker_now(c->b).utc_ms;
	if (parse(&x->own.d, c->req.body, &p) != 0) {
		call_problem(c, &p);
		return;
	}
	id_new(x->own.d.id, 'd');
	text_set(x->own.d.key_fp, sizeof(x->own.d.key_fp), c->key_fp);
	if ((r = read_own(x, &p)) == 0)
		r = check_wider(x, &p);
	if (r != 0 && p.status == 0)
		call_store_failed(c, r);
	else if (r != 0)
		refuse(c, &p);
	else if (!x->ch.dry_run)
		mfa_fresh(c, code_burned);
	else if (change_weigh(c, &x->ch, put_lent))
		call_reply(c, 200,
		    change_json(
			&x->ch, NULL, delegation_json(c->b, &x->own.d)));
}

/* ---- delegation.remove */

struct find {
	const char *what; /* an id, or an agent */
	struct delegation *ret;
};

static void
find_one(void *arg, const struct delegation *d)
{
	struct find *f = arg;

	if (strcmp(d->id, f->what) == 0 || strcmp(d->agent, f->what) == 0)
		*f->ret = *d;
}

static bool
may_end(const struct call *c, const struct delegation *d)
{
	return right_may(c->rights, RIGHT_RESPONDER | RIGHT_USER_ADMIN) ||
	       strcmp(d->owner_id, call_user_id(c)) == 0;
}

static int
put_ended(struct call *c, struct problem *p)
{
	struct lend *x = c->state;
	struct delegation now;
	int r = store_delegation_get(c->b->store, x->own.d.agent, &now);

	if (r == GW_ENOENT || (r == 0 && strcmp(now.id, x->own.d.id) != 0)) {
		problem_set(p, 409, "conflict", "delegation",
		    "it was ended, or another one made, meanwhile");
		return GW_ESTATE;
	}
	return r != 0 ? r
		      : store_delegation_remove(
			    c->b->store, x->own.d.agent, c->seq);
}

static json_t *
ended_json(struct call *c)
{
	struct lend *x = c->state;
	json_t *o = delegation_json(c->b, &x->own.d);

	put_str(o, "state", "ended");
	return change_json(&x->ch, NULL, o);
}

static void
ended(struct call *c)
{
	struct lend *x = c->state;

	if (!change_make(c, &x->ch, put_ended))
		return;
	change_end(c, &x->ch, x->own.d.agent, NULL);
	call_reply(c, 200, ended_json(c));
}

void
verb_undelegate(struct call *c)
{
	struct lend *x = begin(c);
	struct event_fields f;
	struct find find = {0};
	int r;

	if (x == NULL || (find.what = call_only_name(c, "delegation")) == NULL)
		return;
	find.ret = &x->own.d;
	r = store_delegation_each(c->b->store, find_one, &find);
	if (r != 0) {
		call_store_failed(c, r);
		return;
	}
	if (x->own.d.id[0] == '\0' || !may_end(c, &x->own.d)) {
		call_refuse(c, 404, "not-found", "delegation",
		    "there is no delegation of yours of that id or to that "
		    "agent: jitctl delegations lists them");
		return;
	}
	if (!change_weigh(c, &x->ch, put_ended))
		return;
	if (x->ch.dry_run) {
		call_reply(c, 200, ended_json(c));
		return;
	}
	fields(c, &x->own.d, &f);
	event_str(&f, EF_OUTCOME, "success");
	call_append(c, EV_UNDELEGATE, &f, ended);
	event_fields_done(&f);
}
