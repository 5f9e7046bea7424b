/* SPDX-License-Identifier: Apache-2.0 */
/*
 * review - reviews of who holds which role: begun, read, answered, ended.
 */
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "jitctl/cmd/change.h"
#include "jitctl/cmd/cmd.h"
#include "jitctl/cmd/list.h"
#include "jitctl/cmd/pages.h"
#include "jitctl/term/say.h"
#include "jitctl/term/when.h"
#include "jitctl/term/words.h"

static const struct col reviews[] = {
    {"REVIEW", "review", COL_TEXT, COL_SHOWN},
    {"STATE", "state", COL_TEXT, COL_SHOWN},
    {"LINES", "lines", COL_TEXT, COL_SHOWN},
    {"REVIEWERS", "reviewers", COL_LIST, COL_SHOWN},
    {"STARTED", "started", COL_TIME, COL_SHOWN},
    {"UNTIL", "until", COL_TIME, COL_SHOWN},
    {"BY", "by", COL_TEXT, COL_LESS},
    {"OF", "scope", COL_TEXT, COL_LESS},
    {"UNUSED", "unused", COL_SECONDS, COL_WIDE},
    {"ENDED", "ended", COL_TIME, COL_WIDE},
    {"ENDED BY", "ended_by", COL_TEXT, COL_WIDE},
    {"HOW", "how", COL_TEXT, COL_WIDE},
    {"SHA256", "sha256", COL_TEXT, COL_WIDE},
};

static const struct col lines[] = {
    {"LINE", "line", COL_TEXT, COL_SHOWN},
    {"KIND", "kind", COL_TEXT, COL_LESS},
    {"WHO", "user", COL_TEXT, COL_SHOWN},
    {"ROLE", "role", COL_TEXT, COL_SHOWN},
    {"VIA", "via", COL_TEXT, COL_SHOWN},
    {"UNTIL", "until", COL_TIME, COL_LESS},
    {"LAST", "last", COL_TIME, COL_SHOWN},
    {"TIMES", "times", COL_TEXT, COL_LESS},
    {"PROPOSED", "advice", COL_TEXT, COL_SHOWN},
    {"SINCE IT IS", "why", COL_TEXT, COL_LESS},
    {"ANSWER", "answer", COL_TEXT, COL_SHOWN},
    {"BY", "by", COL_TEXT, COL_LESS},
    {"NOTE", "note", COL_TEXT, COL_WIDE},
    {"AT", "at", COL_TIME, COL_WIDE},
    {"DONE", "done", COL_TEXT, COL_LESS},
};

/* ---- start */

static bool
set_times(const struct ctx *c, json_t *o)
{
	const char *unused = opt_get(&c->opt, F_UNUSED);
	const char *until = opt_get(&c->opt, F_UNTIL);
	char text[64];
	uint32_t s = 0;

	if (unused != NULL && (!duration_arg(F_UNUSED, unused, &s) ||
				  !change_set(o, "unused", json_integer(s))))
		return false;
	if (until == NULL)
		return true;
	if (when_until(text, sizeof(text), until))
		return change_set(o, "until", json_string(text));
	say_error("--until: a day to come, like 2026-12-31");
	return false;
}

static json_t *
start_body(const struct ctx *c)
{
	const char *role = opt_get(&c->opt, F_ROLE);
	json_t *o = NULL;

	if (!name_arg("NAME", c->opt.arg[0]) ||
	    (role != NULL && !name_arg("--role", role)))
		return NULL;
	if (!opt_has(&c->opt, F_REVIEWERS)) {
		say_error("--reviewers GROUP: who answers?");
		return NULL;
	}
	o = json_pack("{s:s}", "review", c->opt.arg[0]);
	if (o != NULL &&
	    change_set(o, "reviewers", names_array(c, F_REVIEWERS)) &&
	    (role == NULL || change_set(o, "roles", json_pack("[s]", role))) &&
	    (!opt_has(&c->opt, F_GROUP) ||
		change_set(o, "groups", names_array(c, F_GROUP))) &&
	    (!opt_has(&c->opt, F_USER) ||
		change_set(o, "users", names_array(c, F_USER))) &&
	    set_times(c, o))
		return o;
	json_decref(o);
	return NULL;
}

int
run_review_start(struct ctx *c)
{
	struct reply r = {0};
	char t[2][CELL_SIZE];
	const int x = change(c, VERB_REVIEW_START, start_body(c), &r);

	if (x == EXIT_OK && c->out == OUT_NAME)
		(void)printf("%s\n", c->opt.arg[0]);
	else if (x == EXIT_OK && !out_object(c, r.json)) {
		cell_text(t[0], json_object_get(r.json, "lines"), COL_TEXT);
		cell_text(t[1], json_object_get(r.json, "until"), COL_TIME);
		say(c,
		    "%s has %s lines, to be answered until %s: %s review "
		    "show %s",
		    c->opt.arg[0], t[0], t[1], self(c), c->opt.arg[0]);
	}
	reply_done(&r);
	return x;
}

/* ---- ls, show */

int
run_reviews(struct ctx *c)
{
	return pages_print(c, VERB_REVIEWS, NULL, NULL, reviews,
	    ARRAY_LEN(reviews), "There are no reviews.", NULL);
}

int
run_review_show(struct ctx *c)
{
	if (!name_arg("NAME", c->opt.arg[0]))
		return EXIT_USAGE;
	return pages_print(c, VERB_REVIEW_SHOW, c->opt.arg[0], NULL, lines,
	    ARRAY_LEN(lines), "Nobody holds a role.", NULL);
}

/* ---- answer */

static json_t *
answer_body(const struct ctx *c)
{
	const bool keep = opt_has(&c->opt, F_KEEP);
	const char *reason = opt_get(&c->opt, F_REASON);
	json_t *list = NULL;
	uint64_t n = 0;

	if (keep == opt_has(&c->opt, F_REMOVE)) {
		say_error("--keep or --remove: one of the two");
		return NULL;
	}
	if (!name_arg("NAME", c->opt.arg[0]) ||
	    (reason != NULL && !text_arg("--reason", reason)))
		return NULL;
	list = json_array();
	for (unsigned i = 1; i < c->opt.nargs; i++)
		if (str_u64(c->opt.arg[i], 1, LIMIT_REVIEW_LINES, &n) != 0) {
			say_error("LINE: the number of a line, as review show "
				  "has it");
			json_decref(list);
			return NULL;
		} else
			(void)json_array_append_new(
			    list, json_string(c->opt.arg[i]));
	return json_pack("{s:s,s:o,s:s,s:s*}", "review", c->opt.arg[0], "lines",
	    list, "answer", keep ? "keep" : "remove", "reason", reason);
}

int
run_review_answer(struct ctx *c)
{
	struct reply r = {0};
	const int x = change(c, VERB_REVIEW_ANSWER, answer_body(c), &r);

	if (x == EXIT_OK && !out_object(c, r.json))
		say(c, "Answered. Nothing changes before an admin ends the "
		       "review.");
	reply_done(&r);
	return x;
}

/* ---- end */

int
run_review_end(struct ctx *c)
{
	const bool apply = opt_has(&c->opt, F_APPLY);
	struct reply r = {0};
	char t[4][CELL_SIZE];
	int x = EXIT_USAGE;

	if (!name_arg("NAME", c->opt.arg[0]))
		return EXIT_USAGE;
	if (apply == opt_has(&c->opt, F_REPORT)) {
		say_error("--apply or --report: one of the two");
		return EXIT_USAGE;
	}
	x = change_asked(c, VERB_REVIEW_END,
	    json_pack("{s:s,s:b}", "review", c->opt.arg[0], "apply", apply),
	    ASK_IF_ENDS, "End the review?", &r);
	if (x == EXIT_OK && !out_object(c, r.json)) {
		cell_text(t[0], json_object_get(r.json, "removed"), COL_TEXT);
		cell_text(t[1], json_object_get(r.json, "kept"), COL_TEXT);
		cell_text(t[2], json_object_get(r.json, "left"), COL_TEXT);
		cell_text(
		    t[3], json_object_get(r.json, "unanswered"), COL_TEXT);
		say(c,
		    "%s: %s removed, %s kept, %s left as they are, %s "
		    "without an answer.",
		    opt_has(&c->opt, F_DRY_RUN) ? "Would be ended" : "Ended",
		    t[0], t[1], t[2], t[3]);
		if (!opt_has(&c->opt, F_DRY_RUN) && strcmp(t[2], "0") != 0)
			say(c, "What is left, and why: %s review show %s",
			    self(c), c->opt.arg[0]);
		change_tell_ended(c, r.json);
	}
	reply_done(&r);
	return x;
}
