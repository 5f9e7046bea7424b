/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hashes - the exchange hashes that the host key has signed, in a file: none of
 * them is signed again, so no session id comes twice, also after a restart. The
 * newest LIMIT_HASHES_SIGNED of them; the file never grows beyond its first
 * size. One process at a time has it.
 */
#ifndef NOTARY_HASHES_H
#define NOTARY_HASHES_H

#include <stdint.h>

#include "base/attr.h"

enum { HASHES_DIGEST_SIZE = 32 }; /* SHA-256 */

struct hashes;

/* Opens or makes dir/signed.bin. GW_ESYS, GW_ENOMEM. Of a file that is damaged
 * the entries that can be read count. */
MUST_CHECK int hashes_open(struct hashes **ret, const char *dir);
void hashes_free(struct hashes *h); /* NULL is a no-op */
/* Remembers it; 0 once it is on disk. GW_EEXIST: it was there. GW_ESYS: it is
 * remembered, but not on disk. */
MUST_CHECK int hashes_add(
    struct hashes *h, const uint8_t digest[static HASHES_DIGEST_SIZE]);

#endif
