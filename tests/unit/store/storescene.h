/* SPDX-License-Identifier: Apache-2.0 */
/*
 * storescene - a store in a folder of its own. The tests by it are one program,
 * test_store.
 */
#ifndef TESTS_STORE_STORESCENE_H
#define TESTS_STORE_STORESCENE_H

#include "broker/store/store_sql.h"
#include "tests/unit/support/test.h"

struct place {
	char dir[64];
	char path[128];
	struct store *store;
};

/* ---- storescene.c */

void must(int r);
void reopen(struct place *p);
struct user *make_user(const char *name, const char *fp);
struct policy_role *make_role(const char *name);

/* ---- store_locks.c */

void test_locks(void **state);
void test_ends_shift(void **state);
void test_lock_not_read(void **state);
void test_each_admin(void **state);

/* ---- store_glass.c */

void test_glass_uses(void **state);
void test_paper(void **state);

/* ---- store_roles.c */

void test_role(void **state);
void test_role_changes(void **state);
void test_role_is_whole(void **state);
void test_role_of_later(void **state);
void test_role_of_before(void **state);
void test_selectors(void **state);

/* ---- store_recovery.c */

void test_recovery(void **state);
void test_recovery_goes(void **state);

/* ---- store_history.c */

void test_answers(void **state);
void test_history(void **state);
void test_removed_user(void **state);
void test_ids(void **state);

/* ---- store_requests.c */

void test_requests(void **state);
void test_requests_move(void **state);
void test_requests_listed(void **state);
void test_approvals(void **state);
void test_requests_seq(void **state);

#endif
