/* SPDX-License-Identifier: Apache-2.0 */
/*
 * secret - bytes that must not outlive their use: never a char *, never in
 * argv, the environment, a log or a core dump. Memory is locked (best effort),
 * left out of core dumps, and wiped when freed.
 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

enum {
	SECRET_SIZE_MAX = 4 * 1024 * 1024, /* internal: more is our mistake */
};

struct secret {
	size_t len;
	uint8_t *p;
};

/* n zero bytes, and a NUL after them that is not counted. Making len smaller
 * afterwards is fine. GW_ENOMEM, GW_EINVAL for n of 0 or above the maximum. */
MUST_CHECK int secret_new(struct secret *ret, size_t n);
/* n bytes from getrandom(2). */
MUST_CHECK int secret_random(struct secret *ret, size_t n);
MUST_CHECK int secret_copy(struct secret *ret, const void *p, size_t n);
void secret_free(struct secret *s); /* wipes; {0, NULL} after; safe twice */
/* Constant time in the contents. Compare the lengths first; false for n of 0,
 * so an empty secret equals nothing. */
bool secret_equal(const void *a, const void *b, size_t n);
/* Fills from getrandom(2); aborts if the kernel has none to give. */
void secret_fill(void *p, size_t n);
/* PR_SET_DUMPABLE 0, RLIMIT_CORE 0. First thing in every main(). */
void secret_no_dumps(void);

#endif
