/* SPDX-License-Identifier: Apache-2.0 */
/*
 * merkle - compact range and proof checks. The checks follow RFC 9162 sections
 * 2.1.3.2 and 2.1.4.2, which describe the same tree as RFC 6962.
 *
 * MUST refuse every hash that is not exactly 32 bytes: an empty root and an
 * empty leaf are otherwise equal.
 */
#include "audit/merkle.h"

#include <openssl/evp.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"

/* SHA-256(prefix || a || b). */
static int
hash_parts(uint8_t *ret, uint8_t prefix, const void *a, size_t na,
    const void *b, size_t nb)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int r = GW_ECRYPTO;

	if (ctx == NULL || EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) != 1 ||
	    EVP_DigestUpdate(ctx, &prefix, 1) != 1 ||
	    (na > 0 && EVP_DigestUpdate(ctx, a, na) != 1) ||
	    (nb > 0 && EVP_DigestUpdate(ctx, b, nb) != 1) ||
	    EVP_DigestFinal_ex(ctx, ret, NULL) != 1)
		goto out;
	r = 0;
out:
	EVP_MD_CTX_free(ctx);
	return r;
}

/* ret may be left or right. */
static int
hash_node(uint8_t *ret, const uint8_t *left, const uint8_t *right)
{
	return hash_parts(
	    ret, 0x01, left, MERKLE_HASH_SIZE, right, MERKLE_HASH_SIZE);
}

static int
hash_empty(uint8_t *ret)
{
	return EVP_Digest("", 0, ret, NULL, EVP_sha256(), NULL) == 1
		   ? 0
		   : GW_ECRYPTO;
}

void
merkle_init(struct merkle *m)
{
	memset(m, 0, sizeof(*m));
}

int
merkle_leaf(uint8_t ret[static MERKLE_HASH_SIZE], const void *p, size_t n)
{
	return hash_parts(ret, 0x00, p, n, NULL, 0);
}

int
merkle_append(struct merkle *m, const void *p, size_t n)
{
	uint8_t leaf[MERKLE_HASH_SIZE];
	int r = merkle_leaf(leaf, p, n);

	return r == 0 ? merkle_append_hash(m, leaf) : r;
}

int
merkle_append_hash(
    struct merkle *m, const uint8_t leaf[static MERKLE_HASH_SIZE])
{
	uint8_t h[MERKLE_HASH_SIZE];
	unsigned level = 0;
	int r = 0;

	if (m->size == UINT64_MAX)
		return GW_ELIMIT;
	memcpy(h, leaf, sizeof(h));
	/* Adding 1 to the size carries; a subtree is merged per carry. */
	for (; (m->size >> level & 1) != 0; level++)
		if ((r = hash_node(h, m->hash[level], h)) != 0)
			return r;
	memcpy(m->hash[level], h, sizeof(h));
	m->size++;
	return 0;
}

int
merkle_root(uint8_t ret[static MERKLE_HASH_SIZE], const struct merkle *m)
{
	uint8_t h[MERKLE_HASH_SIZE];
	bool have = false;
	int r = 0;

	if (m->size == 0)
		return hash_empty(ret);
	for (unsigned i = 0; i < MERKLE_LEVELS; i++) {
		if ((m->size >> i & 1) == 0)
			continue;
		if (!have)
			memcpy(h, m->hash[i], sizeof(h));
		else if ((r = hash_node(h, m->hash[i], h)) != 0)
			return r;
		have = true;
	}
	memcpy(ret, h, sizeof(h));
	return 0;
}

static bool
span_ok(struct merkle_span s)
{
	return s.p != NULL && s.n == MERKLE_HASH_SIZE;
}

static bool
spans_ok(const struct merkle_span *proof, size_t nproof)
{
	/* A path and the start of a consistency proof, no tree needs more. */
	if (nproof > MERKLE_LEVELS + 1)
		return false;
	for (size_t i = 0; i < nproof; i++)
		if (!span_ok(proof[i]))
			return false;
	return true;
}

static bool
same(const uint8_t *a, const uint8_t *b)
{
	return memcmp(a, b, MERKLE_HASH_SIZE) == 0 || FAULT(merkle_root);
}

bool
merkle_inclusion_ok(uint64_t index, uint64_t size, struct merkle_span leaf,
    const struct merkle_span *proof, size_t nproof, struct merkle_span root)
{
	uint8_t h[MERKLE_HASH_SIZE];
	uint64_t fn = index;
	uint64_t sn = size - 1;
	int r = 0;

	if (index >= size || !span_ok(leaf) || !span_ok(root) ||
	    !spans_ok(proof, nproof))
		return false;
	memcpy(h, leaf.p, sizeof(h));
	for (size_t i = 0; i < nproof; i++) {
		if (sn == 0)
			return false;
		if ((fn & 1) != 0 || fn == sn) {
			r = hash_node(h, proof[i].p, h);
			for (; (fn & 1) == 0 && fn != 0; fn >>= 1)
				sn >>= 1;
		} else {
			r = hash_node(h, h, proof[i].p);
		}
		if (r != 0)
			return false;
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 && same(h, root.p);
}

/* 0 < size1 < size2, every span has the right length. */
static bool
consistency_walk(uint64_t size1, uint64_t size2, const uint8_t *root1,
    const uint8_t *root2, const struct merkle_span *proof, size_t nproof)
{
	const bool power = (size1 & (size1 - 1)) == 0;
	uint8_t h1[MERKLE_HASH_SIZE];
	uint8_t h2[MERKLE_HASH_SIZE];
	uint64_t fn = size1 - 1;
	uint64_t sn = size2 - 1;
	size_t i = 0;

	if (nproof == 0)
		return false;
	for (; (fn & 1) != 0; fn >>= 1)
		sn >>= 1;
	/* A perfect first tree is a node of the second; it is not repeated. */
	memcpy(h1, power ? root1 : proof[i++].p, sizeof(h1));
	memcpy(h2, h1, sizeof(h2));
	for (; i < nproof; i++) {
		if (sn == 0)
			return false;
		if ((fn & 1) != 0 || fn == sn) {
			if (hash_node(h1, proof[i].p, h1) != 0 ||
			    hash_node(h2, proof[i].p, h2) != 0)
				return false;
			for (; (fn & 1) == 0 && fn != 0; fn >>= 1)
				sn >>= 1;
		} else if (hash_node(h2, h2, proof[i].p) != 0) {
			return false;
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 && same(h1, root1) && same(h2, root2);
}

bool
merkle_consistency_ok(uint64_t size1, uint64_t size2, struct merkle_span root1,
    struct merkle_span root2, const struct merkle_span *proof, size_t nproof)
{
	uint8_t empty[MERKLE_HASH_SIZE];

	if (size1 > size2 || !span_ok(root1) || !span_ok(root2) ||
	    !spans_ok(proof, nproof))
		return false;
	if (size1 == 0 && (hash_empty(empty) != 0 || !same(root1.p, empty)))
		return false;
	if (size1 == size2)
		return nproof == 0 && same(root1.p, root2.p);
	if (size1 == 0)
		return nproof == 0;
	return consistency_walk(size1, size2, root1.p, root2.p, proof, nproof);
}
