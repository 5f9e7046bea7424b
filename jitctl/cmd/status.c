/* SPDX-License-Identifier: Apache-2.0 */
/*
 * c_lists - the reads that are one call and one table, whoami and status.
 */
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/str.h"
#include "jitctl/cmd/cmd.h"
#include "jitctl/gateway/call.h"
#include "jitctl/term/out.h"
#include "jitctl/term/say.h"

static int
list(struct ctx *c, enum api_verb verb, const char *query,
    const struct col *cols, size_t n, const char *empty)
{
	struct reply r = {0};
	int x = call_list(c, verb, query, &r);

	if (x == EXIT_OK)
		x = out_items(c, r.json, cols, n, empty);
	reply_done(&r);
	return x;
}

static const struct col grant_cols[] = {
    {"GRANT", "grant", COL_TEXT, false},
    {"WHO", "user", COL_TEXT, false},
    {"TARGET", "target", COL_TEXT, false},
    {"LOGIN", "login", COL_TEXT, false},
    {"STATE", "state", COL_TEXT, false},
    {"LEFT", "left_s", COL_SECONDS, false},
    {"END", "end", COL_TIME, false},
    {"WHY", "why", COL_TEXT, false},
    {"PORT", "port", COL_TEXT, true},
    {"SOURCES", "sources", COL_LIST, true},
    {"ROLE", "role", COL_TEXT, true},
    {"START", "start", COL_TIME, true},
    {"SESSIONS", "sessions", COL_TEXT, true},
    {"REACH", "reach", COL_TEXT, true},
    {"ENDED", "reason", COL_TEXT, true},
};

/* The gateway tells of one's ended grants too; without --all they are not what
 * was asked for. */
static void
drop_ended(json_t *reply)
{
	json_t *items = json_object_get(reply, "items");

	for (size_t i = json_array_size(items); i > 0; i--)
		if (strcmp(member(json_array_get(items, i - 1), "state"),
			"ended") == 0)
			(void)json_array_remove(items, i - 1);
}

int
run_grants(struct ctx *c)
{
	const bool all = opt_has(&c->opt, F_ALL);
	struct reply r = {0};
	int x = call_list(c, VERB_GRANTS, all ? "?all=1" : "", &r);

	if (x == EXIT_OK && !all)
		drop_ended(r.json);
	if (x == EXIT_OK)
		x = out_items(c, r.json, grant_cols, ARRAY_LEN(grant_cols),
		    "No grants. Ask for one: jitctl request TARGET --for 2h "
		    "--reason TEXT");
	reply_done(&r);
	return x;
}

int
run_sessions(struct ctx *c)
{
	static const struct col cols[] = {
	    {"SESSION", "sid", COL_TEXT, false},
	    {"WHO", "user", COL_TEXT, false},
	    {"TARGET", "target", COL_TEXT, false},
	    {"LOGIN", "login", COL_TEXT, false},
	    {"START", "start", COL_TIME, false},
	    {"END", "end", COL_TIME, false},
	    {"ENDED", "reason", COL_TEXT, false},
	    {"REC", "recorded", COL_BOOL, false},
	    {"GRANT", "grant", COL_TEXT, true},
	    {"SOURCE", "source", COL_TEXT, true},
	    {"IN", "bytes_in", COL_TEXT, true},
	    {"OUT", "bytes_out", COL_TEXT, true},
	};

	return list(c, VERB_SESSIONS, opt_has(&c->opt, F_ALL) ? "?all=1" : "",
	    cols, ARRAY_LEN(cols), "No sessions.");
}

int
run_targets(struct ctx *c)
{
	static const struct col cols[] = {
	    {"TARGET", "target", COL_TEXT, false},
	    {"ADDRESSES", "addresses", COL_LIST, false},
	    {"PORT", "port", COL_TEXT, false},
	    {"LOGINS", "logins", COL_LIST, false},
	    {"LABELS", "labels", COL_MAP, false},
	    {"PROTECTED", "protected", COL_BOOL, false},
	    {"REACH", "reach", COL_TEXT, true},
	    {"HOST KEYS", "host_keys", COL_LIST, true},
	};

	return list(c, VERB_TARGETS, "", cols, ARRAY_LEN(cols), "No targets.");
}

int
run_users(struct ctx *c)
{
	static const struct col cols[] = {
	    {"USER", "user", COL_TEXT, false},
	    {"STATE", "state", COL_TEXT, false},
	    {"ADMIN", "admin", COL_BOOL, false},
	    {"AUDITOR", "auditor", COL_BOOL, false},
	    {"GROUPS", "groups", COL_LIST, false},
	    {"KEYS", "keys", COL_KEYS, false},
	    {"TOTP", "totp", COL_BOOL, false},
	};

	return list(c, VERB_USERS, "", cols, ARRAY_LEN(cols), "No users.");
}

int
run_roles(struct ctx *c)
{
	static const struct col cols[] = {
	    {"ROLE", "role", COL_TEXT, false},
	    {"USERS", "users", COL_LIST, false},
	    {"GROUPS", "groups", COL_LIST, false},
	    {"TARGETS", "targets", COL_LIST, false},
	    {"LABELS", "labels", COL_MAP, false},
	    {"LOGINS", "logins", COL_LIST, false},
	    {"MAX", "max", COL_SECONDS, false},
	    {"ALLOW", "allow", COL_LIST, false},
	    {"DENY", "deny", COL_BOOL, false},
	    {"PORTS", "ports", COL_LIST, true},
	    {"SOURCES", "sources", COL_LIST, true},
	    {"MFA AGE", "mfa_age", COL_SECONDS, true},
	    {"REASON", "reason", COL_TEXT, true},
	    {"RECORD", "record", COL_BOOL, true},
	};

	return list(c, VERB_ROLES, "", cols, ARRAY_LEN(cols), "No roles.");
}

/* ---------------------------------------------------------------- whoami */

static void
print_whoami(const struct ctx *c, const json_t *o)
{
	char t[4][CELL_SIZE];

	cell_text(t[0], json_object_get(o, "user"), COL_TEXT);
	cell_text(t[1], json_object_get(o, "server_id"), COL_TEXT);
	cell_text(t[2], json_object_get(o, "key_fp"), COL_TEXT);
	cell_text(t[3], json_object_get(o, "source"), COL_TEXT);
	if (c->out == OUT_NAME) {
		(void)printf("%s\n", t[0]);
		return;
	}
	(void)printf("%s at %s%s%s%s%s%s%s\n", t[0], t[1],
	    json_is_true(json_object_get(o, "admin")) ? ", admin" : "",
	    json_is_true(json_object_get(o, "auditor")) ? ", auditor" : "",
	    t[3][0] != '\0' ? ", from " : "", t[3],
	    t[2][0] != '\0' ? ", key " : "", t[2]);
}

int
run_whoami(struct ctx *c)
{
	struct reply r = {0};
	int x = call_get(c, VERB_WHOAMI, NULL, "", &r);

	if (x == EXIT_OK && !out_object(c, r.json))
		print_whoami(c, r.json);
	reply_done(&r);
	return x;
}

/* A laptop that moved: the door is open for where it was, and ssh would only
 * time out. */
static void
hint_moved(const struct ctx *c, const json_t *grant, const char *source)
{
	const json_t *list = json_object_get(grant, "sources");
	struct addr now;
	struct addr then;
	char t[2][CELL_SIZE];
	bool other = false;

	if (addr_parse(&now, source) != 0)
		return;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *s = json_string_value(json_array_get(list, i));

		if (s == NULL || addr_parse(&then, s) != 0 ||
		    then.family != now.family)
			continue;
		if (addr_equal(&then, &now))
			return;
		other = true;
	}
	cell_text(t[0], json_object_get(grant, "grant"), COL_TEXT);
	cell_text(t[1], list, COL_LIST);
	if (other)
		say(c,
		    "%s is open for %s; the gateway sees you at %s now. Ask "
		    "again from here: jitctl request",
		    t[0], t[1], source);
}

int
run_status(struct ctx *c)
{
	struct reply who = {0};
	struct reply grants = {0};
	char text[CELL_SIZE];
	const json_t *list = NULL;
	json_t *both = NULL;
	int x = call_get(c, VERB_WHOAMI, NULL, "", &who);

	if (x == EXIT_OK)
		x = call_list(c, VERB_GRANTS, "", &grants);
	if (x != EXIT_OK)
		goto out;
	drop_ended(grants.json);
	both = json_pack("{s:O,s:O}", "whoami", who.json, "grants",
	    json_object_get(grants.json, "items"));
	if (both == NULL) {
		say_error("the gateway's answer is not what was expected");
		x = EXIT_FAILED;
		goto out;
	}
	if (out_object(c, both))
		goto out;
	print_whoami(c, who.json);
	cell_text(text, json_object_get(who.json, "mfa_until"), COL_TIME);
	if (text[0] != '\0')
		(void)printf("last code serves until %s, where a role "
			     "lets it\n",
		    text);
	cell_text(text, json_object_get(who.json, "token_expires"), COL_TIME);
	if (text[0] != '\0')
		(void)printf("read token until %s\n", text);
	x = out_items(
	    c, grants.json, grant_cols, ARRAY_LEN(grant_cols), "No grants.");
	list = json_object_get(grants.json, "items");
	for (size_t i = 0; i < json_array_size(list); i++)
		hint_moved(
		    c, json_array_get(list, i), member(who.json, "source"));
out:
	json_decref(both);
	reply_done(&who);
	reply_done(&grants);
	return x;
}
