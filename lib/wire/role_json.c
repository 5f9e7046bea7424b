/* SPDX-License-Identifier: Apache-2.0 */
/*
 * role_json - see the header.
 */
#include "wire/role_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "wire/body.h"

/* ---- out */

/* Who is in it for ever is a name. */
static json_t *
member_json(const struct rolefield_value *v)
{
	if (v->more[0] == '\0')
		return json_string(v->text);
	return json_pack("{s:s, s:s}", "name", v->text, "until", v->more);
}

static json_t *
value_json(const struct rolefield *f, const struct rolefield_value *v)
{
	switch (f->kind) {
	case ROLE_PORTS:
	case ROLE_SECONDS:
	case ROLE_COUNT:
		return json_integer((json_int_t)strtoul(v->text, NULL, 10));
	case ROLE_MEMBERS:
		return member_json(v);
	case ROLE_BOOL:
		return json_boolean(strcmp(v->text, "true") == 0);
	default:
		return json_string(v->text);
	}
}

static json_t *
list_json(const struct rolefield *f, const struct policy_role *r)
{
	const bool map = f->kind == ROLE_LABELS;
	json_t *all = map ? json_object() : json_array();
	struct rolefield_value v;

	for (unsigned i = 0; i < rolefield_count(f, r); i++) {
		rolefield_get(&v, f, r, i);
		if (map)
			(void)json_object_set_new(
			    all, v.text, json_string(v.more));
		else
			(void)json_array_append_new(all, value_json(f, &v));
	}
	return all;
}

static void
put_field(json_t *o, const struct rolefield *f, const struct policy_role *r)
{
	struct rolefield_value v;

	rolefield_get(&v, f, r, 0);
	(void)json_object_set_new(o, f->name,
	    rolefield_is_list(f) ? list_json(f, r) : value_json(f, &v));
}

json_t *
role_policy_json(const struct policy_role *r)
{
	json_t *o = json_object();
	const struct rolefield *f = rolefields();
	struct policy_role *absent = calloc(1, sizeof(*absent));

	if (absent == NULL) {
		json_decref(o);
		return NULL;
	}
	absent->deny = r->deny;
	for (size_t i = 0; i < ROLE_FIELD_COUNT; i++) {
		absent->deny = r->deny;
		rolefield_absent(&f[i], absent);
		if ((f[i].bits & ROLE_REQUIRED) != 0 ||
		    !rolefield_equal(&f[i], absent, r))
			put_field(o, &f[i], r);
	}
	free(absent);
	return o;
}

json_t *
role_json(const struct policy_role *r)
{
	json_t *o = json_object();
	const struct rolefield *f = rolefields();

	for (size_t i = 0; i < ROLE_FIELD_COUNT; i++) {
		put_field(o, &f[i], r);
		if (f[i].kind == ROLE_NAME)
			(void)json_object_set_new(
			    o, "role_id", json_string(r->id));
	}
	return o;
}

/* ---- in */

static int
bad(struct problem *p, const char *field, const char *what)
{
	problem_set(p, 400, "bad-field", field, "%s: %s", field, what);
	return GW_EINVAL;
}

/* What is there already does no harm. */
static int
add(struct policy_role *ret, const struct rolefield *f, const char *text,
    struct problem *p)
{
	const int r =
	    text != NULL ? rolefield_add(f, ret, text, "") : GW_EINVAL;

	if (r == 0 || r == GW_EEXIST)
		return 0;
	return bad(p, f->name, rolefield_expects(f));
}

static int
parse_words(struct policy_role *ret, const struct rolefield *f, const json_t *o,
    struct problem *p)
{
	const json_t *list = NULL;
	int r = json_get_array(o, f->name, false, LIMIT_LIST, &list, p);

	for (size_t i = 0; r == 0 && i < json_array_size(list); i++)
		r = add(ret, f, json_string_value(json_array_get(list, i)), p);
	return r;
}

/* A name, or one with an end. */
static int
parse_member(struct policy_role *ret, const struct rolefield *f,
    const json_t *v, struct problem *p)
{
	const bool ends = json_is_object(v) && json_object_size(v) == 2;
	const char *name =
	    json_string_value(ends ? json_object_get(v, "name") : v);
	const char *until =
	    ends ? json_string_value(json_object_get(v, "until")) : "";
	int r = GW_EINVAL;

	if (name != NULL && until != NULL && (!ends || until[0] != '\0'))
		r = rolefield_add(f, ret, name, until);
	if (r == 0 || r == GW_EEXIST)
		return 0;
	return bad(p, f->name, rolefield_expects(f));
}

/* A list of what is no string, or not always. */
static int
get_list(const json_t **ret, const struct rolefield *f, const json_t *o,
    struct problem *p)
{
	char text[32];

	*ret = json_object_get(o, f->name);
	if (json_is_array(*ret) && json_array_size(*ret) <= LIMIT_LIST)
		return 0;
	(void)snprintf(
	    text, sizeof(text), "a list of at most %d", (int)LIMIT_LIST);
	return bad(p, f->name, text);
}

static int
parse_members(struct policy_role *ret, const struct rolefield *f,
    const json_t *o, struct problem *p)
{
	const json_t *list = NULL;
	int r = get_list(&list, f, o, p);

	for (size_t i = 0; r == 0 && i < json_array_size(list); i++)
		r = parse_member(ret, f, json_array_get(list, i), p);
	return r;
}

static int
parse_numbers(struct policy_role *ret, const struct rolefield *f,
    const json_t *o, struct problem *p)
{
	const json_t *list = NULL;
	char text[32];
	int r = get_list(&list, f, o, p);

	for (size_t i = 0; r == 0 && i < json_array_size(list); i++) {
		const json_t *v = json_array_get(list, i);

		(void)snprintf(text, sizeof(text), "%lld",
		    (long long)json_integer_value(v));
		r = add(ret, f, json_is_integer(v) ? text : NULL, p);
	}
	return r;
}

static int
parse_word(struct policy_role *ret, const struct rolefield *f, const json_t *o,
    size_t max, struct problem *p)
{
	const char *s = NULL;
	int r = json_get_str(o, f->name, false, max, &s, p);

	return r != 0 ? r : add(ret, f, s, p);
}

static int
parse_number(struct policy_role *ret, const struct rolefield *f,
    const json_t *o, struct problem *p)
{
	int64_t v = 0;
	int r = json_get_int(o, f->name, false, f->min, f->max, &v, p);

	if (r == 0)
		*(uint32_t *)rolefield_member(f, ret) = (uint32_t)v;
	return r;
}

/* A field that is there. */
static int
parse_field(struct policy_role *ret, const struct rolefield *f, const json_t *o,
    struct problem *p)
{
	switch (f->kind) {
	case ROLE_NAME:
		return parse_word(ret, f, o, (size_t)f->max, p);
	case ROLE_NAMES:
		return names_parse(
		    rolefield_member(f, ret), o, f->name, false, p);
	case ROLE_MEMBERS:
		return parse_members(ret, f, o, p);
	case ROLE_LABELS:
		return labels_parse(rolefield_member(f, ret), o, p);
	case ROLE_PORTS:
		return parse_numbers(ret, f, o, p);
	case ROLE_LOGINS:
	case ROLE_PREFIXES:
	case ROLE_CAPS:
	case ROLE_QUORUMS:
	case ROLE_COMMANDS:
	case ROLE_HOURS:
	case ROLE_SELECTORS:
	case ROLE_ALTERNATIVES:
		return parse_words(ret, f, o, p);
	case ROLE_SECONDS:
	case ROLE_COUNT:
		return parse_number(ret, f, o, p);
	case ROLE_BOOL:
		return json_get_bool(
		    o, f->name, false, rolefield_member(f, ret), p);
	case ROLE_WANTED:
	case ROLE_HARDWARE:
		return parse_word(ret, f, o, 16, p);
	case ROLE_TEXT:
	case ROLE_PATTERN:
		return parse_word(ret, f, o, (size_t)f->max, p);
	}
	return GW_EINVAL;
}

static int
only_fields(const json_t *o, struct problem *p)
{
	const char *keys[ROLE_FIELD_COUNT + 1] = {NULL};
	const struct rolefield *f = rolefields();

	for (size_t i = 0; i < ROLE_FIELD_COUNT; i++)
		keys[i] = f[i].name;
	return json_only(o, keys, p);
}

/* Its hours would be none: a role that allows gives nothing then, one that
 * denies denies always. */
static int
zones_known(const struct policy_role *r, const struct zone_table *zones,
    struct problem *p)
{
	const char *field = "hours", *zone = hours_unknown(&r->hours, zones);

	if (zone == NULL &&
	    (zone = alternative_unknown(&r->any_of, zones)) != NULL)
		field = "or";

	if (zone == NULL || FAULT(any_zone))
		return 0;
	problem_set(p, 400, "bad-field", field,
	    "%s: this gateway knows no time zone %s (%zu others, as Europe/"
	    "Berlin; they are its system's as it started)",
	    field, zone, zone_table_count(zones));
	return GW_EINVAL;
}

static int
read_fields(struct policy_role *ret, const json_t *o, struct problem *p)
{
	const char *name = NULL;
	const struct rolefield *f = rolefields();
	int r;

	memset(ret, 0, sizeof(*ret));
	if ((r = only_fields(o, p)) != 0 ||
	    (r = json_get_name(o, "role", true, &name, p)) != 0)
		return r;
	for (size_t i = 0; i < ROLE_FIELD_COUNT && r == 0; i++)
		if (json_object_get(o, f[i].name) != NULL)
			r = parse_field(ret, &f[i], o, p);
	if (r != 0)
		return r;
	for (size_t i = 0; i < ROLE_FIELD_COUNT; i++)
		if (json_object_get(o, f[i].name) == NULL)
			rolefield_absent(&f[i], ret);
	return 0;
}

static bool
own_login(const struct policy_role *r)
{
	for (unsigned i = 0; i < r->logins.n; i++)
		if (login_is_own(r->logins.name[i]))
			return true;
	return false;
}

static int
role_ok(const struct policy_role *ret, struct problem *p)
{
	if (policy_role_ok(ret))
		return 0;
	if (ret->deny && ret->commands.n > 0)
		return bad(p, "commands",
		    "a role that denies denies whatever command it is");
	if (ret->deny && ret->any_of.n > 0)
		return bad(p, "or", "a role that denies has none");
	if (ret->machine && ret->max_s > LIMIT_MACHINE_S)
		return bad(p, "max",
		    "what a machine is given lasts 1h at most (--max 1h), and "
		    "3h where nothing is said");
	if (ret->machine && ret->commands.n == 0 && own_login(ret))
		return bad(p, "logins",
		    "a role of machines with {{user}} names its commands");
	return bad(p, "role",
	    "a role that allows needs somebody (users or groups), something "
	    "(targets, labels or select), a login, a port and something to "
	    "allow");
}

int
role_read(struct policy_role *ret, const json_t *o, struct problem *p)
{
	const int r = read_fields(ret, o, p);

	return r == 0 ? role_ok(ret, p) : r;
}

int
role_parse(struct policy_role *ret, const json_t *o,
    const struct zone_table *zones, struct problem *p)
{
	int r = read_fields(ret, o, p);

	if (r == 0)
		r = zones_known(ret, zones, p);
	return r == 0 ? role_ok(ret, p) : r;
}
