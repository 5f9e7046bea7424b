/* SPDX-License-Identifier: Apache-2.0 */
/*
 * role_parts - what contrib/openapi.json and the manual pages say of a role's
 * fields, from their rows: one part on stdout. scripts/rolefields puts the
 * parts into their places.
 */
#include "core/rolefield.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "jitctl/opt.h"

#define NAME_PATTERN "^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$"
#define ID_PATTERN "^p-[2-9A-HJKMNP-TV-Z]{8}$"

/* ---- contrib/openapi.json */

/* The words a field of capabilities may hold. */
static json_t *
cap_words(const struct rolefield *f)
{
	struct policy_role all = {0};
	struct rolefield_value v;
	json_t *words = json_array();

	all.caps = CAP_DEFAULT;
	for (unsigned i = 0; i < rolefield_count(f, &all); i++) {
		rolefield_get(&v, f, &all, i);
		json_array_append_new(words, json_string(v.text));
	}
	return words;
}

static json_t *
list_schema(json_t *items, const struct rolefield *f)
{
	return json_pack("{s:s, s:o, s:I}", "type", "array", "items", items,
	    "maxItems", (json_int_t)f->max);
}

/* A name, or one with an end. */
static json_t *
member_schema(void)
{
	return json_pack(
	    "{s:[{s:s, s:s}, {s:s, s:{s:{s:s, s:s}, s:{s:s, s:s}}, s:[s, s], "
	    "s:b}]}",
	    "oneOf", "type", "string", "pattern", NAME_PATTERN, "type",
	    "object", "properties", "name", "type", "string", "pattern",
	    NAME_PATTERN, "until", "type", "string", "format", "date-time",
	    "required", "name", "until", "additionalProperties", 0);
}

static json_t *
schema(const struct rolefield *f)
{
	switch (f->kind) {
	case ROLE_NAME:
		return json_pack(
		    "{s:s, s:s}", "type", "string", "pattern", NAME_PATTERN);
	case ROLE_NAMES:
		return list_schema(json_pack("{s:s, s:s}", "type", "string",
				       "pattern", NAME_PATTERN),
		    f);
	case ROLE_MEMBERS:
		return list_schema(member_schema(), f);
	case ROLE_LABELS:
		return json_pack("{s:s, s:{s:s}, s:I}", "type", "object",
		    "additionalProperties", "type", "string", "maxProperties",
		    (json_int_t)f->max);
	case ROLE_PORTS:
		return list_schema(
		    json_pack("{s:s, s:i, s:i}", "type", "integer", "minimum",
			1, "maximum", 65535),
		    f);
	case ROLE_LOGINS:
	case ROLE_PREFIXES:
	case ROLE_QUORUMS:
	case ROLE_COMMANDS:
	case ROLE_HOURS:
	case ROLE_SELECTORS:
	case ROLE_ALTERNATIVES:
		return list_schema(json_pack("{s:s}", "type", "string"), f);
	case ROLE_SECONDS:
	case ROLE_COUNT:
		return json_pack("{s:s, s:I, s:I, s:I}", "type", "integer",
		    "minimum", (json_int_t)f->min, "maximum",
		    (json_int_t)f->max, "default", (json_int_t)f->absent);
	case ROLE_CAPS:
		return json_pack("{s:s, s:{s:s, s:o}}", "type", "array",
		    "items", "type", "string", "enum", cap_words(f));
	case ROLE_WANTED:
		return json_pack("{s:s, s:[s,s], s:s}", "type", "string",
		    "enum", "required", "optional", "default",
		    f->absent != 0 ? "required" : "optional");
	case ROLE_HARDWARE:
		return json_pack("{s:s, s:[s,s,s], s:s}", "type", "string",
		    "enum", "none", "presence", "verified", "default", "none");
	case ROLE_BOOL:
		return json_pack(
		    "{s:s, s:b}", "type", "boolean", "default", (int)f->absent);
	case ROLE_TEXT:
	case ROLE_PATTERN:
		return json_pack("{s:s, s:I}", "type", "string", "maxLength",
		    (json_int_t)f->max);
	}
	return NULL;
}

/* Of a policy, a body of role.add and role.set, or what is answered. */
enum part { ENTRY, CHANGE, REPLY };

static json_t *
role_schema(enum part part)
{
	const bool reply = part == REPLY;
	const struct rolefield *f = rolefields();
	json_t *all = json_object();
	json_t *o = json_pack("{s:s}", "type", "object");

	for (size_t i = 0; i < ROLE_FIELD_COUNT; i++) {
		json_t *x = schema(&f[i]);

		json_object_set_new(x, "description", json_string(f[i].words));
		json_object_set_new(all, f[i].name, x);
		if (reply && f[i].kind == ROLE_NAME)
			json_object_set_new(all, "role_id",
			    json_pack("{s:s, s:s}", "type", "string", "pattern",
				ID_PATTERN));
	}
	if (part == CHANGE)
		json_object_set_new(all, "dry_run",
		    json_pack("{s:s, s:s}", "type", "boolean", "description",
			"only say what would be, and what it would end"));
	if (reply)
		json_object_set_new(
		    all, "repeated", json_pack("{s:s}", "type", "boolean"));
	else
		json_object_set_new(o, "additionalProperties", json_false());
	json_object_set_new(o, "properties", all);
	json_object_set_new(o, "required",
	    reply ? json_pack("[s,s]", "role", "role_id")
		  : json_pack("[s]", "role"));
	return o;
}

static void
print_schema(enum part part)
{
	json_t *o = role_schema(part);

	json_dumpf(o, stdout, JSON_INDENT(1));
	putchar('\n');
	json_decref(o);
}

/* ---- sallyport-policy.5 */

static void
print_caps(const struct rolefield *f)
{
	json_t *words = cap_words(f);
	const size_t n = json_array_size(words);

	puts("Of");
	for (size_t i = 0; i < n; i++) {
		const char *end = i + 2 < n ? " ," : i + 1 < n ? "" : " ;";

		printf(".Cm %s%s\n%s",
		    json_string_value(json_array_get(words, i)), end,
		    i + 2 == n ? "and\n" : "");
	}
	puts("all of them where nothing is said.");
	json_decref(words);
}

static void
print_seconds(const struct rolefield *f)
{
	char least[32], most[32], usual[32];

	str_duration_format(least, sizeof(least), (uint64_t)f->min);
	str_duration_format(most, sizeof(most), (uint64_t)f->max);
	str_duration_format(usual, sizeof(usual), (uint64_t)f->absent);
	printf("From %s to %s; default %s.\n", least, most, usual);
}

static void
print_policy(void)
{
	const struct rolefield *f = rolefields();

	for (size_t i = 0; i < ROLE_FIELD_COUNT; i++) {
		printf(".It Ic %s\n%s\n", f[i].name, f[i].words);
		if (f[i].kind == ROLE_LOGINS)
			puts("Required; of a role that denies, all where none "
			     "are named.");
		else if ((f[i].bits & ROLE_REQUIRED) != 0)
			puts("Required.");
		if (f[i].kind == ROLE_PORTS)
			printf("Default %lld; of a role that denies, all.\n",
			    (long long)f[i].absent);
		else if (f[i].kind == ROLE_SECONDS)
			print_seconds(&f[i]);
		else if (f[i].kind == ROLE_COUNT)
			printf("From %lld to %lld; default %lld.\n",
			    (long long)f[i].min, (long long)f[i].max,
			    (long long)f[i].absent);
		else if (f[i].kind == ROLE_CAPS)
			print_caps(&f[i]);
		else if (f[i].kind == ROLE_WANTED)
			printf(".Cm %s\n(default) or\n.Cm %s .\n",
			    f[i].absent != 0 ? "required" : "optional",
			    f[i].absent != 0 ? "optional" : "required");
		else if (f[i].kind == ROLE_BOOL)
			printf("Default %s.\n",
			    f[i].absent != 0 ? "true" : "false");
		else if (f[i].kind == ROLE_TEXT)
			printf("One line, at most %lld bytes.\n",
			    (long long)f[i].max);
	}
}

/* ---- jitctl.1 */

static void
print_flags(void)
{
	const struct rolefield *f = rolefields();
	size_t last = 0;

	for (size_t i = 0; i < ROLE_FIELD_COUNT; i++)
		if (f[i].flag[0] != '\0')
			last = i;
	for (size_t i = 0; i <= last; i++)
		if (f[i].flag[0] != '\0')
			printf(".Fl -%s %c\n", f[i].flag, i < last ? ',' : '.');
}

static void
print_items(void)
{
	const struct rolefield *f = rolefields();

	for (size_t i = 0; i < ROLE_FIELD_COUNT; i++) {
		const char *words = f[i].flag_words;
		const char *value = NULL;

		if (words[0] == '\0')
			continue;
		value = flag_spec(flag_find(f[i].flag))->value;
		printf(".It Fl -%s%s%s\n%c%s.\n", f[i].flag,
		    value != NULL ? " Ar " : "", value != NULL ? value : "",
		    words[0] >= 'a' && words[0] <= 'z' ? words[0] - 'a' + 'A'
						       : words[0],
		    words + 1);
	}
}

int
main(int argc, char **argv)
{
	const char *part = argc == 2 ? argv[1] : "";

	if (strcmp(part, "body") == 0)
		print_schema(ENTRY);
	else if (strcmp(part, "change") == 0)
		print_schema(CHANGE);
	else if (strcmp(part, "reply") == 0)
		print_schema(REPLY);
	else if (strcmp(part, "policy") == 0)
		print_policy();
	else if (strcmp(part, "flags") == 0)
		print_flags();
	else if (strcmp(part, "items") == 0)
		print_items();
	else
		return 2;
	return 0;
}
