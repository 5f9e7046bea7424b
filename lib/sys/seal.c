/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seal - AES-256-GCM by libcrypto. Nonces are random: one key seals a few
 * thousand seeds in its life, far below the 2^32 where that would matter.
 */
#include "sys/seal.h"

#include <openssl/evp.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/safefile.h"

enum { VERSION = 1, NONCE_SIZE = 12, TAG_SIZE = 16 };

int
seal_key_read(struct secret *ret, const char *path)
{
	struct secret s = {0};
	int r = safefile_read(&s, path, SEAL_KEY_SIZE + 1, SAFEFILE_PRIVATE);

	if (r != 0)
		return r;
	if (s.len != SEAL_KEY_SIZE) {
		secret_free(&s);
		return GW_ECORRUPT;
	}
	*ret = s;
	return 0;
}

/* Key, nonce and owner into a fresh context. */
static int
begin(EVP_CIPHER_CTX *c, int enc, const struct secret *key,
    const uint8_t *nonce, const char *owner)
{
	const size_t nowner = strlen(owner);
	int n = 0;

	if (key->len != SEAL_KEY_SIZE || nowner == 0 || nowner > 1024)
		return GW_EINVAL;
	if (EVP_CipherInit_ex(c, EVP_aes_256_gcm(), NULL, key->p, nonce, enc) !=
		1 ||
	    EVP_CipherUpdate(
		c, NULL, &n, (const uint8_t *)owner, (int)nowner) != 1)
		return GW_ECRYPTO;
	return 0;
}

int
seal_close(struct buf *ret, const struct secret *key,
    const struct secret *plain, const char *owner)
{
	uint8_t out[SEAL_OVERHEAD + SEAL_PLAIN_MAX] = {VERSION};
	uint8_t *nonce = out + 1;
	uint8_t *body = nonce + NONCE_SIZE;
	EVP_CIPHER_CTX *c = NULL;
	int n = 0, rest = 0;
	int r = GW_EINVAL;

	if (plain->len == 0 || plain->len > SEAL_PLAIN_MAX)
		goto out;
	r = GW_ENOMEM;
	if ((c = EVP_CIPHER_CTX_new()) == NULL)
		goto out;
	secret_fill(nonce, NONCE_SIZE);
	if ((r = begin(c, 1, key, nonce, owner)) != 0)
		goto out;
	r = GW_ECRYPTO;
	if (EVP_CipherUpdate(c, body, &n, plain->p, (int)plain->len) != 1 ||
	    EVP_CipherFinal_ex(c, body + n, &rest) != 1 ||
	    (size_t)n + (size_t)rest != plain->len ||
	    EVP_CIPHER_CTX_ctrl(
		c, EVP_CTRL_GCM_GET_TAG, TAG_SIZE, body + plain->len) != 1)
		goto out;
	buf_put(ret, out, SEAL_OVERHEAD + plain->len);
	r = buf_err(ret);
out:
	EVP_CIPHER_CTX_free(c);
	return r;
}

int
seal_open(struct secret *ret, const struct secret *key, const void *p, size_t n,
    const char *owner)
{
	const uint8_t *in = p;
	uint8_t tag[TAG_SIZE];
	struct secret plain = {0};
	EVP_CIPHER_CTX *c = NULL;
	int done = 0, rest = 0;
	int r = GW_EINVAL;

	if (n <= SEAL_OVERHEAD || n > SEAL_OVERHEAD + SEAL_PLAIN_MAX ||
	    in[0] != VERSION)
		goto out;
	if ((r = secret_new(&plain, n - SEAL_OVERHEAD)) != 0)
		goto out;
	r = GW_ENOMEM;
	if ((c = EVP_CIPHER_CTX_new()) == NULL)
		goto out;
	if ((r = begin(c, 0, key, in + 1, owner)) != 0)
		goto out;
	memcpy(tag, in + n - TAG_SIZE, TAG_SIZE);
	r = GW_ECRYPTO;
	if (EVP_CipherUpdate(
		c, plain.p, &done, in + 1 + NONCE_SIZE, (int)plain.len) != 1 ||
	    EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_SET_TAG, TAG_SIZE, tag) != 1 ||
	    (EVP_CipherFinal_ex(c, plain.p + done, &rest) != 1 &&
		!FAULT(seal_tag)))
		goto out;
	secret_free(ret);
	*ret = plain;
	plain = (struct secret){0}; /* the caller's now */
	r = 0;
out:
	secret_free(&plain);
	EVP_CIPHER_CTX_free(c);
	return r;
}
