/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rnd - repeatable numbers for tests (splitmix64): the same seed gives the same
 * run on every machine. Not for anything secret.
 */
#ifndef TESTS_SUPPORT_RND_H
#define TESTS_SUPPORT_RND_H

#include <stddef.h>
#include <stdint.h>

struct rnd {
	uint64_t s;
};

static inline uint64_t
rnd_u64(struct rnd *r)
{
	uint64_t z = (r->s += 0x9e3779b97f4a7c15ULL);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

/* 0 .. n-1; n is at least 1. */
static inline size_t
rnd_below(struct rnd *r, size_t n)
{
	return (size_t)(rnd_u64(r) % n);
}

static inline void
rnd_fill(struct rnd *r, void *p, size_t n)
{
	uint8_t *b = p;

	for (size_t i = 0; i < n; i++)
		b[i] = (uint8_t)rnd_u64(r);
}

#endif
