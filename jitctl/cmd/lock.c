/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lock - locks: set, listed, taken away.
 */
#include <stdio.h>
#include <string.h>

#include "base/ids.h"
#include "base/str.h"
#include "core/lock.h"
#include "jitctl/cmd/change.h"
#include "jitctl/cmd/cmd.h"
#include "jitctl/cmd/list.h"
#include "jitctl/gateway/call.h"
#include "jitctl/gateway/code.h"
#include "jitctl/gateway/read.h"
#include "jitctl/term/out.h"
#include "jitctl/term/say.h"
#include "jitctl/term/words.h"
#include "wire/json.h"

static const struct col cols[] = {
    {"LOCK", "lock", COL_TEXT, false},
    {"KIND", "kind", COL_TEXT, false},
    {"VALUE", "value", COL_TEXT, false},
    {"UNTIL", "until", COL_TIME, false},
    {"BY", "by", COL_TEXT, false},
    {"REASON", "reason", COL_TEXT, false},
    {"SINCE", "created", COL_TIME, true},
};

/* Who administers nothing is shown those alone that cover them everywhere. */
int
run_locks(struct ctx *c)
{
	return list_print(c, VERB_LOCKS, NULL, cols, ARRAY_LEN(cols),
	    c->socket != NULL
		? "Nothing is locked."
		: "No lock that is shown to you. One on a target, login or "
		  "role is told to who asks for it; admins and auditors see "
		  "all.");
}

/* "the user bob" */
static void
what_text(char ret[static LIMIT_TEXT_SIZE], const struct lock *l)
{
	(void)snprintf(ret, LIMIT_TEXT_SIZE, "%s%s%s%s",
	    l->kind == LOCK_EVERYTHING ? "" : "the ", lock_kind_str(l->kind),
	    l->value[0] != '\0' ? " " : "", l->value);
}

/* Checked here too: it is asked about before the gateway hears of it. */
static bool
what_args(const struct ctx *c, struct lock *ret)
{
	const enum lock_kind k = lock_kind_of(c->opt.arg[0]);

	if (k == LOCK_NONE) {
		say_error("KIND: user, group, role, target, login, source, "
			  "key, grant or everything was expected");
		return false;
	}
	if (lock_set(ret, k, c->opt.nargs > 1 ? c->opt.arg[1] : "") == 0)
		return true;
	say_error("VALUE: %s", lock_expects(k));
	return false;
}

static json_t *
lock_body(const struct ctx *c, const struct lock *l)
{
	const char *why = opt_get(&c->opt, F_REASON);
	const char *how_long = opt_get(&c->opt, F_FOR);
	uint32_t s = 0;
	json_t *o = NULL;

	if ((why != NULL && !text_arg("--reason", why)) ||
	    (how_long != NULL && !duration_arg(F_FOR, how_long, &s)))
		return NULL;
	o = json_pack(
	    "{s:s,s:s*}", "kind", lock_kind_str(l->kind), "reason", why);
	if ((l->value[0] != '\0' &&
		!change_set(o, "value", json_string(l->value))) ||
	    (s != 0 && !change_set(o, "for", json_integer(s)))) {
		json_decref(o);
		return NULL;
	}
	return o;
}

static void
tell_locked(const struct ctx *c, const char *what, const json_t *o)
{
	const bool dry = json_is_true(json_object_get(o, "dry_run"));
	const char *id = member_id(o, "lock", 'l');
	char until[CELL_SIZE];

	cell_text(until, json_object_get(o, "until"), COL_TIME);
	if (dry)
		say(c, "This would lock %s%s%s.", what,
		    until[0] != '\0' ? " until " : "", until);
	else
		say(c, "Locked: %s%s%s (%s). To take it away: %s unlock %s",
		    what, until[0] != '\0' ? " until " : "", until, id, self(c),
		    id);
	change_tell_unmatched(c, "lock", o);
	change_tell_ended(c, o);
	if (c->out == OUT_NAME && !dry)
		(void)printf("%s\n", id);
}

static void
hint_value(struct ctx *c, const struct lock *l)
{
	if (l->kind == LOCK_USER)
		list_hint_name(c, VERB_USERS, "user", l->value);
	else if (l->kind == LOCK_TARGET)
		list_hint_name(c, VERB_TARGETS, "target", l->value);
	else if (l->kind == LOCK_ROLE)
		list_hint_name(c, VERB_ROLES, "role", l->value);
}

int
run_lock(struct ctx *c)
{
	char what[LIMIT_TEXT_SIZE], question[LIMIT_TEXT_SIZE + 16];
	struct lock l = {0};
	struct reply r = {0};
	int x = EXIT_USAGE;

	if (!what_args(c, &l))
		return EXIT_USAGE;
	what_text(what, &l);
	(void)snprintf(question, sizeof(question), "Lock %s?", what);
	x = change_asked(
	    c, VERB_LOCK_ADD, lock_body(c, &l), ASK_IF_ENDS, question, &r);
	if (x == EXIT_OK && !out_object(c, r.json))
		tell_locked(c, what, r.json);
	if (x == EXIT_NOT_FOUND)
		hint_value(c, &l);
	reply_done(&r);
	return x;
}

/* Whoever sits here need not be who is locked, nor have a key. */
int
run_lock_me(struct ctx *c)
{
	const char *user = opt_get(&c->opt, F_USER);
	struct secret code = {0};
	struct reply r = {0};
	json_t *o = NULL;
	int x = EXIT_USAGE;

	if (user == NULL)
		user = c->prof.user;
	if (c->socket != NULL || !str_name_ok(user)) {
		say_error("%s",
		    c->socket != NULL
			? "lock me is for who has no other way: root locks "
			  "with \"lock user NAME\""
			: "whom? name yourself with --user NAME");
		return EXIT_USAGE;
	}
	if ((x = call_need_profile(c)) != EXIT_OK ||
	    (x = code_get_only_recovery(c, &code)) != EXIT_OK)
		return x;
	o = json_pack("{s:s,s:s}", "user", user, "code", (const char *)code.p);
	secret_free(&code);
	x = o != NULL ? call_open(c, VERB_LOCK_ME, o, &r) : EXIT_FAILED;
	json_wipe(o, "code");
	json_decref(o);
	if (x == EXIT_OK && !out_object(c, r.json)) {
		say(c,
		    "Locked: the user %s (%s). The recovery code is used up; "
		    "an admin unlocks: %s unlock %s",
		    user, member_id(r.json, "lock", 'l'), self(c),
		    member_id(r.json, "lock", 'l'));
		change_tell_ended(c, r.json);
	}
	reply_done(&r);
	return x;
}

int
run_unlock(struct ctx *c)
{
	struct reply r = {0};
	char t[2][CELL_SIZE];
	int x = EXIT_USAGE;

	if (!id_ok(c->opt.arg[0], 'l')) {
		say_error("LOCK: an id like l-7Q2MXK4P was expected: %s locks "
			  "lists them",
		    self(c));
		return EXIT_USAGE;
	}
	x = change_asked(c, VERB_LOCK_REMOVE,
	    json_pack("{s:s}", "lock", c->opt.arg[0]), ASK_IF_ENDS, "", &r);
	if (x == EXIT_OK && !out_object(c, r.json)) {
		cell_text(t[0], json_object_get(r.json, "kind"), COL_TEXT);
		cell_text(t[1], json_object_get(r.json, "value"), COL_TEXT);
		say(c, "%s: %s%s%s (%s). What had ended stays so.",
		    opt_has(&c->opt, F_DRY_RUN) ? "This would unlock"
						: "Unlocked",
		    t[0], t[1][0] != '\0' ? " " : "", t[1], c->opt.arg[0]);
	}
	reply_done(&r);
	return x;
}
