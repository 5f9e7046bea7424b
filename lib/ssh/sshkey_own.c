/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sshkey_own - the gateway's own Ed25519 keys, by their seeds. Keeps none: the
 * caller's struct secret is the only copy that stays.
 */
#include "ssh/sshkey.h"

#include <string.h>

#include <openssl/evp.h>

#include "base/buf.h"
#include "base/err.h"

enum { ED25519_SIZE = 32, ED25519_SIG_SIZE = 64 };

static EVP_PKEY *
seed_key(const struct secret *seed)
{
	if (seed->len != ED25519_SIZE)
		return NULL;
	return EVP_PKEY_new_raw_private_key(
	    EVP_PKEY_ED25519, NULL, seed->p, seed->len);
}

int
sshkey_ed25519_public(uint8_t retpub[static 32], const struct secret *seed)
{
	EVP_PKEY *k = seed_key(seed);
	uint8_t pub[ED25519_SIZE];
	size_t n = sizeof(pub);
	int r = GW_ECRYPTO;

	if (k != NULL && EVP_PKEY_get_raw_public_key(k, pub, &n) == 1 &&
	    n == sizeof(pub)) {
		memcpy(retpub, pub, sizeof(pub));
		r = 0;
	}
	EVP_PKEY_free(k);
	return r;
}

int
sshkey_ed25519_sign(uint8_t retsig[static 64], const struct secret *seed,
    const void *data, size_t n)
{
	EVP_PKEY *k = seed_key(seed);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t sig[ED25519_SIG_SIZE];
	size_t len = sizeof(sig);
	int r = GW_ECRYPTO;

	if (k != NULL && ctx != NULL &&
	    EVP_DigestSignInit(ctx, NULL, NULL, NULL, k) == 1 &&
	    EVP_DigestSign(ctx, sig, &len, data, n) == 1 &&
	    len == sizeof(sig)) {
		memcpy(retsig, sig, sizeof(sig));
		r = 0;
	}
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(k);
	return r;
}

int
sshkey_ed25519_line(char *ret, size_t size, const uint8_t pub[static 32])
{
	struct buf b;
	int r;

	buf_init(&b, 64);
	buf_cstring(&b, "ssh-ed25519");
	buf_string(&b, pub, ED25519_SIZE);
	if ((r = buf_err(&b)) == 0)
		r = sshkey_format_line(ret, size, b.p, b.len);
	buf_done(&b);
	return r;
}
