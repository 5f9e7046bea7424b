/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_rolefield - what each field of a role takes, refuses and is when nothing
 * is said. A new row fails here until it has a line.
 */
#include "tests/unit/support/test.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/err.h"
#include "core/policy.h"

static const struct line {
	const char *name;
	const char *text, *more; /* a value it takes, not the absent one */
	const char *bad;         /* one it does not */
	const char *absent;      /* of a role that allows; NULL = no value */
} lines[] = {
    {"role", "ops", "", "a b", ""},
    {"users", "alice", "2026-12-04T18:00:00Z", "a b", NULL},
    {"groups", "staff", "", "", NULL},
    {"targets", "web-01", "", "-x", NULL},
    {"labels", "env", "prod", "a b", NULL},
    {"select", "env notin (prod, test)", "", "env==prod", NULL},
    {"logins", "a-{{user}}", "", "{{user}}{{user}}", NULL},
    {"ports", "2222", "", "65536", "22"},
    {"max", "7200", "", "86401", "10800"},
    {"sources", "198.51.100.0/24", "", "10.1.0.0/8", NULL},
    {"hours", "mon-fri 08:00-18:00 Europe/Berlin", "", "08:00-18:00 UTC", NULL},
    {"mfa_age", "0", "", "-1", "300"},
    {"mfa_age_extend", "60", "", "-1", "0"},
    {"mfa_age_move", "60", "", "-1", "0"},
    {"mfa_age_approve", "0", "", "86401", "3600"},
    {"hardware_code", "true", "", "yes", "false"},
    {"reason", "optional", "", "true", "required"},
    {"unused_after", "60", "", "4", "900"},
    {"max_grants", "3", "", "0", "1000"},
    {"max_sessions", "1", "", "33", "32"},
    {"or", "group=oncall; reason=INC-[0-9]+ .*", "", "group=oncall; ", NULL},
    {"reason_pattern", "INC-[0-9]+ .*", "", "(a)\\1", ""},
    {"ticket_pattern", "INC-[0-9]{1,6}", "", "[", ""},
    {"hardware_key", "verified", "", "touch", "none"},
    {"allow", "sftp", "", "forward", "shell"},
    {"commands", "systemctl restart {name}", "", "ls; id", NULL},
    {"record", "false", "", "optional", "true"},
    {"deny", "true", "", "1", "false"},
    {"report_only", "true", "", "1", "false"},
    {"machine", "true", "", "1", "false"},
    {"approvals", "2 of security or leads", "", "0 of sre", NULL},
    {"pending", "3600", "", "4", "86400"},
    {"use_within", "604800", "", "604801", "43200"},
    {"note", "for deployments; ask Eve", "", "two\nlines", ""},
};

/* ---- the rows */

static void
test_each_has_a_line(void **state)
{
	const struct rolefield *f = rolefields();

	(void)state;
	assert_int_equal(ARRAY_LEN(lines), ROLE_FIELD_COUNT);
	for (size_t i = 0; i < ROLE_FIELD_COUNT; i++) {
		CHECK_ROW(strcmp(f[i].name, lines[i].name) == 0, f[i].name);
		assert_ptr_equal(rolefield_find(f[i].name), &f[i]);
	}
	assert_null(rolefield_find("no_such"));
}

/* What is merged is read as what it is: a number, bits, a bool. */
static void
test_merges_fit_kinds(void **state)
{
	const struct rolefield *f = rolefields();

	(void)state;
	for (size_t i = 0; i < ROLE_FIELD_COUNT; i++) {
		if (f[i].merge == ROLE_SHORTEST)
			CHECK_ROW(f[i].kind == ROLE_SECONDS ||
				      f[i].kind == ROLE_COUNT,
			    f[i].name);
		if (f[i].merge == ROLE_LARGEST)
			CHECK_ROW(f[i].kind == ROLE_HARDWARE, f[i].name);
		if (f[i].merge == ROLE_COMMON)
			CHECK_ROW(f[i].kind == ROLE_CAPS, f[i].name);
		if (f[i].merge == ROLE_EACH)
			CHECK_ROW(f[i].kind == ROLE_QUORUMS ||
				      f[i].kind == ROLE_PATTERN ||
				      f[i].kind == ROLE_COMMANDS,
			    f[i].name);
		if (f[i].merge == ROLE_EVERY)
			CHECK_ROW(f[i].kind == ROLE_BOOL, f[i].name);
		if (f[i].merge == ROLE_ANY)
			CHECK_ROW(
			    f[i].kind == ROLE_BOOL || f[i].kind == ROLE_WANTED,
			    f[i].name);
		if (f[i].kind == ROLE_TEXT)
			CHECK_ROW(f[i].merge == ROLE_SHOWN, f[i].name);
		CHECK_ROW(f[i].words[strlen(f[i].words) - 1] == '.', f[i].name);
	}
}

/* ---- values */

static void
want_value(const struct rolefield *f, const struct policy_role *r,
    const char *text, const char *more)
{
	struct rolefield_value v;

	CHECK_ROW(rolefield_count(f, r) > 0, f->name);
	rolefield_get(&v, f, r, 0);
	if (strcmp(v.text, text) != 0 || strcmp(v.more, more) != 0)
		fail_msg("%s: \"%s\" \"%s\"", f->name, v.text, v.more);
}

static void
test_values(void **state)
{
	const struct rolefield *f = rolefields();

	(void)state;
	for (size_t i = 0; i < ROLE_FIELD_COUNT; i++) {
		const struct line *l = &lines[i];
		struct policy_role r = {0}, before;
		/* the same once more is another level */
		const bool levels = f[i].kind == ROLE_QUORUMS;
		const int again =
		    rolefield_is_list(&f[i]) && !levels ? GW_EEXIST : 0;

		if (rolefield_is_list(&f[i]))
			CHECK_ROW(rolefield_count(&f[i], &r) == 0, l->name);
		CHECK_ROW(
		    rolefield_add(&f[i], &r, l->text, l->more) == 0, l->name);
		want_value(&f[i], &r, l->text, l->more);
		before = r;
		CHECK_ROW(rolefield_add(&f[i], &r, l->text, l->more) == again,
		    l->name);
		CHECK_ROW(
		    rolefield_add(&f[i], &r, l->bad, l->more) == GW_EINVAL,
		    l->name);
		if (levels) {
			CHECK_ROW(rolefield_count(&f[i], &r) == 2, l->name);
			continue;
		}
		CHECK_ROW(rolefield_count(&f[i], &r) == 1, l->name);
		assert_memory_equal(&r, &before, sizeof(r));
		CHECK_ROW(rolefield_expects(&f[i])[0] != '\0', l->name);
	}
}

static void
test_absent(void **state)
{
	const struct rolefield *f = rolefields();
	struct policy_role r, no = {.deny = true};

	(void)state;
	memset(&r, 0, sizeof(r));
	for (size_t i = 0; i < ROLE_FIELD_COUNT; i++) {
		const struct line *l = &lines[i];

		CHECK_ROW(
		    rolefield_add(&f[i], &r, l->text, l->more) == 0, l->name);
		if (strcmp(l->name, "deny") != 0)
			r.deny = false;
		rolefield_absent(&f[i], &r);
		if (l->absent != NULL)
			want_value(&f[i], &r, l->absent, "");
		else
			CHECK_ROW(rolefield_count(&f[i], &r) == 0, l->name);
	}
	/* a role that denies and names no port denies all */
	rolefield_absent(rolefield_find("ports"), &no);
	assert_int_equal(no.ports.n, 0);
	assert_int_equal(r.caps, CAP_DEFAULT);
}

/* Each makes two roles differ. */
static void
test_equal(void **state)
{
	const struct rolefield *f = rolefields();

	(void)state;
	for (size_t i = 0; i < ROLE_FIELD_COUNT; i++) {
		struct policy_role a = {0}, b;

		for (size_t k = 0; k < ROLE_FIELD_COUNT; k++)
			rolefield_absent(&f[k], &a);
		a.caps = 0; /* else there is no word to add */
		b = a;
		assert_true(policy_role_equal(&a, &b));
		CHECK_ROW(
		    rolefield_add(&f[i], &b, lines[i].text, lines[i].more) == 0,
		    lines[i].name);
		CHECK_ROW(!rolefield_equal(&f[i], &a, &b), lines[i].name);
		CHECK_ROW(!policy_role_equal(&a, &b), lines[i].name);
	}
}

/* A list takes as many as its row says, and keeps them in order. */
static void
test_lists_are_bounded(void **state)
{
	const struct rolefield *f = rolefields();

	(void)state;
	for (size_t i = 0; i < ROLE_FIELD_COUNT; i++) {
		struct policy_role r = {0};
		struct rolefield_value v;
		char text[32];

		if (!rolefield_is_list(&f[i]) || f[i].kind == ROLE_CAPS)
			continue;
		for (int64_t k = 0; k <= f[i].max; k++) {
			const int want = k < f[i].max ? 0 : GW_ELIMIT;

			(void)snprintf(text, sizeof(text),
			    f[i].kind == ROLE_PREFIXES       ? "10.0.0.%d/32"
			    : f[i].kind == ROLE_QUORUMS      ? "%d of sre"
			    : f[i].kind == ROLE_COMMANDS     ? "c %02d"
			    : f[i].kind == ROLE_ALTERNATIVES ? "group=%d"
			    : f[i].kind == ROLE_HOURS ? "mon 0%d:00-12:00 UTC"
						      : "%d",
			    (int)k + 1);
			CHECK_ROW(
			    rolefield_add(&f[i], &r, text,
				f[i].kind == ROLE_MEMBERS ? "" : "v") == want,
			    f[i].name);
			if (want != 0)
				break;
			rolefield_get(&v, &f[i], &r, (unsigned)k);
			CHECK_ROW(strcmp(v.text, text) == 0, f[i].name);
		}
		CHECK_ROW(
		    (int64_t)rolefield_count(&f[i], &r) == f[i].max, f[i].name);
	}
}

/* With its end, and not with two. */
static void
test_member(void **state)
{
	static const struct {
		const char *text, *more;
		int want;
	} rows[] = {{"a", "", 0}, {"b", "2026-12-04T18:00:00Z", 0},
	    {"b until 2026-12-04T18:00:00Z", "", GW_EEXIST},
	    {"c until 2026-12-04T18:00:00.500Z", "", 0}, {"b", "", GW_EINVAL},
	    {"a", "2026-12-04T18:00:00Z", GW_EINVAL},
	    {"b until 2026-12-04T18:00:01Z", "", GW_EINVAL},
	    {"d until 2026-12-04", "", GW_EINVAL}, {"d until ", "", GW_EINVAL},
	    {"d until 2026-12-04T18:00:00Z", "2026-12-04T18:00:00Z", GW_EINVAL},
	    {"d", "1970-01-01T00:00:00Z", GW_EINVAL},
	    {"d until", "2026-12-04T18:00:00Z", GW_EINVAL}};
	const struct rolefield *f = rolefield_find("users");
	struct policy_role r = {0};
	struct rolefield_value v;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		CHECK_ROW(rolefield_add(f, &r, rows[i].text, rows[i].more) ==
			      rows[i].want,
		    rows[i].text);
	assert_int_equal(rolefield_count(f, &r), 3);
	rolefield_get(&v, f, &r, 2);
	assert_string_equal(v.text, "c");
	assert_string_equal(v.more, "2026-12-04T18:00:00.500Z");
	assert_int_equal(member_until_ms(&r.users, "a"), MEMBER_ALWAYS);
	assert_int_equal(member_until_ms(&r.users, "d"), 0);
}

/* All four words, and no capability beyond. */
static void
test_allow(void **state)
{
	static const char *const words[] = {"shell", "exec", "sftp", "pty"};
	const struct rolefield *f = rolefield_find("allow");
	struct policy_role r = {0};
	struct rolefield_value v;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		assert_int_equal(rolefield_add(f, &r, words[i], ""), 0);
		assert_non_null(strstr(rolefield_expects(f), words[i]));
	}
	assert_int_equal(r.caps, CAP_DEFAULT);
	r.caps |= CAP_FORWARD | CAP_AGENT;
	assert_int_equal(rolefield_count(f, &r), ARRAY_LEN(words));
	for (unsigned i = 0; i < ARRAY_LEN(words); i++) {
		rolefield_get(&v, f, &r, i);
		assert_string_equal(v.text, words[i]);
	}
	assert_int_equal(rolefield_add(f, &r, "agent", ""), GW_EINVAL);
	assert_int_equal(rolefield_add(f, &r, "x11", ""), GW_EINVAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_each_has_a_line),
	    cmocka_unit_test(test_merges_fit_kinds),
	    cmocka_unit_test(test_values),
	    cmocka_unit_test(test_absent),
	    cmocka_unit_test(test_equal),
	    cmocka_unit_test(test_lists_are_bounded),
	    cmocka_unit_test(test_member),
	    cmocka_unit_test(test_allow),
	};

	return cmocka_run_group_tests_name("rolefield", tests, NULL, NULL);
}
