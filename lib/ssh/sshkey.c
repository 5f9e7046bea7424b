/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sshkey - SSH public keys and signatures, checked with libcrypto's EVP.
 * Everything here is public data (our own keys are in sshkey_own.c); it opens
 * no file and speaks to no agent. Certificates are never keys here.
 *
 * - A key MUST decode to its last byte, and its point or modulus be usable.
 * - An RSA key MUST have 3072 bits or more, and never sign with SHA-1.
 * - A security key's signature MUST carry the touch flag.
 */
#include "ssh/sshkey.h"

#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/sha.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/limits.h"
#include "base/str.h"

enum {
	POINT_MAX = 133, /* format: uncompressed P-521 */
	ED25519_SIZE = 32,
	ED25519_SIG_SIZE = 64,
	SK_TOUCH = 1, /* PROTOCOL.u2f: user presence, */
	SK_USER = 4,  /* user verification */
};

enum kind { KIND_NONE = 0, KIND_ED25519, KIND_ECDSA, KIND_RSA };

struct type_row {
	const char *name;
	enum kind kind;
	bool sk;
	const char *curve; /* as SSH names it */
	const char *group; /* as libcrypto does */
	size_t point;
};

static const struct type_row types[] = {
    {"ssh-ed25519", KIND_ED25519, false, NULL, NULL, 0},
    {"ecdsa-sha2-nistp256", KIND_ECDSA, false, "nistp256", "P-256", 65},
    {"ecdsa-sha2-nistp384", KIND_ECDSA, false, "nistp384", "P-384", 97},
    {"ecdsa-sha2-nistp521", KIND_ECDSA, false, "nistp521", "P-521", 133},
    {"ssh-rsa", KIND_RSA, false, NULL, NULL, 0},
    {"sk-ssh-ed25519@openssh.com", KIND_ED25519, true, NULL, NULL, 0},
    {"sk-ecdsa-sha2-nistp256@openssh.com", KIND_ECDSA, true, "nistp256",
	"P-256", 65},
};

/* A blob taken apart; pointers borrow from it. */
struct parts {
	const struct type_row *t;
	const uint8_t *pub, *mod, *exp, *app;
	size_t npub, nmod, nexp, napp;
};

static const struct type_row *
type_find(const uint8_t *s, size_t n)
{
	for (size_t i = 0; s != NULL && i < ARRAY_LEN(types); i++)
		if (strlen(types[i].name) == n &&
		    memcmp(types[i].name, s, n) == 0)
			return &types[i];
	return NULL;
}

static int
parts_parse(struct parts *ret, const void *blob, size_t n)
{
	struct parts p = {0};
	struct rd r;
	const uint8_t *s = NULL;
	size_t len = 0;

	rd_init(&r, blob, n);
	s = rd_string(&r, &len);
	if ((p.t = type_find(s, len)) == NULL)
		return GW_EUNSUPPORTED;
	if (p.t->kind == KIND_RSA) {
		p.exp = rd_mpint(&r, &p.nexp);
		p.mod = rd_mpint(&r, &p.nmod);
		if (p.exp == NULL || p.mod == NULL)
			return GW_EPROTO;
	} else {
		if (p.t->kind == KIND_ECDSA) {
			s = rd_string(&r, &len);
			if (s == NULL || len != strlen(p.t->curve) ||
			    memcmp(s, p.t->curve, len) != 0)
				return GW_EPROTO;
		}
		p.pub = rd_string(&r, &p.npub);
		if (p.pub == NULL)
			return GW_EPROTO;
	}
	if (p.t->sk) {
		p.app = rd_string(&r, &p.napp);
		if (p.app == NULL || p.napp == 0)
			return GW_EPROTO;
	}
	if (rd_done(&r) < 0)
		return GW_EPROTO;
	*ret = p;
	return 0;
}

static EVP_PKEY *
from_params(const char *alg, OSSL_PARAM *params)
{
	EVP_PKEY_CTX *ctx = NULL;
	EVP_PKEY *k = NULL;

	ctx = EVP_PKEY_CTX_new_from_name(NULL, alg, NULL);
	if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &k, EVP_PKEY_PUBLIC_KEY, params) != 1) {
		EVP_PKEY_free(k);
		k = NULL;
	}
	EVP_PKEY_CTX_free(ctx);
	return k;
}

static EVP_PKEY *
ec_key(const struct parts *p)
{
	OSSL_PARAM params[3];
	char group[8];
	uint8_t point[POINT_MAX];

	if (p->pub == NULL || p->npub != p->t->point || p->pub[0] != 0x04 ||
	    str_copy(group, sizeof(group), p->t->group) < 0)
		return NULL;
	memcpy(point, p->pub, p->npub);
	params[0] = OSSL_PARAM_construct_utf8_string(
	    OSSL_PKEY_PARAM_GROUP_NAME, group, 0);
	params[1] = OSSL_PARAM_construct_octet_string(
	    OSSL_PKEY_PARAM_PUB_KEY, point, p->npub);
	params[2] = OSSL_PARAM_construct_end();
	return from_params("EC", params);
}

static EVP_PKEY *
rsa_key(const struct parts *p)
{
	OSSL_PARAM_BLD *bld = NULL;
	OSSL_PARAM *params = NULL;
	BIGNUM *n = NULL, *e = NULL;
	EVP_PKEY *k = NULL;

	if (p->nmod > LIMIT_RSA_BITS_MAX / 8 || p->nexp > 8)
		return NULL;
	n = BN_bin2bn(p->mod, (int)p->nmod, NULL);
	e = BN_bin2bn(p->exp, (int)p->nexp, NULL);
	if (n == NULL || e == NULL || BN_num_bits(n) < LIMIT_RSA_BITS_MIN ||
	    !BN_is_odd(n) || !BN_is_odd(e) || BN_is_one(e))
		goto out;
	bld = OSSL_PARAM_BLD_new();
	if (bld == NULL ||
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, n) != 1 ||
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, e) != 1 ||
	    (params = OSSL_PARAM_BLD_to_param(bld)) == NULL)
		goto out;
	k = from_params("RSA", params);
out:
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(bld);
	BN_free(n);
	BN_free(e);
	return k;
}

/*
 * Points of small order, by their y (2^255 - 19 and one more are 0 and 1 in
 * another spelling): for such a key anybody can make a signature, so whoever
 * has it could deny their own.
 */
static bool
ed25519_weak(const uint8_t pub[static ED25519_SIZE])
{
	static const char *const small[] = {
	    "0000000000000000000000000000000000000000000000000000000000000000",
	    "0100000000000000000000000000000000000000000000000000000000000000",
	    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
	    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
	    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"};
	uint8_t y[ED25519_SIZE];
	char hex[2 * ED25519_SIZE + 1];

	memcpy(y, pub, sizeof(y));
	y[ED25519_SIZE - 1] &= 0x7f; /* the sign of x */
	str_hex(hex, y, sizeof(y));
	for (size_t i = 0; i < ARRAY_LEN(small); i++)
		if (strcmp(hex, small[i]) == 0)
			return true;
	return false;
}

static EVP_PKEY *
pkey_new(const struct parts *p)
{
	switch (p->t->kind) {
	case KIND_ED25519:
		if (p->npub != ED25519_SIZE || ed25519_weak(p->pub))
			return NULL;
		return EVP_PKEY_new_raw_public_key(
		    EVP_PKEY_ED25519, NULL, p->pub, p->npub);
	case KIND_ECDSA:
		return ec_key(p);
	case KIND_RSA:
		return rsa_key(p);
	default:
		return NULL;
	}
}

int
sshkey_parse_blob(struct sshkey *ret, const void *p, size_t n)
{
	struct parts parts = {0};
	EVP_PKEY *k = NULL;
	int r;

	if (p == NULL || n == 0)
		return GW_EPROTO;
	if (n > LIMIT_PUBKEY_MAX)
		return GW_ELIMIT;
	if ((r = parts_parse(&parts, p, n)) < 0)
		return r;
	if ((k = pkey_new(&parts)) == NULL)
		return GW_EINVAL;
	EVP_PKEY_free(k);
	memset(ret, 0, sizeof(*ret));
	memcpy(ret->blob, p, n);
	ret->len = n;
	return str_copy(ret->type, sizeof(ret->type), parts.t->name);
}

bool
sshkey_unknown_type(char *ret, size_t size, const void *blob, size_t n)
{
	struct rd r;
	const uint8_t *type;
	size_t ntype = 0;

	ret[0] = '\0';
	rd_init(&r, blob, n);
	type = rd_string(&r, &ntype);
	if (type == NULL || ntype == 0 || type_find(type, ntype) != NULL)
		return false;
	str_escape(ret, size, (const char *)type, ntype);
	return ret[0] != '\0';
}

int
sshkey_parse_line(struct sshkey *ret, const char *line)
{
	uint8_t blob[LIMIT_PUBKEY_MAX];
	struct sshkey k;
	size_t ntype, nb64, n = 0;
	const char *b64, *end;
	int r;

	line += strspn(line, " \t");
	ntype = strcspn(line, " \t\r\n");
	b64 = line + ntype;
	b64 += strspn(b64, " \t");
	nb64 = strcspn(b64, " \t\r\n");
	if (ntype == 0 || nb64 == 0)
		return GW_EINVAL;
	/* one key only: a second line would be a second, unseen key */
	end = b64 + strcspn(b64, "\r\n");
	if (end[strspn(end, "\r\n")] != '\0')
		return GW_EINVAL;
	if ((r = str_unb64(blob, sizeof(blob), b64, nb64, &n)) < 0)
		return r;
	if ((r = sshkey_parse_blob(&k, blob, n)) < 0)
		return r;
	if (strlen(k.type) != ntype || memcmp(k.type, line, ntype) != 0)
		return GW_EINVAL;
	*ret = k;
	return 0;
}

int
sshkey_format_line(char *ret, size_t size, const void *blob, size_t n)
{
	struct rd r;
	const uint8_t *type;
	size_t ntype = 0;

	if (size > 0)
		ret[0] = '\0';
	rd_init(&r, blob, n);
	type = rd_string(&r, &ntype);
	if (type == NULL || type_find(type, ntype) == NULL)
		return GW_EINVAL;
	if (ntype + 1 + str_b64_size(n) > size)
		return GW_ELIMIT;
	memcpy(ret, type, ntype);
	ret[ntype] = ' ';
	str_b64(ret + ntype + 1, blob, n);
	return 0;
}

void
sshkey_fingerprint(char ret[static SSHKEY_FP_SIZE], const void *blob, size_t n)
{
	uint8_t md[SHA256_DIGEST_LENGTH];
	size_t len;

	memcpy(ret, "SHA256:", 8);
	if (EVP_Digest(blob, n, md, NULL, EVP_sha256(), NULL) != 1)
		return;
	str_b64(ret + 7, md, sizeof(md));
	len = strlen(ret);
	while (len > 0 && ret[len - 1] == '=')
		ret[--len] = '\0';
}

bool
sshkey_equal(const struct sshkey *a, const struct sshkey *b)
{
	return a->len > 0 && a->len == b->len &&
	       memcmp(a->blob, b->blob, a->len) == 0;
}

/* The digest an algorithm name stands for; false when it is not the key's. */
static bool
alg_digest(const struct type_row *t, const char *alg, const EVP_MD **ret)
{
	*ret = NULL;
	if (t->kind == KIND_RSA) {
		if (strcmp(alg, "rsa-sha2-256") == 0)
			*ret = EVP_sha256();
		else if (strcmp(alg, "rsa-sha2-512") == 0)
			*ret = EVP_sha512();
		return *ret != NULL;
	}
	if (strcmp(alg, t->name) != 0)
		return false;
	if (t->kind == KIND_ED25519)
		return true; /* hashes by itself */
	if (t->point == 65)
		*ret = EVP_sha256();
	else if (t->point == 97)
		*ret = EVP_sha384();
	else
		*ret = EVP_sha512();
	return true;
}

/* What a security key signs instead of the data itself. */
static int
sk_data(uint8_t ret[static 2 * SHA256_DIGEST_LENGTH + 5], const struct parts *p,
    uint8_t flags, uint32_t counter, const void *data, size_t n)
{
	if (EVP_Digest(p->app, p->napp, ret, NULL, EVP_sha256(), NULL) != 1 ||
	    EVP_Digest(data, n, ret + SHA256_DIGEST_LENGTH + 5, NULL,
		EVP_sha256(), NULL) != 1)
		return GW_ECRYPTO;
	ret[32] = flags;
	ret[33] = (uint8_t)(counter >> 24);
	ret[34] = (uint8_t)(counter >> 16);
	ret[35] = (uint8_t)(counter >> 8);
	ret[36] = (uint8_t)counter;
	return 0;
}

static int
digest_verify(EVP_PKEY *k, const EVP_MD *md, const uint8_t *sig, size_t nsig,
    const void *data, size_t n)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int r = GW_ECRYPTO;

	if (ctx != NULL && EVP_DigestVerifyInit(ctx, NULL, md, NULL, k) == 1 &&
	    (EVP_DigestVerify(ctx, sig, nsig, data, n) == 1 ||
		FAULT(no_sig_check)))
		r = 0;
	EVP_MD_CTX_free(ctx);
	return r;
}

int
sshkey_verify(const struct sshkey *k, const char *alg, const void *sig,
    size_t nsig, uint8_t sk_flags, uint32_t sk_counter, const void *data,
    size_t n)
{
	uint8_t sk[2 * SHA256_DIGEST_LENGTH + 5];
	uint8_t padded[LIMIT_RSA_BITS_MAX / 8] = {0};
	struct parts p = {0};
	const EVP_MD *md = NULL;
	EVP_PKEY *key = NULL;
	int r = GW_ECRYPTO;

	if (sig == NULL || nsig == 0 || nsig > LIMIT_SSHSIG_MAX ||
	    parts_parse(&p, k->blob, k->len) < 0 ||
	    !alg_digest(p.t, alg, &md) || (key = pkey_new(&p)) == NULL)
		goto out;
	if (p.t->sk) {
		if ((sk_flags & SK_TOUCH) == 0 ||
		    sk_data(sk, &p, sk_flags, sk_counter, data, n) < 0)
			goto out;
		data = sk;
		n = sizeof(sk);
	}
	if (p.t->kind == KIND_ED25519 && nsig != ED25519_SIG_SIZE)
		goto out;
	if (p.t->kind == KIND_RSA && nsig < p.nmod) {
		/* some signers drop leading zeros */
		memcpy(padded + (p.nmod - nsig), sig, nsig);
		sig = padded;
		nsig = p.nmod;
	}
	r = digest_verify(key, md, sig, nsig, data, n);
out:
	EVP_PKEY_free(key);
	return r;
}

enum hardware
sshkey_hardware(const char *type, uint8_t sk_flags)
{
	if (strncmp(type, "sk-", 3) != 0 || (sk_flags & SK_TOUCH) == 0)
		return HARDWARE_NONE;
	return (sk_flags & SK_USER) != 0 ? HARDWARE_VERIFIED
					 : HARDWARE_PRESENCE;
}
