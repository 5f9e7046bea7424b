/* SPDX-License-Identifier: Apache-2.0 */
#include "ssh/sshsig.h"

#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum {
	SCALAR_MAX = 66,   /* format: of P-521 */
	SIGNED_MAX = 4096, /* internal: what is signed is a hash */
};

/* SSH's two mpints -> the DER libcrypto wants. */
static int
ecdsa_der(struct buf *out, const uint8_t *p, size_t n)
{
	struct rd r;
	const uint8_t *rb, *sb;
	uint8_t *der = NULL;
	size_t nr = 0, ns = 0;
	BIGNUM *br = NULL, *bs = NULL;
	ECDSA_SIG *sig = NULL;
	int len, ret = GW_EPROTO;

	rd_init(&r, p, n);
	rb = rd_mpint(&r, &nr);
	sb = rd_mpint(&r, &ns);
	if (rb == NULL || sb == NULL || rd_done(&r) < 0 || nr > SCALAR_MAX ||
	    ns > SCALAR_MAX)
		goto out;
	ret = GW_ENOMEM;
	br = BN_bin2bn(rb, (int)nr, NULL);
	bs = BN_bin2bn(sb, (int)ns, NULL);
	sig = ECDSA_SIG_new();
	if (br == NULL || bs == NULL || sig == NULL ||
	    ECDSA_SIG_set0(sig, br, bs) != 1)
		goto out;
	br = bs = NULL; /* sig's now */
	if ((len = i2d_ECDSA_SIG(sig, &der)) <= 0)
		goto out;
	buf_put(out, der, (size_t)len);
	ret = buf_err(out);
out:
	OPENSSL_free(der);
	ECDSA_SIG_free(sig);
	BN_free(br);
	BN_free(bs);
	return ret;
}

/* One SSH signature blob over data. */
static int
sig_blob_verify(struct sshkey *k, const uint8_t *blob, size_t nblob,
    const void *data, size_t n)
{
	struct buf der;
	struct rd r;
	char alg[64];
	const uint8_t *sig;
	size_t nsig = 0;
	uint8_t flags = 0;
	uint32_t counter = 0;
	int ret = GW_EPROTO;

	buf_init(&der, 512);
	rd_init(&r, blob, nblob);
	rd_cstring(&r, alg, sizeof(alg));
	sig = rd_string(&r, &nsig);
	if (strncmp(k->type, "sk-", 3) == 0) {
		flags = rd_u8(&r);
		counter = rd_u32(&r);
	}
	if (sig == NULL || rd_done(&r) < 0)
		goto out;
	if (strstr(k->type, "ecdsa-") != NULL) {
		if ((ret = ecdsa_der(&der, sig, nsig)) < 0)
			goto out;
		sig = der.p;
		nsig = der.len;
	}
	ret = sshkey_verify(k, alg, sig, nsig, flags, counter, data, n);
	k->sk_flags = ret == 0 ? flags : 0;
out:
	buf_done(&der);
	return ret;
}

static const char armor_begin[] = "-----BEGIN SSH SIGNATURE-----";
static const char armor_end[] = "-----END SSH SIGNATURE-----";

/* Takes the armor off into out (a buf of bytes). */
static int
armor_open(struct buf *out, const char *armor)
{
	struct buf text;
	uint8_t *bin = NULL;
	const char *end;
	size_t n = 0;
	int r = GW_EPROTO;

	buf_init(&text, LIMIT_PUBKEY_MAX * 4);
	if (strncmp(armor, armor_begin, sizeof(armor_begin) - 1) != 0)
		goto out;
	armor += sizeof(armor_begin) - 1;
	if ((armor[0] != '\n' && armor[0] != '\r') ||
	    (end = strstr(armor, armor_end)) == NULL)
		goto out;
	if (end[-1] != '\n' || strspn(end + sizeof(armor_end) - 1, "\r\n") !=
				   strlen(end + sizeof(armor_end) - 1))
		goto out;
	for (; armor < end; armor++)
		if (*armor != '\n' && *armor != '\r')
			buf_u8(&text, (uint8_t)*armor);
	if ((r = buf_err(&text)) < 0)
		goto out;
	r = GW_EPROTO;
	if (text.len == 0)
		goto out;
	buf_put(out, text.p, text.len); /* decoded is shorter than this */
	if ((r = buf_err(out)) < 0)
		goto out;
	bin = out->p;
	r = str_unb64(bin, out->len, (const char *)text.p, text.len, &n);
	if (r < 0) {
		r = GW_EPROTO;
		goto out;
	}
	out->len = n;
out:
	buf_done(&text);
	return r;
}

/* The bytes that were signed: PROTOCOL.sshsig, with the message's digest. */
static int
sshsig_data(struct buf *out, const char *namespace, const char *hash,
    const void *message, size_t n)
{
	uint8_t md[EVP_MAX_MD_SIZE];
	const EVP_MD *alg = NULL;
	unsigned nmd = 0;

	if (strcmp(hash, "sha512") == 0)
		alg = EVP_sha512();
	else if (strcmp(hash, "sha256") == 0)
		alg = EVP_sha256();
	if (alg == NULL || EVP_Digest(message, n, md, &nmd, alg, NULL) != 1)
		return GW_ECRYPTO;
	buf_put(out, "SSHSIG", 6);
	buf_cstring(out, namespace);
	buf_cstring(out, "");
	buf_cstring(out, hash);
	buf_string(out, md, nmd);
	return buf_err(out);
}

/* Version 1, and the key's blob. */
static const uint8_t *
head(struct rd *r, size_t *retn)
{
	const uint8_t *magic = rd_bytes(r, 6);

	if (magic == NULL || memcmp(magic, "SSHSIG", 6) != 0 || rd_u32(r) != 1)
		return NULL;
	return rd_string(r, retn);
}

int
sshsig_claims(char retfp[static SSHKEY_FP_SIZE],
    char rettype[static SSHSIG_TYPE_SIZE], const char *armor)
{
	struct buf bin;
	struct rd r;
	const uint8_t *blob;
	size_t nblob = 0;
	int ret;

	retfp[0] = rettype[0] = '\0';
	buf_init(&bin, LIMIT_PUBKEY_MAX * 4);
	if ((ret = armor_open(&bin, armor)) < 0)
		goto out;
	ret = GW_EPROTO;
	rd_init(&r, bin.p, bin.len);
	if ((blob = head(&r, &nblob)) == NULL)
		goto out;
	sshkey_fingerprint(retfp, blob, nblob);
	(void)sshkey_unknown_type(rettype, SSHSIG_TYPE_SIZE, blob, nblob);
	ret = 0;
out:
	buf_done(&bin);
	return ret;
}

int
sshsig_verify(struct sshkey *retkey, const char *armor, const char *namespace,
    const void *message, size_t n)
{
	struct buf bin, data;
	struct sshkey key;
	struct rd r;
	char ns[128], hash[16];
	const uint8_t *blob, *sig;
	size_t nblob = 0, nsig = 0, nreserved = 0;
	int ret;

	buf_init(&bin, LIMIT_PUBKEY_MAX * 4);
	buf_init(&data, SIGNED_MAX);
	if ((ret = armor_open(&bin, armor)) < 0)
		goto out;
	ret = GW_EPROTO;
	rd_init(&r, bin.p, bin.len);
	if ((blob = head(&r, &nblob)) == NULL)
		goto out;
	rd_cstring(&r, ns, sizeof(ns));
	(void)rd_string(&r, &nreserved);
	rd_cstring(&r, hash, sizeof(hash));
	sig = rd_string(&r, &nsig);
	if (rd_done(&r) < 0 || sig == NULL)
		goto out;
	ret = GW_ECRYPTO;
	if (namespace[0] == '\0' || strcmp(ns, namespace) != 0)
		goto out;
	if ((ret = sshkey_parse_blob(&key, blob, nblob)) < 0)
		goto out;
	if ((ret = sshsig_data(&data, namespace, hash, message, n)) < 0)
		goto out;
	ret = sig_blob_verify(&key, sig, nsig, data.p, data.len);
	if (ret == 0)
		*retkey = key;
out:
	buf_done(&bin);
	buf_done(&data);
	return ret;
}
