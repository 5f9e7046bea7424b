/* SPDX-License-Identifier: Apache-2.0 */
/*
 * explain - what policy would say to a request, and why, without making one;
 * and who can reach what.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "jitctl/cmd/cmd.h"
#include "jitctl/cmd/list.h"
#include "jitctl/cmd/request.h"
#include "jitctl/gateway/read.h"
#include "jitctl/term/out.h"
#include "jitctl/term/say.h"
#include "jitctl/term/when.h"
#include "jitctl/term/words.h"

static bool
build_query(const struct ctx *c, struct query *q)
{
	const bool two = c->opt.nargs == 2;
	const char *port = opt_get(&c->opt, F_PORT);
	const char *dur = opt_get(&c->opt, F_FOR);
	const char *login = opt_get(&c->opt, F_LOGIN);
	const char *role = opt_get(&c->opt, F_ROLE);
	const char *at = opt_get(&c->opt, F_AT);
	struct when when = {0};
	char utc[32];
	uint64_t p = 0;
	uint32_t s = 0;

	if ((two && !name_arg("USER", c->opt.arg[0])) ||
	    !name_arg("TARGET", c->opt.arg[two ? 1 : 0]) ||
	    (login != NULL && !name_arg("--login", login)) ||
	    (role != NULL && !name_arg("--role", role)) ||
	    (port != NULL && !port_arg(port, &p)) ||
	    (dur != NULL && !duration_arg(F_FOR, dur, &s)))
		return false;
	if (two)
		query_add(q, "user", c->opt.arg[0]);
	query_add(q, "target", c->opt.arg[two ? 1 : 0]);
	if (login != NULL)
		query_add(q, "login", login);
	if (role != NULL)
		query_add(q, "role", role);
	if (opt_has(&c->opt, F_FROM))
		query_add(q, "from", opt_get(&c->opt, F_FROM));
	if (p != 0)
		query_add_u64(q, "port", p);
	if (s != 0)
		query_add_u64(q, "for", s);
	if (at == NULL)
		return true;
	if (!when_parse(&when, at, clock_now().utc_ms)) {
		say_error("--at: a time was expected, like \"2026-11-22 "
			  "14:30\", or \"14:30\" of today");
		return false;
	}
	str_time(utc, sizeof(utc), when.first_ms);
	query_add(q, "at", utc);
	return true;
}

/* Each condition, with the value that it has for this request. */
static void
print_conditions(const json_t *o)
{
	static const struct {
		const char *field, *words;
		enum col_kind kind;
	} rows[] = {{"owner", "agent of", COL_TEXT},
	    {"owner_roles", "by roles of theirs", COL_LIST},
	    {"delegation", "lent as", COL_TEXT},
	    {"delegated_roles", "lent by roles", COL_LIST},
	    {"delegated_targets", "lent targets", COL_LIST},
	    {"delegated_select", "lent by labels", COL_LIST},
	    {"delegated_logins", "lent logins", COL_LIST},
	    {"delegated_allow", "lent, to do", COL_LIST},
	    {"delegated_max", "lent, at most for", COL_SECONDS},
	    {"delegated_until", "lent until", COL_TIME},
	    {"from", "asked from", COL_TEXT},
	    {"sources", "only from", COL_LIST},
	    {"locked_sources", "not from, as locked", COL_LIST},
	    {"keys", "only with the key", COL_LIST},
	    {"login", "login", COL_TEXT}, {"port", "port", COL_TEXT},
	    {"member", "in the role", COL_TIMES},
	    {"select", "target's labels", COL_LIST},
	    {"hours", "hours", COL_LIST}, {"or", "one of", COL_LIST},
	    {"until", "not after", COL_TIME},
	    {"max", "at most for", COL_SECONDS},
	    {"mfa_age", "code, not older than", COL_SECONDS},
	    {"reason", "reason wanted", COL_BOOL},
	    {"hardware_key", "security key", COL_TEXT},
	    {"hardware_code", "a verified security key needs no code",
		COL_BOOL},
	    {"reason_pattern", "reason like", COL_LIST},
	    {"ticket_pattern", "ticket like", COL_LIST},
	    {"approvals", "approved by", COL_LIST},
	    {"allow", "allows", COL_LIST}, {"record", "recorded", COL_BOOL}};
	const json_t *list = json_object_get(o, "conditions"), *allow = NULL;
	char text[CELL_SIZE];

	for (size_t i = 0; i < json_array_size(list); i++)
		if (strcmp(member(json_array_get(list, i), "field"), "allow") ==
		    0)
			allow =
			    json_object_get(json_array_get(list, i), "value");
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *x = json_array_get(list, i);

		if (strcmp(member(x, "field"), "commands") == 0)
			request_print_commands(
			    stdout, json_object_get(x, "value"));
		for (size_t k = 0; k < ARRAY_LEN(rows); k++) {
			if (strcmp(member(x, "field"), rows[k].field) != 0)
				continue;
			cell_text(
			    text, json_object_get(x, "value"), rows[k].kind);
			if (strcmp(rows[k].field, "record") == 0 &&
			    text[0] != '\0')
				(void)snprintf(text, sizeof(text), "%s",
				    request_recorded(true, false, allow));
			(void)printf("  %-22s %s\n", rows[k].words,
			    text[0] != '\0' ? text : "no");
		}
	}
}

/* What naming one of the roles gives beyond what they give together. */
static void
print_named(const json_t *list)
{
	char t[3][CELL_SIZE];

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *x = json_array_get(list, i);

		cell_text(t[0], json_object_get(x, "role"), COL_TEXT);
		cell_text(t[1], json_object_get(x, "logins"), COL_LIST);
		cell_text(t[2], json_object_get(x, "more"), COL_TEXT);
		if (i == 0)
			(void)puts("Who names a role is judged by it alone, "
				   "and has more then:");
		(void)printf("  --role %-15s as %s: %s\n", t[0], t[1],
		    t[2][0] != '\0' ? t[2] : "allowed");
	}
}

static void
print(const struct ctx *c, const json_t *o, const char *target)
{
	const bool yes = json_is_true(json_object_get(o, "allowed"));
	const char *state = member(o, "state");
	const json_t *pass = json_object_get(o, "would_pass");
	char t[3][CELL_SIZE], head[CELL_SIZE + 32];

	cell_text(t[0], json_object_get(o, "user"), COL_TEXT);
	cell_text(t[1], json_object_get(o, "target"), COL_TEXT);
	cell_text(t[2], json_object_get(o, "roles"), COL_LIST);
	if (strcmp(state, "active") != 0)
		(void)printf("%s may not have %s: the user is %s\n", t[0], t[1],
		    strcmp(state, "invited") == 0 ? "not enrolled yet"
						  : "disabled");
	else
		(void)printf("%s may %shave %s%s%s%s\n", t[0],
		    yes ? "" : "not ", t[1], t[2][0] != '\0' ? " (" : "",
		    t[2][0] != '\0' ? t[2] : "", t[2][0] != '\0' ? ")" : "");
	request_print_refused(c, stdout, json_object_get(o, "refused"));
	cell_text(t[0], json_object_get(o, "opens"), COL_TIME);
	if (t[0][0] != '\0')
		(void)printf("  %-22s %s; then it is:\n", "from", t[0]);
	print_conditions(o);
	cell_text(t[0], json_object_get(o, "unapprovable"), COL_SAID);
	if (t[0][0] != '\0')
		(void)printf("  %-22s %s\n", "but", t[0]);
	request_print_would_refuse(
	    c, stdout, json_object_get(o, "would_refuse"));
	cell_text(t[0], json_object_get(o, "wants"), COL_TEXT);
	(void)snprintf(
	    head, sizeof(head), "This waits for approval by %s", t[0]);
	if (json_is_object(pass))
		request_print_would_pass(c, stdout,
		    t[0][0] != '\0'                       ? head
		    : json_object_get(o, "opens") == NULL ? "This passes"
							  : "This would pass",
		    target, json_object_get(o, "refused"), pass);
	print_named(json_object_get(o, "named"));
}

int
run_explain(struct ctx *c)
{
	struct query q = {0};
	struct reply r = {0};
	int x = EXIT_USAGE;

	if (c->socket != NULL && c->opt.nargs < 2) {
		say_error("on the admin socket: jitctl explain USER TARGET");
		return EXIT_USAGE;
	}
	if (!build_query(c, &q))
		return EXIT_USAGE;
	x = read_verb(c, VERB_EXPLAIN, NULL, &q, &r);
	if (x == EXIT_OK && !out_object(c, r.json)) {
		print(c, r.json, c->opt.arg[c->opt.nargs - 1]);
		if (!json_is_true(json_object_get(r.json, "allowed")))
			x = EXIT_REFUSED;
	}
	reply_done(&r);
	return x;
}

/* ---- access */

static const struct col access_cols[] = {
    {"WHO", "user", COL_TEXT, false},
    {"OWNER", "owner", COL_TEXT, COL_WIDE},
    {"TARGET", "target", COL_TEXT, false},
    {"LOGINS", "logins", COL_LIST, false},
    {"ROLES", "roles", COL_LIST, false},
    {"MAX", "max", COL_SECONDS, false},
    {"APPROVAL", "approval", COL_BOOL, false},
    {"LOCKED", "locked", COL_BOOL, false},
    {"LAST USED", "last", COL_TIME, false},
};

/* A row for each role that gives more to who names it. */
static json_t *
named_row(const json_t *item, const json_t *named)
{
	json_t *row = json_pack("{s:O*,s:O*,s:O*,s:O*,s:O*}", "user",
	    json_object_get(item, "user"), "target",
	    json_object_get(item, "target"), "logins",
	    json_object_get(named, "logins"), "max",
	    json_object_get(named, "max"), "approval",
	    json_object_get(named, "approval"));
	char role[CELL_SIZE];

	cell_text(role, json_object_get(named, "role"), COL_TEXT);
	if (row != NULL)
		(void)json_object_set_new(
		    row, "roles", json_pack("[s+]", "--role ", role));
	return row;
}

static json_t *
rows_of(const json_t *items)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < json_array_size(items); i++) {
		json_t *item = json_array_get(items, i);
		const json_t *named = json_object_get(item, "named");

		if (json_array_size(json_object_get(item, "logins")) > 0)
			(void)json_array_append(rows, item);
		for (size_t k = 0; k < json_array_size(named); k++)
			(void)json_array_append_new(
			    rows, named_row(item, json_array_get(named, k)));
	}
	return rows;
}

static int
print_access(struct ctx *c, const struct query *q, const char *empty)
{
	struct reply r = {0};
	int x = read_list(c, VERB_ACCESS, q, &r);

	if (x == EXIT_OK && (c->out == OUT_TABLE || c->out == OUT_WIDE))
		(void)json_object_set_new(
		    r.json, "items", rows_of(json_object_get(r.json, "items")));
	if (x == EXIT_OK)
		x = out_items(
		    c, r.json, access_cols, ARRAY_LEN(access_cols), empty);
	reply_done(&r);
	return x;
}

int
run_access(struct ctx *c)
{
	const char *user = opt_get(&c->opt, F_USER);
	const char *target = opt_get(&c->opt, F_TARGET);
	struct query q = {0};
	int x = EXIT_OK;

	if ((user == NULL) == (target == NULL)) {
		say_error("--target NAME or --user NAME: one of them");
		return EXIT_USAGE;
	}
	if (!name_arg(user != NULL ? "--user" : "--target",
		user != NULL ? user : target))
		return EXIT_USAGE;
	query_add(
	    &q, user != NULL ? "user" : "target", user != NULL ? user : target);
	x = print_access(c, &q,
	    user != NULL ? "They can reach nothing." : "Nobody can reach it.");
	if (x == EXIT_NOT_FOUND && user != NULL)
		list_hint_name(c, VERB_USERS, "user", user);
	else if (x == EXIT_NOT_FOUND)
		list_hint_name(c, VERB_TARGETS, "target", target);
	return x;
}
