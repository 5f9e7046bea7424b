/* SPDX-License-Identifier: Apache-2.0 */
/*
 * user - the users of the gateway: listed, made, changed, locked out, removed.
 */
#include <stdio.h>
#include <string.h>

#include "core/right.h"
#include "jitctl/cmd/change.h"
#include "jitctl/cmd/cmd.h"
#include "jitctl/cmd/factor.h"
#include "jitctl/cmd/list.h"
#include "jitctl/cmd/lock.h"
#include "jitctl/gateway/key_file.h"
#include "jitctl/term/say.h"
#include "jitctl/term/words.h"

static const struct col cols[] = {
    {"USER", "user", COL_TEXT, COL_SHOWN},
    {"STATE", "state", COL_TEXT, COL_SHOWN},
    {"KIND", "kind", COL_TEXT, COL_LESS},
    {"OWNER", "owner", COL_TEXT, COL_WIDE},
    {"RIGHTS", "rights", COL_LIST, COL_SHOWN},
    {"GROUPS", "groups", COL_LIST, COL_SHOWN},
    {"KEYS", "keys", COL_KEYS, COL_LESS},
    {"TOTP", "totp", COL_BOOL, COL_LESS},
    {"FORM", "totp_form", COL_TEXT, COL_WIDE},
    {"SOURCES", "sources", COL_LIST, COL_WIDE},
    {"ID", "user_id", COL_TEXT, COL_WIDE},
    /* of one alone, the last two */
    {"CODES", "codes", COL_SAID, COL_WIDE},
    {"CODE CLOCK", "code_clock", COL_TEXT, COL_WIDE},
};

/* A lock on their name shuts them out as their state does. */
static void
mark_locked(struct ctx *c, json_t *items)
{
	json_t *locks = NULL, *o = NULL;
	size_t i = 0;

	if (c->out != OUT_TABLE && c->out != OUT_WIDE)
		return;
	locks = lock_all(c);
	json_array_foreach(items, i, o)
	{
		const json_t *l = lock_of_user(locks, member(o, "user"));

		if (l != NULL)
			(void)json_object_set_new(o, "state",
			    json_sprintf("%s, locked: %s", member(o, "state"),
				member_id(l, "lock", 'l')));
	}
	json_decref(locks);
}

int
run_users(struct ctx *c)
{
	struct reply r = {0};
	int x = read_list(c, VERB_USERS, NULL, &r);

	if (x == EXIT_OK) {
		mark_locked(c, json_object_get(r.json, "items"));
		x = out_items(
		    c, r.json, cols, ARRAY_LEN(cols) - 2, "No users.");
	}
	reply_done(&r);
	return x;
}

int
run_user_show(struct ctx *c)
{
	struct reply r = {0};
	const json_t *item = NULL;
	const int x = list_get(c, VERB_USERS, "user", &r, &item);

	if (x == EXIT_OK) {
		mark_locked(c, json_object_get(r.json, "items"));
		list_show_item(c, item, cols, ARRAY_LEN(cols));
	}
	reply_done(&r);
	return x;
}

/* ---------------------------------------------------------------- told */

/* Prints the invitation, if the reply has one. */
static int
print_invitation(const struct ctx *c, const json_t *o)
{
	const char *text = "";

	if (json_object_get(o, "invitation") == NULL)
		return EXIT_OK;
	text = change_invitation(
	    c, c->opt.arg[0], json_object_get(o, "invitation"));
	if (text[0] == '\0')
		return EXIT_VERIFY;
	say(c, "The invitation, good for 24 hours and once:");
	(void)printf("%s\n", text);
	return EXIT_OK;
}

/* Roles give by name: also to another one who had it before. */
static void
tell_roles(const struct ctx *c, const json_t *o, const char *how)
{
	char text[CELL_SIZE];

	cell_text(text, json_object_get(o, "roles"), COL_LIST);
	if (text[0] != '\0')
		say(c, "Roles that %s %s: %s", how, c->opt.arg[0], text);
}

/* A new invitation is a change that the list does not have. */
static bool
is_invited(const struct ctx *c, const json_t *o)
{
	if (json_object_get(o, "changes") == NULL)
		return false; /* new themselves */
	return json_object_get(o, "invitation") != NULL ||
	       (json_is_true(json_object_get(o, "dry_run")) &&
		   strcmp(member(o, "state"), "invited") == 0 &&
		   (opt_has(&c->opt, F_INVITE) || opt_has(&c->opt, F_TOTP) ||
		       opt_has(&c->opt, F_RESET_CODE)));
}

static int
tell_user(const struct ctx *c, const json_t *o)
{
	const json_t *list = json_object_get(o, "changes");
	const bool invites = is_invited(c, o);

	if (!invites || json_array_size(list) > 0)
		change_tell(c, "User", c->opt.arg[0], o);
	else
		change_tell_ended(c, o);
	change_tell_unmatched(c, "user", o);
	if (invites && json_array_size(list) == 0 &&
	    opt_has(&c->opt, F_RESET_CODE))
		say(c, "User %s had no code yet that could be void.",
		    c->opt.arg[0]);
	if (invites)
		say(c,
		    json_is_true(json_object_get(o, "dry_run"))
			? "User %s would get a new invitation; one made before "
			  "would be void."
			: "User %s has a new invitation; one made before is "
			  "void.",
		    c->opt.arg[0]);
	return print_invitation(c, o);
}

/* ---------------------------------------------------------------- made */

/* --right policy,responder and --right policy --right responder are the same.
 */
static json_t *
rights_array(const struct ctx *c, enum flag f)
{
	json_t *list = json_array();
	char name[LIMIT_NAME_SIZE];

	for (unsigned i = 0; i < c->opt.n[f]; i++) {
		const char *p = c->opt.value[f][i];
		size_t n = 0;

		for (; p != NULL; p = p[n] == ',' ? p + n + 1 : NULL) {
			n = strcspn(p, ",");
			(void)snprintf(name, sizeof(name), "%.*s", (int)n, p);
			if (n < sizeof(name) &&
			    right_find(name) != RIGHT_NONE &&
			    json_array_append_new(list, json_string(name)) == 0)
				continue;
			say_error("--%s: admin, auditor, policy, responder or "
				  "user-admin was expected%s",
			    flag_spec(f)->name,
			    strcmp(name, "approver") == 0
				? "; who approves is in a group that a role's "
				  "--approvals names: --group"
				: "");
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static json_t *
prefixes_array(const struct ctx *c)
{
	const enum flag f = F_ROLE_sources;
	json_t *list = json_array();
	struct prefix p;

	for (unsigned i = 0; i < c->opt.n[f]; i++) {
		if (prefix_parse(&p, c->opt.value[f][i]) == 0 &&
		    json_array_append_new(
			list, json_string(c->opt.value[f][i])) == 0)
			continue;
		say_error("--source: a prefix like 192.0.2.0/28 was expected, "
			  "without host bits");
		json_decref(list);
		return NULL;
	}
	return list;
}

/* What user add and user set have in common. */
static bool
set_common(const struct ctx *c, json_t *body)
{
	return change_set(body, "keys", key_files_array(c, F_KEY)) &&
	       factor_want_form(c, body) &&
	       (!opt_has(&c->opt, F_ROLE_sources) ||
		   change_set(body, "sources", prefixes_array(c))) &&
	       (!opt_has(&c->opt, F_ADMIN) ||
		   change_set(body, "admin", json_true())) &&
	       (!opt_has(&c->opt, F_AUDITOR) ||
		   change_set(body, "auditor", json_true()));
}

int
run_user_add(struct ctx *c)
{
	struct reply r = {0};
	json_t *body = NULL;
	int x = EXIT_USAGE;

	if (!name_arg("NAME", c->opt.arg[0]))
		return EXIT_USAGE;
	body = json_pack("{s:s}", "user", c->opt.arg[0]);
	if (!set_common(c, body) ||
	    (opt_has(&c->opt, F_KIND) &&
		!change_set(
		    body, "kind", json_string(opt_get(&c->opt, F_KIND)))) ||
	    (opt_has(&c->opt, F_OWNER) &&
		!change_set(
		    body, "owner", json_string(opt_get(&c->opt, F_OWNER)))) ||
	    (opt_has(&c->opt, F_RIGHT) &&
		!change_set(body, "rights", rights_array(c, F_RIGHT))) ||
	    (opt_has(&c->opt, F_GROUP) &&
		!change_set(body, "groups", names_array(c, F_GROUP)))) {
		json_decref(body);
		return EXIT_USAGE;
	}
	x = change_asked(c, VERB_USER_ADD, body, ASK_IF_ENDS, "", &r);
	if (x == EXIT_OK && !out_object(c, r.json)) {
		x = tell_user(c, r.json);
		tell_roles(c, r.json, "name this user already,");
	}
	reply_done(&r);
	return x;
}

/* -------------------------------------------------------------- changed */

static bool
set_body(const struct ctx *c, json_t *body)
{
	if (opt_has(&c->opt, F_ADMIN) && opt_has(&c->opt, F_NO_ADMIN)) {
		say_error("--admin and --no-admin: which?");
		return false;
	}
	if (opt_has(&c->opt, F_AUDITOR) && opt_has(&c->opt, F_NO_AUDITOR)) {
		say_error("--auditor and --no-auditor: which?");
		return false;
	}
	return set_common(c, body) &&
	       (!opt_has(&c->opt, F_NO_ADMIN) ||
		   change_set(body, "admin", json_false())) &&
	       (!opt_has(&c->opt, F_NO_AUDITOR) ||
		   change_set(body, "auditor", json_false())) &&
	       (!opt_has(&c->opt, F_RIGHT) ||
		   change_set(body, "add_rights", rights_array(c, F_RIGHT))) &&
	       (!opt_has(&c->opt, F_NO_RIGHT) ||
		   change_set(
		       body, "remove_rights", rights_array(c, F_NO_RIGHT))) &&
	       (!opt_has(&c->opt, F_GROUP) ||
		   change_set(body, "add_groups", names_array(c, F_GROUP))) &&
	       (!opt_has(&c->opt, F_NO_GROUP) ||
		   change_set(
		       body, "remove_groups", names_array(c, F_NO_GROUP))) &&
	       (!opt_has(&c->opt, F_RESET_CODE) ||
		   change_set(body, "totp", json_false())) &&
	       (!opt_has(&c->opt, F_INVITE) ||
		   change_set(body, "invite", json_true()));
}

static bool
changes_nothing(const struct ctx *c)
{
	static const enum flag flags[] = {F_KEY, F_ADMIN, F_NO_ADMIN, F_AUDITOR,
	    F_NO_AUDITOR, F_RIGHT, F_NO_RIGHT, F_GROUP, F_NO_GROUP,
	    F_RESET_CODE, F_INVITE, F_ROLE_sources, F_TOTP};

	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		if (opt_has(&c->opt, flags[i]))
			return false;
	return true;
}

int
run_user_set(struct ctx *c)
{
	const char *name = c->opt.arg[0];
	const bool reset = opt_has(&c->opt, F_RESET_CODE);
	char question[LIMIT_NAME_SIZE + 64];
	struct reply r = {0};
	json_t *body = NULL;
	int x = EXIT_USAGE;

	if (!name_arg("NAME", name))
		return EXIT_USAGE;
	if (changes_nothing(c)) {
		say_error(
		    "what of %s is to change? jitctl help user set", name);
		return EXIT_USAGE;
	}
	body = json_pack("{s:s}", "user", name);
	if (!set_body(c, body)) {
		json_decref(body);
		return EXIT_USAGE;
	}
	(void)snprintf(question, sizeof(question), "%s %s?",
	    reset ? "Void the second factor and the recovery codes of"
		  : "Change",
	    name);
	x = change_asked(c, VERB_USER_SET, body,
	    reset ? ASK_ALWAYS : ASK_IF_ENDS, question, &r);
	if (x == EXIT_NOT_FOUND && !opt_has(&c->opt, F_NO_GROUP))
		list_hint_name(c, VERB_USERS, "user", name);
	if (x == EXIT_OK && !out_object(c, r.json))
		x = tell_user(c, r.json);
	reply_done(&r);
	return x;
}

/* Let in again, and still not: there are two kinds of lock. */
static void
tell_still_locked(struct ctx *c)
{
	json_t *locks = lock_all(c);
	const json_t *l = lock_of_user(locks, c->opt.arg[0]);
	const char *id = member_id(l, "lock", 'l');

	if (l != NULL)
		say_error("%s is locked all the same, by %s: %s unlock %s",
		    c->opt.arg[0], id, self(c), id);
	json_decref(locks);
}

static int
run_named(struct ctx *c, enum api_verb verb, const char *ask)
{
	const char *name = c->opt.arg[0];
	const bool own = verb == VERB_USER_LOCK && lock_is_own(c, name);
	char question[LIMIT_NAME_SIZE + 128];
	struct reply r = {0};
	int x = EXIT_USAGE;

	if (!name_arg("NAME", name))
		return EXIT_USAGE;
	(void)snprintf(question, sizeof(question), "%s%s %s?",
	    own ? LOCK_OWN_TEXT : "", ask, name);
	x = change_asked(c, verb, json_pack("{s:s}", "user", name),
	    own ? ASK_ALWAYS : ASK_IF_ENDS, question, &r);
	if (x == EXIT_NOT_FOUND)
		list_hint_name(c, VERB_USERS, "user", name);
	if (x == EXIT_OK && !out_object(c, r.json)) {
		x = tell_user(c, r.json);
		if (verb == VERB_USER_UNLOCK)
			tell_still_locked(c);
	}
	reply_done(&r);
	return x;
}

int
run_user_lock(struct ctx *c)
{
	return run_named(c, VERB_USER_LOCK, "Lock out");
}

int
run_user_unlock(struct ctx *c)
{
	return run_named(c, VERB_USER_UNLOCK, "Let in again");
}

int
run_user_rm(struct ctx *c)
{
	struct reply r = {0};
	const int x = change_remove(c, VERB_USER_REMOVE, VERB_USERS, "user",
	    "; the name stays in the evidence", &r);

	if (x == EXIT_OK && c->out <= OUT_WIDE)
		tell_roles(c, r.json, "still name");
	reply_done(&r);
	return x;
}
