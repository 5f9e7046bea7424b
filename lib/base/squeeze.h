/* SPDX-License-Identifier: Apache-2.0 */
/*
 * squeeze - a large value that is mostly zeros (a struct of fixed lists), kept
 * small: its zeros are counted. For memory only, never for a file or a peer.
 */
#ifndef BASE_SQUEEZE_H
#define BASE_SQUEEZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

struct squeezed {
	uint8_t *p; /* NULL = nothing is kept */
	size_t n;
};

/* Keeps the n bytes at p, and nothing that was kept before. GW_ENOMEM: nothing
 * is. */
MUST_CHECK int squeeze(struct squeezed *s, const void *p, size_t n);
/* As they were. False, and zeros: they are not the n bytes that were kept. */
MUST_CHECK bool unsqueeze(void *ret, size_t n, const struct squeezed *s);
/* Wiped; safe twice. */
void squeezed_done(struct squeezed *s);

#endif
