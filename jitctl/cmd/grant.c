/* SPDX-License-Identifier: Apache-2.0 */
/*
 * grant - the grants of the gateway: listed, and ended before their time.
 */
#include "jitctl/cmd/grant.h"

#include <string.h>

#include "base/ids.h"
#include "jitctl/cmd/change.h"
#include "jitctl/cmd/cmd.h"
#include "jitctl/gateway/read.h"
#include "jitctl/term/out.h"
#include "jitctl/term/say.h"

static const struct col grant_cols[] = {
    {"GRANT", "grant", COL_TEXT, false},
    {"WHO", "user", COL_TEXT, false},
    {"TARGET", "target", COL_TEXT, false},
    {"LOGIN", "login", COL_TEXT, false},
    {"STATE", "state", COL_TEXT, false},
    {"LEFT", "left_s", COL_SECONDS, false},
    {"END", "end", COL_TIME, false},
    {"WHY", "why", COL_TEXT, false},
    {"PORT", "port", COL_TEXT, true},
    {"SOURCES", "sources", COL_LIST, true},
    {"ROLE", "role", COL_TEXT, true},
    {"START", "start", COL_TIME, true},
    {"SESSIONS", "sessions", COL_TEXT, true},
    {"REACH", "reach", COL_TEXT, true},
    {"ENDED", "reason", COL_TEXT, true},
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
	struct reply r = {0};
	struct query q = {0};
	int x = EXIT_OK;

	if (all)
		query_add(&q, "all", "1");
	x = read_list(c, VERB_GRANTS, &q, &r);
	if (x == EXIT_OK && !all)
		grant_drop_ended(r.json);
	if (x == EXIT_OK)
		x = grant_print(c, r.json,
		    "No grants. Ask for one: jitctl request TARGET --for 2h "
		    "--reason TEXT");
	reply_done(&r);
	return x;
}

static int
end_grant(struct ctx *c, enum api_verb verb)
{
	const char *id = c->opt.arg[0];
	struct reply r = {0};
	char text[2][CELL_SIZE];
	int x = EXIT_USAGE;

	if (!id_ok(id, 'g')) {
		say_error("not a grant: they look like g-7Q2MXK4P; jitctl "
			  "grants lists them");
		return EXIT_USAGE;
	}
	x = change(c, verb, json_pack("{s:s}", "grant", id), &r);
	if (x == EXIT_OK && !out_object(c, r.json)) {
		cell_text(text[0], json_object_get(r.json, "reason"), COL_TEXT);
		cell_text(text[1], json_object_get(r.json, "end"), COL_TIME);
		say(c, "%s ended (%s) at %s; nothing passes any more.", id,
		    text[0], text[1]);
	}
	reply_done(&r);
	return x;
}

int
run_release(struct ctx *c)
{
	return end_grant(c, VERB_RELEASE);
}

int
run_revoke(struct ctx *c)
{
	return end_grant(c, VERB_REVOKE);
}
