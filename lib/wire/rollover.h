/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rollover - how the API's next TLS key is announced: three words, "HEX KEY
 * SIGNATURE". HEX is the SHA-256 of the next key's SubjectPublicKeyInfo; KEY is
 * the present key's, as base64 of its DER; SIGNATURE is base64 of what the
 * present key makes of the SHA-256 of
 *
 *	sallyport tls key v1 LF server_id LF hex of the present key LF HEX LF
 *
 * Whoever knows the present key by its hash can check all of it. It has less
 * than LIMIT_ROLLOVER_SIZE bytes. Challenges carry it, and the head of every
 * answer over HTTPS.
 */
#ifndef WIRE_ROLLOVER_H
#define WIRE_ROLLOVER_H

#include <stddef.h>

#include <openssl/types.h>

#include "base/attr.h"

#define ROLLOVER_HEADER "Sallyport-Tls-Next"

/* Hex SHA-256 of the key's SubjectPublicKeyInfo. GW_ECRYPTO. */
MUST_CHECK int rollover_spki(char ret[static 65], EVP_PKEY *key);
/* GW_ECRYPTO, GW_ELIMIT. */
MUST_CHECK int rollover_sign(char *ret, size_t size, EVP_PKEY *key,
    EVP_PKEY *next, const char *server_id);
/* Is text an announcement by the key of that hash, for that server? Then *ret
 * is the next key's. GW_EPROTO, GW_ECRYPTO. */
MUST_CHECK int rollover_check(char ret[static 65], const char *text,
    const char *spki, const char *server_id);

#endif
