/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scrypt - see the header.
 */
#include "sys/scrypt.h"

#include <openssl/evp.h>
#include <string.h>

#include "base/err.h"

/* RECOVERY_HASH_SIZE bytes, as many as a key. */
static int
derive(
    uint8_t *ret, const uint8_t *salt, const void *p, size_t n, uint64_t cost)
{
	/* it wants 128 * r * N bytes, and some */
	if (EVP_PBE_scrypt(p, n, salt, RECOVERY_SALT_SIZE, cost, SCRYPT_R,
		SCRYPT_P, 256 * SCRYPT_R * cost, ret, RECOVERY_HASH_SIZE) == 1)
		return 0;
	explicit_bzero(ret, RECOVERY_HASH_SIZE);
	return GW_ECRYPTO;
}

_Static_assert((int)SCRYPT_KEY_SIZE == (int)RECOVERY_HASH_SIZE, "one size");

int
scrypt_hash(uint8_t ret[static RECOVERY_HASH_SIZE],
    const uint8_t salt[static RECOVERY_SALT_SIZE], const char *code)
{
	return derive(ret, salt, code, strlen(code), SCRYPT_N);
}

int
scrypt_key(struct secret *ret, const uint8_t salt[static RECOVERY_SALT_SIZE],
    const struct secret *pass)
{
	struct secret key = {0};
	int r = secret_new(&key, SCRYPT_KEY_SIZE);

	if (r == 0)
		r = derive(key.p, salt, pass->p, pass->len, SCRYPT_KEY_N);
	if (r != 0) {
		secret_free(&key);
		return r;
	}
	secret_free(ret);
	*ret = key;
	return 0;
}
