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

/* ---- break-glass */

#define GLASS_ID "breakglass user=a ca=c why=w"

struct glass_row {
	const char *name;
	const char *principal, *key_id, *source, *rhost;
	int64_t life, now;
	bool other_ca;
	enum pam_verdict want;
};

static const struct glass_row glass_rows[] = {
    {"good", "breakglass@web-01", GLASS_ID, "10.9.0.0/24", "10.9.0.7", 1800, 0,
	false, PAM_VERDICT_ADMIT},
    {"one of several sources", "breakglass@web-01", GLASS_ID,
	"fd00:9::/64,10.9.0.7/32", "10.9.0.7", 1800, 0, false,
	PAM_VERDICT_ADMIT},
    {"at its end", "breakglass@web-01", GLASS_ID, "10.9.0.0/24", "10.9.0.7",
	1800, 1800, false, PAM_VERDICT_ADMIT},
    {"after it", "breakglass@web-01", GLASS_ID, "10.9.0.0/24", "10.9.0.7", 1800,
	1831, false, PAM_VERDICT_DENY},
    {"before it", "breakglass@web-01", GLASS_ID, "10.9.0.0/24", "10.9.0.7",
	1800, -331, false, PAM_VERDICT_DENY},
    {"too long", "breakglass@web-01", GLASS_ID, "10.9.0.0/24", "10.9.0.7", 1801,
	0, false, PAM_VERDICT_DENY},
    {"another target", "breakglass@web-02", GLASS_ID, "10.9.0.0/24", "10.9.0.7",
	1800, 0, false, PAM_VERDICT_DENY},
    {"a login of the gateway", "deploy@web-01", GLASS_ID, "10.9.0.0/24",
	"10.9.0.7", 1800, 0, false, PAM_VERDICT_DENY},
    {"a key id of the gateway", "breakglass@web-01", KEY_ID, "10.9.0.0/24",
	"10.9.0.7", 1800, 0, false, PAM_VERDICT_DENY},
    {"from elsewhere", "breakglass@web-01", GLASS_ID, "10.9.0.0/24", "10.9.1.7",
	1800, 0, false, PAM_VERDICT_DENY},
    {"from where hosts take none", "breakglass@web-01", GLASS_ID, "10.8.0.0/15",
	"10.8.0.7", 1800, 0, false, PAM_VERDICT_DENY},
    {"another address of the prefix", "breakglass@web-01", GLASS_ID,
	"10.9.0.8/32", "10.9.0.7", 1800, 0, false, PAM_VERDICT_DENY},
    {"from nobody", "breakglass@web-01", GLASS_ID, "10.9.0.0/24", NULL, 1800, 0,
	false, PAM_VERDICT_DENY},
    {"another CA", "breakglass@web-01", GLASS_ID, "10.9.0.0/24", "10.9.0.7",
	1800, 0, true, PAM_VERDICT_DENY},
};

static enum pam_verdict
ask_glass(const struct glass_row *row)
{
	const struct sshcert c = {.pubkey = {7},
	    .serial = 5,
	    .key_id = row->key_id,
	    .principal = row->principal,
	    .valid_after = NOW - 300,
	    .valid_before = (uint64_t)(NOW + row->life),
	    .source_address = row->source,
	    .caps = CAP_PTY};
	char id[PAM_KEY_ID_SIZE], why[PAM_WHY_SIZE];
	enum pam_verdict v = PAM_VERDICT_DENY;
	struct prefix from[LIMIT_GLASS_FROM];
	struct buf cert;
	size_t n = 0;
	char *info = NULL;

	buf_init(&cert, 4096);
	assert_int_equal(
	    sshcert_build(&cert, &c, row->other_ca ? &fx.other : &fx.ca), 0);
	info = info_of(&cert);
	buf_done(&cert);
	assert_int_equal(
	    pam_from_parse(from, &n, "10.9.0.0/24,fd00:9::/64"), 0);
	v = pam_check_glass(info, fx.cas, fx.ncas, "breakglass@web-01",
	    row->rhost, from, n, NOW + row->now, id, why);
	assert_true((v == PAM_VERDICT_ADMIT) == (why[0] == '\0'));
	/* to nowhere in particular: nobody */
	assert_int_equal(
	    pam_check_glass(info, fx.cas, fx.ncas, "breakglass@web-01",
		row->rhost, NULL, 0, NOW + row->now, id, why),
	    PAM_VERDICT_DENY);
	/* and it is none of the gateway's */
	assert_int_equal(pam_check(info, fx.cas, fx.ncas, row->principal,
			     row->rhost, NOW, id, why),
	    PAM_VERDICT_DENY);
	free(info);
	return v;
}

static void
test_glass(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(glass_rows); i++)
		CHECK_ROW(ask_glass(&glass_rows[i]) == glass_rows[i].want,
		    glass_rows[i].name);
}

/* A certificate of the gateway's is none, whoever has signed it. */
static void
test_glass_is_not_the_gateways(void **state)
{
	char *info = make("breakglass@web-01", KEY_ID, &fx.ca);
	char id[PAM_KEY_ID_SIZE], why[PAM_WHY_SIZE];
	struct prefix from[LIMIT_GLASS_FROM];
	size_t n = 0;

	(void)state;
	buf_done(&fx.cert);
	assert_int_equal(pam_from_parse(from, &n, "10.0.0.0/24"), 0);
	assert_int_equal(
	    pam_check_glass(info, fx.cas, fx.ncas, "breakglass@web-01",
		"10.0.0.1", from, n, NOW, id, why),
	    PAM_VERDICT_DENY);
	free(info);
}

static void
test_glass_from(void **state)
{
	static const char *const bad[] = {"", ",", "10.9.0.0/24,", "0.0.0.0/0",
	    "::/0", "10.9.0.1/24", "here",
	    ("10.0.0.0/24,10.0.1.0/24,10.0.2.0/24,10.0.3.0/24,10.0.4.0/24,"
	     "10.0.5.0/24,10.0.6.0/24,10.0.7.0/24,10.0.8.0/24")};
	struct prefix p[LIMIT_GLASS_FROM];
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		CHECK_ROW(pam_from_parse(p, &n, bad[i]) != 0 && n == 0, bad[i]);
	assert_int_equal(pam_from_parse(p, &n, "10.9.0.0/24,fd00::1"), 0);
	assert_int_equal(n, 2);
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
	    cmocka_unit_test(test_glass),
	    cmocka_unit_test(test_glass_is_not_the_gateways),
	    cmocka_unit_test(test_glass_from),
	    cmocka_unit_test(test_every_bit_matters),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
