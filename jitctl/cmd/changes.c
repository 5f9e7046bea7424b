/* SPDX-License-Identifier: Apache-2.0 */
/*
 * changes - changes that wait for a second admin: listed, shown, approved,
 * denied, given up. What is approved is read off the text that is signed for.
 */
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>

#include "base/ids.h"
#include "base/str.h"
#include "jitctl/cmd/change.h"
#include "jitctl/cmd/cmd.h"
#include "jitctl/cmd/list.h"
#include "jitctl/gateway/read.h"
#include "jitctl/term/out.h"
#include "jitctl/term/prompt.h"
#include "jitctl/term/say.h"
#include "jitctl/term/words.h"

static const struct col cols[] = {
    {"CHANGE", "change", COL_TEXT, COL_SHOWN},
    {"WHO", "user", COL_TEXT, COL_SHOWN},
    {"WHAT", "verb", COL_TEXT, COL_SHOWN},
    {"STATE", "state", COL_TEXT, COL_SHOWN},
    {"UNTIL", "until", COL_TIME, COL_SHOWN},
    {"WIDENS", "widens", COL_LIST, COL_WIDE},
    {"BY", "by", COL_TEXT, COL_WIDE},
    {"NOTE", "note", COL_TEXT, COL_WIDE},
};

int
run_changes(struct ctx *c)
{
	struct query q = {0};

	if (opt_has(&c->opt, F_ALL))
		query_add(&q, "all", "1");
	return list_print(c, VERB_CHANGES, &q, cols, ARRAY_LEN(cols),
	    "No change waits for a second admin, or did this week.");
}

static bool
change_arg(const struct ctx *c)
{
	if (id_ok(c->opt.arg[0], 'c'))
		return true;
	say_error("CHANGE: an id like c-7Q2MXK4P was expected");
	return false;
}

static void
sha256_hex(char ret[static 65], const char *text)
{
	uint8_t hash[SHA256_DIGEST_LENGTH];

	(void)SHA256((const uint8_t *)text, strlen(text), hash);
	str_hex(ret, hash, sizeof(hash));
}

/* The revision, its digest taken here; it has to be of the payload shown. */
static json_t *
read_change(const json_t *o, const char *id, char digest[static 65])
{
	json_t *rev =
	    json_loads(member(o, "revision"), JSON_REJECT_DUPLICATES, NULL);
	char payload[65];

	sha256_hex(digest, member(o, "revision"));
	sha256_hex(payload, member(o, "payload"));
	if (json_is_object(rev) &&
	    strcmp(member_id(rev, "change", 'c'), id) == 0 &&
	    strcmp(member(rev, "payload_sha256"), payload) == 0)
		return rev;
	json_decref(rev);
	say_error("the gateway's answer is not what was expected");
	return NULL;
}

static void
tell_change(const struct ctx *c, const json_t *rev, const json_t *o)
{
	const json_t *list = json_object_get(rev, "widens");
	json_t *signed_ = json_loads(member(o, "payload"), 0, NULL);
	char t[2][CELL_SIZE];

	cell_text(t[0], json_object_get(rev, "user"), COL_TEXT);
	cell_text(t[1], json_object_get(rev, "verb"), COL_TEXT);
	say(c, "%s asks for %s:", t[0], t[1]);
	out_json(stderr, json_object_get(signed_, "body"), JSON_INDENT(2));
	(void)fputc('\n', stderr);
	say(c, "It makes power over the gateway wider:");
	for (size_t i = 0; i < json_array_size(list); i++) {
		cell_text(t[0], json_array_get(list, i), COL_TEXT);
		say(c, "- %s", t[0]);
	}
	json_decref(signed_);
}

/* EXIT_OK: *rev is the caller's. */
static int
look(struct ctx *c, struct reply *r, json_t **rev, char digest[static 65])
{
	int x = EXIT_USAGE;

	if (change_arg(c))
		x = read_verb(c, VERB_CHANGE_SHOW, c->opt.arg[0], NULL, r);
	if (x == EXIT_OK &&
	    (*rev = read_change(r->json, c->opt.arg[0], digest)) == NULL)
		x = EXIT_VERIFY;
	return x;
}

int
run_change_show(struct ctx *c)
{
	struct reply r = {0};
	json_t *rev = NULL;
	char digest[65], t[CELL_SIZE];
	int x = look(c, &r, &rev, digest);

	if (x == EXIT_OK && !out_object(c, r.json)) {
		tell_change(c, rev, r.json);
		cell_text(t, json_object_get(r.json, "state"), COL_TEXT);
		(void)printf("%s is %s\n", c->opt.arg[0], t);
	}
	json_decref(rev);
	reply_done(&r);
	return x;
}

static int
decide(struct ctx *c, enum api_verb verb, json_t *body)
{
	struct reply r = {0};
	char t[CELL_SIZE];
	const char *invitation = NULL;
	const int x = change(c, verb, body, &r);

	if (x == EXIT_OK && !out_object(c, r.json)) {
		const json_t *answer = json_object_get(r.json, "answer");

		cell_text(t, json_object_get(r.json, "state"), COL_TEXT);
		say(c, "Change %s is %s.", c->opt.arg[0], t);
		if (json_object_get(answer, "invitation") != NULL)
			invitation =
			    change_invitation(c, member_name(answer, "user"),
				json_object_get(answer, "invitation"));
		if (invitation != NULL && invitation[0] != '\0') {
			say(c, "The invitation, good for 24 hours and once; "
			       "give it to whom it is for, to nobody else:");
			(void)printf("%s\n", invitation);
		}
	}
	reply_done(&r);
	return x;
}

int
run_change_approve(struct ctx *c)
{
	struct reply r = {0};
	json_t *rev = NULL;
	char digest[65];
	int x = look(c, &r, &rev, digest);

	if (x == EXIT_OK) {
		tell_change(c, rev, r.json);
		if (prompt_possible(c))
			x = prompt_yes(c, "Approve?");
		if (x == EXIT_FAILED)
			say(c, "Nothing was approved.");
	}
	if (x == EXIT_OK)
		x = decide(c, VERB_CHANGE_APPROVE,
		    json_pack("{s:s,s:s}", "change", c->opt.arg[0], "revision",
			digest));
	json_decref(rev);
	reply_done(&r);
	return x;
}

static int
end(struct ctx *c, enum api_verb verb)
{
	const char *why = opt_get(&c->opt, F_REASON);

	if (!change_arg(c) || (why != NULL && !text_arg("--reason", why)))
		return EXIT_USAGE;
	return decide(c, verb,
	    json_pack("{s:s,s:s*}", "change", c->opt.arg[0], "note", why));
}

int
run_change_deny(struct ctx *c)
{
	return end(c, VERB_CHANGE_DENY);
}

int
run_change_cancel(struct ctx *c)
{
	return end(c, VERB_CHANGE_CANCEL);
}
