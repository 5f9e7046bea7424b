/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_power - what makes power over the gateway wider, and whose accounts are
 * an admin's alone to touch: tables of how it is before and after.
 */
#include "tests/unit/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/str.h"
#include "core/own.h"
#include "core/power.h"

enum { HOLDERS = 4, ROLES = 2 };

struct scene {
	struct power p;
	struct holder h[HOLDERS];
	struct policy_role r[ROLES];
};

static void
must(int r)
{
	assert_int_equal(r, 0);
}

/* "right", "+group", "#key", "%factor", "!invite" or "-": locked out. */
static void
add_word(struct holder *h, const char *s)
{
	switch (s[0]) {
	case '+':
		must(name_list_add(&h->groups, s + 1));
		break;
	case '#':
		must(str_copy(h->key[h->nkeys++], 64, s + 1));
		break;
	case '%':
		must(str_copy(h->factor, sizeof(h->factor), s + 1));
		break;
	case '!':
		must(str_copy(h->invite, sizeof(h->invite), s + 1));
		break;
	case '-':
		h->disabled = true;
		break;
	default:
		assert_int_not_equal(right_find(s), RIGHT_NONE);
		h->rights = (uint8_t)(h->rights | right_find(s));
	}
}

static void
add_holder(struct scene *x, char *text)
{
	struct holder *h = &x->h[x->p.nholders++];
	char *save = NULL;
	const char *s = strtok_r(text, " ", &save);

	assert_true(x->p.nholders <= HOLDERS);
	name_set(h->name, s);
	must(str_fmt(h->id, sizeof(h->id), "u-%s", s));
	while ((s = strtok_r(NULL, " ", &save)) != NULL)
		add_word(h, s);
}

/* "ops: 1 of a, 2 of b", or "ops?: ..." of one that is report only */
static void
add_role(struct scene *x, char *text)
{
	struct policy_role *r = &x->r[x->p.nroles++];
	char *save = NULL;
	const char *s = strtok_r(text, ":", &save);

	assert_true(x->p.nroles <= ROLES);
	r->report_only = s[strlen(s) - 1] == '?';
	must(
	    str_fmt(r->name, sizeof(r->name), "%.*s", (int)strcspn(s, "?"), s));
	must(str_fmt(r->id, sizeof(r->id), "p-%s", r->name));
	while ((s = strtok_r(NULL, ",", &save)) != NULL)
		must(quorum_add(&r->approvals, s + strspn(s, " ")));
}

/* Holders and roles with ";" between. */
static void
make(struct scene *x, const char *text)
{
	char copy[512];
	char *save = NULL;

	memset(x, 0, sizeof(*x));
	x->p.holders = x->h;
	x->p.roles = x->r;
	must(str_copy(copy, sizeof(copy), text));
	for (char *s = strtok_r(copy, ";", &save); s != NULL;
	     s = strtok_r(NULL, ";", &save)) {
		s += strspn(s, " ");
		if (strchr(s, ':') != NULL)
			add_role(x, s);
		else
			add_holder(x, s);
	}
}

struct row {
	const char *before, *after;
	const char *want; /* "" = nothing */
};

static void
check(const struct row *rows, size_t n)
{
	struct scene *x = calloc(2, sizeof(*x));

	assert_non_null(x);
	for (size_t i = 0; i < n; i++) {
		struct buf b;

		make(&x[0], rows[i].before);
		make(&x[1], rows[i].after);
		buf_init(&b, 4096);
		power_widening(&b, &x[0].p, &x[1].p);
		buf_u8(&b, 0);
		must(buf_err(&b));
		if (strcmp((const char *)b.p, rows[i].want) != 0)
			fail_msg("%s -> %s: %s", rows[i].before, rows[i].after,
			    (const char *)b.p);
		buf_done(&b);
	}
	free(x);
}

static void
test_rights(void **state)
{
	static const struct row rows[] = {
	    {"", "b admin #k",
		"user b gets the right admin (key k, has to enrol)\n"},
	    {"b auditor #k %1", "b admin auditor #k %1",
		"user b gets the right admin (u-b, key k, second factor 1)\n"},
	    {"b policy", "b responder user-admin",
		"user b gets the right responder (has to enrol)\n"
		"user b gets the right user-admin (has to enrol)\n"},
	    {"", "b policy", "user b gets the right policy (has to enrol)\n"},
	    /* who only reads, and what is taken away */
	    {"", "b auditor", ""},
	    {"b policy responder", "b responder", ""},
	    {"b policy", "", ""},
	    {"b admin #k %1", "b admin #k %1", ""},
	};

	(void)state;
	check(rows, ARRAY_LEN(rows));
}

static void
test_approvers(void **state)
{
	static const struct row rows[] = {
	    {"ops: 1 of sre", "ops: 1 of sre; b +sre #k %1",
		"user b approves as one of sre (u-b, key k, second factor "
		"1)\n"},
	    {"b +sre", "b +sre +leads",
		"user b approves as one of leads (has to enrol)\n"},
	    {"b +sre +leads", "b +sre", ""},
	    {"b policy", "b policy +sre",
		"user b approves as one of sre (has to enrol)\n"},
	};

	(void)state;
	check(rows, ARRAY_LEN(rows));
}

/* Of those who have a say already; what else they have is no matter. */
static void
test_keys(void **state)
{
	static const struct row rows[] = {
	    {"b admin #k", "b admin #k #n", "user b gets the key n\n"},
	    {"b +sre #k", "b +sre #n", "user b gets the key n\n"},
	    {"b policy #k #n", "b policy #k", ""},
	    {"b auditor #k", "b auditor #n", ""},
	    {"b admin #k", "b auditor #n", ""},
	    {"b admin -", "b admin", ""},
	};

	(void)state;
	check(rows, ARRAY_LEN(rows));
}

static void
test_factors(void **state)
{
	static const struct row rows[] = {
	    {"a admin %1; b responder %2", "a admin %1; b responder",
		"user b loses the second factor 2\n"},
	    {"b +sre %2", "b +sre %3", "user b loses the second factor 2\n"},
	    {"b auditor %2", "b auditor", ""},
	    {"b admin", "b admin %2", ""}, /* theirs to enrol */
	};

	(void)state;
	check(rows, ARRAY_LEN(rows));
}

static void
test_invitations(void **state)
{
	static const struct row rows[] = {
	    {"b admin !1", "b admin !2", "user b is invited\n"},
	    {"b +sre", "b +sre !2", "user b is invited\n"},
	    {"b admin !1", "b admin !1", ""},
	    {"b admin !1", "b admin", ""},
	    {"b auditor", "b auditor !1", ""},
	};

	(void)state;
	check(rows, ARRAY_LEN(rows));
}

static void
test_approvals(void **state)
{
	static const struct row rows[] = {
	    {"ops: 2 of sre", "ops: 1 of sre",
		"role ops wants less approval: now 1 of sre\n"},
	    {"ops: 1 of sre", "", "role ops wants less approval: now none\n"},
	    {"ops: 1 of sre", "dev: 1 of sre",
		"role ops wants less approval: now none\n"},
	    {"ops: 1 of sre", "ops: 1 of sre or leads",
		"role ops wants less approval: now 1 of sre or leads\n"},
	    {"ops: 1 of sre, 1 of leads", "ops: 1 of leads, 1 of sre",
		"role ops wants less approval: now 1 of leads, then 1 of "
		"sre\n"},
	    {"ops: 1 of sre", "ops: 1 of leads",
		"role ops wants less approval: now 1 of leads\n"},
	    {"ops: 1 of sre", "ops: 2 of sre", ""},
	    {"ops: 1 of sre or leads", "ops: 1 of sre", ""},
	    {"ops: 1 of sre", "ops: 1 of sre, 1 of leads", ""},
	    {"", "ops: 1 of sre", ""},
	    {"ops: 1 of sre", "ops?: 1 of sre",
		"role ops asks fewer for approval: report_only\n"},
	    {"ops: 2 of sre", "ops?: 1 of sre",
		"role ops asks fewer for approval: report_only\n"
		"role ops wants less approval: now 1 of sre\n"},
	};

	(void)state;
	check(rows, ARRAY_LEN(rows));
}

/* Two that have enrolled, whatever shuts one of them out at the moment. */
static void
test_second(void **state)
{
	static const struct row rows[] = {
	    {"a admin %1; b admin %2", "a admin %1",
		"no second admin is left\n"},
	    {"a admin %1; b admin %2", "a admin %1; b policy %2",
		"no second admin is left\n"},
	    {"a admin %1; b admin %2; c admin %3", "a admin %1; b admin %2",
		""},
	    {"a admin %1; b admin", "a admin %1", ""},
	    {"a admin %1; b admin %2", "a admin %1; b admin %2 -", ""},
	};
	static const struct {
		const char *now, *author;
		bool want;
	} has[] = {
	    {"a admin %1", "u-a", false},
	    {"a admin %1; b admin", "u-a", false}, /* not enrolled */
	    {"a admin %1; b policy %2", "u-a", false},
	    {"a admin %1; b admin %2", "u-a", true},
	    {"a admin %1; b admin %2 -", "u-a", true},
	    {"a admin %1; b policy %2", "u-b", true},
	};
	struct scene *x = calloc(1, sizeof(*x));

	(void)state;
	assert_non_null(x);
	check(rows, ARRAY_LEN(rows));
	for (size_t i = 0; i < ARRAY_LEN(has); i++) {
		make(x, has[i].now);
		CHECK_ROW(power_has_second(&x->p, has[i].author) == has[i].want,
		    has[i].now);
	}
	free(x);
}

static void
test_touched(void **state)
{
	static const struct row rows[] = {
	    {"", "b auditor", "b"},
	    {"b policy", "b responder", "b"},
	    {"b policy", "", "b"},
	    {"b policy #k", "b policy #k #n", "b"},
	    {"b policy #k #n", "b policy #k", "b"},
	    {"b policy %1", "b policy", "b"},
	    {"b policy !1", "b policy !2", "b"},
	    {"b policy -", "b policy", "b"},
	    {"a admin; b policy", "a admin; b policy +sre", ""},
	    {"b policy", "b policy -", ""},
	    {"b +sre #k", "b +sre +leads #n", ""},
	    {"b +sre", "", ""},
	    {"b policy #k", "b policy #k", ""},
	};
	struct scene *x = calloc(2, sizeof(*x));

	(void)state;
	assert_non_null(x);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *whose = NULL;

		make(&x[0], rows[i].before);
		make(&x[1], rows[i].after);
		whose = power_touched(&x[0].p, &x[1].p);
		CHECK_ROW(strcmp(whose != NULL ? whose : "", rows[i].want) == 0,
		    rows[i].after);
	}
	free(x);
}

/* ---- its author's own access */

static void
nothing(struct policy_role *r)
{
	(void)r;
}

static void
for_two_hours(struct policy_role *r)
{
	r->max_s = 7200;
}

static void
on_all(struct policy_role *r)
{
	memset(&r->labels, 0, sizeof(r->labels));
	must(label_list_add(&r->labels, "env", "prod"));
}

static void
noted(struct policy_role *r)
{
	must(str_copy(r->note, sizeof(r->note), "for eve"));
	must(member_add(&r->users, "eve", ""));
}

static void
of_others(struct policy_role *r)
{
	memset(&r->groups, 0, sizeof(r->groups));
	must(member_add(&r->groups, "others", ""));
}

static void
denies(struct policy_role *r)
{
	r->deny = true;
}

static void
make_own(struct own *ret, void (*change)(struct policy_role *))
{
	struct policy_role *r = calloc(1, sizeof(*r));
	struct name_list groups = {0};

	assert_non_null(r);
	name_set(r->name, "ops");
	must(str_copy(r->id, sizeof(r->id), "p-ops"));
	must(name_list_add(&groups, "ops"));
	must(member_add(&r->groups, "ops", ""));
	must(label_list_add(&r->labels, "env", "lab"));
	r->max_s = 3600;
	if (change != NULL)
		change(r);
	must(own_pick(ret, r, change != NULL ? 1 : 0, "alice", &groups, 0));
	free(r);
}

static void
test_own(void **state)
{
	static const struct {
		void (*before)(struct policy_role *);
		void (*after)(struct policy_role *);
		const char *want; /* a part; "" = nothing */
	} rows[] = {
	    {nothing, nothing, ""},
	    {nothing, noted, ""},
	    {nothing, NULL, ""},
	    {for_two_hours, nothing, ""},
	    {nothing, of_others, ""},
	    {nothing, denies, ""},
	    {NULL, denies, ""},
	    {NULL, nothing, "role ops gives its author alice what it did not"},
	    {of_others, nothing, "gives its author alice what it did not"},
	    {nothing, for_two_hours, "gives its author alice more: up to 2h"},
	    {nothing, on_all, "other targets, logins or hours"},
	    {denies, NULL, "does not deny its author alice all that it did"},
	    {denies, of_others, "does not deny its author alice"},
	    {denies, nothing, "gives its author alice what it did not"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct own before, after;
		struct buf b;

		make_own(&before, rows[i].before);
		make_own(&after, rows[i].after);
		buf_init(&b, 4096);
		own_widening(&b, "alice", &before, &after);
		buf_u8(&b, 0);
		must(buf_err(&b));
		if (strstr((const char *)b.p, rows[i].want) == NULL ||
		    (rows[i].want[0] == '\0') != (b.len == 1))
			fail_msg("row %zu: %s", i, (const char *)b.p);
		buf_done(&b);
		own_done(&before);
		own_done(&after);
	}
}

/* "LABEL|LOGIN|ADDRESS"; the login is one more than deploy. */
static void
make_target_of(struct target *t, const char *text, enum grant_reach reach)
{
	char copy[64];
	char *login = NULL, *addr = NULL;

	*t = (struct target){.port = 22, .reach = (uint8_t)reach};
	must(str_copy(copy, sizeof(copy), text));
	login = strchr(copy, '|');
	assert_non_null(login);
	*login++ = '\0';
	addr = strchr(login, '|');
	assert_non_null(addr);
	*addr++ = '\0';
	name_set(t->name, "web-01");
	must(addr_parse(&t->addr4, addr));
	must(label_list_add(&t->labels, "env", copy));
	must(name_list_add(&t->logins, "deploy"));
	if (login[0] != '\0')
		must(name_list_add(&t->logins, login));
}

static void
may_be_root(struct policy_role *r)
{
	must(name_list_add(&r->logins, "root"));
}

static void
test_own_targets(void **state)
{
	static const struct {
		void (*role)(struct policy_role *);
		const char *was,
		    *now; /* label, login, address; was "" = none */
		enum grant_reach before, after;
		const char *want;
	} rows[] = {
	    {nothing, "lab||10.0.0.1", "lab||10.0.0.1", REACH_PROXY,
		REACH_PROXY, ""},
	    {nothing, "lab||10.0.0.1", "prod||10.0.0.1", REACH_PROXY,
		REACH_PROXY, ""},
	    {nothing, "prod||10.0.0.1", "lab||10.0.0.1", REACH_PROXY,
		REACH_PROXY, "role ops gives its author alice the target"},
	    {of_others, "prod||10.0.0.1", "lab||10.0.0.1", REACH_PROXY,
		REACH_PROXY, ""},
	    {nothing, "", "lab||10.0.0.1", REACH_PROXY, REACH_PROXY,
		"role ops gives its author alice the target"},
	    {nothing, "", "prod||10.0.0.1", REACH_PROXY, REACH_PROXY, ""},
	    {may_be_root, "lab||10.0.0.1", "lab|root|10.0.0.1", REACH_PROXY,
		REACH_PROXY, "more of the target web-01"},
	    {may_be_root, "lab|root|10.0.0.1", "lab||10.0.0.1", REACH_PROXY,
		REACH_PROXY, ""},
	    {nothing, "lab||10.0.0.1", "lab||10.0.0.2", REACH_PROXY,
		REACH_PROXY, ""},
	    {nothing, "lab||10.0.0.1", "lab||10.0.0.2", REACH_DIRECT,
		REACH_DIRECT, "more of the target web-01"},
	    {nothing, "lab||10.0.0.1", "lab||10.0.0.1", REACH_PROXY,
		REACH_DIRECT, "more of the target web-01"},
	    {nothing, "lab||10.0.0.1", "lab||10.0.0.1", REACH_DIRECT,
		REACH_PROXY, ""},
	    {denies, "lab||10.0.0.1", "prod||10.0.0.1", REACH_PROXY,
		REACH_PROXY, "does not deny its author alice the target"},
	    {denies, "prod||10.0.0.1", "lab||10.0.0.1", REACH_PROXY,
		REACH_PROXY, ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct target was, now;
		struct own own;
		struct buf b;

		make_own(&own, rows[i].role);
		if (rows[i].was[0] != '\0')
			make_target_of(&was, rows[i].was, rows[i].before);
		make_target_of(&now, rows[i].now, rows[i].after);
		buf_init(&b, 4096);
		own_target_widening(&b, "alice", &own,
		    rows[i].was[0] != '\0' ? &was : NULL, &now);
		buf_u8(&b, 0);
		must(buf_err(&b));
		if (strstr((const char *)b.p, rows[i].want) == NULL ||
		    (rows[i].want[0] == '\0') != (b.len == 1))
			fail_msg("row %zu: %s", i, (const char *)b.p);
		buf_done(&b);
		own_done(&own);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rights),
	    cmocka_unit_test(test_approvers),
	    cmocka_unit_test(test_keys),
	    cmocka_unit_test(test_factors),
	    cmocka_unit_test(test_invitations),
	    cmocka_unit_test(test_approvals),
	    cmocka_unit_test(test_second),
	    cmocka_unit_test(test_touched),
	    cmocka_unit_test(test_own),
	    cmocka_unit_test(test_own_targets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
