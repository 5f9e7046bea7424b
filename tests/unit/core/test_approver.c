/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_approver - can what wants approval be approved: tables of who there is
 * and what is wanted.
 */
#include "tests/unit/support/test.h"

#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/str.h"
#include "core/approver.h"

static void
must(int r)
{
	assert_int_equal(r, 0);
}

/* "ann/id +group #key -why", a word each; what is not said is as it should be.
 */
static void
add_person(struct approvers *a, char *text)
{
	struct name_list groups = {0};
	char key[LIMIT_KEYS_PER_USER][64] = {""};
	struct approver x = {.groups = &groups,
	    .kind = KIND_PERSON,
	    .enrolled = true,
	    .key = (const char(*)[64])key};
	char *save = NULL, *s = strtok_r(text, " ", &save);

	x.name = x.id = s;
	while ((s = strtok_r(NULL, " ", &save)) != NULL) {
		if (s[0] == '+')
			must(name_list_add(&groups, s + 1));
		else if (s[0] == '#')
			must(str_copy(key[x.nkeys++], 64, s + 1));
		else if (s[0] == '/')
			x.id = s + 1;
		else if (strcmp(s, "-machine") == 0)
			x.kind = KIND_MACHINE;
		else if (strcmp(s, "-nobody") == 0)
			x.kind = KIND_NONE;
		else if (strcmp(s, "-disabled") == 0)
			x.disabled = true;
		else if (strcmp(s, "-invited") == 0)
			x.enrolled = false;
		else if (strcmp(s, "-locked") == 0)
			x.locked = true;
		else
			fail_msg("%s", s);
	}
	must(approvers_add(a, &x));
}

struct row {
	const char *people; /* with ", " between */
	const char *needs;  /* likewise: of a level each */
	const char *own;
	const char *text; /* what is told; "" = nothing */
};

static struct approvers *
read_people(const char *text)
{
	struct approvers *a = NULL;
	char *copy = strdup(text), *save = NULL;

	assert_non_null(copy);
	must(approvers_new(&a));
	for (char *s = strtok_r(copy, ",", &save); s != NULL;
	     s = strtok_r(NULL, ",", &save))
		add_person(a, s);
	free(copy);
	return a;
}

static void
check(const struct row *row)
{
	struct approvers *a = read_people(row->people);
	struct quorum_list l = {0};
	struct shortage s;
	char *copy = strdup(row->needs), *save = NULL;
	bool lacks;

	assert_non_null(copy);
	for (char *q = strtok_r(copy, ",", &save); q != NULL;
	     q = strtok_r(NULL, ",", &save))
		must(quorum_add(&l, q + strspn(q, " ")));
	lacks = approvers_lack(&s, a, &l, row->own);
	if (lacks != (row->text[0] != '\0') || strcmp(s.text, row->text) != 0)
		fail_msg("%s | %s: %s", row->people, row->needs, s.text);
	assert_true(!lacks || s.have < s.want);
	free(copy);
	approvers_free(a);
}

#define NOBODY "nobody can approve this: "

static void
test_enough(void **state)
{
	static const struct row rows[] = {
	    {"", "", "", ""},
	    {"ann +sre", "", "", ""},
	    {"ann +sre", "1 of sre", "", ""},
	    {"ann +sre, bob +leads", "2 of sre or leads", "", ""},
	    {"ann +sre, bob +sre", "2 of sre", "", ""},
	    {"ann +sre, bob +leads", "1 of sre, 1 of leads", "", ""},
	    {"ann +sre +leads, bob +sre", "1 of sre, 1 of leads", "", ""},
	    {"ann +sre, bob +sre", "1 of sre", "ann", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check(&rows[i]);
}

static void
test_too_few(void **state)
{
	static const struct row rows[] = {
	    {"", "1 of sre", "",
		NOBODY "group sre has 0 of 1: nobody is in it"},
	    {"ann +leads", "2 of sre or ops", "",
		NOBODY "groups sre, ops have 0 of 2: nobody is in them"},
	    {"ann +sre", "2 of sre", "", NOBODY "group sre has 1 of 2 (ann)"},
	    {"ann +sre, bob +leads", "3 of sre or leads", "",
		NOBODY "groups sre, leads have 2 of 3 (ann, bob)"},
	    {"ann +sre, bob +sre", "1 of sre, 3 of sre", "",
		NOBODY "group sre has 2 of 3 (ann, bob)"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check(&rows[i]);
}

/* Who is there, and can not. */
static void
test_who_cannot(void **state)
{
	static const struct row rows[] = {
	    {"ann +sre -machine", "1 of sre", "",
		NOBODY "group sre has 0 of 1 (not ann: no person)"},
	    {"ann +sre -nobody", "1 of sre", "",
		NOBODY "group sre has 0 of 1 (not ann: no person)"},
	    {"ann +sre -disabled, bob +sre", "2 of sre", "",
		NOBODY "group sre has 1 of 2 (bob; not ann: disabled)"},
	    {"ann +sre -invited", "1 of sre", "",
		NOBODY "group sre has 0 of 1 (not ann: not enrolled)"},
	    {"ann +sre -locked", "1 of sre", "",
		NOBODY "group sre has 0 of 1 (not ann: locked)"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check(&rows[i]);
}

/* Nobody approves twice: not as two, nor at two levels. */
static void
test_twice(void **state)
{
	static const struct row rows[] = {
	    {"ann /u1 +sre, amy /u1 +sre", "2 of sre", "",
		NOBODY "group sre has 1 of 2 (ann)"},
	    {"ann #k1 #k2 +sre, amy #k3 #k2 +sre", "2 of sre", "",
		NOBODY "group sre has 1 of 2 (ann)"},
	    {"ann #k1 +sre, amy #k2 +sre", "2 of sre", "", ""},
	    {"ann +sre +leads", "1 of sre, 1 of leads", "",
		NOBODY "2 levels want 2 people, groups sre, leads have 1 "
		       "(ann)"},
	    {"ann +sre, bob +sre, eve +leads +sre",
		"2 of sre, 1 of leads, 1 of sre or leads", "",
		NOBODY "3 levels want 4 people, groups sre, leads "
		       "have 3 (ann, bob, eve)"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check(&rows[i]);
}

static void
test_own(void **state)
{
	static const struct row rows[] = {
	    {"ann +sre", "1 of sre", "ann",
		NOBODY "group sre has 0 of 1 (not ann: who asks)"},
	    {"ann +sre, bob +sre", "2 of sre", "ann",
		NOBODY "group sre has 1 of 2 (bob; not ann: who asks)"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check(&rows[i]);
}

/* The last of many who cannot is found, and the text is cut, not overrun. */
static void
test_many(void **state)
{
	char people[LIMIT_TEXT_SIZE * 8] = "";
	size_t n = 0;
	struct row row = {people, "1 of sre", "", ""};

	(void)state;
	for (unsigned i = 0; i < 40; i++) {
		must(str_fmt(people + n, sizeof(people) - n,
		    "a%030u +sre -locked, ", i));
		n = strlen(people);
	}
	must(str_fmt(people + n, sizeof(people) - n, "zoe +sre"));
	check(&row);
	row.needs = "1 of sre, 1 of sre";
	row.text = NULL;
	{
		struct approvers *a = read_people(people);
		struct quorum_list l = {0};
		struct shortage s;

		must(quorum_add(&l, "1 of sre"));
		must(quorum_add(&l, "1 of sre"));
		assert_true(approvers_lack(&s, a, &l, ""));
		assert_int_equal(s.have, 1);
		assert_int_equal(s.want, 2);
		assert_true(strlen(s.text) < sizeof(s.text));
		approvers_free(a);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_enough),
	    cmocka_unit_test(test_too_few),
	    cmocka_unit_test(test_who_cannot),
	    cmocka_unit_test(test_twice),
	    cmocka_unit_test(test_own),
	    cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
