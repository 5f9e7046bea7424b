/* SPDX-License-Identifier: Apache-2.0 */
/*
 * grant - the grants of the gateway: listed, extended, and ended before their
 * time.
 */
#include "jitctl/cmd/grant.h"

#include <stdio.h>
#include <string.h>

#include "base/ids.h"
#include "jitctl/cmd/change.h"
#include "jitctl/cmd/cmd.h"
#include "jitctl/cmd/guess.h"
#include "jitctl/gateway/read.h"
#include "jitctl/term/out.h"
#include "jitctl/term/say.h"
#include "jitctl/term/words.h"

static const struct col grant_cols[] = {
    {"GRANT", "grant", COL_TEXT, COL_SHOWN},
    {"WHO", "user", COL_TEXT, COL_SHOWN},
    {"OWNER", "owner", COL_TEXT, COL_WIDE},
    {"TARGET", "target", COL_TEXT, COL_SHOWN},
    {"LOGIN", "login", COL_TEXT, COL_SHOWN},
    {"STATE", "state", COL_TEXT, COL_SHOWN},
    {"LEFT", "left_s", COL_SECONDS, COL_LESS},
    {"END", "end", COL_TIME, COL_SHOWN},
    {"WHY", "why", COL_TEXT, COL_SHOWN},
    {"PORT", "port", COL_TEXT, COL_WIDE},
    {"SOURCES", "sources", COL_LIST, COL_WIDE},
    {"ROLES", "roles", COL_TEXT, COL_WIDE},
    {"START", "start", COL_TIME, COL_WIDE},
    {"SESSIONS", "sessions", COL_TEXT, COL_WIDE},
    {"REACH", "reach", COL_TEXT, COL_WIDE},
    {"ENDED", "reason", COL_TEXT, COL_WIDE},
};

void
grant_drop_ended(json_t *reply)
{
	json_t *items = json_object_get(reply, "items");

	for (size_t i = json_array_size(items); i > 0; i--)
		if (strcmp(member(json_array_get(items, i - 1), "state"),
			"ended") == 0)
			(void)json_array_remove(items, i - 1);
}

int
grant_print(const struct ctx *c, const json_t *reply, const char *empty)
{
	return out_items(c, reply, grant_cols, ARRAY_LEN(grant_cols), empty);
}

int
run_grants(struct ctx *c)
{
	const bool all = opt_has(&c->opt, F_ALL);
	char empty[2 * sizeof(c->self) + 128] = "No grants.";
	struct reply r = {0};
	struct query q = {0};
	int x = EXIT_OK;

	if (all)
		query_add(&q, "all", "1");
	x = read_list(c, VERB_GRANTS, &q, &r);
	if (x == EXIT_OK && !all)
		grant_drop_ended(r.json);
	if (!all && c->socket != NULL) /* it has no key to ask with */
		(void)snprintf(empty, sizeof(empty),
		    "No live grants. Ended ones too: %s grants --all", self(c));
	else if (!all)
		(void)snprintf(empty, sizeof(empty),
		    "No live grants of yours. Ask for one: %s request TARGET "
		    "--for 2h --reason TEXT; ended ones too: %s grants --all",
		    self(c), self(c));
	if (x == EXIT_OK)
		x = grant_print(c, r.json, empty);
	reply_done(&r);
	return x;
}

/* ----------------------------------------------------------------- the end */

size_t
grant_tell_open(const struct ctx *c, const json_t *reply, const char *how)
{
	const json_t *list = json_object_get(reply, "open");
	char t[4][CELL_SIZE];

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *o = json_array_get(list, i);

		cell_text(t[0], json_object_get(o, "grant"), COL_TEXT);
		cell_text(t[1], json_object_get(o, "login"), COL_TEXT);
		cell_text(t[2], json_object_get(o, "end"), COL_TIME);
		cell_text(t[3], json_object_get(o, "sources"), COL_LIST);
		say(c, "%s open on %s: %s, login %s%s%s, until %s", how,
		    member_name(reply, "target"), t[0], t[1],
		    t[3][0] != '\0' ? ", for " : "", t[3], t[2]);
	}
	if (json_array_size(list) >= LIMIT_GRANTS_TOLD)
		say(c, "There may be more: %s grants", self(c));
	return json_array_size(list);
}

/* What was ended, and what stands open all the same. */
static void
tell_end(const struct ctx *c, enum api_verb verb, const json_t *o, bool last)
{
	const char *target = member_name(o, "target");
	char text[3][CELL_SIZE];

	if (strcmp(member(o, "state"), "ending") == 0)
		return; /* it may be open: change() has said so */
	if (strcmp(member(o, "state"), "ended") != 0) {
		cell_text(text[0], json_object_get(o, "state"), COL_TEXT);
		say(c, "%s has not ended: it is \"%s\".",
		    member_id(o, "grant", 'g'), text[0]);
		return;
	}
	cell_text(text[0], json_object_get(o, "reason"), COL_TEXT);
	cell_text(text[1], json_object_get(o, "end"), COL_TIME);
	cell_text(text[2], json_object_get(o, "user"), COL_TEXT);
	say(c, "%s ended (%s) at %s.", member_id(o, "grant", 'g'), text[0],
	    text[1]);
	if (!last || target[0] == '\0')
		return;
	if (grant_tell_open(c, o, "Still") == 0)
		say(c, "%s has nothing open on %s any more.", text[2], target);
	else if (verb == VERB_RELEASE && c->socket == NULL)
		say(c, "End that too: %s release %s", self(c), target);
}

/* NULL after a complaint. */
static json_t *
end_body(const struct ctx *c, const char *id)
{
	const char *why = opt_get(&c->opt, F_REASON);

	if (why != NULL && !text_arg("--reason", why))
		return NULL;
	return json_pack("{s:s,s:s*}", "grant", id, "reason", why);
}

static int
end_grant(struct ctx *c, enum api_verb verb)
{
	const char *id = c->opt.arg[0];
	struct reply r = {0};
	int x = EXIT_USAGE;

	if (!id_ok(id, 'g')) {
		say_error("not a grant: they look like g-7Q2MXK4P; %s grants "
			  "lists them",
		    self(c));
		return EXIT_USAGE;
	}
	x = change(c, verb, end_body(c, id), &r);
	if (x == EXIT_OK && !out_object(c, r.json))
		tell_end(c, verb, r.json, true);
	reply_done(&r);
	return x;
}

/* Says that nothing is, with a guess at the target that was meant. */
static void
nothing_open(const struct ctx *c, const char *target, const struct guess *g)
{
	char meant[LIMIT_NAME_SIZE + 32] = "";

	if (target != NULL)
		guess_text(g, meant);
	say_error("you have nothing open%s%s%s%s%s grants",
	    target != NULL ? " on " : "", target != NULL ? target : "",
	    g->best[0] != '\0' ? meant : "",
	    g->best[0] != '\0' ? " See " : ": see ", self(c));
}

/* The ids of what I have open at a target (NULL: anywhere); an exit code. */
static int
open_at(struct ctx *c, const char *target, json_t *ids)
{
	struct reply r = {0};
	struct guess g = {.typed = target != NULL ? target : ""};
	const json_t *items = NULL;
	int x = read_list(c, VERB_GRANTS, NULL, &r);

	if (x == EXIT_OK)
		items = json_object_get(r.json, "items");
	for (size_t i = 0; i < json_array_size(items); i++) {
		const json_t *o = json_array_get(items, i);
		const char *id = member_id(o, "grant", 'g');

		if (strcmp(member(o, "state"), "active") != 0 || id[0] == '\0')
			continue;
		if (target != NULL)
			guess_offer(&g, member(o, "target"));
		if (target == NULL || strcmp(member(o, "target"), target) == 0)
			(void)json_array_append_new(ids, json_string(id));
	}
	reply_done(&r);
	if (x == EXIT_OK && json_array_size(ids) == 0) {
		nothing_open(c, target, &g);
		x = EXIT_NOT_FOUND;
	}
	return x;
}

/* All that is open at a target, one after the other: what one failed at is
 * said, and does not keep the next. */
static int
release_target(struct ctx *c, const char *target)
{
	json_t *ids = json_array();
	json_t *all = json_pack("{s:[]}", "items");
	int x = EXIT_FAILED;

	if (ids != NULL && all != NULL)
		x = open_at(c, target, ids);
	for (size_t i = 0; i < json_array_size(ids); i++) {
		const char *id = json_string_value(json_array_get(ids, i));
		struct reply r = {0};
		const int one = change(c, VERB_RELEASE, end_body(c, id), &r);

		if (one != EXIT_OK)
			x = one;
		else if (c->out == OUT_JSON || c->out == OUT_YAML)
			(void)json_array_append(
			    json_object_get(all, "items"), r.json);
		else
			tell_end(c, VERB_RELEASE, r.json,
			    i + 1 == json_array_size(ids));
		reply_done(&r);
	}
	if (json_array_size(ids) > 0)
		(void)out_object(c, all);
	json_decref(all);
	json_decref(ids);
	return x;
}

int
run_release(struct ctx *c)
{
	const char *what = c->opt.arg[0];

	if (strncmp(what, "g-", 2) == 0 || c->socket != NULL)
		return end_grant(c, VERB_RELEASE);
	return name_arg("TARGET", what) ? release_target(c, what) : EXIT_USAGE;
}

int
run_revoke(struct ctx *c)
{
	return end_grant(c, VERB_REVOKE);
}

/* --------------------------------------------------------------- longer */

bool
grant_one(struct ctx *c, char ret[static LIMIT_ID_SIZE], int *retx)
{
	const char *what = c->opt.nargs > 0 ? c->opt.arg[0] : NULL;
	json_t *ids = NULL;

	*retx = EXIT_USAGE;
	if (what != NULL && id_ok(what, 'g')) {
		(void)snprintf(ret, LIMIT_ID_SIZE, "%s", what);
		return true;
	}
	if (what != NULL && !name_arg("TARGET", what))
		return false;
	*retx = EXIT_FAILED;
	if ((ids = json_array()) != NULL)
		*retx = open_at(c, what, ids);
	if (*retx == EXIT_OK && json_array_size(ids) > 1) {
		say_error("you have %zu open%s%s: say which one by its id, "
			  "as %s grants has it",
		    json_array_size(ids), what != NULL ? " on " : "",
		    what != NULL ? what : "", self(c));
		*retx = EXIT_USAGE;
	}
	if (*retx == EXIT_OK)
		(void)snprintf(ret, LIMIT_ID_SIZE, "%s",
		    json_string_value(json_array_get(ids, 0)));
	json_decref(ids);
	return *retx == EXIT_OK;
}

int
run_extend(struct ctx *c)
{
	const char *dur = opt_get(&c->opt, F_FOR);
	char id[LIMIT_ID_SIZE], end[CELL_SIZE];
	struct reply r = {0};
	uint32_t s = 0;
	int x = EXIT_USAGE;

	if (c->socket != NULL || dur == NULL) {
		say_error(dur == NULL ? "--for DURATION: how much longer?"
				      : "this needs a user's key; the admin "
					"socket has none");
		return EXIT_USAGE;
	}
	if (!duration_arg(F_FOR, dur, &s) || !grant_one(c, id, &x))
		return x;
	x = change(c, VERB_EXTEND,
	    json_pack("{s:s,s:i}", "grant", id, "for", (int)s), &r);
	if (x == EXIT_OK && c->out == OUT_NAME) {
		(void)printf("%s\n", id);
	} else if (x == EXIT_OK && !out_object(c, r.json)) {
		cell_text(end, json_object_get(r.json, "end"), COL_TIME);
		say(c, "%s on %s: extended until %s%s.", id,
		    member_name(r.json, "target"), end,
		    json_is_true(json_object_get(r.json, "repeated"))
			? " (the first answer again)"
			: "");
	}
	reply_done(&r);
	return x;
}
