/* SPDX-License-Identifier: Apache-2.0 */
/*
 * history - what was asked and what was open, and of one of these all that
 * hangs together.
 */
#include <string.h>

#include "base/clock.h"
#include "base/ids.h"
#include "core/past.h"
#include "jitctl/cmd/cmd.h"
#include "jitctl/cmd/guess.h"
#include "jitctl/cmd/pages.h"
#include "jitctl/term/say.h"
#include "jitctl/term/words.h"

static const struct col rows[] = {
    {"ID", "id", COL_TEXT, COL_SHOWN},
    {"WHO", "user", COL_TEXT, COL_SHOWN},
    {"TARGET", "target", COL_TEXT, COL_SHOWN},
    {"LOGIN", "login", COL_TEXT, COL_LESS},
    {"ROLES", "roles", COL_TEXT, COL_LESS},
    {"STATE", "state", COL_TEXT, COL_SHOWN},
    {"ASKED", "asked", COL_TIME, COL_SHOWN},
    {"END", "end", COL_TIME, COL_LESS},
    {"ENDED", "reason", COL_TEXT, COL_LESS},
    {"APPROVED BY", "approved_by", COL_TEXT, COL_LESS},
    {"WHY", "why", COL_TEXT, COL_LESS},
    {"REQUEST", "request", COL_TEXT, COL_WIDE},
    {"GRANT", "grant", COL_TEXT, COL_WIDE},
    {"START", "start", COL_TIME, COL_WIDE},
    {"SOURCES", "sources", COL_LIST, COL_WIDE},
    {"SESSIONS", "sessions", COL_TEXT, COL_WIDE},
    {"BY", "by", COL_TEXT, COL_WIDE},
    {"NOTE", "note", COL_TEXT, COL_WIDE},
};

static const struct col steps[] = {
    {"STEP", "step", COL_TEXT, COL_SHOWN},
    {"ID", "id", COL_TEXT, COL_SHOWN},
    {"WHO", "user", COL_TEXT, COL_SHOWN},
    {"AT", "at", COL_TIME, COL_SHOWN},
    {"END", "end", COL_TIME, COL_SHOWN},
    {"STATE", "state", COL_TEXT, COL_SHOWN},
    {"ENDED", "reason", COL_TEXT, COL_LESS},
    {"TEXT", "text", COL_TEXT, COL_LESS},
    {"RECORD", "record", COL_TEXT, COL_SHOWN},
    {"TARGET", "target", COL_TEXT, COL_WIDE},
    {"LOGIN", "login", COL_TEXT, COL_WIDE},
    {"ROLES", "roles", COL_TEXT, COL_WIDE},
    {"GRANT", "grant", COL_TEXT, COL_WIDE},
    {"SOURCES", "sources", COL_LIST, COL_WIDE},
    {"SOURCE", "source", COL_TEXT, COL_WIDE},
    {"IN", "bytes_in", COL_TEXT, COL_WIDE},
    {"OUT", "bytes_out", COL_TEXT, COL_WIDE},
    {"RECORDING", "recording", COL_TEXT, COL_WIDE},
    {"BY", "by", COL_TEXT, COL_WIDE},
    {"NOTE", "note", COL_TEXT, COL_WIDE},
    {"REVISION", "digest", COL_TEXT, COL_WIDE},
};

/* kind: of what has names, and verb lists it. */
static const struct word {
	enum flag flag;
	const char *key, *kind;
	enum api_verb verb;
} words[] = {{F_USER, "user", "user", VERB_USERS},
    {F_TARGET, "target", "target", VERB_TARGETS},
    {F_LOGIN, "login", NULL, VERB_NONE}, {F_ROLE, "role", "role", VERB_ROLES},
    {F_STATE, "state", NULL, VERB_NONE},
    {F_APPROVER, "approver", "user", VERB_USERS}};

static bool
filter(const struct ctx *c, struct query *q)
{
	const int64_t now_ms = clock_now().utc_ms;
	int64_t since_ms = 0, until_ms = INT64_MAX;

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		const char *s = opt_get(&c->opt, words[i].flag);
		char what[LIMIT_NAME_SIZE];

		if (s == NULL)
			continue;
		(void)snprintf(what, sizeof(what), "--%s", words[i].key);
		if (!name_arg(what, s))
			return false;
		query_add(q, words[i].key, s);
	}
	if (opt_has(&c->opt, F_STATE) &&
	    !past_state_ok(opt_get(&c->opt, F_STATE))) {
		say_error("--state: one of pending, approved, active, ending, "
			  "ended, denied, withdrawn, lapsed");
		return false;
	}
	if (!times_arg(c, now_ms, &since_ms, &until_ms))
		return false;
	if (opt_has(&c->opt, F_SINCE))
		query_add_u64(
		    q, "since", since_ms > 0 ? (uint64_t)since_ms : 0);
	if (opt_has(&c->opt, F_UNTIL))
		query_add_u64(
		    q, "until", until_ms > 0 ? (uint64_t)until_ms : 0);
	return true;
}

static bool
filters(const struct ctx *c)
{
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (opt_has(&c->opt, words[i].flag))
			return true;
	return opt_has(&c->opt, F_SINCE) || opt_has(&c->opt, F_UNTIL);
}

static int
show(struct ctx *c, const char *id)
{
	if (!id_ok(id, 'r') && !id_ok(id, 'g') && !id_ok(id, 's') &&
	    !id_ok(id, 'b')) {
		say_error("ID: of a request (r-7Q2MXK4P), a grant (g-...), a "
			  "session (s-...) or a use of break-glass (b-...)");
		return EXIT_USAGE;
	}
	if (filters(c)) {
		say_error("ID and filters: one of the two");
		return EXIT_USAGE;
	}
	return pages_print(c, VERB_HISTORY_SHOW, id, NULL, steps,
	    ARRAY_LEN(steps), "Nothing hangs on it.", NULL);
}

/* ---- nothing was found */

/* Who reads of others may read what there is. */
static bool
reads_all(struct ctx *c)
{
	struct reply r = {0};
	const bool all =
	    c->socket != NULL ||
	    (read_quiet(c, VERB_WHOAMI, NULL, &r) == EXIT_OK &&
		(json_is_true(json_object_get(r.json, "auditor")) ||
		    json_is_true(json_object_get(r.json, "admin"))));

	reply_done(&r);
	return all;
}

/* A name that nothing and nobody has. */
static int
tell_unknown(struct ctx *c, const struct word *w)
{
	struct guess g = {.typed = opt_get(&c->opt, w->flag)};
	struct reply list = {0};
	char meant[LIMIT_NAME_SIZE + 32];
	int x = EXIT_OK;

	if (g.typed == NULL || w->kind == NULL)
		return EXIT_OK;
	x = read_list(c, w->verb, NULL, &list);
	if (x == EXIT_OK)
		guess_offer_items(
		    &g, json_object_get(list.json, "items"), w->kind);
	guess_text(&g, meant);
	if (x == EXIT_OK && !g.exact)
		say(c, "There is no %s %s today%s", w->kind, g.typed, meant);
	reply_done(&list);
	return x;
}

int
run_history(struct ctx *c)
{
	struct query q = {0};
	size_t n = 0;
	int x = EXIT_OK;

	if (c->opt.nargs > 0)
		return show(c, c->opt.arg[0]);
	if (!filter(c, &q))
		return EXIT_USAGE;
	x = pages_print(c, VERB_HISTORY, NULL, &q, rows, ARRAY_LEN(rows),
	    "Nothing of what you may see was asked for or open.", &n);
	if (x != EXIT_OK || n > 0 || c->quiet || !filters(c) || !reads_all(c))
		return x;
	for (size_t i = 0; x == EXIT_OK && i < ARRAY_LEN(words); i++)
		x = tell_unknown(c, &words[i]);
	return x;
}
