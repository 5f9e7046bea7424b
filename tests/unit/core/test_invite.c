/* SPDX-License-Identifier: Apache-2.0 */
/*
 * invite: one line of 80 columns, and the key's hash in it.
 */
#include "tests/unit/support/test.h"

#include <string.h>

#include "base/err.h"
#include "core/invite.h"

#define SPKI "fbff00112233445566778899aabbccddeeff00112233445566778899aabbccdd"
#define CODE "23456789ABCDEFGHJKMN"

static void
test_text(void **state)
{
	char text[INVITE_TEXT_SIZE];
	char long_host[INVITE_TEXT_SIZE];
	char pin[INVITE_PIN_HEX + 1];

	(void)state;
	assert_int_equal(
	    invite_text(text, "sallyport.example.net", 8443, SPKI, CODE), 0);
	assert_true(strlen(text) < 80);
	assert_string_equal(text,
	    "sp2:sallyport.example.net:8443:-_8AESIzRFVmd4iZqrvM3Q:" CODE);
	assert_int_equal(
	    invite_pin(pin, strstr(text, ":-_") + 1, INVITE_PIN_LEN), 0);
	assert_int_equal(strncmp(pin, SPKI, INVITE_PIN_HEX), 0);
	assert_int_equal(strlen(pin), INVITE_PIN_HEX);
	assert_int_equal(invite_text(text, "2001:db8::1", 1, SPKI, CODE), 0);
	assert_int_equal(strncmp(text, "sp2:[2001:db8::1]:1:", 20), 0);
	assert_int_equal(invite_text(text, "gw", 1, "00", CODE), GW_EINVAL);
	assert_int_equal(invite_text(text, "gw", 1, SPKI, "A B"), GW_EINVAL);
	memset(long_host, 'a', sizeof(long_host) - 1);
	long_host[sizeof(long_host) - 1] = '\0';
	assert_int_equal(
	    invite_text(text, long_host, 1, SPKI, CODE), GW_ELIMIT);
}

static void
test_pin(void **state)
{
	static const char *const bad[] = {"", "-_8AESIzRFVmd4iZqrvM3",
	    "-_8AESIzRFVmd4iZqrvM3QQ", "+/8AESIzRFVmd4iZqrvM3Q",
	    "-_8AESIzRFVmd4iZqrvM3=", "-_8AESIzRFVmd4iZqrvM3R",
	    "-_8AESIzRFVmd4iZqrv 3Q"};
	char pin[INVITE_PIN_HEX + 1];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		CHECK_ROW(invite_pin(pin, bad[i], strlen(bad[i])) == GW_EINVAL,
		    bad[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_text),
	    cmocka_unit_test(test_pin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
