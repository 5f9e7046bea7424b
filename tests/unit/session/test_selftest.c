/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_selftest - the libssh of this machine passes its self-test, and one that
 * lies about its window, never opens it again, forgets what it keeps, or takes
 * what crosses a close for the end of the connection does not: its functions
 * are wrapped here.
 */
#include "tests/unit/support/test.h"

#include <openssl/evp.h>
#include <stdbool.h>

#include "base/err.h"
#include "session/hooks.h"
#include "session/selftest.h"
#include "session/ssh.h"

uint32_t __real_ssh_channel_window_size(ssh_channel ch);
uint32_t __wrap_ssh_channel_window_size(ssh_channel ch);
int __real_ssh_channel_poll(ssh_channel ch, int is_err);
int __wrap_ssh_channel_poll(ssh_channel ch, int is_err);
int __real_ssh_channel_close(ssh_channel ch);
int __wrap_ssh_channel_close(ssh_channel ch);
int __real_ssh_get_status(ssh_session ssh);
int __wrap_ssh_get_status(ssh_session ssh);

/* What another libssh would do. The self-test runs in a child, which has its
 * own copy of it. */
static struct {
	bool wide;    /* its windows are wider than they are */
	bool shuts;   /* one that was used up stays so */
	bool forgets; /* and it keeps less than it was sent */
	bool fatal;   /* a close ends the connection */
	bool closed;
	ssh_channel shut;
} lib;

uint32_t
__wrap_ssh_channel_window_size(ssh_channel ch)
{
	const uint32_t n = __real_ssh_channel_window_size(ch);

	if (lib.shuts && n == 0)
		lib.shut = ch;
	return ch == lib.shut ? 0 : n + (lib.wide ? 4096 : 0);
}

int
__wrap_ssh_channel_poll(ssh_channel ch, int is_err)
{
	const int n = __real_ssh_channel_poll(ch, is_err);

	return lib.forgets && n > 0 ? n / 2 : n;
}

int
__wrap_ssh_channel_close(ssh_channel ch)
{
	lib.closed = true;
	return __real_ssh_channel_close(ch);
}

int
__wrap_ssh_get_status(ssh_session ssh)
{
	return lib.fatal && lib.closed ? SSH_CLOSED_ERROR
				       : __real_ssh_get_status(ssh);
}

static void
test_passes(void **state)
{
	(void)state;
	assert_int_equal(selftest(NULL), 0);
}

static void
test_forged_window(void **state)
{
	(void)state;
	lib.wide = true;
	assert_int_equal(selftest(NULL), GW_EUNSUPPORTED);
	lib.wide = false;
}

static void
test_window_stays_shut(void **state)
{
	(void)state;
	lib.shuts = true;
	assert_int_equal(selftest(NULL), GW_EUNSUPPORTED);
	lib.shuts = false;
}

static void
test_forgotten_bytes(void **state)
{
	(void)state;
	lib.forgets = true;
	assert_int_equal(selftest(NULL), GW_EUNSUPPORTED);
	lib.forgets = false;
}

static void
test_data_after_close(void **state)
{
	(void)state;
	lib.fatal = true;
	assert_int_equal(selftest(NULL), GW_EUNSUPPORTED);
	lib.fatal = false;
}

/* Newer versions keep the private half of a key only. */
static void
test_public_half(void **state)
{
	static const uint8_t host[32] = "the gateway's own public half.";
	uint8_t own[32], got[32];
	size_t n = sizeof(own);
	EVP_PKEY *marker = EVP_PKEY_new_raw_private_key(
	    EVP_PKEY_ED25519, NULL, hooks_marker, 32);
	EVP_PKEY *copy = NULL;
	EVP_PKEY *other = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");

	(void)state;
	assert_true(EVP_PKEY_get_raw_public_key(marker, own, &n) == 1);
	copy = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, own, n);
	assert_non_null(copy);
	assert_int_equal(hooks_host_key(host), 0);
	assert_int_equal(EVP_PKEY_get_raw_public_key(marker, got, &n), 1);
	assert_memory_equal(got, host, n);
	assert_int_equal(EVP_PKEY_get_raw_public_key(copy, got, &n), 1);
	assert_memory_equal(got, host, n);
	/* of every other key its own */
	assert_int_equal(EVP_PKEY_get_raw_public_key(other, got, &n), 1);
	assert_memory_not_equal(got, host, n);
	EVP_PKEY_free(marker);
	EVP_PKEY_free(copy);
	EVP_PKEY_free(other);
}

static int
no_sandbox(void)
{
	return GW_ESYS;
}

static void
test_no_sandbox(void **state)
{
	(void)state;
	assert_int_equal(selftest(no_sandbox), GW_EUNSUPPORTED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_passes),
	    cmocka_unit_test(test_forged_window),
	    cmocka_unit_test(test_window_stays_shut),
	    cmocka_unit_test(test_forgotten_bytes),
	    cmocka_unit_test(test_data_after_close),
	    cmocka_unit_test(test_no_sandbox),
	    cmocka_unit_test(test_public_half),
	};

	if (ssh_init() != SSH_OK || hooks_init() != 0)
		return 1;
	return cmocka_run_group_tests_name("selftest", tests, NULL, NULL);
}
