/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scrypt - see the header.
 */
#include "sys/scrypt.h"

#include <openssl/evp.h>
#include <string.h>

#include "base/err.h"

/* It wants 128 * r * N bytes, and some. */
enum { MEMORY = 256 * SCRYPT_R * SCRYPT_N };

int
scrypt_hash(uint8_t ret[static RECOVERY_HASH_SIZE],
    const uint8_t salt[static RECOVERY_SALT_SIZE], const char *code)
{
	if (EVP_PBE_scrypt(code, strlen(code), salt, RECOVERY_SALT_SIZE,
		SCRYPT_N, SCRYPT_R, SCRYPT_P, MEMORY, ret,
		RECOVERY_HASH_SIZE) == 1)
		return 0;
	explicit_bzero(ret, RECOVERY_HASH_SIZE);
	return GW_ECRYPTO;
}
