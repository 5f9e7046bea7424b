/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ledgerscene - a ledger in a folder of its own, and a disk whose fdatasync
 * fails when the test says so. The tests by it are one program, test_ledger.
 */
#ifndef TESTS_NOTARY_LEDGERSCENE_H
#define TESTS_NOTARY_LEDGERSCENE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "audit/note.h"
#include "audit/verify.h"
#include "base/secret.h"
#include "notary/ledger.h"
#include "tests/unit/support/test.h"

struct ledger_scene {
	char dir[128];
	struct secret seed;
	char vkey[NOTE_VKEY_SIZE];
	uint64_t seen; /* records the callback got */
	bool sync_fails;
	bool no_fallocate;
	unsigned syncs;
};

extern struct ledger_scene lt;

/* ---- ledgerscene.c */

/* Empties the folder. */
void clean(void);
int setup(void **state);
int teardown(void **state);
/* segment 0: of the usual size. why has LIMIT_TEXT_SIZE bytes. */
int try_open(struct ledger **l, uint64_t segment, uint64_t *cut, char *why);
struct ledger *open_ok(uint64_t segment, uint64_t want_cut);
/* n records of this event in one batch; the first failure. */
int put(struct ledger *l, enum event_code ev, size_t n, bool checkpoint);
/* An empty log whose record 0 is a checkpoint, as the notary does it. */
struct ledger *fresh(uint64_t segment);
struct verify_result verify(void);
/* A folder or a file; expect may be NULL. */
struct verify_result verify_path(
    const char *path, const struct note_checkpoint *expect);
/* The first segment's file. */
int open_first(int flags);

/* ---- ledger_verify.c */

void test_one_flipped_byte(void **state);
void test_naming(void **state);
void test_older_nul(void **state);
void test_streams(void **state);
void test_leaves_mended(void **state);
void test_cut_back(void **state);
void test_time_of_the_last(void **state);
void test_receivers_copy(void **state);

#endif
