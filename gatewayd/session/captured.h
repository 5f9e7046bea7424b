/* SPDX-License-Identifier: Apache-2.0 */
/*
 * captured - what a user's client has signed, as libssh handed it over for the
 * check (hooks.h), and the two readers of those bytes. They come from a
 * stranger. Pure.
 */
#ifndef SESSION_CAPTURED_H
#define SESSION_CAPTURED_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/limits.h"

struct captured {
	uint8_t sig[LIMIT_SSHSIG_MAX];
	size_t nsig;
	uint8_t *tbs; /* what was signed; free() */
	size_t ntbs;
};

/* The name of the algorithm, which a plain key signs along (RFC 4252 section
 * 7). GW_EPROTO when the bytes are not of that form. */
MUST_CHECK int captured_alg(const struct captured *c, char *ret, size_t size);
/* Flags and counter of a security key (an "sk-" type). GW_EPROTO as above. */
MUST_CHECK int captured_sk(
    const struct captured *c, uint8_t *retflags, uint32_t *retcounter);

#endif
