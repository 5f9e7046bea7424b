/* SPDX-License-Identifier: Apache-2.0 */
/* sshcert: what we build is what ssh-keygen reads, and it can be no other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/str.h"
#include "core/grant.h"
#include "ssh/sshcert.h"
#include "ssh/sshkey.h"
#include "tests/unit/support/keygen.h"
#include "tests/unit/support/test.h"

static const struct sshcert sample = {
    .pubkey = {1, 2, 3},
    .serial = 4711,
    .key_id = "user=alice grant=g-7Q2MXK4P session=s-7Q2MXK4P",
    .principal = "deploy@web-01",
    .valid_after = 1700000000,
    .valid_before = 1700000060,
    .source_address = "192.0.2.1",
    .caps = CAP_DEFAULT | CAP_X11 | CAP_AGENT,
};

static void
list(const char *dir, const struct buf *cert, char *ret, size_t size)
{
	char line[4096];

	strcpy(line, "ssh-ed25519-cert-v01@openssh.com ");
	str_b64(line + strlen(line), cert->p, cert->len);
	strcat(line, "\n");
	keygen_write(dir, "c-cert.pub", line, strlen(line));
	assert_int_equal(
	    keygen_run(dir, NULL, ret, size,
		(const char *const[]){"-L", "-f", "c-cert.pub", NULL}),
	    0);
}

static void
test_keygen_reads(void **state)
{
	struct sshcert c = sample;
	struct secret seed = {0};
	struct buf cert;
	char dir[128], out[4096], fp[SSHKEY_FP_SIZE], line[256];
	struct sshkey ca;
	uint8_t pub[32];

	(void)state;
	if (!keygen_init(dir))
		fail_msg("needs ssh-keygen (scripts/deps test)");
	buf_init(&cert, LIMIT_CERT_MAX);
	assert_int_equal(secret_random(&seed, 32), 0);
	assert_int_equal(sshkey_ed25519_public(c.pubkey, &seed), 0);
	assert_int_equal(sshcert_build(&cert, &c, &seed), 0);
	list(dir, &cert, out, sizeof(out));
	assert_non_null(strstr(out, "user certificate"));
	assert_non_null(strstr(out, "Serial: 4711"));
	assert_non_null(strstr(
	    out, "Key ID: \"user=alice grant=g-7Q2MXK4P session=s-7Q2MXK4P\""));
	assert_non_null(strstr(out, "deploy@web-01"));
	assert_non_null(strstr(out, "source-address 192.0.2.1"));
	assert_non_null(strstr(out, "permit-pty"));
	assert_non_null(strstr(out, "permit-agent-forwarding"));
	assert_non_null(strstr(out, "permit-X11-forwarding"));
	assert_null(strstr(out, "permit-port-forwarding"));
	assert_null(strstr(out, "permit-user-rc"));
	assert_int_equal(sshkey_ed25519_public(pub, &seed), 0);
	assert_int_equal(sshkey_ed25519_line(line, sizeof(line), pub), 0);
	assert_int_equal(sshkey_parse_line(&ca, line), 0);
	sshkey_fingerprint(fp, ca.blob, ca.len);
	assert_non_null(strstr(out, fp));

	buf_reset(&cert);
	c.caps = 0;
	assert_int_equal(sshcert_build(&cert, &c, &seed), 0);
	list(dir, &cert, out, sizeof(out));
	assert_non_null(strstr(out, "Extensions: (none)"));
	buf_done(&cert);
	secret_free(&seed);
	keygen_done(dir);
}

static void
test_refuses(void **state)
{
	struct sshcert c[6];
	struct secret seed = {0};
	struct buf cert;

	(void)state;
	buf_init(&cert, LIMIT_CERT_MAX);
	assert_int_equal(secret_random(&seed, 32), 0);
	for (size_t i = 0; i < ARRAY_LEN(c); i++)
		c[i] = sample;
	c[0].principal = ""; /* would mean: any login */
	c[1].principal = NULL;
	c[2].source_address = ""; /* would mean: from anywhere */
	c[3].source_address = NULL;
	c[4].valid_before = c[4].valid_after;
	c[5].key_id = "";
	for (size_t i = 0; i < ARRAY_LEN(c); i++)
		assert_int_equal(sshcert_build(&cert, &c[i], &seed), GW_EINVAL);
	assert_int_equal(cert.len, 0);
	secret_free(&seed);
	assert_int_not_equal(sshcert_build(&cert, &sample, &seed), 0);
	assert_int_equal(cert.len, 0);
	buf_done(&cert);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_keygen_reads),
	    cmocka_unit_test(test_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
