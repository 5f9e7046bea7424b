/* SPDX-License-Identifier: Apache-2.0 */
/*
 * role - role.list, role.set (make or replace), role.remove. A role is always
 * replaced as a whole: what is not said is at its default, never at what an
 * older version said.
 */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/ids.h"
#include "broker/admin/body.h"
#include "broker/admin/quota.h"
#include "broker/admin/reconsider.h"
#include "broker/admin/role.h"
#include "broker/broker.h"
#include "broker/call/call.h"
#include "broker/call/listing.h"
#include "broker/call/put.h"
#include "broker/call/subject.h"
#include "broker/identity/mfa.h"

static const struct {
	const char *name;
	uint32_t bit;
} caps[] = {{"shell", CAP_SHELL}, {"exec", CAP_EXEC}, {"sftp", CAP_SFTP},
    {"pty", CAP_PTY}};

json_t *
role_json(const struct policy_role *r)
{
	json_t *o = json_object();
	json_t *labels = json_object();
	json_t *ports = json_array();
	json_t *sources = json_array();
	json_t *allow = json_array();

	for (unsigned i = 0; i < r->labels.n; i++)
		put_str(
		    labels, r->labels.label[i].key, r->labels.label[i].value);
	for (unsigned i = 0; i < r->nports; i++)
		(void)json_array_append_new(ports, json_integer(r->ports[i]));
	for (unsigned i = 0; i < r->nsources; i++) {
		char addr[ADDR_TEXT_SIZE], text[ADDR_TEXT_SIZE + 8];

		addr_format(addr, &r->sources[i].addr);
		(void)snprintf(
		    text, sizeof(text), "%s/%u", addr, r->sources[i].bits);
		(void)json_array_append_new(sources, json_string(text));
	}
	for (size_t i = 0; i < ARRAY_LEN(caps); i++)
		if ((r->caps & caps[i].bit) != 0)
			(void)json_array_append_new(
			    allow, json_string(caps[i].name));
	put_str(o, "role", r->name);
	put_str(o, "role_id", r->id);
	(void)json_object_set_new(o, "users", names_json(&r->users));
	(void)json_object_set_new(o, "groups", names_json(&r->groups));
	(void)json_object_set_new(o, "targets", names_json(&r->targets));
	(void)json_object_set_new(o, "labels", labels);
	(void)json_object_set_new(o, "logins", names_json(&r->logins));
	(void)json_object_set_new(o, "ports", ports);
	put_num(o, "max", r->max_s);
	(void)json_object_set_new(o, "sources", sources);
	put_num(o, "mfa_age", r->mfa_age_s);
	put_str(o, "reason", r->reason ? "required" : "optional");
	(void)json_object_set_new(o, "allow", allow);
	put_bool(o, "record", r->record);
	put_bool(o, "deny", r->deny);
	return o;
}

static bool
names_user(const struct policy_role *x, const struct user *u)
{
	bool hit = name_list_has(&x->users, u->name);

	for (unsigned k = 0; k < u->groups.n; k++)
		hit = hit || name_list_has(&x->groups, u->groups.name[k]);
	return hit;
}

static int
list(struct call *c, struct listing *l)
{
	const bool all = c->local || c->admin || c->auditor;

	for (size_t i = 0; i < c->b->nroles; i++) {
		const struct policy_role *x = &c->b->roles[i];

		if ((all || names_user(x, &c->subject->user)) &&
		    listing_wants(l, x->name))
			listing_add(l, role_json(x), x->name);
	}
	return 0;
}

/* Admins and auditors get all roles; others those that concern them. */
void
verb_roles(struct call *c)
{
	listing_answer(c, list);
}

/* ---- a body */

static int
bad(struct problem *p, const char *field, const char *what)
{
	problem_set(p, 400, "bad-field", field, "%s: %s", field, what);
	return GW_EINVAL;
}

static int
parse_ports(struct policy_role *x, const json_t *o, struct problem *p)
{
	const json_t *list = json_object_get(o, "ports");

	if (list == NULL) {
		if (!x->deny)
			x->ports[x->nports++] = 22;
		return 0;
	}
	if (!json_is_array(list) || json_array_size(list) > LIMIT_LIST)
		return bad(p, "ports", "a list of at most 32 was expected");
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *v = json_array_get(list, i);
		const int64_t port =
		    json_is_integer(v) ? json_integer_value(v) : 0;

		if (port < 1 || port > 65535)
			return bad(p, "ports", "1 to 65535 were expected");
		x->ports[x->nports++] = (uint16_t)port;
	}
	return 0;
}

static int
parse_sources(struct policy_role *x, const json_t *o, struct problem *p)
{
	const json_t *list = NULL;
	int r = json_get_array(o, "sources", false, LIMIT_LIST, &list, p);

	for (size_t i = 0; r == 0 && i < json_array_size(list); i++)
		if (prefix_parse(&x->sources[x->nsources++],
			json_string_value(json_array_get(list, i))) != 0)
			return bad(p, "sources",
			    "networks like 198.51.100.0/24 were expected, "
			    "without host bits");
	return r;
}

static int
parse_caps(struct policy_role *x, const json_t *o, struct problem *p)
{
	const json_t *list = NULL;
	int r = json_get_array(o, "allow", false, 16, &list, p);

	if (r != 0)
		return r;
	if (list == NULL)
		x->caps = CAP_DEFAULT;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *s = json_string_value(json_array_get(list, i));
		uint32_t bit = 0;

		for (size_t k = 0; k < ARRAY_LEN(caps); k++)
			if (strcmp(caps[k].name, s) == 0)
				bit = caps[k].bit;
		if (bit == 0)
			return bad(p, "allow",
			    "only shell, exec, sftp and pty can be allowed");
		x->caps |= bit;
	}
	return 0;
}

static int
parse_lists(struct policy_role *x, const json_t *o, struct problem *p)
{
	int r;

	if ((r = names_parse(&x->users, o, "users", false, p)) != 0 ||
	    (r = names_parse(&x->groups, o, "groups", false, p)) != 0 ||
	    (r = names_parse(&x->targets, o, "targets", false, p)) != 0 ||
	    (r = names_parse(&x->logins, o, "logins", false, p)) != 0 ||
	    (r = labels_parse(&x->labels, o, p)) != 0 ||
	    (r = parse_ports(x, o, p)) != 0 ||
	    (r = parse_sources(x, o, p)) != 0)
		return r;
	return parse_caps(x, o, p);
}

int
role_parse(struct policy_role *ret, const json_t *o, struct problem *p)
{
	static const char *const keys[] = {"role", "users", "groups", "targets",
	    "labels", "logins", "ports", "max", "sources", "mfa_age", "reason",
	    "allow", "record", "deny", NULL};
	const char *name = NULL, *reason = NULL;
	int64_t max = LIMIT_GRANT_DEFAULT_S, age = LIMIT_MFA_AGE_S;
	int r;

	memset(ret, 0, sizeof(*ret));
	ret->record = true;
	if ((r = json_only(o, keys, p)) != 0 ||
	    (r = json_get_name(o, "role", true, &name, p)) != 0 ||
	    (r = json_get_int(o, "max", false, LIMIT_GRANT_MIN_S,
		 LIMIT_GRANT_MAX_S, &max, p)) != 0 ||
	    (r = json_get_int(
		 o, "mfa_age", false, 0, LIMIT_GRANT_MAX_S, &age, p)) != 0 ||
	    (r = json_get_bool(o, "record", false, &ret->record, p)) != 0 ||
	    (r = json_get_bool(o, "deny", false, &ret->deny, p)) != 0 ||
	    (r = json_get_str(o, "reason", false, 16, &reason, p)) != 0)
		return r;
	name_set(ret->name, name);
	ret->max_s = (uint32_t)max;
	ret->mfa_age_s = (uint32_t)age;
	ret->reason = reason == NULL || strcmp(reason, "required") == 0;
	if (!ret->reason && strcmp(reason, "optional") != 0)
		return bad(
		    p, "reason", "\"required\" or \"optional\" was expected");
	if ((r = parse_lists(ret, o, p)) != 0)
		return r;
	if (policy_role_ok(ret))
		return 0;
	return bad(p, "role",
	    "a role that allows needs somebody (users or groups), something "
	    "(targets or labels), a login, a port and something to allow");
}

/* ---- role.set */

const struct policy_role *
role_find(const struct broker *b, const char *name)
{
	for (size_t i = 0; i < b->nroles; i++)
		if (strcmp(b->roles[i].name, name) == 0)
			return &b->roles[i];
	return NULL;
}

void
role_set_id(const struct broker *b, struct policy_role *r)
{
	const struct policy_role *old = role_find(b, r->name);

	if (old != NULL)
		memcpy(r->id, old->id, sizeof(r->id));
	else
		id_new(r->id, 'p');
}

static void
set_done(struct call *c)
{
	const struct policy_role *x = c->state;
	int r = store_role_put(c->b->store, x, c->seq);

	if (r == 0)
		r = broker_load_roles(c->b);
	if (r != 0)
		call_store_failed(c, r);
	else {
		grants_reconsider(c->b, NULL, NULL);
		call_reply(c, 201, role_json(x));
	}
}

void
verb_role_set(struct call *c)
{
	struct policy_role *x = call_state(c, sizeof(*x), free);
	struct event_fields f;
	struct problem p = {0};

	if (x == NULL)
		return;
	if (role_parse(x, c->req.body, &p) != 0 ||
	    quota_check(
		c->b, STORE_ROLES, role_find(c->b, x->name) == NULL, &p) != 0) {
		call_problem(c, &p);
		return;
	}
	role_set_id(c->b, x);
	call_fields(c, &f);
	event_str(&f, EF_ROLE, x->name);
	event_str(&f, EF_ROLE_ID, x->id);
	call_append_change(c, EV_ROLE_SET, &f, role_json(x), set_done);
}

/* ---- role.remove */

static void
removed(struct call *c)
{
	json_t *o = NULL;
	int r = store_role_remove(c->b->store, c->arg, c->seq);

	if (r == 0)
		r = broker_load_roles(c->b);
	if (r != 0) {
		call_store_failed(c, r);
		return;
	}
	grants_reconsider(c->b, NULL, NULL);
	o = json_object();
	put_str(o, "role", c->arg);
	put_str(o, "state", "removed");
	call_reply(c, 200, o);
}

void
verb_role_remove(struct call *c)
{
	static const char *const keys[] = {"role", NULL};
	const struct policy_role *old = NULL;
	struct event_fields f;
	struct problem p = {0};
	const char *name = NULL;

	if (json_only(c->req.body, keys, &p) != 0 ||
	    json_get_name(c->req.body, "role", true, &name, &p) != 0) {
		call_problem(c, &p);
		return;
	}
	if ((old = role_find(c->b, name)) == NULL) {
		call_refuse(c, 404, "not-found", "role",
		    "there is no role %s: see jitctl roles ls", name);
		return;
	}
	name_set(c->arg, name);
	call_fields(c, &f);
	event_str(&f, EF_ROLE, name);
	event_str(&f, EF_ROLE_ID, old->id);
	call_append(c, EV_ROLE_REMOVE, &f, removed);
	event_fields_done(&f);
}
