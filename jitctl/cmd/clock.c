/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock - an admin's word that the gateway's clock is right although its log is
 * ahead.
 */
#include "jitctl/cmd/change.h"
#include "jitctl/cmd/cmd.h"
#include "jitctl/term/out.h"
#include "jitctl/term/say.h"

int
run_clock_accept(struct ctx *c)
{
	struct reply r = {0};
	char t[2][CELL_SIZE];
	const int x = change_asked(c, VERB_CLOCK_ACCEPT, json_object(),
	    ASK_ALWAYS, "Is the gateway's clock right now?", &r);

	if (x == EXIT_OK && !out_object(c, r.json)) {
		cell_text(t[0], json_object_get(r.json, "behind_s"), COL_TEXT);
		cell_text(t[1], json_object_get(r.json, "time"), COL_TIME);
		say(c,
		    opt_has(&c->opt, F_DRY_RUN)
			? "The log is %s s ahead of the gateway's clock; its "
			  "records would follow the clock again, from %s."
			: "The log was %s s ahead of the gateway's clock; its "
			  "records follow the clock again, from %s.",
		    t[0], t[1]);
		change_tell_ended(c, r.json);
	}
	reply_done(&r);
	return x;
}
