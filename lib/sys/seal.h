/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seal - small secrets at rest: AES-256-GCM under a key that lives in a file of
 * its own. The associated data binds a sealed value to its owner, so that a
 * row moved to another user does not open. Layout: 1 byte version, 12 bytes
 * random nonce, ciphertext, 16 bytes tag.
 */
#ifndef SYS_SEAL_H
#define SYS_SEAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/secret.h"

enum {
	SEAL_KEY_SIZE = 32,
	SEAL_PLAIN_MAX = 256, /* internal: a seed */
	SEAL_OVERHEAD = 1 + 12 + 16,
};

/* Exactly SEAL_KEY_SIZE bytes in a private file. GW_ESYS, GW_EDENIED,
 * GW_ECORRUPT (another size). */
MUST_CHECK int seal_key_read(struct secret *ret, const char *path);
/* Appends the sealed value to ret. GW_EINVAL, GW_ECRYPTO, buf's errors. */
MUST_CHECK int seal_close(struct buf *ret, const struct secret *key,
    const struct secret *plain, const char *owner);
/* GW_ECRYPTO for a wrong key, owner or one changed bit; GW_EINVAL for what
 * seal_close cannot have made. */
MUST_CHECK int seal_open(struct secret *ret, const struct secret *key,
    const void *p, size_t n, const char *owner);

#endif
