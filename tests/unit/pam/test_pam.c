/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_pam - the verdict of pam_jit on real certificates, and on every
 * single-bit change of one.
 */
#include "tests/unit/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/secret.h"
#include "base/str.h"
#include "core/grant.h"
#include "pam/check.h"
#include "ssh/sshcert.h"
#include "ssh/sshkey.h"

enum { NOW = 1800000000 };

struct fixture {
	struct secret ca, other;
	struct pam_ca cas[LIMIT_PAM_CAS];
	size_t ncas;
	struct buf cert;
};

static struct fixture fx;

static int
setup(void **state)
{
	char line[256];
	uint8_t pub[32];

	(void)state;
	if (secret_random(&fx.ca, 32) != 0 ||
	    secret_random(&fx.other, 32) != 0 ||
	    sshkey_ed25519_public(pub, &fx.ca) != 0 ||
	    sshkey_ed25519_line(line, sizeof(line), pub) != 0)
		return -1;
	return pam_cas_parse(fx.cas, &fx.ncas, line);
}

static int
teardown(void **state)
{
	(void)state;
	secret_free(&fx.ca);
	secret_free(&fx.other);
	return 0;
}

static char *
info_of(const struct buf *cert)
{
	static const char prefix[] =
	    "publickey ssh-ed25519-cert-v01@openssh.com ";
	char *s = calloc(1, sizeof(prefix) + str_b64_size(cert->len));

	assert_non_null(s);
	memcpy(s, prefix, sizeof(prefix));
	str_b64(s + sizeof(prefix) - 1, cert->p, cert->len);
	return s;
}

static char *
make(const char *principal, const char *key_id, const struct secret *ca)
{
	struct sshcert c = {.pubkey = {7},
	    .serial = 5,
	    .key_id = key_id,
	    .principal = principal,
	    .valid_after = NOW - 5,
	    .valid_before = NOW + 60,
	    .source_address = "10.0.0.1",
	    .caps = CAP_DEFAULT};
	char *info;

	buf_init(&fx.cert, 4096);
	assert_int_equal(sshcert_build(&fx.cert, &c, ca), 0);
	info = info_of(&fx.cert);
	return info;
}

static enum pam_verdict
ask_from(
    const char *rhost, const char *info, const char *principal, int64_t now)
{
	char id[PAM_KEY_ID_SIZE];
	char why[PAM_WHY_SIZE];
	enum pam_verdict v =
	    pam_check(info, fx.cas, fx.ncas, principal, rhost, now, id, why);

	/* a refusal always says why; an admission names the session */
	assert_true((v == PAM_VERDICT_ADMIT) == (why[0] == '\0'));
	if (v == PAM_VERDICT_ADMIT)
		assert_string_equal(id, "user=a grant=g session=s");
	return v;
}

static enum pam_verdict
ask(const char *info, const char *principal, int64_t now)
{
	return ask_from("10.0.0.1", info, principal, now);
}

#define KEY_ID "user=a grant=g session=s"

static void
test_verdicts(void **state)
{
	char *good = make("deploy@web-01", KEY_ID, &fx.ca);
	char *more;

	(void)state;
	buf_done(&fx.cert);
	assert_int_equal(ask(good, "deploy@web-01", NOW), PAM_VERDICT_ADMIT);
	assert_int_equal(ask(good, "root@web-01", NOW), PAM_VERDICT_DENY);
	assert_int_equal(ask(good, "deploy@web-02", NOW), PAM_VERDICT_DENY);
	assert_int_equal(ask(good, "deploy@web-0", NOW), PAM_VERDICT_DENY);
	assert_int_equal(
	    ask(good, "deploy@web-01", NOW + 91), PAM_VERDICT_DENY);
	assert_int_equal(
	    ask(good, "deploy@web-01", NOW - 36), PAM_VERDICT_DENY);
	assert_int_equal(
	    ask(good, "deploy@web-01", NOW + 85), PAM_VERDICT_ADMIT);
	assert_int_equal(ask(NULL, "deploy@web-01", NOW), PAM_VERDICT_DENY);
	assert_int_equal(ask("", "deploy@web-01", NOW), PAM_VERDICT_DENY);
	assert_int_equal(
	    ask("publickey ssh-ed25519 AAAA", "deploy@web-01", NOW),
	    PAM_VERDICT_DENY);
	assert_true(
	    asprintf(&more, "keyboard-interactive/pam\n%s\n", good) > 0);
	assert_int_equal(ask(more, "deploy@web-01", NOW), PAM_VERDICT_ADMIT);
	free(more);
	free(good);
}

static void
test_other_ca_and_key_id(void **state)
{
	char *info = make("deploy@web-01", KEY_ID, &fx.other);

	(void)state;
	buf_done(&fx.cert);
	assert_int_equal(ask(info, "deploy@web-01", NOW), PAM_VERDICT_DENY);
	free(info);
	info = make("deploy@web-01", "somebody", &fx.ca);
	buf_done(&fx.cert);
	assert_int_equal(ask(info, "deploy@web-01", NOW), PAM_VERDICT_DENY);
	free(info);
}

static void
test_source(void **state)
{
	static const char *const others[] = {
	    "10.0.0.2", "10.0.0.11", "fd00::1", "gateway", "", NULL};
	char *good = make("deploy@web-01", KEY_ID, &fx.ca);

	(void)state;
	buf_done(&fx.cert);
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		assert_int_equal(
		    ask_from(others[i], good, "deploy@web-01", NOW),
		    PAM_VERDICT_DENY);
	free(good);
}

static void
test_every_bit_matters(void **state)
{
	char *info = make("deploy@web-01", KEY_ID, &fx.ca);

	(void)state;
	free(info);
	for (size_t bit = 0; bit < fx.cert.len * 8; bit++) {
		fx.cert.p[bit / 8] ^= (uint8_t)(1U << bit % 8);
		info = info_of(&fx.cert);
		assert_int_equal(
		    ask(info, "deploy@web-01", NOW), PAM_VERDICT_DENY);
		free(info);
		fx.cert.p[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
	buf_done(&fx.cert);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_verdicts),
	    cmocka_unit_test(test_other_ca_and_key_id),
	    cmocka_unit_test(test_source),
	    cmocka_unit_test(test_every_bit_matters),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
