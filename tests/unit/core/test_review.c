/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_review - what a review proposes, that the order of what it is made from
 * changes nothing, and which memberships its end leaves.
 */
#include "tests/unit/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "core/member.h"
#include "core/review.h"
#include "tests/unit/support/rnd.h"

enum { DAY = 86400 * 1000 };
static const int64_t now = INT64_C(1000) * DAY, late = INT64_C(90) * DAY;

static void
test_advice(void **state)
{
	static const struct {
		const char *why;
		bool nobody, disabled;
		int64_t until_ms, last_ms;
	} rows[] = {
	    {"used", false, false, MEMBER_ALWAYS, INT64_C(999) * DAY},
	    {"used", false, false, MEMBER_ALWAYS, INT64_C(910) * DAY + 1},
	    {"used", false, false, INT64_C(1000) * DAY + 1, INT64_C(999) * DAY},
	    {"not used lately", false, false, MEMBER_ALWAYS,
		INT64_C(910) * DAY},
	    {"never used", false, false, MEMBER_ALWAYS, 0},
	    {"its end is past", false, false, INT64_C(1000) * DAY,
		INT64_C(999) * DAY},
	    {"its end is past", false, false, 0, INT64_C(999) * DAY},
	    {"disabled", false, true, MEMBER_ALWAYS, INT64_C(999) * DAY},
	    {"no such user", true, true, MEMBER_ALWAYS, INT64_C(999) * DAY},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct review_facts f = {.nobody = rows[i].nobody,
		    .disabled = rows[i].disabled,
		    .until_ms = rows[i].until_ms,
		    .last_ms = rows[i].last_ms,
		    .now_ms = now,
		    .unused_ms = late};
		const char *why = NULL;
		const enum review_answer a = review_advise(&f, &why);

		CHECK_ROW(strcmp(why, rows[i].why) == 0, rows[i].why);
		CHECK_ROW((a == REVIEW_KEEP) == (strcmp(why, "used") == 0),
		    rows[i].why);
	}
}

/* ---- a small gateway */

struct world {
	struct policy_role roles[5];
	struct review_member members[4];
	struct review_use uses[4];
	struct review_in in;
};

static void
role(struct policy_role *r, const char *name, const char *user,
    const char *group, bool deny)
{
	name_set(r->name, name);
	(void)snprintf(r->id, sizeof(r->id), "p-%s", name);
	r->deny = deny;
	if (user != NULL)
		assert_int_equal(member_add(&r->users, user, ""), 0);
	if (group != NULL)
		assert_int_equal(member_add(&r->groups, group, ""), 0);
}

static void
person(
    struct review_member *m, const char *name, const char *group, bool disabled)
{
	name_set(m->name, name);
	(void)snprintf(m->id, sizeof(m->id), "u-%s", name);
	m->disabled = disabled;
	if (group != NULL)
		assert_int_equal(name_list_add(&m->groups, group), 0);
}

static void
use(struct review_use *u, const char *user, const char *name, int64_t days)
{
	name_set(u->user, user);
	name_set(u->role, name);
	(void)snprintf(u->user_id, sizeof(u->user_id), "u-%s", user);
	(void)snprintf(u->role_id, sizeof(u->role_id), "p-%s", name);
	u->last_ms = days * DAY;
	u->times = 2;
}

static struct world *
world_new(void)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	role(&w->roles[0], "ops", "alice", "sre", false);
	role(&w->roles[1], "db", NULL, "sre", false);
	role(&w->roles[2], "old", "ghost", NULL, false);
	role(&w->roles[3], "no", "bob", NULL, true);
	role(&w->roles[4], "try", "bob", NULL, false);
	w->roles[4].report_only = true;
	person(&w->members[0], "alice", NULL, false);
	person(&w->members[1], "bob", "sre", false);
	person(&w->members[2], "carol", "sre", true);
	person(&w->members[3], "dave", NULL, false);
	use(&w->uses[0], "alice", "ops", 999);
	use(&w->uses[1], "bob", "ops", 800);
	use(&w->uses[2], "bob", "db", 990);
	use(&w->uses[3], "carol", "db", 999);
	w->in = (struct review_in){.roles = w->roles,
	    .nroles = ARRAY_LEN(w->roles),
	    .members = w->members,
	    .nmembers = ARRAY_LEN(w->members),
	    .uses = w->uses,
	    .nuses = ARRAY_LEN(w->uses),
	    .now_ms = now,
	    .unused_ms = late};
	return w;
}

static void
text_of(char *ret, size_t size, const struct review_in *in)
{
	struct review_line *l = NULL;
	size_t n = 0, at = 0;

	assert_int_equal(review_build(&l, &n, in), 0);
	ret[0] = '\0';
	for (size_t i = 0; i < n; i++) {
		char text[REVIEW_TEXT_SIZE];

		assert_int_equal(l[i].n, i + 1);
		review_text(text, &l[i]);
		at += (size_t)snprintf(ret + at, size - at, "%s:%s:%s:%llu\n",
		    review_kind_str((enum review_kind)l[i].kind), text,
		    l[i].why, (unsigned long long)l[i].times);
	}
	free(l);
}

static const char all[] = "member:alice ops:used:2\n"
			  "member:bob db via sre:used:2\n"
			  "member:bob ops via sre:not used lately:2\n"
			  "member:carol db via sre:disabled:2\n"
			  "member:carol ops via sre:disabled:0\n"
			  "member:ghost old:no such user:0\n"
			  "role: old:never used:0\n"
			  "user:dave :never used:0\n";

static void
test_lines(void **state)
{
	struct world *w = world_new();
	char text[2048];

	(void)state;
	text_of(text, sizeof(text), &w->in);
	assert_string_equal(text, all);
	/* a use under an id of before is another one's */
	text_set(w->uses[0].user_id, sizeof(w->uses[0].user_id), "u-other");
	text_of(text, sizeof(text), &w->in);
	assert_non_null(strstr(text, "member:alice ops:never used:0\n"));
	free(w);
}

static void
add_use(void *arg, const struct review_use *u)
{
	char *text = arg;
	const size_t n = strlen(text);

	(void)snprintf(text + n, 256 - n, "%s %s/%s %llu\n", u->user, u->role,
	    u->role_id, (unsigned long long)u->times);
}

/* Each role that decided was used, not the first alone. */
static void
test_uses(void **state)
{
	const struct review_use u = {.user = "alice",
	    .role = "ops",
	    .role_id = "p-22222222",
	    .times = 2};
	char text[256] = "";

	(void)state;
	review_use_each(&u, "db,ops,prod", add_use, text);
	assert_string_equal(text, "alice ops/p-22222222 2\n"
				  "alice db/ 2\nalice prod/ 2\n");
	text[0] = '\0';
	review_use_each(&u, "", add_use, text);
	assert_string_equal(text, "alice ops/p-22222222 2\n");
}

static void
test_filters(void **state)
{
	struct world *w = world_new();
	char text[2048];

	(void)state;
	assert_int_equal(name_list_add(&w->in.only_roles, "ops"), 0);
	assert_int_equal(name_list_add(&w->in.only_groups, "sre"), 0);
	text_of(text, sizeof(text), &w->in);
	assert_string_equal(text, "member:bob ops via sre:not used lately:2\n"
				  "member:carol ops via sre:disabled:0\n");
	assert_int_equal(name_list_add(&w->in.only_users, "carol"), 0);
	text_of(text, sizeof(text), &w->in);
	assert_string_equal(text, "member:carol ops via sre:disabled:0\n");
	free(w);
}

static void
shuffle(struct rnd *rnd, void *list, size_t n, size_t size)
{
	char *p = list;
	char *one = malloc(size);

	assert_non_null(one);
	for (; n > 1; n--) {
		const size_t k = rnd_below(rnd, n);

		memcpy(one, p + k * size, size);
		memmove(p + k * size, p + (n - 1) * size, size);
		memcpy(p + (n - 1) * size, one, size);
	}
	free(one);
}

#define SHUFFLE(list) shuffle(&rnd, list, ARRAY_LEN(list), sizeof((list)[0]))

/* Whatever order roles, users and grants come in. */
static void
test_order(void **state)
{
	struct world *w = world_new();
	struct rnd rnd = {7};
	char text[2048];

	(void)state;
	for (int i = 0; i < 200; i++) {
		SHUFFLE(w->roles);
		SHUFFLE(w->members);
		SHUFFLE(w->uses);
		text_of(text, sizeof(text), &w->in);
		assert_string_equal(text, all);
	}
	free(w);
}

/* ---- the end */

static const struct review_line *
answered(struct review_line *l, size_t n, const char *user, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(l[i].user, user) == 0 &&
		    strcmp(l[i].role, name) == 0) {
			l[i].answer = REVIEW_REMOVE;
			return &l[i];
		}
	fail_msg("%s %s", user, name);
	return NULL;
}

static void
test_left(void **state)
{
	struct world *w = world_new();
	struct review_line *l = NULL;
	const struct review_line *one = NULL;
	size_t n = 0;

	(void)state;
	assert_int_equal(review_build(&l, &n, &w->in), 0);
#define LEFT(x) review_left(x, l, n, w->roles, ARRAY_LEN(w->roles))
	/* by name it touches nothing else */
	assert_null(LEFT(answered(l, n, "alice", "ops")));
	/* the group gives db as well, and of another it was removed */
	one = answered(l, n, "bob", "ops");
	(void)answered(l, n, "carol", "db");
	assert_non_null(LEFT(one));
	(void)answered(l, n, "bob", "db");
	assert_null(LEFT(one));
	/* what is denied by it would be so no more */
	assert_int_equal(member_add(&w->roles[3].groups, "sre", ""), 0);
	assert_non_null(LEFT(one));
	w->roles[3].groups.names.n = 0;
	assert_null(LEFT(one));
	assert_int_equal(quorum_add(&w->roles[2].approvals, "1 of sre"), 0);
	assert_non_null(LEFT(one));
	free(l);
	free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_advice),
	    cmocka_unit_test(test_lines),
	    cmocka_unit_test(test_uses),
	    cmocka_unit_test(test_filters),
	    cmocka_unit_test(test_order),
	    cmocka_unit_test(test_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
