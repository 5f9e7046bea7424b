/* SPDX-License-Identifier: Apache-2.0 */
/*
 * change - see the header.
 */
#include "jitctl/cmd/change.h"

#include <string.h>

#include "base/fault.h"
#include "base/str.h"
#include "core/rolefield.h"
#include "jitctl/cmd/list.h"
#include "jitctl/gateway/invitation.h"
#include "jitctl/gateway/upload.h"
#include "jitctl/term/out.h"
#include "jitctl/term/prompt.h"
#include "jitctl/term/say.h"
#include "jitctl/term/words.h"

bool
change_set(json_t *body, const char *key, json_t *value)
{
	return value != NULL && json_object_set_new(body, key, value) == 0;
}

/* Says what the gateway could not confirm yet of a reply, if anything. */
static void
tell_unconfirmed(struct ctx *c, const json_t *o)
{
	const json_int_t n =
	    json_integer_value(json_object_get(o, "still_open"));
	const json_int_t ports =
	    json_integer_value(json_object_get(o, "shutting"));

	if (ports > 0)
		say(c,
		    "Shutting %lld more port%s; until then: PROTECTED no in "
		    "%s targets.",
		    (long long)ports, ports == 1 ? "" : "s", self(c));
	if (n <= 0)
		return;
	c->unconfirmed = true;
	say_error("%lld of what ended by this may STILL BE OPEN: the firewall "
		  "has not confirmed that it is shut. Its process is being "
		  "started again; watch it with: %s status, %s doctor",
	    (long long)n, self(c), self(c));
}

/* It was not made: a second admin has to sign for it. */
static int
tell_waits(const struct ctx *c, const json_t *o)
{
	const json_t *list = json_object_get(o, "widens");
	const char *id = member_id(o, "change", 'c');
	char t[CELL_SIZE];

	if (out_object(c, o))
		return EXIT_PENDING;
	if (c->out == OUT_NAME)
		(void)printf("%s\n", id);
	say(c, "Nothing was changed yet: it makes power over the gateway wider "
	       "and waits for a second admin, for a day:");
	for (size_t i = 0; i < json_array_size(list); i++) {
		cell_text(t, json_array_get(list, i), COL_TEXT);
		say(c, "- %s", t);
	}
	say(c, "They run: %s changes approve %s", self(c), id);
	return EXIT_PENDING;
}

/* The whole answer, be it that it comes in pieces. */
static int
call_whole(struct ctx *c, enum api_verb verb, json_t *body, struct reply *ret)
{
	const struct call_opts o = {.show_problem = true};
	const int x = call_signed(c, verb, body, &o, ret);

	return x == EXIT_OK ? upload_answer(c, &ret->json) : x;
}

int
change(struct ctx *c, enum api_verb verb, json_t *body, struct reply *ret)
{
	int x = EXIT_USAGE;

	*ret = (struct reply){0};
	if (body != NULL)
		x = call_whole(c, verb, body, ret);
	json_decref(body);
	if (x == EXIT_OK && ret->status == 202)
		return tell_waits(c, ret->json);
	if (x == EXIT_OK)
		tell_unconfirmed(c, ret->json);
	return x;
}

/* ---------------------------------------------------------- what it changed */

void
change_value(char ret[static CELL_SIZE], const char *field, const json_t *v)
{
	const json_t *first = json_array_get(v, 0);
	const struct rolefield *f = rolefield_find(field);

	if (json_is_object(v))
		cell_text(ret, v, COL_MAP);
	else if (f != NULL && f->kind == ROLE_MEMBERS)
		cell_text(ret, v, COL_LIST);
	else if (json_is_object(first))
		cell_text(ret, v, COL_FINGERPRINTS);
	else if (json_is_array(v))
		cell_text(ret, v, COL_LIST);
	else if (f != NULL && f->kind == ROLE_SECONDS)
		cell_text(ret, v, COL_SECONDS);
	else if (strcmp(field, "codes") == 0) /* until when they are refused */
		cell_text(ret, v, COL_SAID);
	else
		cell_text(ret, v, COL_TEXT);
	if (ret[0] == '\0')
		memcpy(ret, "none", 5);
}

/* Which "rights" say as well. */
static bool
is_said(const json_t *list, const char *field)
{
	if (strcmp(field, "admin") != 0 && strcmp(field, "auditor") != 0)
		return false;
	for (size_t i = 0; i < json_array_size(list); i++)
		if (strcmp(member(json_array_get(list, i), "field"),
			"rights") == 0)
			return true;
	return false;
}

void
change_print_fields(FILE *f, const json_t *list)
{
	char t[3][CELL_SIZE];

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *o = json_array_get(list, i);

		if (is_said(list, member(o, "field")))
			continue;
		cell_text(t[0], json_object_get(o, "field"), COL_TEXT);
		change_value(
		    t[1], member(o, "field"), json_object_get(o, "before"));
		change_value(
		    t[2], member(o, "field"), json_object_get(o, "after"));
		(void)fprintf(f, "  %-10s %s -> %s\n", t[0], t[1], t[2]);
	}
}

void
change_tell_fields(const struct ctx *c, const json_t *list)
{
	if (!c->quiet)
		change_print_fields(stderr, list);
}

static void
tell_grants(const struct ctx *c, const json_t *list)
{
	char t[4][CELL_SIZE];

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *o = json_array_get(list, i);

		cell_text(t[0], json_object_get(o, "grant"), COL_TEXT);
		cell_text(t[1], json_object_get(o, "user"), COL_TEXT);
		cell_text(t[2], json_object_get(o, "target"), COL_TEXT);
		cell_text(t[3], json_object_get(o, "sessions"), COL_TEXT);
		say(c, "- %s  %s on %s, sessions: %s", t[0], t[1], t[2], t[3]);
	}
}

static json_int_t
ended_count(const json_t *o, const char *key)
{
	return json_integer_value(
	    json_object_get(json_object_get(o, "ended"), key));
}

bool
change_ends(const json_t *o)
{
	return ended_count(o, "grants") > 0 || ended_count(o, "sessions") > 0;
}

static bool
takes_last_admin(const json_t *o)
{
	return json_is_true(
	    json_object_get(json_object_get(o, "ended"), "last_admin"));
}

/* Of a target: the roles that reach it no more. */
static const json_t *
lost_roles(const json_t *o)
{
	return json_object_get(json_object_get(o, "ended"), "roles");
}

static bool
has_key(const json_t *keys, const char *fingerprint)
{
	for (size_t i = 0; i < json_array_size(keys); i++)
		if (strcmp(member(json_array_get(keys, i), "fingerprint"),
			fingerprint) == 0)
			return true;
	return false;
}

/* Whoever has that key only signs nothing any more. */
static bool
takes_key(const json_t *was, const json_t *now)
{
	for (size_t i = 0; i < json_array_size(was); i++)
		if (!has_key(
			now, member(json_array_get(was, i), "fingerprint")))
			return true;
	return false;
}

/* Of one, or of a policy's entries. */
static bool
takes_keys(const json_t *o)
{
	const json_t *list = json_object_get(o, "changes");

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *e = json_array_get(list, i);

		if (takes_keys(e) || (strcmp(member(e, "field"), "keys") == 0 &&
					 takes_key(json_object_get(e, "before"),
					     json_object_get(e, "after"))))
			return true;
	}
	return false;
}

/* Or gives what somebody may not have meant to give, or leaves nobody to
 * approve what others ask for. */
static bool
takes_something(const json_t *o)
{
	return change_ends(o) || takes_last_admin(o) || takes_keys(o) ||
	       json_array_size(lost_roles(o)) > 0 ||
	       json_array_size(json_object_get(o, "unapprovable")) > 0 ||
	       member(o, "wider")[0] != '\0';
}

static void
tell_lost(const struct ctx *c, const json_t *o)
{
	char text[CELL_SIZE];

	if (json_array_size(lost_roles(o)) == 0)
		return;
	cell_text(text, lost_roles(o), COL_LIST);
	say(c, "Roles that reach it no more: %s.%s", text,
	    json_is_true(
		json_object_get(json_object_get(o, "ended"), "unreachable"))
		? " No role reaches it then: nobody can ask for it."
		: "");
}

/* Somebody who is invited again is one as soon as they have enrolled. */
static void
tell_last_admin(const struct ctx *c, const json_t *o)
{
	if (!takes_last_admin(o))
		return;
	if (json_is_true(json_object_get(o, "admin")) &&
	    strcmp(member(o, "state"), "invited") == 0)
		say(c,
		    "No admin is left until %s has enrolled again with the "
		    "new invitation.",
		    member_name(o, "user"));
	else
		say(c, "No admin is left then: only root on the gateway can "
		       "make one again.");
}

/* Nobody can approve what these roles give. */
static void
tell_lacks(const struct ctx *c, const json_t *o)
{
	const json_t *list = json_object_get(o, "unapprovable");
	char t[2][CELL_SIZE];

	for (size_t i = 0; i < json_array_size(list) && !c->changes_told; i++) {
		const json_t *x = json_array_get(list, i);

		cell_text(t[0], json_object_get(x, "role"), COL_TEXT);
		cell_text(t[1], json_object_get(x, "text"), COL_SAID);
		say_error("warning: role %s: %s", t[0], t[1]);
	}
}

/* Who gets more by it, and of what: by the role itself, and by others. */
static void
tell_wider(const struct ctx *c, const json_t *o)
{
	const json_t *list = json_object_get(o, "gaps");
	char t[2][CELL_SIZE];

	cell_text(t[0], json_object_get(o, "role"), COL_TEXT);
	cell_text(t[1], json_object_get(o, "wider"), COL_TEXT);
	if (c->changes_told)
		return;
	if (t[1][0] != '\0')
		say_error("role %s: it gives more than before: %s", t[0], t[1]);
	for (size_t i = 0; i < json_array_size(list); i++) {
		cell_text(t[1], json_array_get(list, i), COL_TEXT);
		if (t[0][0] != '\0')
			say_error("role %s: %s", t[0], t[1]);
		else
			say_error(
			    "target %s: %s", member_name(o, "target"), t[1]);
	}
}

/* Of a dry run: it would not be made at once. */
static void
tell_would_wait(const struct ctx *c, const json_t *o)
{
	const json_t *list = json_object_get(o, "widens");
	char t[CELL_SIZE];

	if (!json_is_true(json_object_get(o, "waits")))
		return;
	say(c, "It would wait for a second admin, for a day: it makes power "
	       "over the gateway wider:");
	for (size_t i = 0; i < json_array_size(list); i++) {
		cell_text(t, json_array_get(list, i), COL_TEXT);
		say(c, "- %s", t);
	}
}

void
change_tell_ended(const struct ctx *c, const json_t *o)
{
	const json_t *ended = json_object_get(o, "ended");
	const json_int_t voided =
	    json_integer_value(json_object_get(o, "voided"));
	const json_int_t grants = ended_count(o, "grants");
	const json_int_t sessions = ended_count(o, "sessions");

	if (change_ends(o)) {
		say(c, "%s: %lld grant%s, %lld session%s.",
		    json_is_true(json_object_get(o, "dry_run")) ? "This ends"
								: "Ended",
		    (long long)grants, grants == 1 ? "" : "s",
		    (long long)sessions, sessions == 1 ? "" : "s");
		tell_grants(c, json_object_get(ended, "list"));
	}
	if (voided > 0)
		say(c, "%s: %lld invitation%s, made while the log was ahead.",
		    json_is_true(json_object_get(o, "dry_run")) ? "This voids"
								: "Void",
		    (long long)voided, voided == 1 ? "" : "s");
	tell_lost(c, o);
	tell_wider(c, o);
	tell_lacks(c, o);
	tell_last_admin(c, o);
	tell_would_wait(c, o);
}

void
change_tell(
    const struct ctx *c, const char *kind, const char *name, const json_t *o)
{
	const json_t *list = json_object_get(o, "changes");
	const bool dry = json_is_true(json_object_get(o, "dry_run"));

	if (list == NULL)
		say(c, "%s %s %s.", kind, name,
		    dry ? "would be new" : "is new");
	else if (json_array_size(list) == 0)
		say(c, "%s %s is so already: nothing %s changed.", kind, name,
		    dry ? "would be" : "was");
	else
		say(c, "%s %s %s%s", kind, name,
		    dry ? "would change" : "has changed",
		    c->changes_told ? "." : ":");
	if (!c->changes_told)
		change_tell_fields(c, list);
	change_tell_ended(c, o);
}

void
change_tell_unmatched(const struct ctx *c, const char *kind, const json_t *o)
{
	const json_t *list = json_object_get(o, "unmatched");
	char text[CELL_SIZE];

	for (size_t i = 0; i < json_array_size(list); i++) {
		cell_text(text, json_array_get(list, i), COL_TEXT);
		say_error("%s %s: %s", kind, c->opt.arg[0], text);
	}
}

/* ------------------------------------------------------------------- asking */

/* Is there a warning that somebody has to say yes to? It is told. */
static bool
warned(enum change_ask ask, const json_t *o)
{
	char text[CELL_SIZE];

	cell_text(text, json_object_get(o, "warning"), COL_SAID);
	if (ask != ASK_IF_WARNED || text[0] == '\0')
		return false;
	say_error("%s", text);
	return true;
}

/* Things go by it that nobody named: that wants a yes, from a script too. */
static bool
removes(const json_t *o)
{
	const json_t *list = json_object_get(o, "changes");

	for (size_t i = 0; i < json_array_size(list); i++)
		if (strcmp(member(json_array_get(list, i), "change"),
			"removed") == 0)
			return true;
	return false;
}

/* Somebody can be asked; --no-input is a question as well, which only --yes
 * answers. A script without either has decided. */
static bool
asks(const struct ctx *c)
{
	return prompt_possible(c) || (c->no_input && !FAULT(no_input_yes));
}

bool
change_asks(const struct ctx *c)
{
	return !c->yes && asks(c);
}

int
change_agreed(struct ctx *c, const char *question, const char *what)
{
	int x = EXIT_OK;

	if (!change_asks(c))
		return EXIT_OK;
	if (!prompt_possible(c)) {
		say_error("nothing was %s: if that is meant, say --yes", what);
		return EXIT_FAILED;
	}
	x = prompt_yes(c, question);
	if (x == EXIT_FAILED)
		say(c, "Nothing was %s.", what);
	return x;
}

/* Tries it, says what would change and end, and asks. EXIT_OK: it may be made.
 */
static int
ask_first(struct ctx *c, enum api_verb verb, json_t *body, enum change_ask ask,
    const char *question, change_tell_fn *tell, struct reply *ret)
{
	int x = EXIT_OK;

	if (!change_set(body, "dry_run", json_true()))
		return EXIT_FAILED;
	x = call_whole(c, verb, body, ret);
	(void)json_object_del(body, "dry_run");
	if (x != EXIT_OK)
		return x;
	if (!warned(ask, ret->json) && !removes(ret->json) &&
	    (!asks(c) || (ask != ASK_ALWAYS && !takes_something(ret->json))))
		return EXIT_OK;
	tell(c, ret->json);
	change_tell_ended(c, ret->json);
	c->changes_told = true;
	if (!prompt_possible(c)) {
		say_error("nothing was changed: if that is meant, say --yes");
		return EXIT_FAILED;
	}
	x = prompt_yes(c, question);
	if (x != EXIT_OK)
		say_error("nothing was changed");
	return x;
}

static void
tell_fields_of(const struct ctx *c, const json_t *reply)
{
	change_tell_fields(c, json_object_get(reply, "changes"));
}

int
change_asked(struct ctx *c, enum api_verb verb, json_t *body,
    enum change_ask ask, const char *question, struct reply *ret)
{
	return change_asked_telling(
	    c, verb, body, ask, question, tell_fields_of, ret);
}

int
change_asked_telling(struct ctx *c, enum api_verb verb, json_t *body,
    enum change_ask ask, const char *question, change_tell_fn *tell,
    struct reply *ret)
{
	const bool dry = opt_has(&c->opt, F_DRY_RUN);
	int x = EXIT_OK;

	*ret = (struct reply){0};
	if (body != NULL && dry && !change_set(body, "dry_run", json_true()))
		x = EXIT_FAILED;
	else if (body != NULL && !dry && !c->yes &&
		 (ask == ASK_IF_WARNED || asks(c)))
		x = ask_first(c, verb, body, ask, question, tell, ret);
	if (x != EXIT_OK) {
		json_decref(body);
		return x;
	}
	reply_done(ret);
	return change(c, verb, body, ret);
}

/* -------------------------------------------------------------------- rest */

const char *
change_invitation(const struct ctx *c, const char *user, const json_t *v)
{
	const char *text = json_string_value(v);
	char name[CELL_SIZE];

	if (text != NULL && invitation_is_of(&c->prof, text))
		return text;
	say_text(name, sizeof(name), user, strlen(user));
	say_error("what the gateway gave as the invitation of %s is none of "
		  "this gateway: it is not shown",
	    name);
	return "";
}

int
change_print_invitations(const struct ctx *c, const json_t *list)
{
	const char *user = NULL;
	const json_t *value = NULL;
	int x = EXIT_OK;

	json_object_foreach((json_t *)(uintptr_t)list, user, value)
	{
		const char *text = change_invitation(c, user, value);

		if (text[0] == '\0' ||
		    (!str_name_ok(user) && !FAULT(believe_reply)))
			x = EXIT_VERIFY;
		else
			(void)printf("invitation %s %s\n", user, text);
	}
	return x;
}

int
change_remove(struct ctx *c, enum api_verb verb, enum api_verb list,
    const char *key, const char *after, struct reply *ret)
{
	const char *name = c->opt.arg[0];
	char question[LIMIT_NAME_SIZE + 64];
	int x = EXIT_USAGE;

	*ret = (struct reply){0};
	if (!name_arg("NAME", name))
		return EXIT_USAGE;
	(void)snprintf(
	    question, sizeof(question), "Remove the %s %s?", key, name);
	x = change_asked(
	    c, verb, json_pack("{s:s}", key, name), ASK_ALWAYS, question, ret);
	if (x == EXIT_NOT_FOUND)
		list_hint_name(c, list, key, name);
	if (x != EXIT_OK || out_object(c, ret->json))
		return x;
	if (opt_has(&c->opt, F_DRY_RUN))
		say(c, "The %s %s would be removed.", key, name);
	else
		say(c, "Removed: %s %s%s.", key, name, after);
	change_tell_ended(c, ret->json);
	return EXIT_OK;
}
