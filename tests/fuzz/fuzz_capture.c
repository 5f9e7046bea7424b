/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_capture: signatures and signed bytes of a stranger's client, where they
 * are caught instead of checked. An input is such checks: two bytes length of
 * the signature, two of what was signed (little-endian), both. What is kept is
 * what came, in order, and no more than there is room for; what is read out of
 * it stands there; with the capture off nothing is kept and nothing passes.
 */
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "session/captured.h"
#include "session/hooks.h"
#include "tests/fuzz/fuzz.h"

enum { KEPT_MAX = 8, TBS_MAX = 16 * 1024, MADE_MAX = 16 };

struct check {
	const uint8_t *sig, *tbs;
	size_t nsig, ntbs;
};

/* Fewer bytes than it says are what is left. */
static size_t
take(const uint8_t **p, size_t *left, size_t n, const uint8_t **ret)
{
	if (n > *left)
		n = *left;
	*ret = *p;
	*p += n;
	*left -= n;
	return n;
}

static size_t
read_checks(struct check ret[static MADE_MAX], const uint8_t *p, size_t n)
{
	size_t made = 0;

	for (; n >= 4 && made < MADE_MAX; made++) {
		size_t nsig = p[0] | (size_t)p[1] << 8;
		size_t ntbs = p[2] | (size_t)p[3] << 8;

		p += 4;
		n -= 4;
		ret[made].nsig = take(&p, &n, nsig, &ret[made].sig);
		ret[made].ntbs = take(&p, &n, ntbs, &ret[made].tbs);
	}
	return made;
}

static uint32_t
be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

/* Steps over an SSH string that is there. */
static void
skip(const uint8_t **p, size_t *n)
{
	must(*n >= 4 && be32(*p) <= *n - 4);
	*n -= 4 + be32(*p);
	*p += 4 + be32(*p);
}

static void
check_alg(const struct captured *c)
{
	const uint8_t *p = c->tbs;
	char alg[64];
	size_t n = c->ntbs, len;

	if (captured_alg(c, alg, sizeof(alg)) != 0)
		return;
	skip(&p, &n); /* session id */
	must(n-- > 0);
	p++;
	skip(&p, &n); /* user, service, method */
	skip(&p, &n);
	skip(&p, &n);
	must(n-- > 0);
	p++;
	len = strlen(alg);
	must(n >= 4 && be32(p) == len && n - 4 >= len);
	must(memcmp(p + 4, alg, len) == 0);
}

static void
check_sk(const struct captured *c)
{
	uint32_t counter = 0;
	uint8_t flags = 0;

	if (captured_sk(c, &flags, &counter) == 0)
		must(c->ntbs == 69 && flags == c->tbs[32] &&
		     counter == be32(c->tbs + 33));
}

/* libcrypto's own answer: nobody signed this. */
static void
check_real(const struct check *k)
{
	static const uint8_t pub[32] = {1};
	EVP_PKEY *key = EVP_PKEY_new_raw_public_key(
	    EVP_PKEY_ED25519, NULL, pub, sizeof(pub));
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	struct captured c;

	must(key != NULL && ctx != NULL);
	must(EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1);
	must(EVP_DigestVerify(ctx, k->sig, k->nsig, k->tbs, k->ntbs) != 1);
	must(!hooks_next(&c));
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct check made[MADE_MAX];
	struct captured c;
	size_t n = read_checks(made, data, size), kept = 0;
	bool took[MADE_MAX];

	must(hooks_init() == 0);
	hooks_capture(true);
	for (size_t i = 0; i < n; i++) {
		took[i] = EVP_DigestVerify(NULL, made[i].sig, made[i].nsig,
			      made[i].tbs, made[i].ntbs) == 1;
		must(took[i] ==
		     (kept < KEPT_MAX && made[i].nsig <= LIMIT_SSHSIG_MAX &&
			 made[i].ntbs <= TBS_MAX));
		kept += took[i] ? 1 : 0;
	}
	/* the last one stays, to be forgotten */
	for (size_t i = 0; i < n && kept > 1; i++) {
		if (!took[i])
			continue;
		must(hooks_next(&c));
		must(c.nsig == made[i].nsig && c.ntbs == made[i].ntbs);
		must(memcmp(c.sig, made[i].sig, c.nsig) == 0);
		must(memcmp(c.tbs, made[i].tbs, c.ntbs) == 0);
		kept--;
		free(c.tbs);
	}
	hooks_capture(false);
	must(!hooks_next(&c));
	for (size_t i = 0; i < n; i++) {
		c.tbs = (uint8_t *)(uintptr_t)made[i].tbs;
		c.ntbs = made[i].ntbs;
		check_alg(&c);
		check_sk(&c);
	}
	if (n > 0 && size % 8 == 0)
		check_real(&made[0]);
	return 0;
}
