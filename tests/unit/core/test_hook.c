/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hook: URLs of webhooks, what they want, where they lead, what proves them.
 */
#include "tests/unit/support/test.h"

#include <stdio.h>
#include <string.h>

#include "core/hook.h"

static void
test_url(void **state)
{
	static const struct {
		const char *url, *is; /* "host port path"; NULL = refused */
	} cases[] = {
	    {"https://hooks.example.net/x?y=1", "hooks.example.net 443 /x?y=1"},
	    {"https://hooks.example.net", "hooks.example.net 443 /"},
	    {"https://siem:8443/", "siem 8443 /"},
	    {"https://192.0.2.1:1/a", "192.0.2.1 1 /a"},
	    {"https://[2001:db8::1]/a", "2001:db8::1 443 /a"},
	    {"https://[2001:db8::1]:8443", "2001:db8::1 8443 /"},
	    {"http://hooks.example.net/", NULL},
	    {"HTTPS://hooks.example.net/", NULL},
	    {"file:///etc/passwd", NULL},
	    {"https://user@hooks.example.net/", NULL},
	    {"https://a:b@hooks.example.net/", NULL},
	    {"https://hooks.example.net?x", NULL},
	    {"https://hooks.example.net/#x", NULL},
	    {"https://hooks.example.net/a b", NULL},
	    {"https://hooks.example.net/a\nb", NULL},
	    {"https://hooks.example.net:0/", NULL},
	    {"https://hooks.example.net:65536/", NULL},
	    {"https://hooks.example.net:/", NULL},
	    {"https://2001:db8::1/", NULL},
	    {"https://[192.0.2.1]/", NULL},
	    {"https://[hooks]/", NULL},
	    {"https://[2001:db8::1/", NULL},
	    {"https://2130706433/", NULL},
	    {"https://0x7f.1/", NULL},
	    {"https://010.0.0.1/", NULL},
	    {"https:///x", NULL},
	    {"https://", NULL},
	    {"", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct conf_sink c = {.port = 0};
		const char *why = NULL;
		char got[600];

		if (cases[i].is == NULL) {
			if (hook_url_parse(&c, cases[i].url, &why) == 0)
				fail_msg("%s is taken", cases[i].url);
			assert_non_null(why);
			continue;
		}
		if (hook_url_parse(&c, cases[i].url, &why) != 0)
			fail_msg("%s: %s", cases[i].url, why);
		(void)snprintf(
		    got, sizeof(got), "%s %u %s", c.host, c.port, c.path);
		assert_string_equal(got, cases[i].is);
	}
}

static void
test_events(void **state)
{
	(void)state;
	assert_true(hook_event_ok("request.pending"));
	assert_true(hook_event_ok("request.*"));
	assert_false(hook_event_ok("request.pendin"));
	assert_false(hook_event_ok("request."));
	assert_false(hook_event_ok("request*"));
	assert_false(hook_event_ok("requests.*"));
	assert_false(hook_event_ok(".*"));
	assert_false(hook_event_ok("*"));
	assert_false(hook_event_ok(""));

	assert_true(hook_wants("request.pending", "request.pending"));
	assert_false(hook_wants("request.pending", "request.approve"));
	assert_false(hook_wants("request.pending", "request.pend"));
	assert_true(hook_wants("lock.create request.*", "request.lapse"));
	assert_true(hook_wants("lock.create request.*", "lock.create"));
	assert_false(hook_wants("lock.create request.*", "lock.remove"));
	assert_false(hook_wants("", "request.pending"));
}

static void
test_address(void **state)
{
	static const struct {
		const char *host, *networks, *address;
		bool ok;
	} cases[] = {
	    {"h.example", "", "8.8.8.8", true},
	    {"h.example", "", "2606:4700::1", true},
	    {"h.example", "", "127.0.0.1", false},
	    {"h.example", "", "169.254.169.254", false}, /* metadata */
	    {"h.example", "", "10.1.2.3", false},
	    {"h.example", "", "172.31.0.1", false},
	    {"h.example", "", "172.32.0.1", true},
	    {"h.example", "", "192.168.0.1", false},
	    {"h.example", "", "100.100.100.200", false},
	    {"h.example", "", "0.0.0.0", false},
	    {"h.example", "", "224.0.0.1", false},
	    {"h.example", "", "255.255.255.255", false},
	    {"h.example", "", "::1", false},
	    {"h.example", "", "::", false},
	    {"h.example", "", "fe80::1", false},
	    {"h.example", "", "fd00:ec2::254", false},
	    {"h.example", "", "ff02::1", false},
	    {"h.example", "", "64:ff9b::a00:1", false},
	    {"h.example", "", "2002:a00:1::1", false},
	    {"h.example", "", "2001:0:a00:1::1", false},
	    {"h.example", "", "::ffff:10.0.0.1", false},
	    {"h.example", "10.1.0.0/16", "10.1.2.3", true},
	    {"h.example", "10.1.0.0/16", "10.2.2.3", false},
	    {"h.example", "10.1.0.0/16 fd00:30::/64", "fd00:30::9", true},
	    {"h.example", "10.1.0.0/16 127.0.0.1", "127.0.0.1", true},
	    {"h.example", "10.1.0.0/16", "8.8.8.8", true},
	    /* one that is written there is named, and it alone */
	    {"127.0.0.1", "", "127.0.0.1", true},
	    {"fd00::7", "", "fd00::7", true},
	    {"192.0.2.1", "", "8.8.8.8", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct conf_sink c = {.port = 443};
		struct addr a;

		strcpy(c.host, cases[i].host);
		strcpy(c.networks, cases[i].networks);
		assert_int_equal(addr_parse(&a, cases[i].address), 0);
		if (hook_address_ok(&c, &a) != cases[i].ok)
			fail_msg("%s, which leads to %s", cases[i].host,
			    cases[i].address);
	}
	assert_false(hook_address_ok(
	    &(struct conf_sink){.host = "h.example"}, &(struct addr){0}));
}

#define SECRET "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

static void
test_keys(void **state)
{
	static const char *const bad[] = {"", "\n", "MfKQ9r8GKYqrTwjUPD8ILPZI",
	    "whsec_", "whsec_MfKQ9r8GKYqrTwjUPD8I", "whsec_%%%%", SECRET "\n\n",
	    SECRET " ", SECRET "\n" SECRET "\n" SECRET, SECRET "\nwhsec_"};
	struct hook_keys k;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (hook_keys_parse(&k, bad[i], strlen(bad[i])) == 0)
			fail_msg("\"%s\" is taken", bad[i]);
	assert_int_equal(
	    hook_keys_parse(&k, SECRET "\n", strlen(SECRET) + 1), 0);
	assert_int_equal(k.n, 1);
	assert_int_equal(k.key[0].len, 24);
	hook_keys_done(&k);
	hook_keys_done(&k);
}

/* The example of the libraries of Standard Webhooks. */
static void
test_sign(void **state)
{
	static const char id[] = "msg_p5jXN8AQM9LWM0D4loKWxJek";
	static const char body[] = "{\"test\": 2432232314}";
	static const char want[] =
	    "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
	char got[HOOK_SIGNATURE_SIZE], both[2 * sizeof(want)];
	struct hook_keys k = {.n = 0};

	(void)state;
	assert_int_not_equal(
	    hook_sign(got, &k, id, 1614265330, body, strlen(body)), 0);
	assert_int_equal(hook_keys_parse(&k, SECRET, strlen(SECRET)), 0);
	assert_int_equal(
	    hook_sign(got, &k, id, 1614265330, body, strlen(body)), 0);
	assert_string_equal(got, want);
	hook_keys_done(&k);
	/* while one takes over from the other, both sign */
	assert_int_equal(hook_keys_parse(&k, SECRET "\n" SECRET "\n",
			     2 * strlen(SECRET) + 2),
	    0);
	assert_int_equal(
	    hook_sign(got, &k, id, 1614265330, body, strlen(body)), 0);
	(void)snprintf(both, sizeof(both), "%s %s", want, want);
	assert_string_equal(got, both);
	hook_keys_done(&k);
}

static void
test_after(void **state)
{
	static const struct {
		int64_t s, ms;
	} rows[] = {
	    {-1, 0},
	    {0, 0},
	    {1, 1000},
	    {120, 120000},
	    {LIMIT_HOOK_AFTER_S, LIMIT_HOOK_AFTER_S * INT64_C(1000)},
	    {LIMIT_HOOK_AFTER_S + 1, LIMIT_HOOK_AFTER_S * INT64_C(1000)},
	    {INT64_MAX / 1000, LIMIT_HOOK_AFTER_S * INT64_C(1000)},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(hook_after_ms(rows[i].s), rows[i].ms);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_url),
	    cmocka_unit_test(test_events),
	    cmocka_unit_test(test_address),
	    cmocka_unit_test(test_keys),
	    cmocka_unit_test(test_sign),
	    cmocka_unit_test(test_after),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
