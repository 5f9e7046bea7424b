/* SPDX-License-Identifier: Apache-2.0 */
/*
 * delegate - what an owner lends their agents: made, listed, ended.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "jitctl/cmd/change.h"
#include "jitctl/cmd/cmd.h"
#include "jitctl/cmd/list.h"
#include "jitctl/gateway/call.h"
#include "jitctl/gateway/read.h"
#include "jitctl/term/out.h"
#include "jitctl/term/say.h"
#include "jitctl/term/words.h"

static const struct col cols[] = {
    {"DELEGATION", "delegation", COL_TEXT, COL_SHOWN},
    {"AGENT", "agent", COL_TEXT, COL_SHOWN},
    {"OWNER", "owner", COL_TEXT, COL_SHOWN},
    {"STATE", "state", COL_TEXT, COL_SHOWN},
    {"UNTIL", "until", COL_TIME, COL_SHOWN},
    {"TARGETS", "targets", COL_LIST, COL_SHOWN},
    {"SELECT", "select", COL_LIST, COL_LESS},
    {"ROLES", "roles", COL_LIST, COL_LESS},
    {"LOGINS", "logins", COL_LIST, COL_SHOWN},
    {"ALLOW", "allow", COL_LIST, COL_LESS},
    {"MAX", "max", COL_SECONDS, COL_LESS},
    {"REASON", "reason", COL_TEXT, COL_WIDE},
};

int
run_delegations(struct ctx *c)
{
	return list_print(c, VERB_DELEGATIONS, NULL, cols, ARRAY_LEN(cols),
	    "Nothing is lent: jitctl delegate AGENT lends.");
}

/* The values of a flag as they are; the gateway says what is wrong. */
static json_t *
texts_array(const struct ctx *c, enum flag f)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < c->opt.n[f]; i++)
		(void)json_array_append_new(
		    list, json_string(c->opt.value[f][i]));
	return list;
}

static bool
set_names(const struct ctx *c, json_t *o, const char *key, enum flag f)
{
	return !opt_has(&c->opt, f) || change_set(o, key, names_array(c, f));
}

/* Until when: --until, or --for from now. */
static bool
set_until(const struct ctx *c, json_t *o)
{
	const int64_t now_ms = clock_now().utc_ms;
	const char *how_long = opt_get(&c->opt, F_FOR);
	int64_t ms = 0;
	uint32_t s = 0;
	char utc[32];

	if (opt_has(&c->opt, F_UNTIL) == (how_long != NULL)) {
		say_error("until when? --until TIME or --for DURATION");
		return false;
	}
	if (how_long != NULL ? !duration_arg(F_FOR, how_long, &s)
			     : !time_arg(c, F_UNTIL, now_ms, &ms))
		return false;
	str_time(utc, sizeof(utc),
	    how_long != NULL ? now_ms + (int64_t)s * 1000 : ms);
	return change_set(o, "until", json_string(utc));
}

static json_t *
lend_body(const struct ctx *c)
{
	const char *max = opt_get(&c->opt, F_ROLE_max_s);
	const char *why = opt_get(&c->opt, F_REASON);
	json_t *o = NULL;
	uint32_t s = 0;

	if (!name_arg("AGENT", c->opt.arg[0]) ||
	    (why != NULL && !text_arg("--reason", why)) ||
	    (max != NULL && !duration_arg(F_ROLE_max_s, max, &s)))
		return NULL;
	o = json_pack("{s:s,s:s*}", "agent", c->opt.arg[0], "reason", why);
	if (set_names(c, o, "roles", F_ROLE) &&
	    set_names(c, o, "targets", F_TARGET) &&
	    set_names(c, o, "logins", F_LOGIN) &&
	    set_names(c, o, "allow", F_ROLE_caps) &&
	    (!opt_has(&c->opt, F_ROLE_select) ||
		change_set(o, "select", texts_array(c, F_ROLE_select))) &&
	    (s == 0 || change_set(o, "max", json_integer(s))) &&
	    set_until(c, o))
		return o;
	json_decref(o);
	return NULL;
}

static void
tell_lent(const struct ctx *c, const json_t *o)
{
	char until[CELL_SIZE];

	cell_text(until, json_object_get(o, "until"), COL_TIME);
	if (json_is_true(json_object_get(o, "dry_run")))
		say(c, "This would be lent to %s until %s.", c->opt.arg[0],
		    until);
	else
		say(c, "Lent to %s until %s (%s). To end it: %s undelegate %s",
		    c->opt.arg[0], until, member_id(o, "delegation", 'd'),
		    self(c), c->opt.arg[0]);
	change_tell_ended(c, o);
	if (c->out == OUT_NAME)
		(void)printf("%s\n", member_id(o, "delegation", 'd'));
}

int
run_delegate(struct ctx *c)
{
	char question[LIMIT_NAME_SIZE + 32];
	struct reply r = {0};
	int x = EXIT_USAGE;

	(void)snprintf(
	    question, sizeof(question), "Lend it to %s?", c->opt.arg[0]);
	x = change_asked(
	    c, VERB_DELEGATE, lend_body(c), ASK_IF_ENDS, question, &r);
	if (x == EXIT_OK && !out_object(c, r.json))
		tell_lent(c, r.json);
	reply_done(&r);
	return x;
}

int
run_undelegate(struct ctx *c)
{
	char question[LIMIT_NAME_SIZE + 64];
	struct reply r = {0};
	int x = EXIT_USAGE;

	if (!name_arg("DELEGATION", c->opt.arg[0]))
		return EXIT_USAGE;
	(void)snprintf(question, sizeof(question), "End what is lent (%s)?",
	    c->opt.arg[0]);
	x = change_asked(c, VERB_UNDELEGATE,
	    json_pack("{s:s}", "delegation", c->opt.arg[0]), ASK_IF_ENDS,
	    question, &r);
	if (x == EXIT_OK && !out_object(c, r.json)) {
		say(c,
		    opt_has(&c->opt, F_DRY_RUN)
			? "This would end what is lent (%s)."
			: "Ended: nothing is lent any more (%s).",
		    c->opt.arg[0]);
		change_tell_ended(c, r.json);
	}
	reply_done(&r);
	return x;
}
