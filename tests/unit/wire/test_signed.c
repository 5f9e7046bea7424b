/* SPDX-License-Identifier: Apache-2.0 */
/* signed: what is built is what is parsed; every malformed part is refused by
 * its name; the commitment binds code and salt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/str.h"
#include "tests/unit/support/test.h"
#include "wire/signed.h"

#define HEX32 "00112233445566778899aabbccddeeff"
#define HEX64 HEX32 HEX32

static void
fill(struct signed_request *s)
{
	*s = (struct signed_request){.verb = "request.create",
	    .server = "gw-1",
	    .tls = HEX64,
	    .time_ms = 1700000000123,
	    .idempotency = "abcdefghij-0123456789",
	    .nsources = 2};
	assert_int_equal(addr_parse(&s->source[0].addr, "198.51.100.7"), 0);
	assert_int_equal(addr_parse(&s->source[1].addr, "2001:db8::7"), 0);
	strcpy(s->source[0].nonce, HEX32);
	strcpy(s->source[1].nonce, HEX32);
	s->body = json_pack("{s:s,s:i}", "target", "web-01", "for", 300);
	assert_non_null(s->body);
}

static void
test_round_trip(void **state)
{
	struct signed_request s, got;
	struct problem p = {0};
	char *text = NULL;

	(void)state;
	fill(&s);
	strcpy(s.commit, HEX64);
	assert_int_equal(signed_build(&text, &s), 0);
	assert_int_equal(signed_parse(&got, text, strlen(text), &p), 0);
	assert_string_equal(got.verb, s.verb);
	assert_string_equal(got.server, s.server);
	assert_string_equal(got.tls, s.tls);
	assert_int_equal(got.time_ms, s.time_ms);
	assert_string_equal(got.idempotency, s.idempotency);
	assert_string_equal(got.commit, s.commit);
	assert_int_equal(got.nsources, 2);
	for (unsigned i = 0; i < 2; i++) {
		assert_true(addr_equal(&got.source[i].addr, &s.source[i].addr));
		assert_string_equal(got.source[i].nonce, s.source[i].nonce);
	}
	assert_true(json_equal(got.body, s.body));
	signed_done(&got);
	signed_done(&s);
	assert_null(s.body);
	free(text);
}

static void
test_build_refuses(void **state)
{
	struct signed_request s;
	char *text = NULL;

	(void)state;
	fill(&s);
	s.nsources = 0;
	assert_int_not_equal(signed_build(&text, &s), 0);
	s.nsources = 3;
	assert_int_not_equal(signed_build(&text, &s), 0);
	assert_null(text);
	signed_done(&s);
}

/* The payload with one member replaced (or removed: value NULL). */
static int
parse_with(const char *key, const char *value, struct problem *p)
{
	struct signed_request s, got = {0};
	json_t *o = NULL;
	char *text = NULL;
	int r = 0;

	fill(&s);
	assert_int_equal(signed_build(&text, &s), 0);
	o = json_loads(text, 0, NULL);
	free(text);
	if (value == NULL)
		json_object_del(o, key);
	else
		json_object_set_new(
		    o, key, json_loads(value, JSON_DECODE_ANY, NULL));
	text = json_text(o);
	r = signed_parse(&got, text, strlen(text), p);
	free(text);
	json_decref(o);
	signed_done(&got);
	signed_done(&s);
	return r;
}

static void
test_parse_refuses(void **state)
{
	static const struct {
		const char *key, *value, *field;
	} cases[] = {
	    {"v", "2", "v"},
	    {"v", NULL, "v"},
	    {"v", "\"1\"", "v"},
	    {"verb", NULL, "verb"},
	    {"verb", "\"a b\"", "verb"},
	    {"verb", "\"abcdefghijklmnopqrstuvwxyz0123456789\"", "verb"},
	    {"server", NULL, "server"},
	    {"server", "\"\"", "server"},
	    {"tls", NULL, "tls"},
	    {"tls", "\"00\"", "tls"},
	    {"tls",
		"\"00112233445566778899AABBCCDDEEFF"
		"00112233445566778899aabbccddeeff\"",
		"tls"},
	    {"time", "\"yesterday\"", "time"},
	    {"time", NULL, "time"},
	    {"sources", NULL, "sources"},
	    {"sources", "[]", "sources"},
	    {"sources", "{}", "sources"},
	    {"sources", "[1]", "sources"},
	    {"sources", "[{\"address\":\"1.2.3.4\"}]", "nonce"},
	    {"sources", "[{\"address\":\"1.2.3\",\"nonce\":\"" HEX32 "\"}]",
		"sources"},
	    {"sources",
		"[{\"address\":\"1.2.3.4\",\"nonce\":\"" HEX32
		"\"},{\"address\":\"1.2.3.5\",\"nonce\":\"" HEX32 "\"}]",
		"sources"},
	    {"sources", "[{\"address\":\"1.2.3.4\",\"nonce\":\"xx\"}]",
		"nonce"},
	    {"idempotency", NULL, "idempotency"},
	    {"idempotency", "\"short\"", "idempotency"},
	    {"idempotency", "\"with_underscore_here\"", "idempotency"},
	    {"commit", "\"\"", "commit"},
	    {"commit", "1", "commit"},
	    {"body", NULL, "body"},
	    {"body", "[]", "body"},
	    {"extra", "1", "extra"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct problem p = {0};

		if (parse_with(cases[i].key, cases[i].value, &p) == 0)
			fail_msg("accepted: %s = %s", cases[i].key,
			    cases[i].value != NULL ? cases[i].value : "(none)");
		assert_int_equal(p.status, 400);
		assert_string_equal(p.field, cases[i].field);
	}
}

static int
open_envelope(struct envelope *e, const char *rest, struct problem *p)
{
	char text[512];

	(void)snprintf(text, sizeof(text), "{\"payload\":\"eyJ9\"%s}", rest);
	return envelope_parse(e, text, strlen(text), p);
}

static void
test_envelope(void **state)
{
	static const struct {
		const char *rest, *field;
	} bad[] = {
	    {"", "signature"},
	    {",\"signature\":\"\"", "signature"},
	    {",\"signature\":5", "signature"},
	    {",\"signature\":\"x\",\"code\":\"123456\"", "salt"},
	    {",\"signature\":\"x\",\"salt\":\"" HEX32 "\"", "code"},
	    {",\"signature\":\"x\",\"salt\":\"zz\",\"code\":\"1\"", "salt"},
	    {",\"signature\":\"x\",\"salt\":\"" HEX32 "\",\"code\":\"\"",
		"code"},
	    {",\"signature\":\"x\",\"salt\":\"" HEX32
	     "\",\"code\":\"12345678901234567890\"",
		"code"},
	    {",\"signature\":\"x\",\"cod\":\"1\"", "cod"},
	};
	struct envelope e = {0};
	struct problem p = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_not_equal(open_envelope(&e, bad[i].rest, &p), 0);
		assert_string_equal(p.field, bad[i].field);
		assert_null(e.payload);
	}
	assert_int_not_equal(
	    envelope_parse(
		&e, "{\"payload\":\"*\",\"signature\":\"x\"}", 31, &p),
	    0);
	assert_string_equal(p.field, "payload");

	assert_int_equal(
	    open_envelope(&e,
		",\"signature\":\"line\\nline\\n\",\"code\":\"123456\","
		"\"salt\":\"" HEX32 "\"",
		&p),
	    0);
	assert_int_equal(e.payload_len, 3);
	assert_memory_equal(e.payload, "{\"}", 3);
	assert_string_equal(e.signature, "line\nline\n");
	assert_string_equal(e.code, "123456");
	assert_string_equal(e.salt, HEX32);
	envelope_done(&e);
	assert_string_equal(e.code, "");
	envelope_done(&e);
}

static void
test_code(void **state)
{
	struct signed_request s = {0};
	struct envelope e = {0};

	(void)state;
	assert_false(signed_code_ok(&s, &e)); /* nothing proves nothing */
	strcpy(e.code, "123456");
	assert_int_equal(signed_commit(s.commit, e.salt, e.code), 0);
	assert_true(signed_code_ok(&s, &e));
	e.code[5] = '7';
	assert_false(signed_code_ok(&s, &e));
	e.code[5] = '6';
	e.salt[0] = e.salt[0] == '0' ? '1' : '0';
	assert_false(signed_code_ok(&s, &e));
	assert_int_not_equal(signed_commit(s.commit, e.salt, ""), 0);
	/* A known value: SHA-256 of 16 zero bytes and "123456". */
	strcpy(e.salt, "00000000000000000000000000000000");
	strcpy(s.commit,
	    "bcfa9d35208eaff87d3d179ed05636b0b659157926158e3c645c1605a0c7d43f");
	assert_true(signed_code_ok(&s, &e));
	s.commit[0] = '\0';
	assert_false(signed_code_ok(&s, &e));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_round_trip),
	    cmocka_unit_test(test_build_refuses),
	    cmocka_unit_test(test_parse_refuses),
	    cmocka_unit_test(test_envelope),
	    cmocka_unit_test(test_code),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
