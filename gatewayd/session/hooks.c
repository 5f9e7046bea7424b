/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hooks - see hooks.h. libssh gives these functions no context of ours, so
 * the signer and the kept checks are the process's; a process is one session.
 */
#include "session/hooks.h"

#include <dlfcn.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

const uint8_t hooks_marker[32] = "sallyport: the notary signs this";

enum {
	KEPT_MAX = 8,        /* internal: of libssh, until it asks */
	TBS_MAX = 16 * 1024, /* internal: of one signature */
};

typedef int sign_fn(
    EVP_MD_CTX *, unsigned char *, size_t *, const unsigned char *, size_t);
typedef int verify_fn(
    EVP_MD_CTX *, const unsigned char *, size_t, const unsigned char *, size_t);
typedef int public_fn(const EVP_PKEY *, unsigned char *, size_t *);

static struct {
	sign_fn *sign;
	verify_fn *verify;
	public_fn *public_half;
	bool has_host_key;
	uint8_t marker_pub[32]; /* what the marker's would be */
	uint8_t host_pub[32];   /* what is said instead */
	hooks_sign_fn *signer;
	void *arg;
	bool capturing;
	struct captured kept[KEPT_MAX];
	size_t nkept;
} hooks;

int
hooks_init(void)
{
	/* ISO C has no cast from an object to a function pointer */
	void *p = dlsym(RTLD_NEXT, "EVP_DigestSign");

	memcpy(&hooks.sign, &p, sizeof(p));
	p = dlsym(RTLD_NEXT, "EVP_DigestVerify");
	memcpy(&hooks.verify, &p, sizeof(p));
	p = dlsym(RTLD_NEXT, "EVP_PKEY_get_raw_public_key");
	memcpy(&hooks.public_half, &p, sizeof(p));
	if (hooks.sign == NULL || hooks.verify == NULL ||
	    hooks.public_half == NULL)
		return GW_EUNSUPPORTED;
	return 0;
}

int
hooks_host_key(const uint8_t pub[static 32])
{
	EVP_PKEY *marker = EVP_PKEY_new_raw_private_key(
	    EVP_PKEY_ED25519, NULL, hooks_marker, sizeof(hooks_marker));
	size_t n = sizeof(hooks.marker_pub);
	const bool ok = marker != NULL &&
			hooks.public_half(marker, hooks.marker_pub, &n) == 1;

	EVP_PKEY_free(marker);
	memcpy(hooks.host_pub, pub, sizeof(hooks.host_pub));
	hooks.has_host_key = ok;
	return ok ? 0 : GW_ECRYPTO;
}

void
hooks_signer(hooks_sign_fn *fn, void *arg)
{
	hooks.signer = fn;
	hooks.arg = arg;
}

static void
forget(void)
{
	for (size_t i = 0; i < hooks.nkept; i++)
		free(hooks.kept[i].tbs);
	memset(hooks.kept, 0, sizeof(hooks.kept));
	hooks.nkept = 0;
}

void
hooks_capture(bool on)
{
	hooks.capturing = on;
	if (!on)
		forget();
}

bool
hooks_next(struct captured *ret)
{
	if (hooks.nkept == 0)
		return false;
	*ret = hooks.kept[0];
	hooks.nkept--;
	memmove(hooks.kept, hooks.kept + 1, hooks.nkept * sizeof(*hooks.kept));
	return true;
}

static bool
is_marker(const EVP_PKEY *key)
{
	uint8_t raw[32];
	size_t n = sizeof(raw);
	bool same;

	if (key == NULL || EVP_PKEY_get_base_id(key) != EVP_PKEY_ED25519 ||
	    EVP_PKEY_get_raw_private_key(key, raw, &n) != 1)
		return false;
	same = n == sizeof(raw) && CRYPTO_memcmp(raw, hooks_marker, n) == 0;
	OPENSSL_cleanse(raw, sizeof(raw));
	return same;
}

int
EVP_PKEY_get_raw_public_key(
    const EVP_PKEY *key, unsigned char *pub, size_t *npub)
{
	const int r = hooks.public_half(key, pub, npub);

	/* of the key, or of a copy without its private half */
	if (r == 1 && pub != NULL && hooks.has_host_key &&
	    *npub == sizeof(hooks.marker_pub) &&
	    memcmp(pub, hooks.marker_pub, *npub) == 0)
		memcpy(pub, hooks.host_pub, *npub);
	return r;
}

static bool
signs_as_host(EVP_MD_CTX *ctx)
{
	EVP_PKEY_CTX *pctx = EVP_MD_CTX_get_pkey_ctx(ctx);

	return pctx != NULL && is_marker(EVP_PKEY_CTX_get0_pkey(pctx));
}

int
EVP_DigestSign(EVP_MD_CTX *ctx, unsigned char *sig, size_t *nsig,
    const unsigned char *tbs, size_t ntbs)
{
	if (!signs_as_host(ctx))
		return hooks.sign(ctx, sig, nsig, tbs, ntbs);
	if (sig == NULL) {
		*nsig = 64;
		return 1;
	}
	if (*nsig < 64 || hooks.signer == NULL ||
	    hooks.signer(hooks.arg, sig, tbs, ntbs) != 0)
		return 0;
	*nsig = 64;
	return 1;
}

int
EVP_DigestVerify(EVP_MD_CTX *ctx, const unsigned char *sig, size_t nsig,
    const unsigned char *tbs, size_t ntbs)
{
	struct captured *c;

	if (!hooks.capturing)
		return hooks.verify(ctx, sig, nsig, tbs, ntbs);
	if (hooks.nkept == KEPT_MAX || nsig > sizeof(c->sig) || ntbs > TBS_MAX)
		return 0;
	c = &hooks.kept[hooks.nkept];
	if ((c->tbs = malloc(ntbs)) == NULL)
		return 0;
	memcpy(c->tbs, tbs, ntbs);
	c->ntbs = ntbs;
	memcpy(c->sig, sig, nsig);
	c->nsig = nsig;
	hooks.nkept++;
	return 1;
}
