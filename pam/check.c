/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check - parses an OpenSSH user certificate (PROTOCOL.certkeys) and verifies
 * its CA's signature by itself: sshd may be configured to trust more CAs than
 * the gateway's.
 */
#include "pam/check.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/str.h"
#include "core/glassca.h"

#define CERT_TYPE "ssh-ed25519-cert-v01@openssh.com"
#define CA_TYPE "ssh-ed25519"

enum { CERT_USER = 1, SKEW_S = 30 };

struct cert {
	char key_id[PAM_KEY_ID_SIZE];
	const uint8_t *principals, *options, *ca, *signature;
	size_t nprincipals, noptions, nca, nsignature;
	uint64_t after, before;
	size_t signed_len; /* bytes of the blob the signature covers */
	uint32_t type;
};

int
pam_cas_parse(struct pam_ca ret[LIMIT_PAM_CAS], size_t *retn, char *text)
{
	char *save = NULL;
	size_t n = 0;

	for (char *l = strtok_r(text, "\n", &save);
	     l != NULL && n < LIMIT_PAM_CAS; l = strtok_r(NULL, "\n", &save)) {
		const char *b64 = l + sizeof(CA_TYPE);

		if (strncmp(l, CA_TYPE " ", sizeof(CA_TYPE)) != 0)
			continue;
		if (str_unb64(ret[n].blob, sizeof(ret[n].blob), b64,
			strcspn(b64, " \r"), &ret[n].len) == 0)
			n++;
	}
	*retn = n;
	return n > 0 ? 0 : GW_ENOENT;
}

static int
parse(struct cert *ret, const uint8_t *p, size_t n)
{
	char type[64];
	size_t len;
	struct rd r;
	int e;

	memset(ret, 0, sizeof(*ret));
	rd_init(&r, p, n);
	rd_cstring(&r, type, sizeof(type));
	(void)rd_string(&r, &len); /* nonce */
	(void)rd_string(&r, &len); /* the session's key */
	(void)rd_u64(&r);          /* serial */
	ret->type = rd_u32(&r);
	rd_cstring(&r, ret->key_id, sizeof(ret->key_id));
	ret->principals = rd_string(&r, &ret->nprincipals);
	ret->after = rd_u64(&r);
	ret->before = rd_u64(&r);
	ret->options = rd_string(&r, &ret->noptions);
	(void)rd_string(&r, &len); /* extensions */
	(void)rd_string(&r, &len); /* reserved */
	ret->ca = rd_string(&r, &ret->nca);
	ret->signed_len = n - r.left;
	ret->signature = rd_string(&r, &ret->nsignature);
	if ((e = rd_done(&r)) != 0)
		return e;
	return strcmp(type, CERT_TYPE) == 0 ? 0 : GW_EPROTO;
}

/* "ssh-ed25519" and exactly n bytes, as an SSH key or signature is packed. */
static const uint8_t *
inner(const uint8_t *p, size_t size, size_t want)
{
	char type[32];
	const uint8_t *raw;
	size_t n = 0;
	struct rd r;

	rd_init(&r, p, size);
	rd_cstring(&r, type, sizeof(type));
	raw = rd_string(&r, &n);
	if (rd_done(&r) != 0 || n != want || strcmp(type, CA_TYPE) != 0)
		return NULL;
	return raw;
}

static int
verify(const struct cert *c, const uint8_t *blob)
{
	const uint8_t *pub = inner(c->ca, c->nca, 32);
	const uint8_t *sig = inner(c->signature, c->nsignature, 64);
	EVP_PKEY *key = NULL;
	EVP_MD_CTX *ctx = NULL;
	int r = GW_ECRYPTO;

	if (pub == NULL || sig == NULL)
		return r;
	key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, pub, 32);
	ctx = EVP_MD_CTX_new();
	if (key != NULL && ctx != NULL &&
	    EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1 &&
	    EVP_DigestVerify(ctx, sig, 64, blob, c->signed_len) == 1)
		r = 0;
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	return r;
}

static int
trusted(const struct cert *c, const struct pam_ca *cas, size_t ncas)
{
	for (size_t i = 0; i < ncas; i++)
		if (FAULT(pam_ca) ||
		    (cas[i].len == c->nca &&
			memcmp(cas[i].blob, c->ca, c->nca) == 0))
			return 1;
	return 0;
}

static int
has_principal(const struct cert *c, const char *want)
{
	struct rd r;

	rd_init(&r, c->principals, c->nprincipals);
	while (r.left > 0 && !r.bad) {
		size_t n = 0;
		const uint8_t *s = rd_string(&r, &n);

		if (s != NULL && n == strlen(want) && memcmp(s, want, n) == 0)
			return 1;
	}
	return 0;
}

/* The one critical option, if it is a source-address. */
static int
read_source(const struct cert *c, char *ret, size_t size)
{
	char name[32];
	const uint8_t *packed;
	size_t n = 0;
	struct rd r;

	rd_init(&r, c->options, c->noptions);
	rd_cstring(&r, name, sizeof(name));
	packed = rd_string(&r, &n);
	if (rd_done(&r) != 0 || strcmp(name, "source-address") != 0)
		return GW_EINVAL;
	rd_init(&r, packed, n);
	rd_cstring(&r, ret, size);
	return rd_done(&r);
}

/* Is the one critical option a source-address, and that of the login? sshd has
 * judged it if this is the certificate of the login. But SSH_AUTH_INFO_0 is a
 * variable like others: a module before ours may have set it from a file of
 * the user's (pam_env), to one that was seen in somebody's login. */
static int
from_source(const struct cert *c, const char *rhost)
{
	char value[ADDR_TEXT_SIZE];
	struct addr want, is;

	return read_source(c, value, sizeof(value)) == 0 && rhost != NULL &&
	       addr_parse(&want, value) == 0 && addr_parse(&is, rhost) == 0 &&
	       addr_equal(&want, &is);
}

int
pam_from_parse(
    struct prefix ret[LIMIT_GLASS_FROM], size_t *retn, const char *list)
{
	char one[ADDR_TEXT_SIZE];
	const char *s = list;
	size_t n = 0;

	*retn = 0;
	for (;;) {
		const size_t len = strcspn(s, ",");

		if (n == LIMIT_GLASS_FROM)
			return GW_ELIMIT;
		if (str_fmt(one, sizeof(one), "%.*s", (int)len, s) != 0 ||
		    prefix_parse(&ret[n], one) != 0 || ret[n].bits == 0)
			return GW_EINVAL;
		n++;
		if (s[len] == '\0')
			break;
		s += len + 1;
	}
	*retn = n;
	return 0;
}

static int
in_one(const struct addr *a, const struct prefix *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (prefix_has(&p[i], a))
			return 1;
	return 0;
}

/* What is judged, and by what. */
struct question {
	const struct pam_ca *cas;
	size_t ncas;
	const char *principal, *rhost;
	int64_t now_s;
	/* of break-glass; else NULL */
	const struct prefix *from;
	size_t nfrom;
};

/* What both kinds have in common. */
static const char *
judge_cert(const struct cert *c, const uint8_t *blob, const struct question *q)
{
	if (c->type != CERT_USER)
		return "not a user certificate";
	if (!trusted(c, q->cas, q->ncas))
		return "signed by a CA that is not the gateway's";
	if (verify(c, blob) != 0 && !FAULT(pam_sig))
		return "the CA's signature is wrong";
	if (q->now_s < 0 || (uint64_t)(q->now_s + SKEW_S) < c->after)
		return "not yet valid: compare the clocks";
	if ((uint64_t)q->now_s > c->before + SKEW_S)
		return "expired";
	if (!has_principal(c, q->principal) && !FAULT(pam_principal))
		return "made for another login or target";
	return NULL;
}

static const char *
judge_gateway(
    const struct cert *c, const uint8_t *blob, const struct question *q)
{
	const char *why = judge_cert(c, blob, q);

	if (why != NULL)
		return why;
	if (!from_source(c, q->rhost) && !FAULT(pam_source))
		return "made for another source address than this login's";
	if (strncmp(c->key_id, "user=", 5) != 0 ||
	    strstr(c->key_id, " session=") == NULL)
		return "its key id names no session of a gateway";
	return NULL;
}

static const char *
judge_glass(const struct cert *c, const uint8_t *blob, const struct question *q)
{
	const char *why = judge_cert(c, blob, q);
	char value[GLASSCA_SOURCES_SIZE];
	struct prefix p[LIMIT_GLASS_FROM];
	struct addr is;
	size_t n = 0;

	if (why != NULL)
		return why;
	if (c->before - c->after > LIMIT_GLASS_S + GLASSCA_EARLY_S &&
	    !FAULT(pam_glass_long))
		return "it lives longer than break-glass may";
	if (c->nprincipals != 4 + strlen(q->principal))
		return "made for other logins or targets as well";
	if (q->rhost == NULL || addr_parse(&is, q->rhost) != 0 ||
	    (!in_one(&is, q->from, q->nfrom) && !FAULT(pam_glass_from)))
		return "break-glass is not taken from there";
	if (read_source(c, value, sizeof(value)) != 0 ||
	    pam_from_parse(p, &n, value) != 0 || !in_one(&is, p, n))
		return "made for other source addresses than this login's";
	if (strncmp(c->key_id, GLASSCA_BY, sizeof(GLASSCA_BY) - 1) != 0)
		return "its key id is not one of break-glass";
	return NULL;
}

static enum pam_verdict
check(const char *auth_info, const struct question *q,
    char retkey_id[static PAM_KEY_ID_SIZE], char retwhy[static PAM_WHY_SIZE])
{
	static const char prefix[] = "publickey " CERT_TYPE " ";
	const char *why = "no certificate of the gateway";
	enum pam_verdict v = PAM_VERDICT_DENY;
	uint8_t *blob = NULL;
	struct cert c;

	retkey_id[0] = '\0';
	for (const char *l = auth_info; l != NULL && *l != '\0';
	     l = strchr(l, '\n') != NULL ? strchr(l, '\n') + 1 : NULL) {
		const char *b64 = l + sizeof(prefix) - 1;
		size_t n = 0;

		if (strncmp(l, prefix, sizeof(prefix) - 1) != 0)
			continue;
		free(blob);
		if ((blob = malloc(LIMIT_PAM_CERT_MAX)) == NULL)
			break;
		why = "an unreadable certificate";
		if (str_unb64(blob, LIMIT_PAM_CERT_MAX, b64,
			strcspn(b64, " \n"), &n) != 0 ||
		    parse(&c, blob, n) != 0)
			continue;
		why = q->from != NULL ? judge_glass(&c, blob, q)
				      : judge_gateway(&c, blob, q);
		(void)snprintf(retkey_id, PAM_KEY_ID_SIZE, "%s", c.key_id);
		if (why == NULL) {
			v = PAM_VERDICT_ADMIT;
			break;
		}
	}
	free(blob);
	(void)snprintf(retwhy, PAM_WHY_SIZE, "%s", why != NULL ? why : "");
	return v;
}

enum pam_verdict
pam_check(const char *auth_info, const struct pam_ca *cas, size_t ncas,
    const char *principal, const char *rhost, int64_t now_s,
    char retkey_id[static PAM_KEY_ID_SIZE], char retwhy[static PAM_WHY_SIZE])
{
	const struct question q = {.cas = cas,
	    .ncas = ncas,
	    .principal = principal,
	    .rhost = rhost,
	    .now_s = now_s};

	return check(auth_info, &q, retkey_id, retwhy);
}

enum pam_verdict
pam_check_glass(const char *auth_info, const struct pam_ca *cas, size_t ncas,
    const char *principal, const char *rhost, const struct prefix *from,
    size_t nfrom, int64_t now_s, char retkey_id[static PAM_KEY_ID_SIZE],
    char retwhy[static PAM_WHY_SIZE])
{
	static const struct prefix nowhere;
	const struct question q = {.cas = cas,
	    .ncas = ncas,
	    .principal = principal,
	    .rhost = rhost,
	    .now_s = now_s,
	    .from = from != NULL ? from : &nowhere,
	    .nfrom = from != NULL ? nfrom : 0};

	return check(auth_info, &q, retkey_id, retwhy);
}
