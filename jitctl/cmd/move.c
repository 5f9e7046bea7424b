/* SPDX-License-Identifier: Apache-2.0 */
/*
 * move - brings what is open for another address to this one.
 */
#include <stdio.h>
#include <string.h>

#include "jitctl/cmd/change.h"
#include "jitctl/cmd/cmd.h"
#include "jitctl/cmd/grant.h"
#include "jitctl/cmd/request.h"
#include "jitctl/gateway/read.h"
#include "jitctl/term/out.h"
#include "jitctl/term/prompt.h"
#include "jitctl/term/say.h"
#include "jitctl/term/words.h"

/* What runs on it ends with its door: asked on a terminal, if something does.
 * EXIT_OK: go on. */
static int
may_end(struct ctx *c, const char *id)
{
	struct reply r = {0};
	json_int_t n = 0;
	char question[96];
	const json_t *items = NULL;
	int x = EXIT_OK;

	if (c->yes || (!prompt_possible(c) && !c->no_input))
		return EXIT_OK;
	x = read_list(c, VERB_GRANTS, NULL, &r);
	items = json_object_get(r.json, "items");
	for (size_t i = 0; x == EXIT_OK && i < json_array_size(items); i++) {
		const json_t *o = json_array_get(items, i);

		if (strcmp(member(o, "grant"), id) == 0)
			n = json_integer_value(json_object_get(o, "sessions"));
	}
	reply_done(&r);
	if (x != EXIT_OK || n <= 0)
		return x;
	(void)snprintf(question, sizeof(question),
	    "%lld session%s from the old address end%s. Move it?", (long long)n,
	    n == 1 ? "" : "s", n == 1 ? "s" : "");
	x = prompt_yes(c, question);
	if (x != EXIT_OK)
		say_error("nothing was moved%s",
		    c->no_input ? ": if that is meant, say --yes" : "");
	return x;
}

int
run_move(struct ctx *c)
{
	char id[LIMIT_ID_SIZE];
	struct reply r = {0};
	int x = EXIT_USAGE;

	if (c->socket != NULL) {
		say_error("this needs a user's key; the admin socket has none");
		return EXIT_USAGE;
	}
	if (!grant_one(c, id, &x) || (x = may_end(c, id)) != EXIT_OK)
		return x;
	x = change(c, VERB_MOVE, json_pack("{s:s}", "grant", id), &r);
	if (x == EXIT_OK && !out_object(c, r.json)) {
		if (c->out != OUT_NAME &&
		    strcmp(member(r.json, "grant"), id) != 0)
			say(c, "Moved: %s is %s now.", id,
			    member_id(r.json, "grant", 'g'));
		c->moved = true;
		x = request_print_granted(c, r.json);
	}
	reply_done(&r);
	return x;
}
