/* SPDX-License-Identifier: Apache-2.0 */
/*
 * requests - requests that wait: listed, shown, approved, denied, given up.
 */
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/ids.h"
#include "base/str.h"
#include "jitctl/cmd/change.h"
#include "jitctl/cmd/cmd.h"
#include "jitctl/cmd/list.h"
#include "jitctl/cmd/request.h"
#include "jitctl/cmd/waiting.h"
#include "jitctl/gateway/call.h"
#include "jitctl/gateway/events.h"
#include "jitctl/gateway/read.h"
#include "jitctl/term/json.h"
#include "jitctl/term/out.h"
#include "jitctl/term/prompt.h"
#include "jitctl/term/say.h"
#include "jitctl/term/words.h"

static const struct col cols[] = {
    {"REQUEST", "request", COL_TEXT, false},
    {"WHO", "user", COL_TEXT, false},
    {"OWNER", "owner", COL_TEXT, COL_WIDE},
    {"TARGET", "target", COL_TEXT, false},
    {"LOGIN", "login", COL_TEXT, false},
    {"FOR", "for", COL_SECONDS, false},
    {"STATE", "state", COL_TEXT, false},
    {"ASKED", "asked", COL_TEXT, false},
    {"WHY", "why", COL_TEXT, false},
    {"SINCE", "created", COL_TIME, true},
    {"UNTIL", "until", COL_TIME, true},
    {"HELD", "held", COL_SAID, COL_WIDE},
    {"ROLES", "roles", COL_TEXT, true},
    {"GRANT", "grant", COL_TEXT, true},
    {"APPROVED BY", "approved_by", COL_TEXT, true},
    {"BY", "by", COL_TEXT, true},
    {"NOTE", "note", COL_TEXT, true},
};

enum { WATCH_MS = 2000 };

/* ---- watching */

struct watch {
	struct ctx *c;
	struct events events;
	json_t *seen; /* {"r-...":"pending"}: what was printed */
	int x;        /* of the last look */
};

static bool
is_over(const struct watch *w)
{
	return (w->x != EXIT_OK && w->x != EXIT_UNREACHABLE) ||
	       w->c->key_changed || ferror(stdout) != 0;
}

/* It waits for nobody who is told of it any more. */
static void
print_decided(const json_t *o)
{
	char t[6][CELL_SIZE];

	cell_text(t[0], json_object_get(o, "request"), COL_TEXT);
	cell_text(t[1], json_object_get(o, "user"), COL_TEXT);
	cell_text(t[2], json_object_get(o, "target"), COL_TEXT);
	cell_text(t[3], json_object_get(o, "state"), COL_TEXT);
	cell_text(t[4], json_object_get(o, "by"), COL_TEXT);
	if (t[4][0] == '\0')
		cell_text(t[4], json_object_get(o, "approved_by"), COL_TEXT);
	cell_text(t[5], json_object_get(o, "note"), COL_TEXT);
	(void)printf("%s of %s for %s is %s%s%s%s%s\n", t[0], t[1], t[2], t[3],
	    t[4][0] != '\0' ? " by " : "", t[4], t[5][0] != '\0' ? ": " : "",
	    t[5]);
}

/* If it is new, or has another state than was seen. */
static void
print_new(const struct watch *w, const json_t *o)
{
	const char *id = member_id(o, "request", 'r');
	const char *state = member(o, "state");
	const bool theirs = strcmp(state, "approved") == 0 &&
			    !json_is_true(json_object_get(o, "yours"));

	if (id[0] == '\0' || strcmp(member(w->seen, id), state) == 0)
		return;
	(void)json_object_set_new(w->seen, id, json_string(state));
	if (w->c->out == OUT_JSON) {
		out_json(stdout, o, JSON_COMPACT);
		(void)fputc('\n', stdout);
	} else if ((waiting_is(o) && !theirs) ||
		   strcmp(state, "changed") == 0) {
		waiting_print(w->c, o);
	} else {
		print_decided(o);
	}
	(void)fflush(stdout);
}

/* One that the list does not have, or not any more. */
static void
look_at(struct watch *w, const char *id)
{
	struct reply r = {0};
	const int x = read_quiet(w->c, VERB_REQUEST_SHOW, id, &r);

	if (x == EXIT_OK)
		print_new(w, r.json);
	else if (x != EXIT_UNREACHABLE) /* it is none of theirs by now */
		(void)json_object_set_new(w->seen, id, json_string(""));
	reply_done(&r);
}

static void
read_gone(struct watch *w, const json_t *there)
{
	const char *id = NULL;
	json_t *v = NULL;
	void *next = NULL;

	json_object_foreach_safe(w->seen, next, id, v)
	{
		const char *state = json_string_value(v);

		if (json_object_get(there, id) == NULL &&
		    (strcmp(state, "pending") == 0 ||
			strcmp(state, "approved") == 0))
			look_at(w, id);
	}
	json_object_foreach_safe(w->events.told, next, id, v)
	{
		if (json_object_get(there, id) == NULL)
			look_at(w, id);
	}
	(void)json_object_clear(w->events.told);
}

static void
read_new(struct watch *w)
{
	struct reply r = {0};
	json_t *there = json_object();
	const json_t *items = NULL;

	w->x = read_list(w->c, VERB_REQUESTS, NULL, &r);
	items = json_object_get(r.json, "items");
	for (size_t i = json_array_size(items); w->x == EXIT_OK && i > 0; i--) {
		const json_t *o = json_array_get(items, i - 1);

		print_new(w, o);
		(void)json_object_set_new(
		    there, member_id(o, "request", 'r'), json_true());
	}
	if (w->x == EXIT_OK)
		read_gone(w, there);
	json_decref(there);
	reply_done(&r);
}

/* Something is new: what, the list says. */
static bool
on_heard(void *arg, const char *p, size_t n)
{
	struct watch *w = arg;

	if (events_feed(&w->events, p, n))
		read_new(w);
	return !is_over(w);
}

/* Until it is interrupted, or the gateway says no. A stream ends with its
 * token, or when the gateway is started anew: then another is asked for. */
static int
watch(struct ctx *c)
{
	const struct timespec t = {
	    .tv_sec = WATCH_MS / 1000, .tv_nsec = WATCH_MS % 1000 * 1000000};
	struct watch w = {
	    .c = c, .seen = json_object(), .events = {.told = json_object()}};

	while (!is_over(&w)) {
		struct query q = {0};
		char last[24];
		int x;

		(void)snprintf(last, sizeof(last), "%llu",
		    (unsigned long long)w.events.last);
		query_add(&q, "last", last);
		events_again(&w.events);
		x = read_stream(c, VERB_EVENTS, &q,
		    &(struct stream){.heard = on_heard, .arg = &w});
		if (is_over(&w))
			break;
		if (x != EXIT_OK && x != EXIT_UNREACHABLE)
			w.x = x;
		else if (x == EXIT_UNREACHABLE)
			read_new(&w); /* which says so, if it still is */
		if (!is_over(&w))
			(void)nanosleep(&t, NULL);
	}
	json_decref(w.seen);
	json_decref(w.events.told);
	return c->key_changed ? EXIT_UNREACHABLE : w.x;
}

int
run_requests(struct ctx *c)
{
	struct query q = {0};

	if (opt_has(&c->opt, F_WATCH))
		return watch(c);
	if (opt_has(&c->opt, F_ALL))
		query_add(&q, "all", "1");
	return list_print(c, VERB_REQUESTS, &q, cols, ARRAY_LEN(cols),
	    "Nothing waits, for you or for your approval.");
}

static bool
request_arg(const struct ctx *c)
{
	if (id_ok(c->opt.arg[0], 'r'))
		return true;
	say_error("REQUEST: an id like r-7Q2MXK4P was expected");
	return false;
}

/* ---- what is seen */

/* The text that will be granted: what it says, and its digest, taken here. */
static json_t *
read_revision(const json_t *o, const char *id, char digest[static 65])
{
	const char *text = member(o, "revision");
	uint8_t hash[SHA256_DIGEST_LENGTH];
	json_t *rev = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

	(void)SHA256((const uint8_t *)text, strlen(text), hash);
	str_hex(digest, hash, sizeof(hash));
	if (json_is_object(rev) &&
	    strcmp(member_id(rev, "request", 'r'), id) == 0)
		return rev;
	json_decref(rev);
	say_error("the gateway's answer is not what was expected");
	return NULL;
}

/* From when on, and for which address. */
static void
opens_text(const json_t *rev, char *ret, size_t size)
{
	char t[2][CELL_SIZE];

	if (json_object_get(rev, "at") == NULL) {
		(void)snprintf(ret, size, "%s",
		    "once they open it, from the address that they come from "
		    "then");
		return;
	}
	cell_text(t[0], json_object_get(rev, "at"), COL_TIME);
	cell_text(t[1], json_object_get(rev, "sources"), COL_LIST);
	(void)snprintf(
	    ret, size, "by itself from %s on, from %s alone", t[0], t[1]);
}

/* Read off the very text that is signed, whatever else the reply says. */
static void
tell_revision(const struct ctx *c, const json_t *rev)
{
	const bool direct = strcmp(member(rev, "reach"), "direct") == 0;
	const bool record = json_is_true(json_object_get(rev, "record"));
	char t[11][CELL_SIZE], opens[CELL_SIZE * 3], owner[CELL_SIZE];

	cell_text(t[0], json_object_get(rev, "user"), COL_TEXT);
	cell_text(t[1], json_object_get(rev, "target"), COL_TEXT);
	cell_text(t[2], json_object_get(rev, "addresses"), COL_LIST);
	cell_text(t[3], json_object_get(rev, "port"), COL_TEXT);
	cell_text(t[4], json_object_get(rev, "login"), COL_TEXT);
	cell_text(t[5], json_object_get(rev, "for"), COL_SECONDS);
	cell_text(t[6], json_object_get(rev, "allow"), COL_LIST);
	request_roles(t[7], rev);
	cell_text(t[8], json_object_get(rev, "why"), COL_TEXT);
	opens_text(rev, opens, sizeof(opens));
	cell_text(owner, json_object_get(rev, "owner"), COL_TEXT);
	if (owner[0] != '\0')
		say(c, "%s is an agent, on behalf of %s.", t[0], owner);
	say(c, "%s asks for %s (%s) port %s as %s, for %s %s.", t[0], t[1],
	    t[2], t[3], t[4], t[5], opens);
	say(c, "It allows %s, %s. Role%s %s.", t[6],
	    request_recorded(record, direct, json_object_get(rev, "allow")),
	    strchr(t[7], ',') != NULL ? "s" : "", t[7]);
	request_print_commands(stderr, json_object_get(rev, "commands"));
	say(c, "Why: %s", t[8]);
	cell_text(t[9], json_object_get(rev, "ticket"), COL_TEXT);
	cell_text(t[10], json_object_get(rev, "needs"), COL_LIST);
	if (t[9][0] != '\0')
		say(c, "Ticket: %s", t[9]);
	if (direct)
		say(c, "They reach it DIRECTLY, past the gateway.");
	if (t[10][0] != '\0')
		say(c, "It wants %s.", t[10]);
}

static void
tell_approvals(const struct ctx *c, const json_t *o)
{
	const json_t *list = json_object_get(o, "approvals");
	char t[3][CELL_SIZE];

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *a = json_array_get(list, i);

		cell_text(t[0], json_object_get(a, "user"), COL_TEXT);
		cell_text(t[1], json_object_get(a, "at"), COL_TIME);
		cell_text(t[2], json_object_get(a, "note"), COL_TEXT);
		say(c, "Approved by %s at %s%s%s", t[0], t[1],
		    t[2][0] != '\0' ? ": " : "", t[2]);
	}
}

/* What their user had before, and what of it is new; the words are ours. */
static void
tell_habit(const struct ctx *c, const json_t *o)
{
	static const struct {
		const char *what, *words;
	} news[] = {{"target", "the target"}, {"login", "the login there"},
	    {"role", "the role"}, {"longer", "a longer time than any they had"},
	    {"source", "an address that they never came from"}};
	const json_t *h = json_object_get(o, "habit");
	const json_t *list = json_object_get(h, "new");
	char t[5][CELL_SIZE], text[CELL_SIZE] = "";

	if (!json_is_object(h))
		return;
	cell_text(t[0], json_object_get(h, "since"), COL_TIME);
	cell_text(t[1], json_object_get(h, "times"), COL_TEXT);
	cell_text(t[2], json_object_get(h, "last"), COL_TIME);
	cell_text(t[3], json_object_get(h, "denied"), COL_TEXT);
	cell_text(t[4], json_object_get(h, "last_denied"), COL_TIME);
	say(c,
	    "Since %s they had this target, login and role %s time%s%s%s, and "
	    "were denied this login there %s time%s%s%s.",
	    t[0], t[1], strcmp(t[1], "1") == 0 ? "" : "s",
	    t[2][0] != '\0' ? ", last at " : "", t[2], t[3],
	    strcmp(t[3], "1") == 0 ? "" : "s",
	    t[4][0] != '\0' ? ", last at " : "", t[4]);
	for (size_t i = 0; i < ARRAY_LEN(news); i++)
		for (size_t k = 0; k < json_array_size(list); k++) {
			const char *s =
			    json_string_value(json_array_get(list, k));
			const size_t n = strlen(text);

			if (s != NULL && strcmp(s, news[i].what) == 0)
				(void)snprintf(text + n, sizeof(text) - n,
				    "%s%s", n > 0 ? ", " : "", news[i].words);
		}
	if (text[0] != '\0')
		say(c, "New in that time: %s.", text);
}

/* What keeps it from going on, whoever approves. */
static void
tell_kept(const struct ctx *c, const json_t *o)
{
	char t[2][CELL_SIZE];

	cell_text(t[0], json_object_get(o, "held"), COL_SAID);
	cell_text(t[1], json_object_get(o, "unapprovable"), COL_SAID);
	if (t[0][0] != '\0')
		say(c, "Held: %s.", t[0]);
	if (t[1][0] != '\0')
		say(c, "Too few can approve it: %s.", t[1]);
}

/* *retrev, if not NULL, has the text read; of the digest of 65 bytes. */
static int
look(struct ctx *c, struct reply *r, json_t **retrev, char *digest)
{
	const int x = request_arg(c) ? read_verb(c, VERB_REQUEST_SHOW,
					   c->opt.arg[0], NULL, r)
				     : EXIT_USAGE;

	if (x != EXIT_OK)
		return x;
	*retrev = read_revision(r->json, c->opt.arg[0], digest);
	return *retrev != NULL ? EXIT_OK : EXIT_VERIFY;
}

int
run_request_show(struct ctx *c)
{
	struct reply r = {0};
	json_t *rev = NULL;
	char digest[65];
	int x = look(c, &r, &rev, digest);

	if (x == EXIT_OK && !out_object(c, r.json)) {
		out_item(r.json, cols, ARRAY_LEN(cols));
		tell_revision(c, rev);
		tell_habit(c, r.json);
		tell_approvals(c, r.json);
		tell_kept(c, r.json);
	}
	json_decref(rev);
	reply_done(&r);
	return x;
}

/* ---- decided */

static json_t *
decision(const struct ctx *c, const char *note)
{
	if (note != NULL && !text_arg("the note", note))
		return NULL;
	return json_pack("{s:s,s:s*}", "request", c->opt.arg[0], "note", note);
}

/* "approved", or how many it still wants. */
static void
tell_state(const struct ctx *c, const json_t *o)
{
	char t[6][CELL_SIZE];

	cell_text(t[0], json_object_get(o, "state"), COL_TEXT);
	cell_text(t[1], json_object_get(o, "have"), COL_TEXT);
	cell_text(t[2], json_object_get(o, "want"), COL_TEXT);
	cell_text(t[3], json_object_get(o, "asked"), COL_TEXT);
	cell_text(t[4], json_object_get(o, "until"), COL_TIME);
	cell_text(t[5], json_object_get(o, "at"), COL_TIME);
	if (t[3][0] != '\0')
		say(c, "Request %s is %s: it wants %s, and has %s of %s.",
		    c->opt.arg[0], t[0], t[3], t[1], t[2]);
	else if (strcmp(t[0], "approved") == 0 && t[5][0] != '\0')
		say(c, "Request %s is approved; it opens by itself at %s.",
		    c->opt.arg[0], t[5]);
	else if (strcmp(t[0], "approved") == 0)
		say(c, "Request %s is approved; its user may open it until %s.",
		    c->opt.arg[0], t[4]);
	else
		say(c, "Request %s is %s.", c->opt.arg[0], t[0]);
}

static int
decide(struct ctx *c, enum api_verb verb, json_t *body)
{
	struct reply r = {0};
	const int x = change(c, verb, body, &r);

	if (x == EXIT_OK && !out_object(c, r.json))
		tell_state(c, r.json);
	reply_done(&r);
	return x;
}

/* Whoever sits there is not asked for what will be refused. */
static int
can_approve(const struct ctx *c, const json_t *o)
{
	char t[2][CELL_SIZE];

	cell_text(t[0], json_object_get(o, "state"), COL_TEXT);
	cell_text(t[1], json_object_get(o, "asked"), COL_TEXT);
	if (strcmp(member(o, "state"), "pending") != 0) {
		say_error("request %s is %s: there is nothing to approve",
		    c->opt.arg[0], t[0]);
		return EXIT_CONFLICT;
	}
	if (json_is_true(json_object_get(o, "may_approve")))
		return EXIT_OK;
	if (member(o, "held")[0] != '\0') {
		say_error("nobody can approve it while it is held; to refuse "
			  "it: %s deny %s --reason WHY",
		    self(c), c->opt.arg[0]);
		return EXIT_REFUSED;
	}
	if (json_is_true(json_object_get(o, "yours")))
		say_error("nobody approves their own request");
	else
		say_error("you cannot approve it: it wants %s, of whom you are "
			  "none, or have approved it already, or it is not "
			  "what they would get now",
		    t[1][0] != '\0' ? t[1] : "others");
	return EXIT_REFUSED;
}

int
run_approve(struct ctx *c)
{
	struct reply r = {0};
	json_t *rev = NULL, *body = NULL;
	char digest[65];
	int x = look(c, &r, &rev, digest);

	if (x == EXIT_OK) {
		tell_revision(c, rev);
		tell_habit(c, r.json);
		tell_approvals(c, r.json);
		tell_kept(c, r.json);
		if (prompt_possible(c))
			x = can_approve(c, r.json);
		if (x == EXIT_OK)
			x = change_agreed(c, "Approve?", "approved");
	}
	if (x == EXIT_OK) {
		body = decision(c, opt_get(&c->opt, F_ROLE_note));
		if (body != NULL)
			(void)json_object_set_new(
			    body, "revision", json_string(digest));
		x = decide(c, VERB_REQUEST_APPROVE, body);
	}
	json_decref(rev);
	reply_done(&r);
	return x;
}

int
run_deny(struct ctx *c)
{
	const char *why = opt_get(&c->opt, F_REASON);

	if (!request_arg(c))
		return EXIT_USAGE;
	if (why == NULL || why[strspn(why, " ")] == '\0') {
		say_error("--reason: say why, it is what its user reads");
		return EXIT_USAGE;
	}
	return decide(c, VERB_REQUEST_DENY, decision(c, why));
}

int
run_cancel(struct ctx *c)
{
	if (!request_arg(c))
		return EXIT_USAGE;
	return decide(
	    c, VERB_REQUEST_CANCEL, decision(c, opt_get(&c->opt, F_REASON)));
}
