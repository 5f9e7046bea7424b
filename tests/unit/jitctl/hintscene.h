/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hintscene - a command with its answers, and what it says: for test_hints.
 */
#ifndef TESTS_JITCTL_HINTSCENE_H
#define TESTS_JITCTL_HINTSCENE_H

#include "tests/unit/jitctl/scripted.h"

#define G1 "g-22222222"
#define ACTIVE "\"state\":\"active\""

struct scene {
	struct signer s;
	struct ctx c;
};

/* Runs it, and wants these parts in what it says, and none of those after a
 * NULL. */
void check_says(struct scene *x, int (*run)(struct ctx *), const char *arg,
    const struct step *steps, int want, const char *const parts[]);

/* hints_slips.c */
void test_guesses(void **state);
void test_last_admin(void **state);
void test_told(void **state);
void test_times(void **state);
void test_short_code(void **state);
void test_nothing_to_confirm(void **state);
void test_direct_recorded(void **state);
void test_codes_fit(void **state);

/* hints_doctor.c */
void test_known_hosts(void **state);
void test_doctor_hints(void **state);
void test_profiles_there(void **state);
void test_pin(void **state);

/* hints_set.c */
void test_new_host_key(void **state);
void test_ssh_line(void **state);
void test_keys_go(void **state);
void test_shown_first(void **state);
void test_reset_unused_code(void **state);
void test_times_said(void **state);
void test_unknown_key(void **state);
void test_empty_reason(void **state);
void test_deny_row(void **state);
void test_rows_tell(void **state);
void test_wider_asks(void **state);
void test_refused_first(void **state);
void test_locks_told(void **state);
void test_locks_own(void **state);
void test_would_wait(void **state);

#endif
