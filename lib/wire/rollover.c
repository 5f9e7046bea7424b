/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rollover - see the header.
 */
#include "wire/rollover.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/limits.h"
#include "base/str.h"

enum {
	DER_MAX = 800,    /* internal: of an RSA key of 4096 bits, and more */
	SIG_MAX = 600,    /* internal: likewise */
	SIGNED_MAX = 512, /* internal: two hashes and a name */
};

static void
hash_hex(char ret[static 65], const unsigned char *der, size_t n)
{
	uint8_t digest[SHA256_DIGEST_LENGTH];

	(void)SHA256(der, n, digest);
	str_hex(ret, digest, sizeof(digest));
}

int
rollover_spki(char ret[static 65], EVP_PKEY *key)
{
	unsigned char *der = NULL;
	const int n = i2d_PUBKEY(key, &der);

	if (n <= 0)
		return GW_ECRYPTO;
	hash_hex(ret, der, (size_t)n);
	OPENSSL_free(der);
	return 0;
}

static int
signed_text(char *ret, const char *spki, const char *next, const char *server)
{
	return str_fmt(ret, SIGNED_MAX, "sallyport tls key v1\n%s\n%s\n%s\n",
	    server, spki, next);
}

static int
sign(uint8_t *ret, size_t *retn, EVP_PKEY *key, const char *text)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int r = GW_ECRYPTO;

	if (ctx != NULL &&
	    EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
	    EVP_DigestSign(
		ctx, ret, retn, (const unsigned char *)text, strlen(text)) == 1)
		r = 0;
	EVP_MD_CTX_free(ctx);
	return r;
}

int
rollover_sign(char *ret, size_t size, EVP_PKEY *key, EVP_PKEY *next,
    const char *server_id)
{
	char own_hex[65], next_hex[65], text[SIGNED_MAX];
	char der64[DER_MAX * 4 / 3 + 8], sig64[SIG_MAX * 4 / 3 + 8];
	unsigned char *der = NULL;
	uint8_t sig[SIG_MAX];
	size_t nsig = sizeof(sig);
	const int n = i2d_PUBKEY(key, &der);
	int r = GW_ECRYPTO;

	if (n <= 0 || n > DER_MAX)
		goto out;
	hash_hex(own_hex, der, (size_t)n);
	if ((r = rollover_spki(next_hex, next)) != 0 ||
	    (r = signed_text(text, own_hex, next_hex, server_id)) != 0 ||
	    (r = sign(sig, &nsig, key, text)) != 0)
		goto out;
	str_b64(der64, der, (size_t)n);
	str_b64(sig64, sig, nsig);
	r = str_fmt(ret, size, "%s %s %s", next_hex, der64, sig64);
out:
	OPENSSL_free(der);
	return r;
}

static int
verify(const uint8_t *der, size_t n, const uint8_t *sig, size_t nsig,
    const char *text)
{
	const unsigned char *p = der;
	EVP_PKEY *key = d2i_PUBKEY(NULL, &p, (long)n);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int r = GW_ECRYPTO;

	if (key != NULL && ctx != NULL && p == der + n &&
	    EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
	    (EVP_DigestVerify(ctx, sig, nsig, (const unsigned char *)text,
		 strlen(text)) == 1 ||
		FAULT(any_rollover)))
		r = 0;
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	return r;
}

int
rollover_check(char ret[static 65], const char *text, const char *spki,
    const char *server_id)
{
	char next[65], hex[65], what[SIGNED_MAX];
	uint8_t der[DER_MAX], sig[SIG_MAX], raw[SHA256_DIGEST_LENGTH];
	const char *key64 = strchr(text, ' ');
	const char *sig64 = key64 != NULL ? strchr(key64 + 1, ' ') : NULL;
	size_t nder = 0, nsig = 0;
	int r;

	ret[0] = '\0';
	if (sig64 == NULL || key64 - text != 64)
		return GW_EPROTO;
	memcpy(next, text, 64);
	next[64] = '\0';
	if (str_unhex(raw, sizeof(raw), next) != 0 ||
	    str_unb64(der, sizeof(der), key64 + 1, (size_t)(sig64 - key64 - 1),
		&nder) != 0 ||
	    str_unb64(sig, sizeof(sig), sig64 + 1, strlen(sig64 + 1), &nsig) !=
		0)
		return GW_EPROTO;
	str_hex(next, raw, sizeof(raw)); /* in the one spelling */
	hash_hex(hex, der, nder);
	if (strcmp(hex, spki) != 0)
		return GW_ECRYPTO;
	if ((r = signed_text(what, hex, next, server_id)) != 0 ||
	    (r = verify(der, nder, sig, nsig, what)) != 0)
		return r;
	memcpy(ret, next, 65);
	return 0;
}
