/* SPDX-License-Identifier: Apache-2.0 */
/*
 * merkle - the RFC 6962 Merkle tree over the log's records, kept as a compact
 * range: the roots of the perfect subtrees, one per set bit of the size. Leaf
 * hash = SHA-256(0x00 || bytes), node = SHA-256(0x01 || left || right). Pure.
 * Deliberately does not keep leaves and does not make proofs; it checks them.
 */
#ifndef AUDIT_MERKLE_H
#define AUDIT_MERKLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

enum { MERKLE_HASH_SIZE = 32, MERKLE_LEVELS = 64 };

/* A value: a copy of it is a snapshot of the tree. */
struct merkle {
	uint64_t size;
	/* hash[i] is the root of 2^i leaves, in use if bit i of size is set. */
	uint8_t hash[MERKLE_LEVELS][MERKLE_HASH_SIZE];
};

/* A hash from outside; refused by every check unless n is the hash size. */
struct merkle_span {
	const uint8_t *p;
	size_t n;
};

void merkle_init(struct merkle *m);
/* 0 or GW_ECRYPTO. */
MUST_CHECK int merkle_leaf(
    uint8_t ret[static MERKLE_HASH_SIZE], const void *p, size_t n);
/* Appends a leaf by its bytes or by its leaf hash. GW_ECRYPTO, GW_ELIMIT (no
 * more leaves can be counted); on failure the tree is unchanged. */
MUST_CHECK int merkle_append(struct merkle *m, const void *p, size_t n);
MUST_CHECK int merkle_append_hash(
    struct merkle *m, const uint8_t leaf[static MERKLE_HASH_SIZE]);
/* SHA-256 of nothing for an empty tree. GW_ECRYPTO. */
MUST_CHECK int merkle_root(
    uint8_t ret[static MERKLE_HASH_SIZE], const struct merkle *m);

/* True only if proof shows that leaf (its hash) is number index, from 0, of
 * the tree of that size and root. */
bool merkle_inclusion_ok(uint64_t index, uint64_t size, struct merkle_span leaf,
    const struct merkle_span *proof, size_t nproof, struct merkle_span root);
/* True only if proof shows that the tree of size2 begins with the one of
 * size1. Size 0 needs the empty tree's root and an empty proof. */
bool merkle_consistency_ok(uint64_t size1, uint64_t size2,
    struct merkle_span root1, struct merkle_span root2,
    const struct merkle_span *proof, size_t nproof);

#endif
