/* SPDX-License-Identifier: Apache-2.0 */
/*
 * changes - changes that wait for a second admin: listed, shown, approved,
 * denied, given up. What is approved is read off the text that is signed for.
 */
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/ids.h"
#include "base/str.h"
#include "jitctl/cmd/apply.h"
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

/* The body that was signed; borrowed from *payload, which is the caller's. */
static const json_t *
signed_body(const json_t *o, json_t **payload)
{
	*payload = json_loads(member(o, "payload"), 0, NULL);
	return json_object_get(*payload, "body");
}

static bool
is_uploaded(const json_t *o)
{
	json_t *payload = NULL;
	const bool is =
	    json_is_string(json_object_get(signed_body(o, &payload), "upload"));

	json_decref(payload);
	return is;
}

/* What came in parts before it was signed for, while it waits: into ret, and
 * into o for scripts. */
static int
fetch_policy(struct ctx *c, json_t *o, struct buf *ret)
{
	json_t *payload = NULL;
	const json_t *body = signed_body(o, &payload);
	int x = EXIT_OK;

	if (is_uploaded(o) && strcmp(member(o, "state"), "pending") == 0)
		x = upload_fetch(c, c->opt.arg[0], member(body, "sha256"), ret);
	if (x == EXIT_OK && ret->len > 0)
		(void)json_object_set_new(
		    o, "policy", json_stringn((const char *)ret->p, ret->len));
	json_decref(payload);
	return x;
}

/* A line of it is an entry. */
static void
print_policy(FILE *f, const struct buf *policy)
{
	const char *at = (const char *)policy->p;
	const char *end = at + policy->len;

	if (policy->len > 0)
		(void)fputs("\nThe policy that came in parts:\n", f);
	while (policy->len > 0 && at < end) {
		const char *nl = memchr(at, '\n', (size_t)(end - at));
		const size_t n = (size_t)((nl != NULL ? nl : end) - at);
		json_t *o = json_loadb(at, n, 0, NULL);

		if (o != NULL)
			out_json(f, o, JSON_COMPACT);
		else
			(void)fputs("(a line that is no JSON)", f);
		(void)fputc('\n', f);
		json_decref(o);
		at += n + 1;
	}
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

/* Of a policy its entries. */
static void
tell_changes(const struct ctx *c, const json_t *rev, const json_t *answer)
{
	if (c->quiet)
		return;
	if (verb_named(member(rev, "verb")) == verb_get(VERB_APPLY)) {
		apply_tell_planned(c, stderr, answer);
		return;
	}
	tell_was(c, json_object_get(answer, "was"));
	change_tell_fields(c, json_object_get(answer, "changes"));
}

/* What it would change from what, and end, as its author's and as of now: the
 * gateway's word, which wants a code, as the approval does. */
static int
tell_effect(struct ctx *c, const json_t *rev, json_t *approval)
{
	const struct call_opts opts = {.show_problem = false};
	struct reply r = {0};
	json_t *answer = NULL;
	int x = EXIT_FAILED;

	if (change_set(approval, "dry_run", json_true()))
		x = call_signed(c, VERB_CHANGE_APPROVE, approval, &opts, &r);
	(void)json_object_del(approval, "dry_run");
	answer = json_incref(json_object_get(r.json, "answer"));
	if (x == EXIT_OK)
		x = upload_answer(c, &answer);
	if (x == EXIT_OK) {
		tell_changes(c, rev, answer);
		change_tell_ended(c, answer);
	} else if (r.status != 0) {
		reply_print_problem(c, &r);
	}
	if (x != EXIT_OK)
		say_error("what it would change could not be shown: it was not "
			  "approved");
	json_decref(answer);
	reply_done(&r);
	return x;
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
	struct buf policy = {.p = NULL};
	int x = look(c, &r, &rev, digest);

	if (x == EXIT_OK)
		x = fetch_policy(c, r.json, &policy);
	if (x == EXIT_OK && !out_object(c, r.json)) {
		print_change(stdout, rev, r.json);
		print_policy(stdout, &policy);
		cell_text(t[0], json_object_get(r.json, "state"), COL_TEXT);
		cell_text(t[1], json_object_get(r.json, "by"), COL_TEXT);
		cell_text(t[2], json_object_get(r.json, "note"), COL_TEXT);
		(void)printf("%s is %s%s%s%s%s\n", c->opt.arg[0], t[0],
		    t[1][0] != '\0' ? " by " : "", t[1],
		    t[2][0] != '\0' ? ": " : "", t[2]);
	}
	buf_done(&policy);
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
	json_t *rev = NULL, *body = NULL;
	char digest[65];
	int x = look(c, &r, &rev, digest);

	if (x == EXIT_OK) {
		body = json_pack(
		    "{s:s,s:s}", "change", c->opt.arg[0], "revision", digest);
		print_change(stderr, rev, r.json);
		if (is_uploaded(r.json))
			say(c, "All of that policy: %s changes show %s",
			    self(c), c->opt.arg[0]);
		/* whoever cannot be asked is not, below */
		if (change_asks(c) &&
		    (prompt_possible(c) || code_source(c) != NULL))
			x = tell_effect(c, rev, body);
	}
	if (x == EXIT_OK)
		x = change_agreed(c, "Approve?", "approved");
	if (x == EXIT_OK)
		x = decide(c, VERB_CHANGE_APPROVE, json_incref(body));
	json_decref(body);
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
