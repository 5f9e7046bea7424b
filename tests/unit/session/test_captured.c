/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_captured - what is read out of the bytes a client has signed, and that
 * cut ones are refused.
 */
#include "tests/unit/support/test.h"

#include "base/buf.h"
#include "base/err.h"
#include "session/captured.h"

static void
test_alg(void **state)
{
	struct captured c = {.tbs = NULL};
	char alg[64];
	char small[11];
	struct buf b;
	size_t whole;

	(void)state;
	buf_init(&b, 1024);
	buf_string(&b, "0123456789abcdef0123456789abcdef", 32);
	buf_u8(&b, 50);
	buf_cstring(&b, "root@web-01");
	buf_cstring(&b, "ssh-connection");
	buf_cstring(&b, "publickey");
	buf_u8(&b, 1);
	buf_cstring(&b, "ssh-ed25519");
	whole = b.len;
	buf_cstring(&b, "the key");
	assert_int_equal(buf_err(&b), 0);
	c.tbs = b.p;
	c.ntbs = b.len;
	assert_int_equal(captured_alg(&c, alg, sizeof(alg)), 0);
	assert_string_equal(alg, "ssh-ed25519");
	/* a name that does not fit is not cut */
	assert_int_equal(captured_alg(&c, small, sizeof(small)), GW_EPROTO);
	for (c.ntbs = 0; c.ntbs < whole; c.ntbs++)
		assert_int_equal(captured_alg(&c, alg, sizeof(alg)), GW_EPROTO);
	assert_int_equal(captured_alg(&c, alg, sizeof(alg)), 0);
	buf_done(&b);
}

static void
test_sk(void **state)
{
	struct captured c = {.tbs = NULL};
	struct buf b;
	uint8_t flags = 0;
	uint32_t counter = 0;

	(void)state;
	buf_init(&b, 256);
	buf_put(&b, "0123456789abcdef0123456789abcdef", 32);
	buf_u8(&b, 5);
	buf_u32(&b, 0x01020304);
	buf_put(&b, "fedcba9876543210fedcba9876543210", 32);
	buf_u8(&b, 0);
	assert_int_equal(buf_err(&b), 0);
	c.tbs = b.p;
	for (c.ntbs = 0; c.ntbs <= b.len; c.ntbs++)
		assert_int_equal(captured_sk(&c, &flags, &counter),
		    c.ntbs == 69 ? 0 : GW_EPROTO);
	c.ntbs = 69;
	assert_int_equal(captured_sk(&c, &flags, &counter), 0);
	assert_int_equal(flags, 5);
	assert_int_equal(counter, 0x01020304);
	buf_done(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_alg),
	    cmocka_unit_test(test_sk),
	};

	return cmocka_run_group_tests_name("captured", tests, NULL, NULL);
}
