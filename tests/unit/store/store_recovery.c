/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_recovery - recovery codes: burned once and for good, and gone with what
 * they stand in for.
 */
#include "tests/unit/store/storescene.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"

static void
make_set(struct recovery_set *ret, uint8_t first)
{
	memset(ret, 0, sizeof(*ret));
	memset(ret->salt, 7, sizeof(ret->salt));
	ret->n = LIMIT_RECOVERY_CODES;
	for (unsigned i = 0; i < ret->n; i++)
		memset(ret->hash[i].p, first + (int)i, RECOVERY_HASH_SIZE);
}

void
test_recovery(void **state)
{
	struct place *p = *state;
	struct user *u = make_user("alice", "aaa");
	struct recovery_set set, other, got;
	uint64_t seq = 0;

	must(store_user_put(p->store, u, 7));
	must(store_recovery_get(p->store, "alice", &got));
	assert_int_equal(got.n, 0);
	make_set(&set, 1);
	make_set(&other, 101);
	must(store_recovery_put(p->store, "alice", &set, 8));
	reopen(p);
	must(store_recovery_get(p->store, "alice", &got));
	assert_int_equal(got.n, LIMIT_RECOVERY_CODES);
	assert_memory_equal(got.salt, set.salt, sizeof(set.salt));
	assert_int_equal(recovery_left(&got), LIMIT_RECOVERY_CODES);
	assert_int_equal(
	    store_recovery_burn(p->store, "alice", other.hash[0].p, 9),
	    GW_ENOENT);
	must(store_recovery_burn(p->store, "alice", set.hash[3].p, 9));
	reopen(p);
	assert_int_equal(
	    store_recovery_burn(p->store, "alice", set.hash[3].p, 10),
	    GW_ENOENT);
	must(store_recovery_get(p->store, "alice", &got));
	assert_int_equal(recovery_left(&got), LIMIT_RECOVERY_CODES - 1);
	assert_true(recovery_find(&got, set.hash[3].p)->used);
	assert_false(recovery_find(&got, set.hash[4].p)->used);
	must(store_seq(p->store, &seq));
	assert_int_equal(seq, 9);
	/* new ones in their place, as one with what comes beside them */
	must(store_begin(p->store));
	must(store_recovery_put(p->store, "alice", &other, 11));
	store_rollback(p->store);
	must(store_recovery_get(p->store, "alice", &got));
	assert_non_null(recovery_find(&got, set.hash[0].p));
	must(store_recovery_put(p->store, "alice", &other, 11));
	must(store_recovery_get(p->store, "alice", &got));
	assert_null(recovery_find(&got, set.hash[0].p));
	assert_int_equal(recovery_left(&got), LIMIT_RECOVERY_CODES);
	free(u);
}

/* Without a second factor there is none to recover; another user of the same
 * name has none of the codes. */
void
test_recovery_goes(void **state)
{
	struct place *p = *state;
	struct user *u = make_user("alice", "aaa");
	struct recovery_set set, got;

	make_set(&set, 1);
	must(store_user_put(p->store, u, 7));
	must(store_recovery_put(p->store, "alice", &set, 8));
	u->pending_end_ms = 12;
	must(store_user_put(p->store, u, 9));
	must(store_recovery_get(p->store, "alice", &got));
	assert_int_equal(got.n, LIMIT_RECOVERY_CODES);
	u->pending_end_ms = 0;
	must(store_user_get(p->store, "alice", u));
	assert_int_equal(u->pending_end_ms, 12);
	u->totp.len = 0;
	must(store_user_put(p->store, u, 10));
	must(store_recovery_get(p->store, "alice", &got));
	assert_int_equal(got.n, 0);
	must(store_recovery_put(p->store, "alice", &set, 11));
	must(store_user_remove(p->store, "alice", 12));
	free(u);
	u = make_user("alice", "bbb");
	must(store_user_put(p->store, u, 13));
	must(store_recovery_get(p->store, "alice", &got));
	assert_int_equal(got.n, 0);
	free(u);
}
