/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_glass - uses of break-glass come back as they were put, are settled
 * once, and the oldest whose review is owed is found; codes on paper are
 * nobody's.
 */
#include "tests/unit/store/storescene.h"

#include <string.h>

#include "base/err.h"

static void
put(struct place *p, const char *id, int64_t used_ms, uint64_t seq)
{
	struct glass_use g = {.user = "alice",
	    .user_id = "u-22222222",
	    .target = "web-01",
	    .target_id = "t-22222222",
	    .login = "root",
	    .grant = "g-22222222",
	    .reason = "INC-1",
	    .used_ms = used_ms,
	    .state = GLASS_USED,
	    .seq = seq};

	strcpy(g.id, id);
	must(store_glass_put(p->store, &g));
	assert_int_equal(store_glass_put(p->store, &g), GW_EEXIST);
}

static void
settle(struct place *p, const char *id, enum glass_state state, int want)
{
	struct glass_use g = {.by = "bob", .note = "fine", .reviewed_ms = 9};

	strcpy(g.id, id);
	g.state = (uint8_t)state;
	g.seq = 30;
	assert_int_equal(store_glass_settle(p->store, &g), want);
}

static void
collect(void *arg, const struct glass_use *g)
{
	strcat(arg, g->id + 2);
}

void
test_glass_uses(void **state)
{
	struct place *p = *state;
	struct glass_use g;
	char ids[64] = "";
	uint64_t seq = 0;

	assert_int_equal(store_glass_owed(p->store, &g), GW_ENOENT);
	put(p, "b-33333333", 5, 7);
	put(p, "b-22222222", 4, 8);
	put(p, "b-44444444", 6, 9);
	reopen(p);
	must(store_glass_get(p->store, "b-33333333", &g));
	assert_string_equal(g.user_id, "u-22222222");
	assert_string_equal(g.target_id, "t-22222222");
	assert_string_equal(g.login, "root");
	assert_string_equal(g.grant, "g-22222222");
	assert_string_equal(g.reason, "INC-1");
	assert_int_equal(g.used_ms, 5);
	assert_int_equal(g.seq, 7);
	must(store_seq(p->store, &seq));
	assert_int_equal(seq, 9);
	must(store_glass_owed(p->store, &g));
	assert_string_equal(g.id, "b-22222222");
	settle(p, "b-22222222", GLASS_REVIEWED, 0);
	settle(p, "b-22222222", GLASS_REVIEWED, GW_ESTATE);
	settle(p, "b-55555555", GLASS_REVIEWED, GW_ENOENT);
	settle(p, "b-33333333", GLASS_UNOPENED, 0);
	must(store_glass_owed(p->store, &g));
	assert_string_equal(g.id, "b-44444444");
	must(store_glass_get(p->store, "b-22222222", &g));
	assert_string_equal(g.by, "bob");
	assert_string_equal(g.note, "fine");
	assert_int_equal(g.reviewed_ms, 9);
	must(store_glass_each(p->store, INT64_MAX, "", 2, collect, ids));
	assert_string_equal(ids, "4444444433333333");
	must(store_glass_each(p->store, 5, "b-33333333", 2, collect, ids));
	assert_string_equal(ids, "444444443333333322222222");
}

void
test_paper(void **state)
{
	struct place *p = *state;
	struct recovery_set set = {.n = 2}, got;

	set.hash[0].p[0] = 1;
	set.hash[1].p[0] = 2;
	must(store_recovery_put(p->store, STORE_PAPER, &set, 7));
	must(store_recovery_burn(p->store, STORE_PAPER, set.hash[0].p, 8));
	reopen(p);
	assert_int_equal(
	    store_recovery_burn(p->store, STORE_PAPER, set.hash[0].p, 9),
	    GW_ENOENT);
	must(store_recovery_get(p->store, STORE_PAPER, &got));
	assert_int_equal(got.n, 2);
	assert_int_equal(recovery_left(&got), 1);
	must(store_recovery_get(p->store, "alice", &got));
	assert_int_equal(got.n, 0);
}
