/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz - the one function each target has. Built with --enable-fuzz libFuzzer
 * calls it; otherwise driver.c does, in make check.
 */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Any bytes. Returns 0; what must not happen ends in abort(). */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void
must(int ok)
{
	if (!ok)
		abort();
}

/* The input as a C string of our own: what parsers of text are given. It ends
 * where a NUL is. free(). */
static inline char *
fuzz_text(const uint8_t *data, size_t size)
{
	char *s = malloc(size + 1);

	must(s != NULL);
	if (size > 0)
		memcpy(s, data, size);
	s[size] = '\0';
	return s;
}

#endif
