/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_quorum - who has to approve, as tables: what is a rule, what several
 * rules are together, and whose word counts where.
 */
#include "tests/unit/support/test.h"

#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/err.h"
#include "core/quorum.h"

static void
must(int r)
{
	assert_int_equal(r, 0);
}

/* "1 of a;2 of b": a list, each of the next level. */
static struct quorum_list
list_of(const char *text)
{
	struct quorum_list l = {0};
	char copy[512];
	char *save = NULL;

	assert_true(strlen(text) < sizeof(copy));
	strcpy(copy, text);
	for (char *s = strtok_r(copy, ";", &save); s != NULL;
	     s = strtok_r(NULL, ";", &save))
		must(quorum_add(&l, s));
	return l;
}

/* ---- texts */

static void
test_texts(void **state)
{
	static const char *const good[] = {"1 of sre", "9 of sre",
	    "2 of security or leads", "1 of a or b or c or d", "1 of or",
	    "1 of of or or"};
	static const char *const bad[] = {"", "1", "1 of", "1 of ", "0 of sre",
	    "10 of sre", "-1 of sre", "1  of sre", " 1 of sre", "1 of sre ",
	    "1 of sre or", "1 of sre or ", "1 of or sre or", "one of sre",
	    "1 of sre and leads", "1 of sre,leads", "1 of sre or sre",
	    "1 OF sre", "1 of a b", "1 of \n", "1of sre", ":of sre",
	    "1 of sre  or leads"};
	char text[QUORUM_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct quorum_list l = {0};

		CHECK_ROW(quorum_add(&l, good[i]) == 0, good[i]);
		assert_int_equal(l.n, 1);
		assert_int_equal(l.quorum[0].level, 1);
		quorum_text(text, &l.quorum[0]);
		assert_string_equal(text, good[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct quorum_list l = {0};

		CHECK_ROW(quorum_add(&l, bad[i]) == GW_EINVAL, bad[i]);
		assert_int_equal(l.n, 0);
	}
}

static void
test_bounds(void **state)
{
	struct quorum_list l = {0};
	struct quorum q = {.people = 9, .ngroups = LIMIT_QUORUM_GROUPS};
	char name[LIMIT_NAME_SIZE + 8] = "1 of ", text[QUORUM_TEXT_SIZE];

	(void)state;
	assert_int_equal(
	    quorum_add(&l, "1 of a or b or c or d or e"), GW_ELIMIT);
	assert_int_equal(l.n, 0);
	memset(name + 5, 'g', LIMIT_NAME_SIZE);
	assert_int_equal(quorum_add(&l, name), GW_EINVAL);
	name[5 + LIMIT_NAME_SIZE - 1] = '\0';
	must(quorum_add(&l, name));
	for (unsigned i = 1; i < LIMIT_QUORUM_LEVELS; i++)
		must(quorum_add(&l, "1 of sre"));
	assert_int_equal(quorum_add(&l, "1 of sre"), GW_ELIMIT);
	assert_int_equal(l.n, LIMIT_QUORUM_LEVELS);
	assert_int_equal(l.quorum[l.n - 1].level, LIMIT_QUORUM_LEVELS);
	/* the longest there is fits */
	for (unsigned i = 0; i < q.ngroups; i++)
		memset(q.group[i], 'a' + (int)i, LIMIT_NAME_SIZE - 1);
	quorum_text(text, &q);
	assert_int_equal(
	    strlen(text), strlen("9 of ") + 3 * strlen(" or ") +
			      LIMIT_QUORUM_GROUPS * (LIMIT_NAME_SIZE - 1));
}

/* ---- several roles */

static void
test_merges(void **state)
{
	static const struct {
		const char *a, *b, *all; /* level:text, with spaces between */
	} rows[] = {
	    {"", "", ""},
	    {"1 of a", "", "1:1 of a"},
	    {"1 of a", "1 of a", "1:1 of a"},
	    {"1 of a", "2 of a", "1:2 of a"},
	    {"3 of a", "2 of a", "1:3 of a"},
	    {"1 of a or b", "2 of b or a", "1:2 of a or b"},
	    {"1 of a", "1 of a or b", "1:1 of a 1:1 of a or b"},
	    {"1 of a", "1 of b", "1:1 of a 1:1 of b"},
	    {"1 of a;1 of b", "1 of b", "1:1 of a 2:1 of b 1:1 of b"},
	    {"1 of a;1 of b", "1 of a;2 of b", "1:1 of a 2:2 of b"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct quorum_list all = list_of(rows[i].a);
		const struct quorum_list b = list_of(rows[i].b);
		char got[512] = "", text[QUORUM_TEXT_SIZE];

		must(quorum_merge(&all, &b));
		for (unsigned k = 0; k < all.n; k++) {
			quorum_text(text, &all.quorum[k]);
			(void)snprintf(got + strlen(got),
			    sizeof(got) - strlen(got), "%s%u:%s",
			    k > 0 ? " " : "", (unsigned)all.quorum[k].level,
			    text);
		}
		if (strcmp(got, rows[i].all) != 0)
			fail_msg("%s + %s: %s", rows[i].a, rows[i].b, got);
	}
}

static void
test_merges_are_bounded(void **state)
{
	struct quorum_list all = {0};
	char text[64];

	(void)state;
	for (unsigned i = 0; i < LIMIT_QUORUMS; i++) {
		struct quorum_list l = {0};

		(void)snprintf(text, sizeof(text), "1 of g%u", i);
		must(quorum_add(&l, text));
		must(quorum_merge(&all, &l));
		must(quorum_merge(&all, &l)); /* it is there */
	}
	all.quorum[0].people = 1;
	assert_int_equal(all.n, LIMIT_QUORUMS);
	{
		const struct quorum_list l = list_of("1 of more");

		assert_int_equal(quorum_merge(&all, &l), GW_ELIMIT);
	}
}

static void
test_equal(void **state)
{
	static const struct {
		const char *a, *b;
		bool equal;
	} rows[] = {
	    {"", "", true},
	    {"1 of a", "1 of a", true},
	    {"1 of a or b", "1 of b or a", true},
	    {"1 of a", "2 of a", false},
	    {"1 of a", "1 of b", false},
	    {"1 of a", "1 of a or b", false},
	    {"1 of a", "1 of a;1 of a", false},
	    {"1 of a;1 of b", "1 of b;1 of a", false},
	    {"1 of a", "", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct quorum_list a = list_of(rows[i].a);
		const struct quorum_list b = list_of(rows[i].b);

		CHECK_ROW(quorum_equal(&a, &b) == rows[i].equal, rows[i].a);
		CHECK_ROW(quorum_equal(&b, &a) == rows[i].equal, rows[i].b);
	}
}

/* ---- judged */

enum { GIVEN_MAX = 6 };

/* "bob@1:sre+leads carol@2:" */
static size_t
parse_given(const char *text, struct approval *a, struct name_list *groups,
    char (*who)[16])
{
	char copy[256];
	char *save = NULL;
	size_t n = 0;

	assert_true(strlen(text) < sizeof(copy));
	strcpy(copy, text);
	for (char *s = strtok_r(copy, " ", &save); s != NULL;
	     s = strtok_r(NULL, " ", &save), n++) {
		char *of = NULL, *g = strchr(s, ':');

		assert_true(n < GIVEN_MAX && g != NULL);
		memset(&groups[n], 0, sizeof(groups[n]));
		*g++ = '\0';
		for (g = strtok_r(g, "+", &of); g != NULL;
		     g = strtok_r(NULL, "+", &of))
			must(name_list_add(&groups[n], g));
		(void)snprintf(
		    who[n], sizeof(who[n]), "%.*s", (int)strcspn(s, "@"), s);
		a[n] = (struct approval){.user_id = who[n],
		    .level = (uint8_t)(strchr(s, '@')[1] - '0'),
		    .groups = &groups[n]};
	}
	return n;
}

struct judged {
	const char *name, *needs, *given;
	unsigned level, have, want; /* level 0: met */
};

static void
want_judged(const struct judged *rows, size_t n)
{
	struct approval a[GIVEN_MAX];
	struct name_list groups[GIVEN_MAX];
	char who[GIVEN_MAX][16];

	for (size_t i = 0; i < n; i++) {
		const struct judged *r = &rows[i];
		const struct quorum_list l = list_of(r->needs);
		const size_t na = parse_given(r->given, a, groups, who);
		struct quorum_state s;

		memset(&s, 0xff, sizeof(s));
		quorum_judge(&s, &l, a, na, "alice");
		CHECK_ROW(s.met == (r->level == 0), r->name);
		CHECK_ROW(s.level == r->level, r->name);
		CHECK_ROW(s.have == r->have, r->name);
		CHECK_ROW(s.want == r->want, r->name);
		CHECK_ROW(s.met || s.at < l.n, r->name);
	}
}

static void
test_judged(void **state)
{
	static const struct judged rows[] = {
	    {"nothing is wanted", "", "", 0, 0, 0},
	    {"nobody yet", "1 of sre", "", 1, 0, 1},
	    {"one", "1 of sre", "bob@1:sre", 0, 0, 0},
	    {"one of two", "2 of sre", "bob@1:sre", 1, 1, 2},
	    {"two", "2 of sre", "bob@1:sre carol@1:sre", 0, 0, 0},
	    {"either group", "2 of sre or leads", "bob@1:sre dave@1:leads", 0,
		0, 0},
	    {"in both it is one", "2 of sre or leads", "bob@1:sre+leads", 1, 1,
		2},
	};

	(void)state;
	want_judged(rows, ARRAY_LEN(rows));
}

static void
test_groups_count(void **state)
{
	static const struct judged rows[] = {
	    {"of no group", "1 of sre", "frank@1:", 1, 0, 1},
	    {"of another", "1 of sre", "dave@1:leads", 1, 0, 1},
	    {"a name that begins so", "1 of sre", "dave@1:sre2", 1, 0, 1},
	};

	(void)state;
	want_judged(rows, ARRAY_LEN(rows));
}

static void
test_own_counts_not(void **state)
{
	static const struct judged rows[] = {
	    {"their own", "1 of sre", "alice@1:sre", 1, 0, 1},
	    {"their own and one", "2 of sre", "alice@1:sre bob@1:sre", 1, 1, 2},
	};

	(void)state;
	want_judged(rows, ARRAY_LEN(rows));
}

static void
test_one_person_once(void **state)
{
	static const struct judged rows[] = {
	    {"twice", "2 of sre", "bob@1:sre bob@1:sre", 1, 1, 2},
	    {"at both levels", "1 of sre;1 of sre", "bob@1:sre bob@2:sre", 2, 0,
		1},
	};

	(void)state;
	want_judged(rows, ARRAY_LEN(rows));
}

static void
test_levels(void **state)
{
	static const struct judged rows[] = {
	    {"the first is asked", "1 of sre;1 of leads", "", 1, 0, 1},
	    {"then the second", "1 of sre;1 of leads", "bob@1:sre", 2, 0, 1},
	    {"both", "1 of sre;1 of leads", "bob@1:sre dave@2:leads", 0, 0, 0},
	    {"the second alone", "1 of sre;1 of leads", "dave@2:leads", 1, 0,
		1},
	    {"at the wrong level", "1 of sre;1 of leads",
		"bob@1:sre dave@1:leads", 2, 0, 1},
	    {"three", "1 of a;2 of b;1 of c", "x@1:a y@2:b", 2, 1, 2},
	};

	(void)state;
	want_judged(rows, ARRAY_LEN(rows));
}

/* What two roles want at one level: one approval counts for each of the two
 * whose groups it has; what lacks most is told. */
static void
test_side_by_side(void **state)
{
	struct quorum_list l = list_of("1 of sre");
	const struct quorum_list more = list_of("2 of leads");
	struct name_list both = {0};
	struct approval a = {.user_id = "eve", .level = 1, .groups = &both};
	struct quorum_state s;

	(void)state;
	must(quorum_merge(&l, &more));
	must(name_list_add(&both, "leads"));
	must(name_list_add(&both, "sre"));
	quorum_judge(&s, &l, NULL, 0, "alice");
	assert_int_equal(s.want, 2);
	assert_int_equal(s.at, 1);
	quorum_judge(&s, &l, &a, 1, "alice");
	assert_false(s.met);
	assert_true(s.have == 1 && s.want == 2 && s.at == 1);
	assert_true(quorum_counts(&l, 1, "u", &both));
	assert_false(quorum_counts(&l, 2, "u", &both));
	assert_false(quorum_counts(&l, 0, "u", &both));
	both.n = 0;
	assert_false(quorum_counts(&l, 1, "u", &both));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_texts),
	    cmocka_unit_test(test_bounds),
	    cmocka_unit_test(test_merges),
	    cmocka_unit_test(test_merges_are_bounded),
	    cmocka_unit_test(test_equal),
	    cmocka_unit_test(test_judged),
	    cmocka_unit_test(test_groups_count),
	    cmocka_unit_test(test_own_counts_not),
	    cmocka_unit_test(test_one_person_once),
	    cmocka_unit_test(test_levels),
	    cmocka_unit_test(test_side_by_side),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
