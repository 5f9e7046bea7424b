/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scrypt - the slow hash (RFC 7914, by OpenSSL) under which recovery codes are
 * kept, and by which what is on paper becomes the key of a seal. What it costs
 * is said here alone: of a code 8 MiB and some 20 ms of a processor, which the
 * broker, one thread for everybody, spends on one of them at a time; of a key,
 * on the laptop that needs it once, four times that. Codes are 80 random bits,
 * what is on paper 128: that they cannot be guessed from a stolen file does not
 * hang on it.
 */
#ifndef SYS_SCRYPT_H
#define SYS_SCRYPT_H

#include "base/attr.h"
#include "base/secret.h"
#include "core/recovery.h"

enum {
	SCRYPT_N = 1 << 13,
	SCRYPT_KEY_N = 1 << 15,
	SCRYPT_R = 8,
	SCRYPT_P = 1,
	SCRYPT_KEY_SIZE = 32,
};

/* Of a code as recovery_read() gives it. GW_ECRYPTO. */
MUST_CHECK int scrypt_hash(uint8_t ret[static RECOVERY_HASH_SIZE],
    const uint8_t salt[static RECOVERY_SALT_SIZE], const char *code);
/* A key of SCRYPT_KEY_SIZE bytes. GW_ECRYPTO, GW_ENOMEM. */
MUST_CHECK int scrypt_key(struct secret *ret,
    const uint8_t salt[static RECOVERY_SALT_SIZE], const struct secret *pass);

#endif
