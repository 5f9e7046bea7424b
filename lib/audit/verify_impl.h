/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify_impl - what verify_files.c gives to verify.c beside lines. Nobody else
 * includes it.
 */
#ifndef AUDIT_VERIFY_IMPL_H
#define AUDIT_VERIFY_IMPL_H

#include "audit/verify.h"

/* Leaf hashes (32 bytes each) of the records from `first` on, before those
 * lines; once per segment. GW_ENOMEM. */
MUST_CHECK int verify_leaves(
    struct verify *v, uint64_t first, const void *p, size_t n);
/* The lines are those of a receiver's copy, which has no leaf hashes: one may
 * have a frame, be no record, or come twice. Before the first line. */
void verify_copy(struct verify *v);
bool verify_is_copy(const struct verify *v);
/* A part of a line of a copy that is longer than any record; what verify_line
 * is given next is its end. */
void verify_part(struct verify *v, const void *part, size_t n);
/* Bytes are left behind the last line. */
void verify_half_line(struct verify *v);
/* Something is wrong: what follows is not looked at. */
bool verify_failed(const struct verify *v);

#endif
