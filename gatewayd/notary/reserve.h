/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reserve - LEDGER_RESERVE_SIZE of the disk that nobody but the log can take:
 * allocated behind the end of its last segment; on a file system that cannot do
 * that (fallocate with FALLOC_FL_KEEP_SIZE), a file "reserve" of as many bytes
 * in the log's folder, which goes when the disk is full. Part of the ledger.
 */
#ifndef NOTARY_RESERVE_H
#define NOTARY_RESERVE_H

#include <stdint.h>

#include "base/attr.h"

struct ledger;
struct segment;

/* The last segment is to have room for so many bytes and the reserve behind
 * them. GW_ESYS: the disk is full. */
MUST_CHECK int reserve_hold(struct ledger *l, uint64_t more);
/* The disk is full: what is written now may take the reserve. */
void reserve_use(struct ledger *l);
/* There is another last segment; the one before keeps no room of its own. */
void reserve_next(struct ledger *l, const struct segment *before);

#endif
