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

/* Any bytes. Returns 0; what must not happen ends in abort(). */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void
must(int ok)
{
	if (!ok)
		abort();
}

#endif
