/* SPDX-License-Identifier: Apache-2.0 */
/*
 * breakglass - break-glass: its codes for paper, their use, and the review that
 * the next use waits for.
 *
 * MUST NOT take a code from argv or the environment.
 */
#include "jitctl/cmd/breakglass.h"

#include <stdio.h>
#include <string.h>

#include "base/ids.h"
#include "core/recovery.h"
#include "jitctl/cmd/change.h"
#include "jitctl/cmd/cmd.h"
#include "jitctl/cmd/list.h"
#include "jitctl/cmd/request.h"
#include "jitctl/gateway/call.h"
#include "jitctl/gateway/read.h"
#include "jitctl/term/out.h"
#include "jitctl/term/say.h"
#include "jitctl/term/words.h"

static const struct col cols[] = {
    {"USE", "use", COL_TEXT, false},
    {"STATE", "state", COL_TEXT, false},
    {"WHO", "user", COL_TEXT, false},
    {"TARGET", "target", COL_TEXT, false},
    {"LOGIN", "login", COL_TEXT, false},
    {"WHEN", "used", COL_TIME, false},
    {"WHY", "why", COL_TEXT, false},
    {"BY", "by", COL_TEXT, false},
    {"FOUND", "note", COL_TEXT, false},
    {"GRANT", "grant", COL_TEXT, true},
    {"REVIEWED", "reviewed", COL_TIME, true},
};

static bool
has_key(const struct ctx *c)
{
	if (c->socket != NULL)
		say_error("this needs a user's key; the admin socket has none");
	return c->socket == NULL;
}

/* ---- print */

/* As it goes to the printer. */
static int
print_codes(const struct ctx *c, const json_t *o)
{
	const json_t *list = json_object_get(o, "codes");
	char plain[RECOVERY_SIZE], t[2][CELL_SIZE];
	size_t n = 0;

	cell_text(t[0], json_object_get(o, "gateway"), COL_TEXT);
	cell_text(t[1], json_object_get(o, "printed"), COL_TIME);
	say(c,
	    "Break-glass codes of %s, printed %s. Those before are void.\n"
	    "Each opens one target once, with a key that is enrolled:  "
	    "jitctl breakglass use TARGET --reason WHY\n"
	    "Seal them; they are not shown again:",
	    t[0], t[1]);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *text = json_string_value(json_array_get(list, i));

		/* what it is, and nothing that a terminal acts on */
		if (text == NULL || !recovery_read(plain, text))
			continue;
		(void)printf("%s\n", text);
		explicit_bzero(plain, sizeof(plain));
		n++;
	}
	(void)fflush(stdout);
	if (n > 0)
		return EXIT_OK;
	say_error("the gateway's answer is not what was expected");
	return EXIT_FAILED;
}

int
run_breakglass_print(struct ctx *c)
{
	const struct call_opts o = {.show_problem = true};
	struct reply r = {0};
	json_t *body = NULL;
	int x = EXIT_USAGE;

	if (!has_key(c))
		return EXIT_USAGE;
	body = json_object();
	x = call_signed(c, VERB_GLASS_PRINT, body, &o, &r);
	json_decref(body);
	if (x == EXIT_OK && !out_object(c, r.json))
		x = print_codes(c, r.json);
	reply_done(&r);
	return x;
}

/* ---- use */

static json_t *
use_body(const struct ctx *c)
{
	const char *dur = opt_get(&c->opt, F_FOR);
	const char *login = opt_get(&c->opt, F_LOGIN);
	const char *reason = opt_get(&c->opt, F_REASON);
	json_t *o = NULL;
	uint32_t s = 0;

	if (reason == NULL) {
		say_error("--reason TEXT: why?");
		return NULL;
	}
	if (!name_arg("TARGET", c->opt.arg[0]) ||
	    !text_arg("--reason", reason) ||
	    (login != NULL && !name_arg("--login", login)) ||
	    (dur != NULL && !duration_arg(F_FOR, dur, &s)))
		return NULL;
	o = json_pack("{s:s,s:s*,s:s}", "target", c->opt.arg[0], "login", login,
	    "reason", reason);
	if (o != NULL && s > 0)
		(void)json_object_set_new(o, "for", json_integer(s));
	return o;
}

int
run_breakglass_use(struct ctx *c)
{
	const struct call_opts o = {.paper = true,
	    .from = c->opt.value[F_FROM],
	    .nfrom = c->opt.n[F_FROM]};
	struct reply r = {0};
	json_t *body = NULL;
	int x = EXIT_USAGE;

	if (!has_key(c) || (body = use_body(c)) == NULL)
		return EXIT_USAGE;
	x = call_signed(c, VERB_GLASS_USE, body, &o, &r);
	x = request_finish(c, x, &r);
	if (x == EXIT_OK && c->out != OUT_JSON)
		say(c,
		    "Everything is recorded, every admin sees it, and nobody "
		    "gets another before an admin\nother than you has reviewed "
		    "it. The code is used up: strike it out.");
	json_decref(body);
	reply_done(&r);
	return x;
}

/* ---- ls, review */

int
run_breakglass_ls(struct ctx *c)
{
	return list_print(c, VERB_GLASS_USES, NULL, cols, ARRAY_LEN(cols),
	    "Break-glass was never used.");
}

int
run_breakglass_review(struct ctx *c)
{
	const char *note = opt_get(&c->opt, F_REASON);
	struct reply r = {0};
	int x = EXIT_USAGE;

	if (!id_ok(c->opt.arg[0], 'b') || note == NULL) {
		say_error("%s",
		    note == NULL ? "--reason TEXT: what did the review find?"
				 : "USE: an id like b-7Q2MXK4P was expected: "
				   "breakglass ls lists them");
		return EXIT_USAGE;
	}
	if (!text_arg("--reason", note))
		return EXIT_USAGE;
	x = change(c, VERB_GLASS_REVIEW,
	    json_pack("{s:s,s:s}", "use", c->opt.arg[0], "note", note), &r);
	if (x == EXIT_OK && !out_object(c, r.json))
		say(c, "Reviewed: %s. Break-glass can be used again.",
		    c->opt.arg[0]);
	reply_done(&r);
	return x;
}

void
breakglass_tell_owed(struct ctx *c, const json_t *whoami)
{
	struct reply r = {0};
	const json_t *items = NULL;
	char t[4][CELL_SIZE];

	if (json_array_size(json_object_get(whoami, "rights")) == 0 &&
	    c->socket == NULL)
		return;
	if (read_list(c, VERB_GLASS_USES, NULL, &r) == EXIT_OK)
		items = json_object_get(r.json, "items");
	for (size_t i = 0; i < json_array_size(items); i++) {
		const json_t *o = json_array_get(items, i);

		if (strcmp(member(o, "state"), "used") != 0)
			continue;
		cell_text(t[0], json_object_get(o, "user"), COL_TEXT);
		cell_text(t[1], json_object_get(o, "login"), COL_TEXT);
		cell_text(t[2], json_object_get(o, "target"), COL_TEXT);
		cell_text(t[3], json_object_get(o, "used"), COL_TIME);
		(void)printf("BREAK-GLASS: %s took %s@%s at %s, which waits "
			     "for a review: %s breakglass review %s --reason "
			     "FOUND\n",
		    t[0], t[1], t[2], t[3], self(c), member_id(o, "use", 'b'));
	}
	reply_done(&r);
}
