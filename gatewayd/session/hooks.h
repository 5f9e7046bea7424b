/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hooks - the three seams in libssh's cryptography. This program defines
 * EVP_DigestSign, EVP_DigestVerify and EVP_PKEY_get_raw_public_key; libssh.so,
 * which imports them, finds these first.
 *
 * MUST: a signature with the marker key is made by the notary or not at all.
 * MUST: a signature check while capturing says nothing about the signature: it
 *	 only keeps the bytes. Whoever captures must ask the broker and trust
 *	 no other verdict, libssh's "valid" least of all.
 * MUST: every other call is libcrypto's own (the target's host key!).
 */
#ifndef SESSION_HOOKS_H
#define SESSION_HOOKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "session/captured.h"

/* What libssh has as the private half of the host key. */
extern const uint8_t hooks_marker[32];

typedef int hooks_sign_fn(
    void *arg, uint8_t retsig[static 64], const void *tbs, size_t n);

/* Finds libcrypto's own functions; GW_EUNSUPPORTED if it cannot. */
MUST_CHECK int hooks_init(void);
/* The public half that goes with it, from now on: newer versions of libssh keep
 * the private one only, and ask libcrypto for the other. GW_ECRYPTO. */
MUST_CHECK int hooks_host_key(const uint8_t pub[static 32]);
void hooks_signer(hooks_sign_fn *fn, void *arg);
/* While on, checks are kept instead of made; turning it off forgets all. */
void hooks_capture(bool on);
/* Hands over the oldest kept check; false when there is none. */
MUST_CHECK bool hooks_next(struct captured *ret);

#endif
