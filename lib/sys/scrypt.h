/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scrypt - the slow hash (RFC 7914, by OpenSSL) under which recovery codes are
 * kept. What it costs is said here alone: 8 MiB and some 20 ms of a processor,
 * which the broker, one thread for everybody, spends on one of them at a time.
 * The codes are 80 random bits: that they cannot be guessed from a stolen store
 * does not hang on it.
 */
#ifndef SYS_SCRYPT_H
#define SYS_SCRYPT_H

#include "base/attr.h"
#include "core/recovery.h"

enum {
	SCRYPT_N = 1 << 13,
	SCRYPT_R = 8,
	SCRYPT_P = 1,
};

/* Of a code as recovery_read() gives it. GW_ECRYPTO. */
MUST_CHECK int scrypt_hash(uint8_t ret[static RECOVERY_HASH_SIZE],
    const uint8_t salt[static RECOVERY_SALT_SIZE], const char *code);

#endif
