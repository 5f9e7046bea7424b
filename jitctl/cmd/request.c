/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request - asks for access: one signed call, and what its answer means in
 * words.
 */
#include <string.h>

#include "base/clock.h"
#include "base/ids.h"
#include "base/str.h"
#include "jitctl/cmd/cmd.h"
#include "jitctl/cmd/door.h"
#include "jitctl/cmd/grant.h"
#include "jitctl/cmd/guess.h"
#include "jitctl/cmd/request.h"
#include "jitctl/cmd/several.h"
#include "jitctl/cmd/ssh.h"
#include "jitctl/cmd/waiting.h"
#include "jitctl/gateway/call.h"
#include "jitctl/gateway/read.h"
#include "jitctl/term/out.h"
#include "jitctl/term/prompt.h"
#include "jitctl/term/say.h"
#include "jitctl/term/when.h"
#include "jitctl/term/words.h"

enum { REASON_SIZE = 1024 }; /* internal: what is too long is told */

/* "at" and "use_within"; EXIT_USAGE after a complaint. */
static int
when_body(const struct ctx *c, json_t *o)
{
	const int64_t now_ms = clock_now().utc_ms;
	const char *at = opt_get(&c->opt, F_AT);
	const char *within = opt_get(&c->opt, F_ROLE_use_within_s);
	struct when w = {0};
	uint32_t s = 0;
	char utc[32];

	if (within != NULL && !duration_arg(F_ROLE_use_within_s, within, &s))
		return EXIT_USAGE;
	if (within != NULL)
		(void)json_object_set_new(
		    o, "use_within", json_integer((json_int_t)s));
	if (at == NULL)
		return EXIT_OK;
	if (!when_parse(&w, at, now_ms) || w.first_ms <= now_ms) {
		say_error("--at: a time to come was expected, like "
			  "\"2026-11-22 14:30\", or \"14:30\" of today");
		return EXIT_USAGE;
	}
	str_time(utc, sizeof(utc), w.first_ms);
	return json_object_set_new(o, "at", json_string(utc)) == 0
		   ? EXIT_OK
		   : EXIT_FAILED;
}

static json_t *
request_body(const struct ctx *c)
{
	const char *dur = opt_get(&c->opt, F_FOR);
	const char *port = opt_get(&c->opt, F_PORT);
	const bool several = several_is(c);
	const char *target = several ? NULL : c->opt.arg[0];
	const char *login = several ? NULL : opt_get(&c->opt, F_LOGIN);
	const char *role = opt_get(&c->opt, F_ROLE);
	const char *ticket = opt_get(&c->opt, F_TICKET);
	const char *reason = opt_get(&c->opt, F_REASON);
	uint64_t p = 0;
	uint32_t s = 0;
	json_t *o = NULL;

	if (dur != NULL && !duration_arg(F_FOR, dur, &s))
		return NULL;
	if (port != NULL && !port_arg(port, &p))
		return NULL;
	if (!several_args_ok(c) ||
	    (role != NULL && !name_arg("--role", role)) ||
	    (ticket != NULL && !text_arg("--ticket", ticket)) ||
	    (reason != NULL && !text_arg("--reason", reason)))
		return NULL;
	o = json_pack("{s:s*,s:s*,s:s*,s:s*,s:s*}", "target", target, "login",
	    login, "role", role, "reason", reason, "ticket", ticket);
	if (o != NULL && (when_body(c, o) != EXIT_OK ||
			     (several && several_body(c, o) != EXIT_OK))) {
		json_decref(o);
		return NULL;
	}
	if (o != NULL && p > 0)
		(void)json_object_set_new(
		    o, "port", json_integer((json_int_t)p));
	if (o != NULL && s > 0)
		(void)json_object_set_new(
		    o, "for", json_integer((json_int_t)s));
	return o;
}

static bool
has_reason(const struct ctx *c)
{
	const char *reason = opt_get(&c->opt, F_REASON);

	return reason != NULL && reason[strspn(reason, " ")] != '\0';
}

static bool
is_refused(const json_t *refused, const char *field)
{
	for (size_t i = 0; i < json_array_size(refused); i++)
		if (strcmp(member(json_array_get(refused, i), "field"),
			field) == 0)
			return true;
	return false;
}

/* "This would pass: jitctl request web-01 --login deploy --for 3h" */
void
request_print_would_pass(const struct ctx *c, FILE *f, const char *head,
    const char *target, const json_t *refused, const json_t *o)
{
	const json_t *dur = json_object_get(o, "for");
	const char *reason = opt_get(&c->opt, F_REASON);
	/* of alternatives it is another reason that passes */
	const bool given = has_reason(c) && !is_refused(refused, "reason") &&
			   !is_refused(refused, "or");
	const char *login = member_name(o, "login");
	const unsigned port = member_port(o, "port");
	char text[CELL_SIZE];

	if (is_refused(refused, "grants"))
		(void)fprintf(f,
		    "End one first: %s release TARGET (%s grants lists them)\n",
		    self(c), self(c));
	(void)fprintf(f, "%s:  %s request ", head, self(c));
	put_shell_word(f, target);
	if (login[0] != '\0') {
		(void)fputs(" --login ", f);
		put_shell_word(f, login);
	}
	if (port != 0 && port != 22)
		(void)fprintf(f, " --port %u", port);
	if (opt_has(&c->opt, F_ROLE)) {
		(void)fputs(" --role ", f);
		put_shell_word(f, opt_get(&c->opt, F_ROLE));
	}
	cell_text(text, json_object_get(o, "at"), COL_TIME);
	if (text[0] != '\0') {
		(void)fputs(" --at ", f);
		put_shell_word(f, text);
	}
	if (json_is_integer(dur)) {
		cell_text(text, dur, COL_SECONDS);
		(void)fprintf(f, " --for %s", text);
	}
	if (json_object_get(o, "ticket") != NULL) {
		(void)fputs(" --ticket ", f);
		put_shell_word(f,
		    opt_has(&c->opt, F_TICKET) && !is_refused(refused, "ticket")
			? opt_get(&c->opt, F_TICKET)
			: "TICKET");
	}
	if (given) {
		(void)fputs(" --reason ", f);
		put_shell_word(f, reason);
	} else if (json_object_get(o, "reason") != NULL) {
		(void)fputs(" --reason 'WHY'", f);
	}
	(void)fputc('\n', f);
}

void
request_print_commands(FILE *f, const json_t *sets)
{
	char text[CELL_SIZE];

	for (size_t i = 0; i < json_array_size(sets); i++) {
		const json_t *set = json_array_get(sets, i);

		(void)fprintf(f, "  %s\n",
		    i == 0 ? "only these commands, without a shell:"
			   : "and of them only what is one of these as well:");
		for (size_t k = 0; k < json_array_size(set); k++) {
			cell_text(text, json_array_get(set, k), COL_TEXT);
			(void)fprintf(f, "    %s\n", text);
		}
	}
}

void
request_print_refused(const struct ctx *c, FILE *f, const json_t *list)
{
	char field[80];
	char text[CELL_SIZE];
	char hint[CELL_SIZE * 2];

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *o = json_array_get(list, i);
		const char *name = member(o, "field");

		say_text(field, sizeof(field), name, strlen(name));
		cell_text(text, json_object_get(o, "text"), COL_SAID);
		self_text(c, hint, sizeof(hint), text);
		(void)fprintf(f, "  %-8s %s\n", field, hint);
	}
}

void
request_print_would_refuse(const struct ctx *c, FILE *f, const json_t *list)
{
	char t[2][CELL_SIZE], hint[CELL_SIZE * 2];

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *o = json_array_get(list, i);

		cell_text(t[0], json_object_get(o, "role"), COL_TEXT);
		cell_text(t[1], json_object_get(o, "text"), COL_SAID);
		self_text(c, hint, sizeof(hint), t[1]);
		(void)fprintf(f,
		    "Would be refused by role %s (report only): %s\n", t[0],
		    hint);
	}
}

static void
print_refusal(const struct ctx *c, const struct reply *r)
{
	const json_t *list = json_object_get(r->json, "refused");
	const json_t *pass = json_object_get(r->json, "would_pass");
	char text[CELL_SIZE];

	if (c->out == OUT_JSON || json_array_size(list) == 0) {
		reply_print_problem(c, r);
		return;
	}
	(void)fprintf(stderr, "Refused, nothing was opened%s.\n",
	    json_is_true(json_object_get(r->json, "repeated"))
		? " (the first answer again)"
		: "");
	request_print_refused(c, stderr, list);
	if (json_is_object(pass))
		request_print_would_pass(
		    c, stderr, "This would pass", c->opt.arg[0], list, pass);
	cell_text(text, json_object_get(r->json, "event"), COL_TEXT);
	if (text[0] != '\0')
		(void)fprintf(stderr, "Event %s\n", text);
}

/* After a typo in the target: one guess, of those that a role gives to this
 * user, whatever else they may see. */
static void
hint_target(struct ctx *c, const struct reply *refused)
{
	struct guess g = {.typed = c->opt.arg[0]};
	struct query mine = {0};
	struct reply r = {0};

	query_add(&mine, "mine", "1");
	if (c->out != OUT_JSON && !c->quiet &&
	    strcmp(member(refused->json, "field"), "target") == 0 &&
	    read_list(c, VERB_TARGETS, &mine, &r) == EXIT_OK)
		guess_offer_items(
		    &g, json_object_get(r.json, "items"), "target");
	if (g.best[0] != '\0')
		say(c, "Did you mean %s?", g.best);
	reply_done(&r);
}

/* A word of the gateway's that is not what it is called. */
static int
not_expected(void)
{
	say_error("the gateway's answer is not what was expected");
	return EXIT_VERIFY;
}

static int
print_id(const json_t *o)
{
	const char *id = member_id(o, "grant", 'g');

	if (id[0] == '\0')
		return not_expected();
	(void)printf("%s\n", id);
	return EXIT_OK;
}

static bool
has_word(const json_t *list, const char *word)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *s = json_string_value(json_array_get(list, i));

		if (s != NULL && strcmp(s, word) == 0)
			return true;
	}
	return false;
}

/* No shell: ssh alone would be refused. */
static bool
wants_command(const json_t *o)
{
	const json_t *caps = json_object_get(o, "caps");

	return json_object_get(o, "commands") != NULL ||
	       (has_word(caps, "exec") && !has_word(caps, "shell"));
}

static bool
is_files_alone(const json_t *o)
{
	const json_t *caps = json_object_get(o, "caps");

	return has_word(caps, "sftp") && !has_word(caps, "shell") &&
	       !has_word(caps, "exec");
}

const char *
request_recorded(bool record, bool direct, const json_t *allow)
{
	if (!record)
		return "not recorded";
	if (direct)
		return "recorded by way of the gateway alone";
	if (json_array_size(allow) > 0 && !has_word(allow, "shell") &&
	    !has_word(allow, "pty"))
		return "what runs is on record, its output is not";
	return "terminals and shells recorded";
}

void
request_roles(char ret[static CELL_SIZE], const json_t *o)
{
	cell_text(ret, json_object_get(o, "roles"), COL_TEXT);
	if (ret[0] == '\0')
		cell_text(ret, json_object_get(o, "role"), COL_TEXT);
}

/* The line to be pasted. Which gateway, the profile knows; the rest is names.
 */
static int
print_ssh(const struct ctx *c, const json_t *o, bool direct)
{
	const char *login = member_name(o, "login");
	const char *target = member_name(o, "target");
	unsigned port = member_port(o, "ssh_port");
	char ssh[SSH_TEXT_SIZE], address[ADDR_TEXT_SIZE] = "";

	if (login[0] == '\0' || target[0] == '\0' || (!direct && port == 0))
		return not_expected();
	if (direct) {
		port = member_port(o, "port");
		door_address(o, address);
	}
	if (is_files_alone(o)) { /* which has -P for ssh's -p */
		ssh_begin(c, 0, ssh);
		(void)printf("sftp%s", ssh + strlen("ssh"));
		if (port != 0 && port != 22)
			(void)printf(" -P %u", port);
	} else {
		ssh_begin(c, port, ssh);
		(void)printf("%s", ssh);
	}
	(void)printf("%s%s %s@%s%s%s%s\n",
	    address[0] != '\0' ? " -o HostName=" : "", address, login, target,
	    direct ? "" : "@", direct ? "" : c->prof.host,
	    wants_command(o) ? " COMMAND" : "");
	return EXIT_OK;
}

/* Until when, and how it ends earlier. */
static void
tell_door(const struct ctx *c, const json_t *o, const char *sources)
{
	const char *target = member_name(o, "target");
	char t[2][CELL_SIZE];

	cell_text(t[0], json_object_get(o, "start"), COL_TIME);
	cell_text(t[1], json_object_get(o, "end"), COL_TIME);
	if (json_is_true(json_object_get(o, "already")))
		say(c,
		    "Open already, from %s until %s: it is %s, and no other "
		    "was made.",
		    t[0], t[1], member_id(o, "grant", 'g'));
	else
		say(c, "Door open for %s until %s%s.", sources, t[1],
		    json_is_true(json_object_get(o, "repeated"))
			? " (the first answer again)"
			: "");
	if (target[0] != '\0')
		say(c, "End early with: %s release %s", self(c), target);
}

/* That a rule was written is not yet a way. */
static void
tell_knock(const struct ctx *c, const json_t *o)
{
	char text[DOOR_TEXT_SIZE];

	if (!door_knock(c, o, text))
		say_error("%s. Ask its admin to look, " ROOT_DOCTOR
			  "; to try again: %s doctor",
		    text, self(c));
	else if (text[0] != '\0')
		say(c, "%s.", text);
}

static int
print_granted(const struct ctx *c, const json_t *o)
{
	const bool direct = strcmp(member(o, "reach"), "direct") == 0;
	const bool record = json_is_true(json_object_get(o, "record"));
	const bool was_open =
	    c->moved || json_is_true(json_object_get(o, "already"));
	char t[6][CELL_SIZE];

	cell_text(t[0], json_object_get(o, "target"), COL_TEXT);
	cell_text(t[1], json_object_get(o, "login"), COL_TEXT);
	cell_text(t[2], json_object_get(o, "port"), COL_TEXT);
	cell_text(t[3], json_object_get(o, "sources"), COL_LIST);
	cell_text(t[4], json_object_get(o, "seconds"), COL_SECONDS);
	request_roles(t[5], o);
	/* of what is open by now less is left than it was opened for */
	say(c, "%s  login %s  port %s  from %s  %s%s%s%s  (role %s)", t[0],
	    t[1], t[2], t[3], was_open ? "" : "for ", was_open ? "" : t[4],
	    was_open ? "" : ", ",
	    json_object_get(o, "commands") != NULL
		? "commands on record"
		: request_recorded(record, direct, json_object_get(o, "caps")),
	    t[5]);
	tell_door(c, o, t[3]);
	if (!c->quiet)
		request_print_commands(stderr, json_object_get(o, "commands"));
	if (!c->quiet)
		request_print_would_refuse(
		    c, stderr, json_object_get(o, "would_refuse"));
	tell_knock(c, o);
	(void)grant_tell_open(c, o, "Also");
	return c->quiet ? EXIT_OK : print_ssh(c, o, direct);
}

int
request_print_granted(const struct ctx *c, const json_t *o)
{
	return c->out == OUT_NAME ? print_id(o) : print_granted(c, o);
}

/* The shape that the API demands of an idempotency key. */
static bool
idempotency_ok(const char *s)
{
	if (s == NULL ||
	    (strlen(s) >= 16 && strlen(s) <= 63 &&
		strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			  "0123456789-") == strlen(s)))
		return true;
	say_error("--idempotency: 16 to 63 of A-Z a-z 0-9 -");
	return false;
}

/* Was it refused for want of a reason, and of nothing else? */
static bool
lacks_reason(const struct ctx *c, const struct reply *r)
{
	const json_t *list = json_object_get(r->json, "refused");

	return !has_reason(c) && json_array_size(list) == 1 &&
	       strcmp(member(json_array_get(list, 0), "field"), "reason") ==
		   0 &&
	       json_is_object(json_object_get(r->json, "would_pass"));
}

static void
print_lacking(const struct ctx *c, struct reply *r)
{
	char event[CELL_SIZE], head[CELL_SIZE + 96];

	cell_text(event, json_object_get(r->json, "event"), COL_TEXT);
	(void)snprintf(head, sizeof(head),
	    "jitctl: refused%s%s%s: a reason is wanted%s, as in",
	    event[0] != '\0' ? " (event " : "", event,
	    event[0] != '\0' ? ")" : "",
	    opt_has(&c->opt, F_REASON) ? ", and --reason is empty" : "");
	request_print_would_pass(c, stderr, head, c->opt.arg[0],
	    json_object_get(r->json, "refused"),
	    json_object_get(r->json, "would_pass"));
	r->status = 0; /* nothing left to print */
}

/* Asks for it on a terminal, and once more; elsewhere one line says how to give
 * it. x is how the first try ended; the context borrows the
 * reason. */
static int
with_reason(struct ctx *c, json_t *body, const struct call_opts *o, int x,
    struct reply *r, char reason[static REASON_SIZE])
{
	int asked = EXIT_OK;

	if (x != EXIT_REFUSED || !lacks_reason(c, r))
		return x;
	/* One that was given, or is asked for, and is empty is a slip. */
	if (opt_has(&c->opt, F_REASON))
		x = EXIT_USAGE;
	/* Under a key of the caller's the first answer would come again. */
	if (o->idempotency != NULL || !prompt_possible(c)) {
		if (c->out == OUT_JSON)
			return x;
		print_lacking(c, r);
		return x;
	}
	asked = prompt_text(c, "Reason: ", reason, REASON_SIZE);
	if (asked != EXIT_OK || !text_arg("the reason", reason)) {
		r->status = 0;
		return asked == EXIT_INTERRUPTED ? asked : EXIT_USAGE;
	}
	c->opt.value[F_REASON][0] = reason;
	c->opt.n[F_REASON] = 1;
	if (json_object_set_new(body, "reason", json_string(reason)) != 0)
		return x;
	reply_done(r);
	return call_signed(c, VERB_REQUEST, body, o, r);
}

/* It waits no more, or is not waited for. */
static int
finish(struct ctx *c, int x, struct reply *r)
{
	/* approved, it opens by itself */
	if (x == EXIT_PENDING || (x == EXIT_OK && waiting_is(r->json))) {
		if (!out_object(c, r->json) && c->out == OUT_NAME)
			(void)printf(
			    "%s\n", member_id(r->json, "request", 'r'));
		return x;
	}
	if (x != EXIT_OK && r->status != 0) {
		print_refusal(c, r);
		hint_target(c, r);
	}
	if (x == EXIT_OK && !out_object(c, r->json))
		x = request_print_granted(c, r->json);
	return x;
}

int
request_finish(struct ctx *c, int x, struct reply *r)
{
	if (x == EXIT_OK && waiting_is(r->json))
		x = waiting_open(c, r);
	return finish(c, x, r);
}

static bool
has_key(const struct ctx *c)
{
	if (c->socket != NULL)
		say_error("a request needs a user's key; the admin socket has "
			  "none");
	return c->socket == NULL;
}

int
run_request(struct ctx *c)
{
	const struct call_opts o = {
	    .idempotency = opt_get(&c->opt, F_IDEMPOTENCY),
	    .from = c->opt.value[F_FROM],
	    .nfrom = c->opt.n[F_FROM]};
	char reason[REASON_SIZE];
	struct reply r = {0};
	json_t *body = NULL;
	int x = EXIT_USAGE;

	if (!has_key(c) || !waiting_flags_ok(c) ||
	    !idempotency_ok(o.idempotency) || (body = request_body(c)) == NULL)
		return EXIT_USAGE;
	x = call_signed(c, VERB_REQUEST, body, &o, &r);
	if (!several_is(c))
		x = request_finish(
		    c, with_reason(c, body, &o, x, &r, reason), &r);
	else if (x == EXIT_OK)
		x = several_finish(c, &r);
	else if (r.status != 0)
		reply_print_problem(c, &r);
	json_decref(body);
	reply_done(&r);
	return x;
}

int
run_wait(struct ctx *c)
{
	struct reply r = {0};
	int x = EXIT_USAGE;

	if (!has_key(c) || !waiting_flags_ok(c))
		return EXIT_USAGE;
	if (!id_ok(c->opt.arg[0], 'r')) {
		say_error("REQUEST: an id like r-7Q2MXK4P was expected");
		return EXIT_USAGE;
	}
	x = read_verb(c, VERB_REQUEST_SHOW, c->opt.arg[0], NULL, &r);
	if (x == EXIT_OK) {
		x = waiting_open(c, &r);
		if (x != EXIT_OK && x != EXIT_PENDING && r.status != 0)
			reply_print_problem(c, &r);
		if (x == EXIT_OK || x == EXIT_PENDING)
			x = finish(c, x, &r);
	}
	reply_done(&r);
	return x;
}
