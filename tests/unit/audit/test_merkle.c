/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_merkle - the tree against a slow second implementation of RFC 6962's
 * definitions, its proof checks against proofs made by that one and against
 * the published vectors, and every failed allocation inside libcrypto.
 */
#include "tests/unit/support/test.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "audit/merkle.h"
#include "base/attr.h"
#include "base/err.h"
#include "tests/unit/support/testdata.h"

enum { LEAVES = 40, PROOF_MAX = 16, H = MERKLE_HASH_SIZE };

static long fail_in; /* as in test_buf, for libcrypto's allocations */
static long allocations;

static void *
counted_malloc(size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	allocations++;
	if (fail_in > 0 && --fail_in == 0)
		return NULL;
	return malloc(n);
}

static void *
counted_realloc(void *p, size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	allocations++;
	if (fail_in > 0 && --fail_in == 0)
		return NULL;
	return realloc(p, n);
}

static void
counted_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	free(p);
}

/* RFC 6962 section 2.1, word for word: leaf number i is the byte i. */
static void
mth(uint8_t *ret, unsigned from, unsigned n)
{
	uint8_t in[1 + 2 * H] = {0};
	size_t len = 0;
	unsigned k = 1;

	if (n == 1) {
		in[0] = 0x00;
		in[1] = (uint8_t)from;
		len = 2;
	} else if (n > 1) {
		while (2 * k < n)
			k *= 2;
		in[0] = 0x01;
		mth(in + 1, from, k);
		mth(in + 1 + H, from + k, n - k);
		len = sizeof(in);
	}
	assert_int_equal(EVP_Digest(in, len, ret, NULL, EVP_sha256(), NULL), 1);
}

struct proof {
	uint8_t h[PROOF_MAX][H];
	struct merkle_span span[PROOF_MAX];
	size_t n;
};

static void
proof_add(struct proof *p, unsigned from, unsigned n)
{
	assert_true(p->n < PROOF_MAX);
	mth(p->h[p->n], from, n);
	p->span[p->n] = (struct merkle_span){p->h[p->n], H};
	p->n++;
}

/* PATH(m, D[n]) of section 2.1.1. */
static void
path(struct proof *p, unsigned m, unsigned from, unsigned n)
{
	unsigned k = 1;

	if (n <= 1)
		return;
	while (2 * k < n)
		k *= 2;
	if (m < k) {
		path(p, m, from, k);
		proof_add(p, from + k, n - k);
	} else {
		path(p, m - k, from + k, n - k);
		proof_add(p, from, k);
	}
}

/* SUBPROOF(m, D[n], b) of section 2.1.2. */
static void
subproof(struct proof *p, unsigned m, unsigned from, unsigned n, bool b)
{
	unsigned k = 1;

	if (m == n) {
		if (!b)
			proof_add(p, from, n);
		return;
	}
	while (2 * k < n)
		k *= 2;
	if (m <= k) {
		subproof(p, m, from, k, b);
		proof_add(p, from + k, n - k);
	} else {
		subproof(p, m - k, from + k, n - k, false);
		proof_add(p, from, k);
	}
}

static struct merkle_span
span(const uint8_t *p)
{
	return (struct merkle_span){p, H};
}

static void
roots_match_the_definition(void **state)
{
	static const uint8_t empty[] = {0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc,
	    0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27,
	    0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b,
	    0x78, 0x52, 0xb8, 0x55};
	struct merkle m;
	uint8_t got[H];
	uint8_t want[H];

	(void)state;
	merkle_init(&m);
	assert_int_equal(merkle_root(got, &m), 0);
	assert_memory_equal(got, empty, H);
	for (unsigned n = 1; n <= 200; n++) {
		const uint8_t leaf = (uint8_t)(n - 1);

		assert_int_equal(merkle_append(&m, &leaf, 1), 0);
		assert_true(m.size == n);
		assert_int_equal(merkle_root(got, &m), 0);
		mth(want, 0, n);
		assert_memory_equal(got, want, H);
	}
}

static void
an_empty_leaf_is_a_leaf(void **state)
{
	/* SHA-256 of one zero byte, the first leaf of the vectors' tree. */
	static const uint8_t want[] = {0x6e, 0x34, 0x0b, 0x9c, 0xff, 0xb3, 0x7a,
	    0x98, 0x9c, 0xa5, 0x44, 0xe6, 0xbb, 0x78, 0x0a, 0x2c, 0x78, 0x90,
	    0x1d, 0x3f, 0xb3, 0x37, 0x38, 0x76, 0x85, 0x11, 0xa3, 0x06, 0x17,
	    0xaf, 0xa0, 0x1d};
	struct merkle m;
	uint8_t got[H];

	(void)state;
	merkle_init(&m);
	assert_int_equal(merkle_append(&m, NULL, 0), 0);
	assert_int_equal(merkle_root(got, &m), 0);
	assert_memory_equal(got, want, H);
}

static void
the_last_leaf(void **state)
{
	struct merkle m;
	struct merkle before;
	uint8_t root[H];

	(void)state;
	merkle_init(&m);
	m.size = UINT64_MAX - 1;
	assert_int_equal(merkle_append(&m, "x", 1), 0);
	assert_int_equal(merkle_root(root, &m), 0);
	before = m;
	assert_int_equal(merkle_append(&m, "x", 1), GW_ELIMIT);
	assert_memory_equal(&m, &before, sizeof(m));
}

/* Every single-bit, missing, extra and short variant must fail. */
static void
inclusion_broken(
    unsigned i, unsigned n, struct proof *p, uint8_t *leaf, uint8_t *root)
{
	struct merkle_span full[PROOF_MAX + 1];

	memcpy(full, p->span, sizeof(p->span));
	full[p->n] = span(root);
	assert_false(
	    merkle_inclusion_ok(i, n, span(leaf), full, p->n + 1, span(root)));
	if (p->n > 0)
		assert_false(merkle_inclusion_ok(
		    i, n, span(leaf), p->span, p->n - 1, span(root)));
	for (size_t j = 0; j < p->n; j++) {
		p->h[j][j % H] ^= 1;
		assert_false(merkle_inclusion_ok(
		    i, n, span(leaf), p->span, p->n, span(root)));
		p->h[j][j % H] ^= 1;
		p->span[j].n = H - 1;
		assert_false(merkle_inclusion_ok(
		    i, n, span(leaf), p->span, p->n, span(root)));
		p->span[j].n = H;
	}
	for (unsigned other = 0; other <= n; other++)
		if (other != i)
			assert_false(merkle_inclusion_ok(
			    other, n, span(leaf), p->span, p->n, span(root)));
	root[5] ^= 0x10;
	assert_false(
	    merkle_inclusion_ok(i, n, span(leaf), p->span, p->n, span(root)));
	root[5] ^= 0x10;
}

static void
inclusion_of_all(void **state)
{
	uint8_t leaf[H];
	uint8_t root[H];

	(void)state;
	for (unsigned n = 1; n <= LEAVES; n++) {
		mth(root, 0, n);
		for (unsigned i = 0; i < n; i++) {
			struct proof p = {.n = 0};

			mth(leaf, i, 1);
			path(&p, i, 0, n);
			assert_true(merkle_inclusion_ok(
			    i, n, span(leaf), p.span, p.n, span(root)));
			inclusion_broken(i, n, &p, leaf, root);
		}
	}
	assert_false(
	    merkle_inclusion_ok(0, 0, span(leaf), NULL, 0, span(root)));
}

static void
consistency_of_all(void **state)
{
	uint8_t r1[H];
	uint8_t r2[H];

	(void)state;
	for (unsigned n = 0; n <= LEAVES; n++) {
		mth(r2, 0, n);
		for (unsigned m = 0; m <= n; m++) {
			struct proof p = {.n = 0};

			mth(r1, 0, m);
			if (m > 0)
				subproof(&p, m, 0, n, true);
			assert_true(merkle_consistency_ok(
			    m, n, span(r1), span(r2), p.span, p.n));
			if (m > 0 && m < n)
				assert_false(merkle_consistency_ok(
				    m, n, span(r1), span(r2), p.span, p.n - 1));
			for (size_t j = 0; j < p.n; j++) {
				p.h[j][31] ^= 0x80;
				assert_false(merkle_consistency_ok(
				    m, n, span(r1), span(r2), p.span, p.n));
				p.h[j][31] ^= 0x80;
			}
			r1[0] ^= 1;
			assert_false(merkle_consistency_ok(
			    m, n, span(r1), span(r2), p.span, p.n));
			r1[0] ^= 1;
			if (m == n)
				continue;
			assert_false(merkle_consistency_ok(
			    n, m, span(r2), span(r1), p.span, p.n));
			if (m > 0) {
				r2[0] ^= 1;
				assert_false(merkle_consistency_ok(
				    m, n, span(r1), span(r2), p.span, p.n));
				r2[0] ^= 1;
			}
		}
	}
}

struct vector {
	uint8_t bytes[PROOF_MAX + 3][64];
	struct merkle_span proof[PROOF_MAX];
	size_t nproof;
	struct merkle_span a;
	struct merkle_span b;
	bool want;
};

/*
 * One vector wants equal roots that are not hashes ("dont care 2") accepted.
 * We refuse them on purpose, so the expectation is: valid, and all are hashes.
 */
static void
vector_load(struct vector *v, const json_t *j, const char *a, const char *b)
{
	const json_t *proof = json_object_get(j, "proof");
	const json_t *item = NULL;
	size_t i = 0;

	v->nproof = json_array_size(proof);
	assert_true(v->nproof <= PROOF_MAX);
	json_array_foreach(proof, i, item) v->proof[i] = (struct merkle_span){
	    v->bytes[i], testdata_b64(v->bytes[i], 64, item)};
	v->a = (struct merkle_span){v->bytes[PROOF_MAX],
	    testdata_b64(v->bytes[PROOF_MAX], 64, json_object_get(j, a))};
	v->b = (struct merkle_span){v->bytes[PROOF_MAX + 1],
	    testdata_b64(v->bytes[PROOF_MAX + 1], 64, json_object_get(j, b))};
	v->want = json_is_false(json_object_get(j, "wantErr")) && v->a.n == H &&
		  v->b.n == H;
}

static void
published_vectors(void **state)
{
	json_t *all = testdata_json("rfc6962-proof-vectors.json");
	const char *name = NULL;
	json_t *j = NULL;
	unsigned good = 0;
	unsigned bad = 0;

	(void)state;
	json_object_foreach(json_object_get(all, "inclusion"), name, j)
	{
		struct vector v = {.nproof = 0};

		vector_load(&v, j, "leafHash", "root");
		CHECK_ROW(merkle_inclusion_ok(testdata_u64(j, "leafIdx"),
			      testdata_u64(j, "treeSize"), v.a, v.proof,
			      v.nproof, v.b) == v.want,
		    name);
		v.want ? good++ : bad++;
	}
	json_object_foreach(json_object_get(all, "consistency"), name, j)
	{
		struct vector v = {.nproof = 0};

		vector_load(&v, j, "root1", "root2");
		CHECK_ROW(merkle_consistency_ok(testdata_u64(j, "size1"),
			      testdata_u64(j, "size2"), v.a, v.b, v.proof,
			      v.nproof) == v.want,
		    name);
		v.want ? good++ : bad++;
	}
	json_decref(all);
	/* So that an empty or cut file does not pass. */
	assert_int_equal(good, 11);
	assert_int_equal(good + bad, 196);
}

static void
failed_allocations_change_nothing(void **state)
{
	struct merkle start;
	struct merkle want;
	struct merkle m;
	unsigned failed = 0;
	long total = 0;
	int r = 0;

	(void)state;
	merkle_init(&start);
	for (unsigned i = 0; i < 7; i++)
		assert_int_equal(merkle_append(&start, "x", 1), 0);
	want = start;
	allocations = 0;
	assert_int_equal(merkle_append(&want, "y", 1), 0);
	total = allocations;
	for (long n = 1; n <= total; n++) {
		m = start;
		fail_in = n;
		r = merkle_append(&m, "y", 1);
		assert_int_equal(fail_in, 0);
		/* libcrypto can do without some of its caches. */
		assert_true(r == 0 || r == GW_ECRYPTO);
		assert_memory_equal(&m, r == 0 ? &want : &start, sizeof(m));
		failed += r != 0 ? 1 : 0;
	}
	assert_true(failed >= 4); /* a leaf and three nodes */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(roots_match_the_definition),
	    cmocka_unit_test(an_empty_leaf_is_a_leaf),
	    cmocka_unit_test(the_last_leaf),
	    cmocka_unit_test(inclusion_of_all),
	    cmocka_unit_test(consistency_of_all),
	    cmocka_unit_test(published_vectors),
	    cmocka_unit_test(failed_allocations_change_nothing),
	};

	/* Only possible before libcrypto's first allocation. */
	if (CRYPTO_set_mem_functions(
		counted_malloc, counted_realloc, counted_free) != 1)
		return EXIT_FAILURE;
	return cmocka_run_group_tests_name("merkle", tests, NULL, NULL);
}
