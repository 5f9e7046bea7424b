/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_locks - locks come back as they were put; one that cannot be read fails
 * all of them.
 */
#include "tests/unit/store/storescene.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"

static void
put(struct place *p, const char *id, enum lock_kind k, const char *value,
    uint64_t seq)
{
	struct lock l = {.by = "bob",
	    .reason = "INC-1",
	    .created_ms = 5,
	    .until_ms = k == LOCK_SOURCE ? 6 : 0,
	    .seq = seq};

	strcpy(l.id, id);
	if (l.until_ms != 0) {
		strcpy(l.boot_id, "b1");
		l.end_boot_ms = 3;
	}
	must(lock_set(&l, k, value));
	must(store_lock_put(p->store, &l));
	assert_int_equal(store_lock_put(p->store, &l), GW_EEXIST);
}

void
test_locks(void **state)
{
	struct place *p = *state;
	struct lock *l = NULL;
	uint64_t seq = 0;
	size_t n = 1;

	must(store_lock_all(p->store, &l, &n));
	assert_int_equal(n, 0);
	put(p, "l-33333333", LOCK_SOURCE, "198.51.100.0/24", 7);
	put(p, "l-22222222", LOCK_EVERYTHING, "", 8);
	reopen(p);
	must(store_lock_all(p->store, &l, &n));
	assert_int_equal(n, 2);
	assert_string_equal(l[0].id, "l-22222222");
	assert_int_equal(l[0].kind, LOCK_EVERYTHING);
	assert_string_equal(l[0].value, "");
	assert_int_equal(l[0].until_ms, 0);
	assert_string_equal(l[1].value, "198.51.100.0/24");
	assert_int_equal(l[1].prefix.bits, 24);
	assert_string_equal(l[1].by, "bob");
	assert_string_equal(l[1].reason, "INC-1");
	assert_int_equal(l[1].created_ms, 5);
	assert_int_equal(l[1].until_ms, 6);
	assert_string_equal(l[1].boot_id, "b1");
	assert_int_equal(l[1].end_boot_ms, 3);
	assert_int_equal(l[1].seq, 7);
	free(l);
	must(store_seq(p->store, &seq));
	assert_int_equal(seq, 8);
	must(store_lock_remove(p->store, "l-22222222", 9));
	must(store_lock_remove(p->store, "l-22222222", 9));
	must(store_lock_all(p->store, &l, &n));
	assert_int_equal(n, 1);
	free(l);
	must(store_seq(p->store, &seq)); /* of what is gone, too */
	assert_int_equal(seq, 9);
}

void
test_lock_not_read(void **state)
{
	static const char *const bad[] = {"UPDATE locks SET kind = 77;",
	    "UPDATE locks SET kind = 0;",
	    "UPDATE locks SET kind = 6, value = '198.51.100.1/24';"};
	struct place *p = *state;
	struct lock *l = NULL;
	size_t n = 1;

	put(p, "l-22222222", LOCK_EVERYTHING, "", 8);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		must(sql_define(p->store->sql, bad[i]));
		assert_int_equal(store_lock_all(p->store, &l, &n), GW_ECORRUPT);
		assert_null(l);
		assert_int_equal(n, 0);
		assert_non_null(
		    strstr(store_error(p->store), "lock l-22222222"));
	}
}

static void
count(void *arg, const char *name, const struct user *u)
{
	assert_string_equal(name, u->name);
	(*(unsigned *)arg)++;
}

void
test_each_admin(void **state)
{
	struct place *p = *state;
	struct user *u = make_user("alice", "SHA256:a");
	unsigned n = 0;

	u->rights = RIGHT_ADMIN;
	u->state = USER_ACTIVE;
	must(store_user_put(p->store, u, 1));
	free(u);
	u = make_user("bob", "SHA256:b");
	u->rights = RIGHT_ADMIN;
	u->state = USER_DISABLED;
	must(store_user_put(p->store, u, 2));
	free(u);
	u = make_user("carol", "SHA256:c");
	u->rights = RIGHT_NONE;
	u->state = USER_ACTIVE;
	must(store_user_put(p->store, u, 3));
	free(u);
	must(store_admin_each(p->store, count, &n));
	assert_int_equal(n, 1);
}

static int64_t
until_of(struct place *p, const char *id)
{
	struct request r;

	must(store_request_get(p->store, id, &r));
	return r.until_ms;
}

static void
ask(struct place *p, const char *id, int64_t created_ms)
{
	struct request r = {.port = 22,
	    .seconds = 60,
	    .state = REQUEST_PENDING,
	    .created_ms = created_ms,
	    .until_ms = created_ms + 20,
	    .seq = 1};

	strcpy(r.id, id);
	must(store_request_put(p->store, &r));
}

/* The log was 1000 ahead, and it is 500 now: what was asked, approved or locked
 * at 1500 ends as it would have. */
void
test_ends_shift(void **state)
{
	struct place *p = *state;
	struct approval_row a = {.level = 1, .at_ms = 1500, .seq = 2};
	struct lock l = {.kind = LOCK_EVERYTHING,
	    .created_ms = 1500,
	    .until_ms = 1600,
	    .seq = 1};
	struct lock *list = NULL;
	uint64_t seq = 0;
	size_t n = 0;

	ask(p, "r-22222222", 490);
	ask(p, "r-33333333", 1500);
	ask(p, "r-44444444", 480);
	strcpy(a.request, "r-44444444");
	strcpy(a.user, "bob");
	strcpy(a.user_id, "u-22222222");
	must(store_approval_put(p->store, &a));
	strcpy(l.id, "l-22222222");
	must(store_lock_put(p->store, &l));
	must(store_ends_shift(p->store, 500, 1000, 9));
	reopen(p);
	assert_int_equal(until_of(p, "r-22222222"), 510);
	assert_int_equal(until_of(p, "r-33333333"), 520);
	assert_int_equal(until_of(p, "r-44444444"), 500 - 1000);
	must(store_lock_all(p->store, &list, &n));
	assert_int_equal(list[0].until_ms, 600);
	assert_int_equal(list[0].created_ms, 500);
	free(list);
	must(store_seq(p->store, &seq));
	assert_int_equal(seq, 9);
}
