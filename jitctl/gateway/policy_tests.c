/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_tests - see the header.
 */
#include "jitctl/gateway/policy_tests.h"

#include "base/addr.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/str.h"

static void
put_text(json_t *o, struct yaml *y, const struct yaml_item *map,
    const char *key, size_t max)
{
	const char *s = NULL;

	if (yaml_get_str(y, map, key, false, max, &s))
		(void)json_object_set_new(o, key, json_string(s));
}

static void
put_name(json_t *o, struct yaml *y, const struct yaml_item *map,
    const char *key, bool required)
{
	const char *s = NULL;

	if (yaml_get_name(y, map, key, required, &s))
		(void)json_object_set_new(o, key, json_string(s));
}

static void
put_moment(json_t *o, struct yaml *y, const struct yaml_item *map)
{
	const char *s = NULL;
	int64_t ms = 0;

	if (!yaml_get_str(y, map, "at", false, LIMIT_NAME_MAX, &s))
		return;
	if (str_time_parse(s, &ms) == 0)
		(void)json_object_set_new(o, "at", json_integer(ms));
	else
		yaml_error(y, yaml_find(map, "at"),
		    "at: a moment of UTC was expected, as "
		    "2026-12-01T10:00:00Z");
}

static void
put_source(json_t *o, struct yaml *y, const struct yaml_item *map)
{
	struct addr a;
	const char *s = NULL;

	if (!yaml_get_str(y, map, "from", false, LIMIT_HOST_SIZE - 1, &s))
		return;
	if (addr_parse(&a, s) == 0)
		(void)json_object_set_new(o, "from", json_string(s));
	else
		yaml_error(
		    y, yaml_find(map, "from"), "from: an address was expected");
}

static json_t *
make_test(struct yaml *y, const struct yaml_item *map)
{
	static const char *const keys[] = {"user", "target", "login", "role",
	    "from", "at", "for", "reason", "ticket", "expect", "by", NULL};
	static const char *const answers[] = {
	    "deny", "approval", "allow", NULL};
	json_t *o = json_object();
	uint32_t seconds = 0;
	size_t n = 0;
	char place[320];

	(void)yaml_only(y, map, "tests", keys);
	put_name(o, y, map, "user", true);
	put_name(o, y, map, "target", true);
	put_name(o, y, map, "login", false);
	put_name(o, y, map, "role", false);
	put_name(o, y, map, "by", false);
	put_source(o, y, map);
	put_moment(o, y, map);
	if (yaml_get_duration(y, map, "for", false, LIMIT_GRANT_MIN_S,
		LIMIT_GRANT_MAX_S, &seconds))
		(void)json_object_set_new(
		    o, "for", json_integer((json_int_t)seconds));
	put_text(o, y, map, "reason", LIMIT_REASON_MAX);
	put_text(o, y, map, "ticket", LIMIT_TICKET_SIZE - 1);
	if (yaml_get_word(y, map, "expect", true, answers, &n))
		(void)json_object_set_new(o, "expect", json_string(answers[n]));
	if (yaml_place(place, sizeof(place), y, map) == 0)
		(void)json_object_set_new(o, "place", json_string(place));
	return o;
}

int
policy_add_tests(json_t *policy, struct yaml *y)
{
	const struct yaml_item *l =
	    yaml_get_list(y, yaml_root(y), "tests", false, LIMIT_TARGETS);

	if (l != NULL && json_object_get(policy, "tests") == NULL &&
	    json_object_set_new(policy, "tests", json_array()) != 0)
		return GW_ENOMEM;
	for (size_t i = 0; i < yaml_count(l); i++) {
		const struct yaml_item *e = yaml_at(l, i);

		if (yaml_kind(e) != YAML_KIND_MAP)
			yaml_error(y, e,
			    "tests: an entry with user, target and expect was "
			    "expected");
		else if (json_array_append_new(json_object_get(policy, "tests"),
			     make_test(y, e)) != 0)
			return GW_ENOMEM;
	}
	return 0;
}
