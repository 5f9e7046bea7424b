/* SPDX-License-Identifier: Apache-2.0 */
/*
 * key - one's own keys: listed, one more, one less.
 */
#include <stdio.h>
#include <string.h>

#include "jitctl/cmd/change.h"
#include "jitctl/cmd/cmd.h"
#include "jitctl/cmd/list.h"
#include "jitctl/gateway/call.h"
#include "jitctl/gateway/key_file.h"
#include "jitctl/gateway/sign.h"
#include "jitctl/term/prompt.h"
#include "jitctl/term/say.h"
#include "jitctl/term/words.h"

static const struct col cols[] = {
    {"KEY", "fingerprint", COL_TEXT, COL_SHOWN},
    {"TYPE", "type", COL_TEXT, COL_SHOWN},
    {"COMMENT", "comment", COL_TEXT, COL_LESS},
    {"THIS", "current", COL_BOOL, COL_SHOWN},
};

static bool
fingerprint_ok(const char *s)
{
	return sign_is_fingerprint(s) &&
	       strspn(s + 7, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrst"
			     "uvwxyz0123456789+/") == strlen(s + 7);
}

/* For scripts: what key rm takes. */
static int
print_fingerprints(struct ctx *c)
{
	struct reply r = {0};
	const json_t *items = NULL;
	int x = read_list(c, VERB_KEYS, NULL, &r);

	items = json_object_get(r.json, "items");
	for (size_t i = 0; x == EXIT_OK && i < json_array_size(items); i++) {
		const char *fp =
		    member(json_array_get(items, i), "fingerprint");

		if (fingerprint_ok(fp))
			(void)printf("%s\n", fp);
		else
			x = EXIT_VERIFY;
	}
	reply_done(&r);
	return x;
}

int
run_keys(struct ctx *c)
{
	if (c->out == OUT_NAME)
		return print_fingerprints(c);
	return list_print(
	    c, VERB_KEYS, NULL, cols, ARRAY_LEN(cols), "No keys.");
}

static int
tell(struct ctx *c, const struct reply *r)
{
	if (!out_object(c, r->json)) {
		say(c, "Your keys have changed:");
		change_tell_fields(c, json_object_get(r->json, "changes"));
		change_tell_ended(c, r->json);
	}
	return EXIT_OK;
}

int
run_key_add(struct ctx *c)
{
	json_t *list = key_file_array(c->opt.arg[0]);
	struct reply r = {0};
	int x = EXIT_USAGE;

	if (list != NULL && json_array_size(list) == 1)
		x = change(c, VERB_KEY_ADD,
		    json_pack("{s:O}", "key", json_array_get(list, 0)), &r);
	else if (list != NULL)
		say_error("%s: more than one key; add them one by one, each "
			  "takes a code",
		    c->opt.arg[0]);
	json_decref(list);
	if (x == EXIT_OK)
		x = tell(c, &r);
	reply_done(&r);
	return x;
}

/* Whoever sits there is not asked for what will be refused. */
static int
can_remove(struct ctx *c, const char *fp)
{
	struct reply r = {0};
	const json_t *items = NULL;
	bool there = false;
	int x = read_list(c, VERB_KEYS, NULL, &r);

	items = json_object_get(r.json, "items");
	for (size_t i = 0; i < json_array_size(items); i++)
		there = there ||
			strcmp(member(json_array_get(items, i), "fingerprint"),
			    fp) == 0;
	if (x == EXIT_OK && !there) {
		say_error("you have no such key: %s key ls", self(c));
		x = EXIT_NOT_FOUND;
	} else if (x == EXIT_OK && json_array_size(items) == 1) {
		say_error("it is the only key you have: add another first (%s "
			  "key add FILE)",
		    self(c));
		x = EXIT_CONFLICT;
	}
	reply_done(&r);
	return x;
}

/* What is open by it. */
static int
tell_ends(struct ctx *c, const char *fp)
{
	const struct call_opts o = {.show_problem = true, .codeless = true};
	json_t *body = json_pack("{s:s,s:b}", "fingerprint", fp, "dry_run", 1);
	struct reply r = {0};
	int x = call_signed(c, VERB_KEY_REMOVE, body, &o, &r);

	json_decref(body);
	if (x == EXIT_OK && !change_ends(r.json))
		say(c, "Nothing is open by this key.");
	else if (x == EXIT_OK)
		change_tell_ended(c, r.json);
	reply_done(&r);
	return x;
}

int
run_key_rm(struct ctx *c)
{
	const char *fp = c->opt.arg[0];
	char question[LIMIT_TEXT_SIZE];
	struct reply r = {0};
	int x = EXIT_OK;

	if (!fingerprint_ok(fp)) {
		say_error("FINGERPRINT: as key ls shows it, SHA256:...");
		return EXIT_USAGE;
	}
	if (change_asks(c) && ((x = can_remove(c, fp)) != EXIT_OK ||
				  (x = tell_ends(c, fp)) != EXIT_OK))
		return x;
	(void)snprintf(question, sizeof(question),
	    "Remove your key %.80s, and end what came by it?", fp);
	if (!c->yes && (prompt_possible(c) || c->no_input) &&
	    (x = prompt_yes(c, question)) != EXIT_OK) {
		say_error(c->no_input ? "nothing was changed: if that is "
					"meant, say --yes"
				      : "nothing was changed");
		return x;
	}
	x = change(
	    c, VERB_KEY_REMOVE, json_pack("{s:s}", "fingerprint", fp), &r);
	if (x == EXIT_OK)
		x = tell(c, &r);
	reply_done(&r);
	return x;
}
