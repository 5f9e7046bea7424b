/* SPDX-License-Identifier: Apache-2.0 */
/*
 * role - the roles of the gateway: listed, made, replaced, removed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "core/rolefield.h"
#include "jitctl/cmd/change.h"
#include "jitctl/cmd/cmd.h"
#include "jitctl/cmd/list.h"
#include "jitctl/cmd/whole.h"
#include "jitctl/gateway/policy_file.h"
#include "jitctl/term/out.h"
#include "jitctl/term/say.h"
#include "jitctl/term/words.h"

enum { HEAD_SIZE = 32 };

_Static_assert((int)ROLE_FIELD_COUNT + 1 <= (int)TABLE_COLS_MAX,
    "roles ls has a column for each field, and the id");

/* ---- listed */

static enum col_kind
col_kind(enum rolefield_kind k)
{
	switch (k) {
	case ROLE_NAMES:
	case ROLE_MEMBERS:
	case ROLE_LOGINS:
	case ROLE_PORTS:
	case ROLE_PREFIXES:
	case ROLE_CAPS:
	case ROLE_QUORUMS:
	case ROLE_COMMANDS:
	case ROLE_HOURS:
	case ROLE_SELECTORS:
	case ROLE_ALTERNATIVES:
		return COL_LIST;
	case ROLE_LABELS:
		return COL_MAP;
	case ROLE_SECONDS:
		return COL_SECONDS;
	case ROLE_BOOL:
		return COL_BOOL;
	case ROLE_NAME:
	case ROLE_COUNT:
	case ROLE_WANTED:
	case ROLE_TEXT:
	case ROLE_HARDWARE:
	case ROLE_PATTERN:
		return COL_TEXT;
	}
	return COL_TEXT;
}

/* "mfa_age" is "MFA AGE". */
static void
make_head(char *ret, size_t size, const char *name)
{
	text_set(ret, size, name);
	for (; *ret != '\0'; ret++)
		if (*ret == '_')
			*ret = ' ';
		else if (*ret >= 'a' && *ret <= 'z')
			*ret = (char)(*ret - 'a' + 'A');
}

/* A column for each field, and its head; the wide ones last. How many. */
static size_t
make_cols(struct col *cols, char (*head)[HEAD_SIZE])
{
	const struct rolefield *f = rolefields();
	size_t n = 0;

	for (unsigned wide = 0; wide <= 1; wide++)
		for (size_t i = 0; i < ROLE_FIELD_COUNT; i++) {
			if (((f[i].bits & ROLE_WIDE) != 0) != (wide != 0))
				continue;
			make_head(head[n], sizeof(head[n]), f[i].name);
			cols[n] = (struct col){head[n], f[i].name,
			    col_kind(f[i].kind),
			    wide != 0 ? COL_WIDE : COL_SHOWN};
			n++;
		}
	cols[n++] = (struct col){"ID", "role_id", COL_TEXT, COL_WIDE};
	return n;
}

static bool
is_table(const struct ctx *c)
{
	return c->out == OUT_TABLE || c->out == OUT_WIDE;
}

/* Of these two nothing is said: a word for it. */
static void
fill_pair(json_t *o, const char *a, const char *b, const char *word)
{
	if (json_array_size(json_object_get(o, a)) == 0 &&
	    json_array_size(json_object_get(o, b)) == 0 &&
	    json_object_size(json_object_get(o, b)) == 0)
		(void)json_object_set_new(o, a, json_pack("[s]", word));
}

/* Of its targets alone there are three. */
static void
fill_targets(json_t *o, const char *word)
{
	if (json_array_size(json_object_get(o, "select")) == 0)
		fill_pair(o, "targets", "labels", word);
}

/* Nothing that it allows beside is had with certain commands. */
static void
fill_commands(json_t *o)
{
	const size_t n = json_array_size(json_object_get(o, "commands"));

	if (n > 0)
		(void)json_object_set_new(o, "allow",
		    json_pack("[o]", json_sprintf("%zu command%s only", n,
					 n == 1 ? "" : "s")));
}

/* An empty list is none of a role that allows, and any of one that denies. */
static void
fill_empty(json_t *o)
{
	const bool deny = json_is_true(json_object_get(o, "deny"));
	const struct rolefield *f = rolefields();

	/* It gives nothing that they could limit. */
	for (size_t i = 0; deny && i < ROLE_FIELD_COUNT; i++)
		if (f[i].merge != ROLE_SELECTS &&
		    strcmp(f[i].name, "note") != 0)
			(void)json_object_del(o, f[i].name);
	fill_commands(o);
	fill_pair(o, "users", "groups", deny ? "everybody" : "nobody");
	fill_targets(o, deny ? "all" : "none");
	fill_pair(o, "logins", "logins", deny ? "all" : "none");
	fill_pair(o, "ports", "ports", deny ? "all" : "none");
	fill_pair(o, "sources", "sources", "all");
	fill_pair(o, "hours", "hours", "always");
}

int
run_roles(struct ctx *c)
{
	char head[ROLE_FIELD_COUNT][HEAD_SIZE];
	struct col cols[ROLE_FIELD_COUNT + 1];
	const size_t n = make_cols(cols, head);
	struct reply r = {0};
	json_t *item = NULL;
	size_t i = 0;
	int x = read_list(c, VERB_ROLES, NULL, &r);

	if (x == EXIT_OK && is_table(c)) {
		json_array_foreach(json_object_get(r.json, "items"), i, item)
		{
			fill_empty(item);
		}
	}
	if (x == EXIT_OK)
		x = out_items(c, r.json, cols, n, "No roles.");
	reply_done(&r);
	return x;
}

int
run_role_show(struct ctx *c)
{
	char head[ROLE_FIELD_COUNT][HEAD_SIZE];
	struct col cols[ROLE_FIELD_COUNT + 1];
	const size_t n = make_cols(cols, head);
	struct reply r = {0};
	const json_t *item = NULL;
	const int x = list_get(c, VERB_ROLES, "role", &r, &item);

	if (x == EXIT_OK && is_table(c))
		fill_empty(json_array_get(json_object_get(r.json, "items"), 0));
	if (x == EXIT_OK)
		list_show_item(c, item, cols, n);
	reply_done(&r);
	return x;
}

/* ---- set */

/* "NAME", or "NAME until TIME". NULL: it is none. */
static json_t *
member_value(const char *s)
{
	const char *at = strstr(s, " until ");
	char name[LIMIT_NAME_SIZE];

	if (at == NULL)
		return policy_member(s, "");
	if (str_fmt(name, sizeof(name), "%.*s", (int)(at - s), s) != 0 ||
	    at[strlen(" until ")] == '\0')
		return NULL;
	return policy_member(name, at + strlen(" until "));
}

static json_t *
members_value(const struct ctx *c, const struct rolefield *f, enum flag flag)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < c->opt.n[flag]; i++) {
		json_t *v = member_value(c->opt.value[flag][i]);

		if (v != NULL && json_array_append_new(list, v) == 0)
			continue;
		say_error(
		    "--%s: NAME, or \"NAME until 2026-12-04\" (the end "
		    "of that day), \"NAME until 2026-12-04 18:00\", where "
		    "a zone may follow (UTC, +01:00; without one it is "
		    "your local time)",
		    f->flag);
		json_decref(list);
		return NULL;
	}
	return list;
}

/* The flag's values, each checked as the gateway will; NULL after a complaint.
 */
static json_t *
list_value(const struct ctx *c, const struct rolefield *f, enum flag flag)
{
	struct policy_role checked = {0};
	json_t *list = json_array();

	for (unsigned i = 0; i < c->opt.n[flag]; i++) {
		const char *s = c->opt.value[flag][i];
		const int r = rolefield_add(f, &checked, s, "");
		json_t *v = f->kind == ROLE_PORTS
				? json_integer((json_int_t)strtoul(s, NULL, 10))
				: json_string(s);

		if (r == GW_EEXIST) {
			json_decref(v);
			continue;
		}
		if (r == 0 && json_array_append_new(list, v) == 0)
			continue;
		say_error("--%s: %s", f->flag, rolefield_expects(f));
		if (r != 0)
			json_decref(v);
		json_decref(list);
		return NULL;
	}
	return list;
}

static json_t *
seconds_value(const struct rolefield *f, enum flag flag, const char *s)
{
	char least[32], most[32];
	uint32_t v = 0;

	if (strcmp(s, "0s") != 0 && !duration_arg(flag, s, &v))
		return NULL;
	if ((int64_t)v >= f->min && (int64_t)v <= f->max)
		return json_integer((json_int_t)v);
	str_duration_format(least, sizeof(least), (uint64_t)f->min);
	str_duration_format(most, sizeof(most), (uint64_t)f->max);
	say_error("--%s: from %s to %s", f->flag, least, most);
	return NULL;
}

static json_t *
count_value(const struct rolefield *f, const char *s)
{
	uint64_t v = 0;

	if (str_u64(s, (uint64_t)f->min, (uint64_t)f->max, &v) == 0)
		return json_integer((json_int_t)v);
	say_error("--%s: a number from %lld to %lld", f->flag,
	    (long long)f->min, (long long)f->max);
	return NULL;
}

static json_t *
text_value(const struct rolefield *f, const char *s)
{
	struct policy_role checked = {0};

	if (rolefield_add(f, &checked, s, "") == 0)
		return json_string(s);
	say_error("--%s: %s, of at most %lld bytes", f->flag,
	    rolefield_expects(f), (long long)f->max);
	return NULL;
}

static json_t *
word_value(const struct rolefield *f, const char *s)
{
	struct policy_role checked = {0};

	if (rolefield_add(f, &checked, s, "") == 0)
		return json_string(s);
	say_error("--%s: %s", f->flag, rolefield_expects(f));
	return NULL;
}

/* NULL after a complaint. */
static json_t *
flag_value(const struct ctx *c, const struct rolefield *f, enum flag flag)
{
	switch (f->kind) {
	case ROLE_MEMBERS:
		return members_value(c, f, flag);
	case ROLE_LABELS:
		return labels_object(c);
	case ROLE_SECONDS:
		return seconds_value(f, flag, opt_get(&c->opt, flag));
	case ROLE_COUNT:
		return count_value(f, opt_get(&c->opt, flag));
	case ROLE_HARDWARE:
		return word_value(f, opt_get(&c->opt, flag));
	case ROLE_TEXT:
	case ROLE_PATTERN:
		return text_value(f, opt_get(&c->opt, flag));
	case ROLE_WANTED:
		return json_string(f->absent != 0 ? "optional" : "required");
	case ROLE_BOOL:
		return json_boolean(f->absent == 0);
	default:
		return list_value(c, f, flag);
	}
}

/* What no flag says is as the gateway has it. */
static json_t *
role_body(const struct ctx *c)
{
	json_t *o = json_pack("{s:s}", "role", c->opt.arg[0]);
	const struct rolefield *f = rolefields();

	for (size_t i = 0; i < ROLE_FIELD_COUNT; i++) {
		const enum flag flag = flag_find(f[i].flag);

		if (flag == F_COUNT || !opt_has(&c->opt, flag) ||
		    change_set(o, f[i].name, flag_value(c, &f[i], flag)))
			continue;
		json_decref(o);
		return NULL;
	}
	return o;
}

/* For one who named a part of it only. */
static int
say_whole(struct ctx *c)
{
	const struct rolefield *f = rolefields();
	struct reply r = {0};
	int x = EXIT_USAGE;
	const json_t *now = whole_begin(c, VERB_ROLES, "role", &r, &x);

	for (size_t i = 0; now != NULL && i < ROLE_FIELD_COUNT; i++) {
		const enum flag flag = flag_find(f[i].flag);
		const json_t *v = json_object_get(now, f[i].name);

		if (flag == F_COUNT)
			continue;
		if (f[i].kind == ROLE_WANTED)
			whole_bool(c, flag,
			    strcmp(f[i].absent != 0 ? "optional" : "required",
				json_string_value(v) != NULL
				    ? json_string_value(v)
				    : "") == 0);
		else if (f[i].kind == ROLE_BOOL)
			whole_bool(c, flag,
			    json_is_boolean(v) &&
				json_is_true(v) != (f[i].absent != 0));
		else
			whole_flag(c, flag, v, f[i].kind == ROLE_SECONDS);
	}
	if (now != NULL)
		x = whole_end();
	reply_done(&r);
	return x;
}

static void
tell_warning(const char *name, const json_t *o)
{
	char text[CELL_SIZE];

	cell_text(text, json_object_get(o, "warning"), COL_SAID);
	if (text[0] != '\0')
		say_error("role %s: %s", name, text);
}

static int
role_set(struct ctx *c, enum api_verb verb)
{
	const char *name = c->opt.arg[0];
	char question[LIMIT_NAME_SIZE + 32];
	struct reply r = {0};
	json_t *body = NULL;
	int x = EXIT_USAGE;

	if (!name_arg("NAME", name))
		return EXIT_USAGE;
	if (!opt_has(&c->opt, F_LOGIN) && !opt_has(&c->opt, F_ROLE_deny) &&
	    verb == VERB_ROLE_SET)
		return say_whole(c);
	if (!opt_has(&c->opt, F_LOGIN) && !opt_has(&c->opt, F_ROLE_deny)) {
		say_error("which logins does it allow? --login NAME");
		return EXIT_USAGE;
	}
	body = role_body(c);
	if (body == NULL)
		return EXIT_USAGE;
	(void)snprintf(question, sizeof(question), "Set role %s?", name);
	x = change_asked(c, verb, body,
	    opt_has(&c->opt, F_ROLE_deny) ? ASK_IF_WARNED : ASK_IF_ENDS,
	    question, &r);
	if (x == EXIT_OK && !out_object(c, r.json)) {
		change_tell(c, "Role", name, r.json);
		if (c->yes || opt_has(&c->opt, F_DRY_RUN))
			tell_warning(name, r.json); /* it was not asked */
		change_tell_unmatched(c, "role", r.json);
		say(c, "See who may do what: %s roles -o wide", self(c));
	}
	reply_done(&r);
	return x;
}

int
run_role_add(struct ctx *c)
{
	return role_set(c, VERB_ROLE_ADD);
}

int
run_role_set(struct ctx *c)
{
	return role_set(c, VERB_ROLE_SET);
}

int
run_role_rm(struct ctx *c)
{
	struct reply r = {0};
	const int x =
	    change_remove(c, VERB_ROLE_REMOVE, VERB_ROLES, "role", "", &r);

	reply_done(&r);
	return x;
}
