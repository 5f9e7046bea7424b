/* SPDX-License-Identifier: Apache-2.0 */
/*
 * waiting - see the header.
 */
#include "jitctl/cmd/waiting.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/ids.h"
#include "base/str.h"
#include "jitctl/gateway/call.h"
#include "jitctl/gateway/events.h"
#include "jitctl/gateway/read.h"
#include "jitctl/term/out.h"
#include "jitctl/term/prompt.h"
#include "jitctl/term/say.h"
#include "jitctl/term/words.h"

enum {
	LOOK_MS = 2000,
	LOOK_LATER_MS = 10000, /* while the gateway cannot be reached */
};

bool
waiting_is(const json_t *o)
{
	const char *state = member(o, "state");

	return member_id(o, "request", 'r')[0] != '\0' &&
	       (strcmp(state, "pending") == 0 ||
		   strcmp(state, "approved") == 0);
}

bool
waiting_flags_ok(const struct ctx *c)
{
	const char *timeout = opt_get(&c->opt, F_TIMEOUT);
	uint32_t s = 0;

	if (opt_has(&c->opt, F_WAIT) && opt_has(&c->opt, F_NO_WAIT)) {
		say_error("--wait or --no-wait: not both");
		return false;
	}
	return timeout == NULL || duration_arg(F_TIMEOUT, timeout, &s);
}

/* How long to wait: 0 = not at all, INT64_MAX = as long as it takes. */
static int64_t
patience_ms(const struct ctx *c)
{
	const char *timeout = opt_get(&c->opt, F_TIMEOUT);
	uint32_t s = 0;

	if (opt_has(&c->opt, F_NO_WAIT))
		return 0;
	if (timeout != NULL && duration_arg(F_TIMEOUT, timeout, &s))
		return (int64_t)s * 1000;
	return opt_has(&c->opt, F_WAIT) || prompt_possible(c) ? INT64_MAX : 0;
}

static void
tell_later(const struct ctx *c, const json_t *o)
{
	say(c, "To go on when it is approved: %s wait %s", self(c),
	    member_id(o, "request", 'r'));
}

/* "Waiting for 1 of sre (0 of 1 so far), until ..." */
static void
tell_waiting(const struct ctx *c, const json_t *o, bool stays)
{
	char t[6][CELL_SIZE];
	const char *at = NULL, *rest = "";

	cell_text(t[0], json_object_get(o, "asked"), COL_TEXT);
	cell_text(t[1], json_object_get(o, "have"), COL_TEXT);
	cell_text(t[2], json_object_get(o, "want"), COL_TEXT);
	cell_text(t[3], json_object_get(o, "until"), COL_TIME);
	cell_text(t[4], json_object_get(o, "held"), COL_SAID);
	cell_text(t[5], json_object_get(o, "wants"), COL_TEXT);
	/* who is asked now, and what is wanted beside and behind that */
	if ((at = strstr(t[5], t[0])) == t[5])
		rest = t[5] + strlen(t[0]);
	say(c,
	    "Waiting for approval by %s (%s of %s so far)%s; it lapses at %s.",
	    t[0], t[1], t[2], rest, t[3]);
	if (at != NULL && at != t[5])
		say(c, "All that is wanted: %s.", t[5]);
	if (t[4][0] != '\0')
		say(c, "Held until that is gone: %s.", t[4]);
	cell_text(t[4], json_object_get(o, "unapprovable"), COL_SAID);
	if (t[4][0] != '\0')
		say(c, "Too few can approve it: %s. Ask an admin.", t[4]);
	cell_text(t[3], json_object_get(o, "at"), COL_TIME);
	if (t[3][0] != '\0')
		say(c, "Approved by then, it opens by itself at %s.", t[3]);
	if (stays && prompt_possible(c))
		say(c, "Ctrl-C keeps request %s; later: %s wait %s",
		    member_id(o, "request", 'r'), self(c),
		    member_id(o, "request", 'r'));
	else if (stays)
		say(c, "Request %s stays, whatever becomes of this wait.",
		    member_id(o, "request", 'r'));
	else
		tell_later(c, o);
}

/* "Approved by bob: ok, keep the logs" */
static void
tell_approved(const struct ctx *c, const json_t *o)
{
	const json_t *list = json_object_get(o, "approvals");
	char t[2][CELL_SIZE];

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *a = json_array_get(list, i);

		cell_text(t[0], json_object_get(a, "user"), COL_TEXT);
		cell_text(t[1], json_object_get(a, "note"), COL_TEXT);
		say(c, "Approved by %s%s%s", t[0], t[1][0] != '\0' ? ": " : "",
		    t[1]);
	}
}

/* Nobody has to come back for it. */
static void
tell_at(const struct ctx *c, const json_t *o)
{
	const char *id = member_id(o, "request", 'r');
	char t[3][CELL_SIZE];

	cell_text(t[0], json_object_get(o, "target"), COL_TEXT);
	cell_text(t[1], json_object_get(o, "at"), COL_TIME);
	cell_text(t[2], json_object_get(o, "sources"), COL_LIST);
	say(c,
	    "%s opens by itself at %s, for %s alone; to give it up: %s cancel "
	    "%s",
	    t[0], t[1], t[2], self(c), id);
}

static bool
is_changed(const json_t *o)
{
	return strcmp(member(o, "state"), "changed") == 0;
}

/* All of it, to be pasted. */
static void
tell_again(const struct ctx *c, const json_t *o)
{
	const char *target = member_name(o, "target");
	const char *login = member_name(o, "login");
	const char *role = member_name(o, "role");
	const char *why = member(o, "why"), *ticket = member(o, "ticket");
	const unsigned port = member_port(o, "port");
	char t[CELL_SIZE];

	if (target[0] == '\0' || c->quiet || c->out == OUT_JSON)
		return;
	(void)fprintf(stderr, "Ask again:  %s request %s", self(c), target);
	if (login[0] != '\0')
		(void)fprintf(stderr, " --login %s", login);
	if (port != 0 && port != 22)
		(void)fprintf(stderr, " --port %u", port);
	if (role[0] != '\0' && json_is_true(json_object_get(o, "role_named")))
		(void)fprintf(stderr, " --role %s", role);
	cell_text(t, json_object_get(o, "for"), COL_SECONDS);
	if (t[0] != '\0')
		(void)fprintf(stderr, " --for %s", t);
	if (ticket[0] != '\0') {
		(void)fputs(" --ticket ", stderr);
		put_shell_word(stderr, ticket);
	}
	if (why[0] != '\0') {
		(void)fputs(" --reason ", stderr);
		put_shell_word(stderr, why);
	}
	(void)fputc('\n', stderr);
}

static int
tell_over(const struct ctx *c, const json_t *o)
{
	const bool denied = strcmp(member(o, "state"), "denied") == 0;
	const bool ended = strcmp(member(o, "state"), "ended") == 0;
	char t[3][CELL_SIZE];

	cell_text(t[0], json_object_get(o, "state"), COL_TEXT);
	cell_text(t[1], json_object_get(o, "by"), COL_TEXT);
	cell_text(t[2], json_object_get(o, "note"), COL_TEXT);
	if (is_changed(o))
		say_error("request %s is not what you would get now, the "
			  "target or the role was changed",
		    member_id(o, "request", 'r'));
	else if (ended)
		say_error("request %s was opened and has ended: ask again",
		    member_id(o, "request", 'r'));
	else
		say_error("request %s is %s%s%s%s%s: nothing was opened",
		    member_id(o, "request", 'r'), t[0],
		    t[1][0] != '\0' ? " by " : "", t[1],
		    t[2][0] != '\0' ? ": " : "", t[2]);
	if (is_changed(o) || ended || strcmp(t[0], "lapsed") == 0)
		tell_again(c, o);
	return denied ? EXIT_REFUSED : EXIT_CONFLICT;
}

static void
pause_ms(int64_t ms)
{
	const struct timespec t = {
	    .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

	(void)nanosleep(&t, NULL);
}

/* ---- until it waits for nobody but its user */

struct wait {
	struct ctx *c;
	const char *id;
	struct reply *r; /* as it was read last */
	int x;           /* of that */
	struct events events;
	bool deaf; /* no stream is to be had: it is looked at now and then */
};

static bool
is_pending(const struct wait *w)
{
	return strcmp(member(w->r->json, "state"), "pending") == 0;
}

static void
look(struct wait *w)
{
	reply_done(w->r);
	w->x = read_verb(w->c, VERB_REQUEST_SHOW, w->id, NULL, w->r);
}

/* Something is new, of this or of another: the first event comes at once, for
 * what was decided before the stream began. */
static bool
on_heard(void *arg, const char *p, size_t n)
{
	struct wait *w = arg;

	if (events_feed(&w->events, p, n))
		look(w);
	return w->x == EXIT_OK && is_pending(w);
}

/* Comes back when it may be another, at the latest after so long. */
static void
hear(struct wait *w, int64_t most_ms)
{
	const int64_t begin = clock_now().boot_ms;
	struct query q = {0};
	char last[24];
	int64_t nap_ms = w->x == EXIT_OK ? LOOK_MS : LOOK_LATER_MS;
	int x = EXIT_UNREACHABLE;

	(void)snprintf(
	    last, sizeof(last), "%llu", (unsigned long long)w->events.last);
	query_add(&q, "last", last);
	events_again(&w->events);
	if (!w->deaf && w->x == EXIT_OK)
		x = read_stream(w->c, VERB_EVENTS, &q,
		    &(struct stream){.heard = on_heard,
			.arg = w,
			.most_ms = most_ms,
			.quiet = true});
	/* a gateway without streams, or without one for us, is asked */
	w->deaf = w->deaf || (x != EXIT_OK && x != EXIT_UNREACHABLE);
	if (w->x != EXIT_OK || !is_pending(w))
		return;
	most_ms -= clock_now().boot_ms - begin;
	if (nap_ms > most_ms)
		nap_ms = most_ms;
	if (nap_ms > 0)
		pause_ms(nap_ms);
	look(w);
}

static int
wait_approved(struct ctx *c, const char *id, struct reply *r)
{
	const int64_t begin = clock_now().boot_ms, most = patience_ms(c);
	struct wait w = {.c = c, .id = id, .r = r, .x = EXIT_OK};
	bool told = false;

	for (;;) {
		const int64_t spent = clock_now().boot_ms - begin;

		if (w.x == EXIT_OK && !is_pending(&w))
			return EXIT_OK;
		if ((w.x != EXIT_OK && w.x != EXIT_UNREACHABLE) ||
		    c->key_changed)
			return w.x != EXIT_OK ? w.x : EXIT_UNREACHABLE;
		if (w.x == EXIT_OK && !told)
			tell_waiting(c, r->json, spent < most);
		else if (w.x == EXIT_OK && spent >= most)
			tell_later(c, r->json); /* the rest was said */
		if (spent >= most)
			return EXIT_PENDING;
		told = true;
		hear(&w, most - spent);
	}
}

static int
activate(struct ctx *c, const char *id, struct reply *r)
{
	const struct call_opts o = {
	    .from = c->opt.value[F_FROM], .nfrom = c->opt.n[F_FROM]};
	json_t *body = json_pack("{s:s}", "request", id);
	int x = EXIT_FAILED;

	reply_done(r);
	if (body != NULL)
		x = call_signed(c, VERB_REQUEST_ACTIVATE, body, &o, r);
	json_decref(body);
	return x;
}

int
waiting_open(struct ctx *c, struct reply *ret)
{
	const char *given = member_id(ret->json, "request", 'r');
	char id[LIMIT_ID_SIZE] = "";
	const char *state = NULL;
	json_t *asked = NULL;
	int x = EXIT_OK;

	text_set(id, sizeof(id), given);
	x = wait_approved(c, id, ret);
	if (x != EXIT_OK) {
		if (x != EXIT_PENDING)
			ret->status = 0; /* said */
		return x;
	}
	state = member(ret->json, "state");
	if (strcmp(state, "approved") != 0 && strcmp(state, "active") != 0) {
		ret->status = 0;
		return tell_over(c, ret->json);
	}
	tell_approved(c, ret->json);
	if (json_is_string(json_object_get(ret->json, "at"))) {
		tell_at(c, ret->json);
		return EXIT_OK;
	}
	asked = json_incref(ret->json);
	if (strcmp(c->approved, id) == 0)
		c->approved[0] = '\0'; /* it is told here */
	x = activate(c, id, ret);
	if (x == EXIT_CONFLICT && ret->status != 0) {
		reply_print_problem(c, ret);
		ret->status = 0; /* said */
		tell_again(c, asked);
	}
	json_decref(asked);
	return x;
}

/* Without a word, and without a code: what wants one is its user's to open. */
static bool
opens_now(struct ctx *c)
{
	const struct call_opts o = {.no_code = true};
	json_t *body = json_pack("{s:s}", "request", c->approved);
	struct reply r = {0};
	char t[2][CELL_SIZE];
	int x = EXIT_FAILED;

	if (body != NULL)
		x = call_signed(c, VERB_REQUEST_ACTIVATE, body, &o, &r);
	json_decref(body);
	if (x == EXIT_OK) {
		cell_text(t[0], json_object_get(r.json, "target"), COL_TEXT);
		cell_text(t[1], json_object_get(r.json, "end"), COL_TIME);
		say(c,
		    "Request %s was approved: %s is open for you until %s "
		    "(%s status).",
		    c->approved, t[0], t[1], self(c));
	}
	reply_done(&r);
	return x == EXIT_OK;
}

void
waiting_tell_aside(struct ctx *c)
{
	if (c->quiet || c->socket != NULL || c->key_changed ||
	    isatty(STDERR_FILENO) == 0)
		return;
	if (c->waits > 0)
		say(c, "%u request%s for you: %s requests", c->waits,
		    c->waits == 1 ? " waits" : "s wait", self(c));
	if (c->approved[0] != '\0' && !opens_now(c))
		say(c, "%s is approved: %s wait %s", c->approved, self(c),
		    c->approved);
}

void
waiting_print(const struct ctx *c, const json_t *o)
{
	const char *id = member_id(o, "request", 'r');
	const bool approved = strcmp(member(o, "state"), "approved") == 0;
	char t[5][CELL_SIZE];

	cell_text(t[0], json_object_get(o, "target"), COL_TEXT);
	cell_text(t[4], json_object_get(o, "held"), COL_SAID);
	cell_text(t[1], json_object_get(o, "user"), COL_TEXT);
	cell_text(t[2], json_object_get(o, "asked"), COL_TEXT);
	cell_text(t[3], json_object_get(o, "until"), COL_TIME);
	if (id[0] == '\0')
		return;
	if (t[4][0] != '\0')
		(void)printf(
		    "%s of %s for %s is held: %s\n", id, t[1], t[0], t[4]);
	else if (json_is_true(json_object_get(o, "may_approve")))
		(void)printf("%s asks for %s; to look and decide: %s approve "
			     "%s\n",
		    t[1], t[0], self(c), id);
	else if (approved && json_is_string(json_object_get(o, "at"))) {
		cell_text(t[2], json_object_get(o, "at"), COL_TIME);
		(void)printf(
		    "%s for %s opens by itself at %s\n", id, t[0], t[2]);
	} else if (json_is_true(json_object_get(o, "yours")) && approved)
		(void)printf("your request for %s is approved, until %s; to "
			     "open it: %s wait %s\n",
		    t[0], t[3], self(c), id);
	else if (is_changed(o))
		(void)printf(
		    "%s for %s is not what %s would get now, the target or "
		    "the role was changed: it has to be asked for again\n",
		    id, t[0],
		    json_is_true(json_object_get(o, "yours")) ? "you" : t[1]);
	else
		(void)printf("%s for %s waits for %s, until %s\n", id, t[0],
		    approved ? "its user" : t[2], t[3]);
}
