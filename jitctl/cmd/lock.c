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
#include "jitctl/cmd/lock.h"
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
static bool
sees_all(struct ctx *c)
{
	struct reply r = {0};
	const bool all =
	    c->socket != NULL ||
	    (read_quiet(c, VERB_WHOAMI, NULL, &r) == EXIT_OK &&
		json_array_size(json_object_get(r.json, "rights")) > 0);

	reply_done(&r);
	return all;
}

int
run_locks(struct ctx *c)
{
	const char *empty = "Nothing is locked.";
	struct reply r = {0};
	int x = read_list(c, VERB_LOCKS, NULL, &r);

	if (x == EXIT_OK &&
	    json_array_size(json_object_get(r.json, "items")) == 0 &&
	    !sees_all(c))
		empty = "No lock that is shown to you. One on a target, login "
			"or role is told to who asks for it; admins and "
			"auditors see all.";
	if (x == EXIT_OK)
		x = out_items(c, r.json, cols, ARRAY_LEN(cols), empty);
	reply_done(&r);
	return x;
}

bool
lock_is_own(const struct ctx *c, const char *user)
{
	return c->socket == NULL && strcmp(c->prof.user, user) == 0;
}

json_t *
lock_all(struct ctx *c)
{
	struct reply r = {0};
	json_t *items = NULL;

	if (read_list(c, VERB_LOCKS, NULL, &r) == EXIT_OK)
		items = json_incref(json_object_get(r.json, "items"));
	reply_done(&r);
	return items;
}

const json_t *
lock_of_user(const json_t *items, const char *user)
{
	for (size_t i = 0; i < json_array_size(items); i++) {
		const json_t *o = json_array_get(items, i);

		if (strcmp(member(o, "kind"), "user") == 0 &&
		    strcmp(member(o, "value"), user) == 0)
			return o;
	}
	return NULL;
}

static bool
covers(const json_t *l, const json_t *who)
{
	const char *kind = member(l, "kind");

	return json_array_size(json_object_get(who, "rights")) == 0 ||
	       strcmp(kind, "everything") == 0 ||
	       (strcmp(kind, "user") == 0 &&
		   strcmp(member(l, "value"), member(who, "user")) == 0) ||
	       (strcmp(kind, "key") == 0 &&
		   strcmp(member(l, "value"), member(who, "key_fp")) == 0);
}

bool
lock_covers(
    char ret[static LOCK_COVERS_SIZE], const json_t *items, const json_t *who)
{
	char t[5][CELL_SIZE];
	size_t i = 0;

	while (i < json_array_size(items) &&
	       !covers(json_array_get(items, i), who))
		i++;
	if (i == json_array_size(items))
		return false;
	items = json_array_get(items, i);
	cell_text(t[0], json_object_get(items, "kind"), COL_TEXT);
	cell_text(t[1], json_object_get(items, "value"), COL_TEXT);
	cell_text(t[2], json_object_get(items, "lock"), COL_TEXT);
	cell_text(t[3], json_object_get(items, "by"), COL_TEXT);
	cell_text(t[4], json_object_get(items, "until"), COL_TIME);
	(void)snprintf(ret, LOCK_COVERS_SIZE,
	    "you are locked: %s%s%.80s (%.20s), by %.64s%s%.40s", t[0],
	    t[1][0] != '\0' ? " " : "", t[1], t[2], t[3],
	    t[4][0] != '\0' ? ", until " : "", t[4]);
	return true;
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
tell_locked(const struct ctx *c, const char *what, bool own, const json_t *o)
{
	const bool dry = json_is_true(json_object_get(o, "dry_run"));
	const char *id = member_id(o, "lock", 'l');
	char until[CELL_SIZE];

	cell_text(until, json_object_get(o, "until"), COL_TIME);
	if (dry)
		say(c, "This would lock %s%s%s.", what,
		    until[0] != '\0' ? " until " : "", until);
	else
		say(c, "Locked: %s%s%s (%s). To take it away%s: %s unlock %s",
		    what, until[0] != '\0' ? " until " : "", until, id,
		    own ? ", by another admin or root" : "", self(c), id);
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
	char what[LIMIT_TEXT_SIZE], question[LIMIT_TEXT_SIZE + 128];
	struct lock l = {0};
	struct reply r = {0};
	bool own = false;
	int x = EXIT_USAGE;

	if (!what_args(c, &l))
		return EXIT_USAGE;
	what_text(what, &l);
	own = l.kind == LOCK_USER && lock_is_own(c, l.value);
	(void)snprintf(question, sizeof(question), "%sLock %s?",
	    own ? LOCK_OWN_TEXT : "", what);
	x = change_asked(c, VERB_LOCK_ADD, lock_body(c, &l),
	    own ? ASK_ALWAYS : ASK_IF_ENDS, question, &r);
	if (x == EXIT_OK && !out_object(c, r.json))
		tell_locked(c, what, own, r.json);
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
	if (x == EXIT_OK && !out_object(c, r.json))
		say(c,
		    "Locked: the user %s (%s). The recovery code is used up; "
		    "an admin unlocks: %s unlock %s",
		    user, member_id(r.json, "lock", 'l'), self(c),
		    member_id(r.json, "lock", 'l'));
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
