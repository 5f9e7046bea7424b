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
#include "jitctl/gateway/call.h"
#include "jitctl/gateway/code.h"
#include "jitctl/gateway/read.h"
#include "jitctl/gateway/upload.h"
#include "jitctl/term/json.h"
#include "jitctl/term/out.h"
#include "jitctl/term/prompt.h"
#include "jitctl/term/say.h"
#include "jitctl/term/words.h"

static const struct col cols[] = {
    {"CHANGE", "change", COL_TEXT, COL_SHOWN},
    {"WHO", "user", COL_TEXT, COL_SHOWN},
    {"WHAT", "verb", COL_TEXT, COL_SHOWN},
    {"OF", "name", COL_TEXT, COL_SHOWN},
    {"STATE", "state", COL_TEXT, COL_SHOWN},
    {"UNTIL", "until", COL_TIME, COL_SHOWN},
    {"WIDENS", "widens", COL_LIST, COL_WIDE},
    {"BY", "by", COL_TEXT, COL_WIDE},
    {"NOTE", "note", COL_TEXT, COL_LESS},
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
print_change(FILE *f, const json_t *rev, const json_t *o)
{
	const json_t *list = json_object_get(rev, "widens");
	json_t *signed_ = json_loads(member(o, "payload"), 0, NULL);
	char t[2][CELL_SIZE];

	cell_text(t[0], json_object_get(rev, "user"), COL_TEXT);
	cell_text(t[1], json_object_get(rev, "verb"), COL_TEXT);
	(void)fprintf(f, "%s asks for %s:\n", t[0], t[1]);
	out_json(f, json_object_get(signed_, "body"), JSON_INDENT(2));
	(void)fprintf(f, "\nIt makes power over the gateway wider:\n");
	for (size_t i = 0; i < json_array_size(list); i++) {
		cell_text(t[0], json_array_get(list, i), COL_TEXT);
		(void)fprintf(f, "- %s\n", t[0]);
	}
	json_decref(signed_);
}

/* What goes away by it. */
static void
tell_was(const struct ctx *c, json_t *was)
{
	const char *key = NULL;
	json_t *v = NULL;
	char t[CELL_SIZE];

	json_object_foreach(was, key, v)
	{
		change_value(t, key, v);
		if (json_is_false(v) || strcmp(t, "none") == 0)
			continue;
		say(c, "  %-10.30s %s", key, t);
	}
}

/* What it would change from what, and end: the gateway's word, as of now. */
static void
tell_effect(struct ctx *c, const json_t *rev, const json_t *o)
{
	const struct call_opts opts = {.show_problem = false};
	const struct verb *v = verb_named(member(rev, "verb"));
	json_t *signed_ = json_loads(member(o, "payload"), 0, NULL);
	json_t *body = json_object_get(signed_, "body");
	struct reply r = {0};
	int x = EXIT_FAILED;

	/* it wants a code, as the approval does: where one can be had */
	if (json_is_true(json_object_get(o, "may_approve")) && v != NULL &&
	    change_asks(c) && (prompt_possible(c) || code_source(c) != NULL) &&
	    json_is_object(body) && change_set(body, "dry_run", json_true()))
		x = call_signed(c, v->id, body, &opts, &r);
	if (x == EXIT_OK) {
		tell_was(c, json_object_get(r.json, "was"));
		change_tell_fields(c, json_object_get(r.json, "changes"));
		(void)json_object_del(r.json, "waits"); /* for this one */
		change_tell_ended(c, r.json);
	} else if (r.status != 0) {
		say_error("as things are now it could not be made:");
		reply_print_problem(c, &r);
	}
	json_decref(signed_);
	reply_done(&r);
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
	char digest[65], t[3][CELL_SIZE];
	int x = look(c, &r, &rev, digest);

	if (x == EXIT_OK && !out_object(c, r.json)) {
		print_change(stdout, rev, r.json);
		cell_text(t[0], json_object_get(r.json, "state"), COL_TEXT);
		cell_text(t[1], json_object_get(r.json, "by"), COL_TEXT);
		cell_text(t[2], json_object_get(r.json, "note"), COL_TEXT);
		(void)printf("%s is %s%s%s%s%s\n", c->opt.arg[0], t[0],
		    t[1][0] != '\0' ? " by " : "", t[1],
		    t[2][0] != '\0' ? ": " : "", t[2]);
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
	int x = change(c, verb, body, &r);
	json_t *answer = json_incref(json_object_get(r.json, "answer"));

	if (x == EXIT_OK && answer != NULL) {
		x = upload_answer(c, &answer);
		(void)json_object_set(r.json, "answer", answer);
	}
	if (x == EXIT_OK && !out_object(c, r.json)) {

		cell_text(t, json_object_get(r.json, "state"), COL_TEXT);
		say(c, "Change %s is %s.", c->opt.arg[0], t);
		change_tell_ended(c, answer);
		if (json_object_get(answer, "invitation") != NULL)
			invitation =
			    change_invitation(c, member_name(answer, "user"),
				json_object_get(answer, "invitation"));
		if (invitation != NULL && invitation[0] != '\0') {
			say(c, "The invitation, good for 24 hours and once; "
			       "give it to whom it is for, to nobody else:");
			(void)printf("%s\n", invitation);
		}
		x = change_print_invitations(
		    c, json_object_get(answer, "invitations"));
	}
	json_decref(answer);
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
		print_change(stderr, rev, r.json);
		tell_effect(c, rev, r.json);
		x = change_agreed(c, "Approve?", "approved");
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
