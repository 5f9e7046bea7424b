/* SPDX-License-Identifier: Apache-2.0 */
/*
 * several - see the header.
 */
#include "jitctl/cmd/several.h"

#include <stdio.h>
#include <string.h>

#include "jitctl/cmd/waiting.h"
#include "jitctl/term/out.h"
#include "jitctl/term/say.h"
#include "jitctl/term/words.h"

static const struct col cols[] = {
    {"TARGET", "target", COL_TEXT, COL_SHOWN},
    {"LOGIN", "login", COL_TEXT, COL_SHOWN},
    {"OUTCOME", "outcome", COL_TEXT, COL_SHOWN},
    {"ID", "id", COL_TEXT, COL_SHOWN},
    {"UNTIL", "until", COL_TIME, COL_SHOWN},
    {"WHY", "why", COL_SAID, COL_SHOWN},
};

bool
several_is(const struct ctx *c)
{
	return c->opt.nargs != 1 || c->opt.n[F_LOGIN] > 1 ||
	       opt_has(&c->opt, F_ROLE_select);
}

bool
several_args_ok(const struct ctx *c)
{
	if (c->opt.nargs == 0 && !opt_has(&c->opt, F_ROLE_select)) {
		say_error("request: a target is missing, or --select");
		return false;
	}
	for (unsigned i = 0; i < c->opt.nargs; i++)
		if (!name_arg("TARGET", c->opt.arg[i]))
			return false;
	for (unsigned i = 0; i < c->opt.n[F_LOGIN]; i++)
		if (!name_arg("--login", c->opt.value[F_LOGIN][i]))
			return false;
	for (unsigned i = 0; i < c->opt.n[F_ROLE_select]; i++)
		if (!text_arg("--select", c->opt.value[F_ROLE_select][i]))
			return false;
	return true;
}

static int
add_list(json_t *body, const char *key, const char *const *v, unsigned n)
{
	json_t *list = json_array();

	for (unsigned i = 0; list != NULL && i < n; i++)
		if (json_array_append_new(list, json_string(v[i])) != 0) {
			json_decref(list);
			return EXIT_FAILED;
		}
	if (n == 0) {
		json_decref(list);
		return EXIT_OK;
	}
	return json_object_set_new(body, key, list) == 0 ? EXIT_OK
							 : EXIT_FAILED;
}

int
several_body(const struct ctx *c, json_t *body)
{
	const struct opts *o = &c->opt;
	int x = add_list(body, "targets", o->arg, o->nargs);

	if (x == EXIT_OK)
		x = add_list(body, "select", o->value[F_ROLE_select],
		    o->n[F_ROLE_select]);
	if (x == EXIT_OK)
		x = add_list(body, "logins", o->value[F_LOGIN], o->n[F_LOGIN]);
	return x;
}

/* ---- the answer */

static bool
is(const json_t *item, const char *what)
{
	return strcmp(member(item, "outcome"), what) == 0;
}

/* What the columns show, in one place whatever became of it. */
static void
fill_columns(json_t *item)
{
	const char *grant = member_id(item, "grant", 'g');
	const char *why = member(item, "detail");

	if (is(item, "waits"))
		why = member(item, "asked");
	(void)json_object_set_new(item, "id",
	    json_string(
		is(item, "waits") ? member_id(item, "request", 'r') : grant));
	if (json_object_get(item, "end") != NULL)
		(void)json_object_set(
		    item, "until", json_object_get(item, "end"));
	(void)json_object_set_new(item, "why", json_string(why));
}

static int
print(const struct ctx *c, json_t *reply)
{
	json_t *items = json_object_get(reply, "items");

	if (out_object(c, reply))
		return EXIT_OK;
	for (size_t i = 0; i < json_array_size(items); i++) {
		json_t *item = json_array_get(items, i);

		fill_columns(item);
		if (c->out == OUT_NAME && member(item, "id")[0] != '\0')
			(void)printf("%s\n", member(item, "id"));
	}
	return c->out == OUT_NAME
		   ? EXIT_OK
		   : out_items(c, reply, cols, sizeof(cols) / sizeof(*cols),
			 "Nothing.");
}

/* One that waits: until it is approved and opened, if this run waits at all. */
static void
wait_for(struct ctx *c, json_t *item)
{
	struct reply r = {.status = 200, .json = json_incref(item)};
	const int x = waiting_open(c, &r);
	char t[2][CELL_SIZE];

	if (x == EXIT_OK && waiting_is(r.json)) {
		(void)json_object_set_new(
		    item, "outcome", json_string("approved"));
	} else if (x == EXIT_OK && r.json != NULL) {
		(void)json_object_update(item, r.json);
		(void)json_object_set_new(
		    item, "outcome", json_string("opened"));
		cell_text(t[0], json_object_get(item, "target"), COL_TEXT);
		cell_text(t[1], json_object_get(item, "end"), COL_TIME);
		say(c, "Door open to %s until %s.", t[0], t[1]);
	} else if (x != EXIT_PENDING) {
		if (r.status != 0)
			reply_print_problem(c, &r);
		(void)json_object_set_new(
		    item, "outcome", json_string("refused"));
	}
	reply_done(&r);
}

static int
worst(const json_t *items)
{
	static const struct {
		const char *what;
		int x;
	} rows[] = {{"refused", EXIT_REFUSED}, {"failed", EXIT_FAILED},
	    {"waits", EXIT_PENDING}};

	for (size_t k = 0; k < sizeof(rows) / sizeof(*rows); k++)
		for (size_t i = 0; i < json_array_size(items); i++)
			if (is(json_array_get(items, i), rows[k].what))
				return rows[k].x;
	return json_array_size(items) > 0 ? EXIT_OK : EXIT_VERIFY;
}

int
several_finish(struct ctx *c, struct reply *r)
{
	json_t *items = json_object_get(r->json, "items");
	const bool late = c->out == OUT_JSON || c->out == OUT_YAML;
	int x = EXIT_OK;

	if (!json_is_array(items)) {
		say_error("the gateway's answer is not what was expected");
		return EXIT_VERIFY;
	}
	if (!late)
		x = print(c, r->json);
	for (size_t i = 0; i < json_array_size(items); i++)
		if (is(json_array_get(items, i), "waits"))
			wait_for(c, json_array_get(items, i));
	if (late)
		x = print(c, r->json);
	return x != EXIT_OK ? x : worst(items);
}
