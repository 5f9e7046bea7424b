/* SPDX-License-Identifier: Apache-2.0 */
/*
 * several - see the header.
 *
 * MUST: what a selector finds is told of targets alone that some role may give
 * to who asks. MUST: nothing is decided before the code is burned.
 */
#include "broker/request/several.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/str.h"
#include "broker/broker.h"
#include "broker/call/put.h"
#include "broker/identity/mfa.h"
#include "broker/identity/permission.h"
#include "broker/request/ask.h"
#include "core/selector.h"

struct several;

struct part {
	struct several *all;
	char target[LIMIT_NAME_SIZE];
	char login[LIMIT_NAME_SIZE]; /* "" = not said */
	json_t *item;                /* what became of it */
};

struct several {
	struct call *c;
	struct selector_list select;
	unsigned n; /* more than LIMIT_ASKED: they are not all here */
	unsigned left;
	struct part part[LIMIT_ASKED];
};

static void
several_free(void *p)
{
	struct several *m = p;

	for (unsigned i = 0; i < m->n && i < LIMIT_ASKED; i++)
		json_decref(m->part[i].item);
	free(m);
}

/* ---- which */

/* Once each. */
static void
add(struct several *m, const char *target, const char *login)
{
	for (unsigned i = 0; i < m->n && i < LIMIT_ASKED; i++)
		if (strcmp(m->part[i].target, target) == 0 &&
		    strcmp(m->part[i].login, login) == 0)
			return;
	if (m->n < LIMIT_ASKED) {
		m->part[m->n].all = m;
		name_set(m->part[m->n].target, target);
		name_set(m->part[m->n].login, login);
	}
	m->n++;
}

static void
add_target(struct several *m, const char *target)
{
	const json_t *logins = json_object_get(m->c->req.body, "logins");

	if (json_array_size(logins) == 0)
		add(m, target, "");
	for (size_t i = 0; i < json_array_size(logins); i++)
		add(m, target, json_string_value(json_array_get(logins, i)));
}

static void
add_selected(void *arg, const char *name, const struct target *t)
{
	struct several *m = arg;

	if (t != NULL && selector_list_holds(&m->select, &t->labels) &&
	    (permission_reaches(m->c, t) || FAULT(select_others)))
		add_target(m, name);
}

/* A list of names, or nothing. */
static int
get_names(
    const json_t *o, const char *key, const json_t **ret, struct problem *p)
{
	int r = json_get_array(o, key, false, LIMIT_ASKED, ret, p);

	for (size_t i = 0; r == 0 && i < json_array_size(*ret); i++) {
		const char *s = json_string_value(json_array_get(*ret, i));

		if (str_name_ok(s))
			continue;
		problem_set(p, 400, "bad-field", key,
		    "%s: names are 1 to %d of A-Z a-z 0-9 . _ -", key,
		    (int)LIMIT_NAME_MAX);
		r = GW_EINVAL;
	}
	return r;
}

static int
get_select(struct several *m, const json_t *o, struct problem *p)
{
	const json_t *list = NULL;
	int r = json_get_array(o, "select", false, LIMIT_SELECTORS, &list, p);

	for (size_t i = 0; r == 0 && i < json_array_size(list); i++) {
		r = selector_add(
		    &m->select, json_string_value(json_array_get(list, i)));
		if (r == GW_EEXIST)
			r = 0;
		if (r != 0)
			problem_set(p, 400, "bad-field", "select",
			    "select: k=v, k!=v, \"k in (a, b)\", \"k notin (a, "
			    "b)\", k or !k was expected");
	}
	return r;
}

/* Those that are named, in that order, then those that are selected, by name.
 */
static int
find(struct several *m, struct problem *p)
{
	const json_t *o = m->c->req.body;
	static const char *const keys[] = {"targets", "select", "logins",
	    "port", "role", "for", "reason", "ticket", "at", "use_within",
	    NULL};
	const json_t *targets = NULL, *logins = NULL;
	int r;

	if ((r = json_only(o, keys, p)) != 0 ||
	    (r = get_names(o, "targets", &targets, p)) != 0 ||
	    (r = get_names(o, "logins", &logins, p)) != 0 ||
	    (r = get_select(m, o, p)) != 0)
		return r;
	for (size_t i = 0; i < json_array_size(targets); i++)
		add_target(m, json_string_value(json_array_get(targets, i)));
	if (m->select.n > 0 &&
	    (r = store_target_each(m->c->b->store, add_selected, m)) != 0) {
		problem_set(
		    p, 503, "unavailable", NULL, "the targets cannot be read");
		return r;
	}
	if (m->n > LIMIT_ASKED)
		problem_set(p, 400, "bad-field", "targets",
		    "targets: these are %u targets and logins, and at most %d "
		    "can be asked for at once",
		    m->n, (int)LIMIT_ASKED);
	else if (m->n == 0 && m->select.n > 0)
		problem_set(p, 404, "not-found", "select",
		    "no target that a role may give you has such labels: see "
		    "jitctl targets");
	else if (m->n == 0)
		problem_set(p, 400, "missing", "targets",
		    "targets: one at least, or select");
	return p->status != 0 ? GW_EINVAL : 0;
}

/* What is asked of one of them. */
static json_t *
part_body(const struct part *x)
{
	json_t *o = json_copy(x->all->c->req.body);

	(void)json_object_del(o, "targets");
	(void)json_object_del(o, "select");
	(void)json_object_del(o, "logins");
	put_str(o, "target", x->target);
	if (x->login[0] != '\0')
		put_str(o, "login", x->login);
	return o;
}

/* ---- the answer */

/* Long, and told by other verbs as well. */
static void
shorten(json_t *o)
{
	static const char *const keys[] = {"refused", "needs", "approvals"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		(void)json_object_del(o, keys[i]);
}

static const char *
outcome(unsigned status, const json_t *o)
{
	if (status >= 500)
		return "failed";
	if (status >= 300)
		return "refused";
	if (json_object_get(o, "request") != NULL)
		return "waits";
	return status == 201 ? "opened" : "open";
}

static void
reply(struct several *m)
{
	static const char *const words[] = {
	    "opened", "open", "waits", "refused", "failed"};
	json_int_t count[sizeof(words) / sizeof(*words)] = {0};
	json_t *o = json_object(), *items = json_array();
	char *text = NULL;

	for (unsigned i = 0; i < m->n; i++) {
		const char *s = json_string_value(
		    json_object_get(m->part[i].item, "outcome"));

		for (size_t k = 0; k < sizeof(words) / sizeof(*words); k++)
			count[k] += s != NULL && strcmp(words[k], s) == 0;
		(void)json_array_append(items, m->part[i].item);
	}
	(void)json_object_set_new(o, "items", items);
	for (size_t k = 0; k < sizeof(words) / sizeof(*words); k++)
		put_num(o, words[k], count[k]);
	put_bool(o, "repeated", false);
	/* doors are open: they are to hear of it */
	text = json_text(o);
	if (text == NULL || strlen(text) > LIMIT_BODY_MAX)
		for (unsigned i = 0; i < m->n; i++)
			shorten(m->part[i].item);
	free(text);
	call_reply(m->c, 200, o);
}

static void
one_less(struct several *m)
{
	if (--m->left == 0)
		reply(m);
}

static void
part_done(void *arg, const struct call *c, unsigned status, const char *text)
{
	struct part *x = arg;
	json_t *o = text != NULL ? json_loads(text, 0, NULL) : NULL;

	if (o == NULL)
		o = json_object();
	(void)json_object_del(o, "open");
	(void)json_object_del(o, "repeated");
	put_str(o, "target", x->target);
	if (x->login[0] != '\0')
		put_str(o, "login", x->login);
	put_str(o, "outcome", outcome(status, o));
	x->item = o;
	if (c != NULL && c->seq > x->all->c->seq)
		x->all->c->seq = c->seq;
	one_less(x->all);
}

/* ---- the verb */

/* The code, if one came, is burned. */
static void
decide(struct call *c)
{
	struct several *m = c->state;

	m->left = m->n + 1;
	for (unsigned i = 0; i < m->n; i++) {
		json_t *body = part_body(&m->part[i]);
		struct call *x =
		    body != NULL ? call_part(c, body, part_done, &m->part[i])
				 : NULL;

		if (x == NULL) {
			part_done(&m->part[i], NULL, 503, NULL);
			continue;
		}
		x->coded = c->mfa_step > 0;
		ask_one(x);
	}
	one_less(m);
}

/* False: the call is answered. *retgives: a code is burned for some of it. */
static bool
look(struct several *m, bool *retgives)
{
	struct problem p = {0};
	struct ask_view v = {0}, wants = {0};
	int r = 0;

	for (unsigned i = 0; r == 0 && i < m->n; i++) {
		json_t *body = part_body(&m->part[i]);

		if (body == NULL) {
			problem_set(&p, 503, "unavailable", NULL, "memory");
			break;
		}
		r = ask_look(m->c, body, &v, &p);
		json_decref(body);
		*retgives = *retgives || v.gives;
		if (r == 0 && v.code && !wants.code)
			wants = v;
	}
	if (p.status != 0)
		call_problem(m->c, &p);
	else if (wants.code)
		mfa_needed_by(m->c, wants.role);
	return p.status == 0 && !wants.code;
}

static bool
is_several(const json_t *body)
{
	return json_object_get(body, "targets") != NULL ||
	       json_object_get(body, "select") != NULL ||
	       json_object_get(body, "logins") != NULL;
}

void
verb_request(struct call *c)
{
	struct several *m = NULL;
	struct problem p = {0};
	bool gives = false;

	if (!is_several(c->req.body)) {
		ask_one(c);
		return;
	}
	if ((m = call_state(c, sizeof(*m), several_free)) == NULL)
		return;
	m->c = c;
	if (find(m, &p) != 0) {
		call_problem(c, &p);
		return;
	}
	if (!look(m, &gives))
		return;
	if (gives && !FAULT(several_unburned))
		mfa_burn(c, decide);
	else
		decide(c);
}
