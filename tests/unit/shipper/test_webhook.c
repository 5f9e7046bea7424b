/* SPDX-License-Identifier: Apache-2.0 */
/*
 * webhook: what of a record reaches a chat, and what does not.
 */
#include "tests/unit/support/test.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "shipper/encode/webhook.h"
#include "tests/unit/shipper/logrecord.h"
#include "wire/json.h"

enum { SEQ = 42 };
#define ID "019a0000-0000-7000-8000-00000000002a"
#define TIME_MS INT64_C(1795000000123)

static struct encode_how
how_of(const char *events, int64_t age_s)
{
	return (struct encode_how){
	    .node = "gw-1", .events = events, .now_ms = TIME_MS + age_s * 1000};
}

/* The message of such a record; its length. */
static size_t
message(char *ret, size_t size, struct encode_how *how, enum event_code event,
    const struct event_fields *f)
{
	struct buf line, b;
	size_t n;

	buf_init(&line, LIMIT_RECORD_MAX);
	buf_init(&b, 1024 * 1024);
	make_record(&line, SEQ, event, f);
	assert_int_equal(encoder_webhook.message(&b, how, line.p, line.len), 0);
	n = b.len;
	buf_u8(&b, '\0');
	assert_int_equal(buf_err(&b), 0);
	assert_true(b.len <= size);
	memcpy(ret, b.p, b.len);
	buf_done(&b);
	buf_done(&line);
	return n;
}

static void
test_message(void **state)
{
	struct encode_how how = how_of("request.pending", 0);
	struct event_fields f;
	char got[4096];

	(void)state;
	event_fields_init(&f);
	event_str(&f, EF_USER, "alice");
	event_str(&f, EF_TARGET, "web-01");
	event_str(&f, EF_LOGIN, "deploy");
	event_str(&f, EF_REQ, "r-7Q2MXK4P");
	event_str(&f, EF_WHY, "INC-4711: disk full");
	event_str(&f, EF_SRC, "192.0.2.1");
	event_str(&f, EF_PAYLOAD, "what was signed");
	event_num(&f, EF_SECONDS, 3600);
	(void)message(got, sizeof(got), &how, EV_REQUEST_PENDING, &f);
	event_fields_done(&f);
	assert_string_equal(got,
	    ID "\n{\"type\":\"request.pending\","
	       "\"timestamp\":\"2026-11-18T11:06:40.123Z\","
	       "\"data\":{\"id\":\"" ID "\",\"seq\":42,\"code\":\"JG2001I\","
	       "\"gateway\":\"gw-1\",\"state\":\"pending\",\"user\":\"alice\","
	       "\"target\":\"web-01\",\"login\":\"deploy\","
	       "\"req\":\"r-7Q2MXK4P\",\"why\":\"INC-4711: disk full\","
	       "\"seconds\":3600,\"command\":\"jitctl approve r-7Q2MXK4P\"}}");
}

static void
test_filter(void **state)
{
	struct encode_how how = how_of("request.pending lock.*", 0);
	struct event_fields f;
	char got[4096];

	(void)state;
	event_fields_init(&f);
	event_str(&f, EF_KIND, "source");
	event_str(&f, EF_VALUE, "192.0.2.0/24");
	assert_true(message(got, sizeof(got), &how, EV_LOCK_CREATE, &f) > 0);
	assert_non_null(
	    strstr(got, "\"kind\":\"source\",\"value\":\"192.0.2.0/24\""));
	event_fields_done(&f);
	assert_int_equal(
	    message(got, sizeof(got), &how, EV_GRANT_OPEN, NULL), 0);
	assert_int_equal(
	    message(got, sizeof(got), &how, EV_REQUEST_APPROVE, NULL), 0);
	assert_true(message(got, sizeof(got), &how, EV_LOCK_REMOVE, NULL) > 0);
	assert_int_equal(how.passed_over, 0);
}

/* What nobody took for days is no news. */
static void
test_age(void **state)
{
	struct encode_how how = how_of("lock.*", LIMIT_HOOK_AGE_S);
	char got[4096];

	(void)state;
	assert_true(message(got, sizeof(got), &how, EV_LOCK_CREATE, NULL) > 0);
	how = how_of("lock.*", LIMIT_HOOK_AGE_S + 1);
	assert_int_equal(
	    message(got, sizeof(got), &how, EV_LOCK_CREATE, NULL), 0);
	assert_int_equal(
	    message(got, sizeof(got), &how, EV_GRANT_OPEN, NULL), 0);
	assert_int_equal(how.passed_over, 1);
}

/* The why of the message of a record with such words. */
static void
why_is(const char *words, const char *want)
{
	struct encode_how how = how_of("request.pending", 0);
	struct event_fields f;
	struct problem p = {0};
	char got[4096];
	json_t *o;

	event_fields_init(&f);
	event_str(&f, EF_WHY, words);
	(void)message(got, sizeof(got), &how, EV_REQUEST_PENDING, &f);
	event_fields_done(&f);
	o = json_parse_object(
	    strchr(got, '\n') + 1, strlen(strchr(got, '\n') + 1), &p);
	assert_non_null(o);
	assert_string_equal(json_string_value(json_object_get(
				json_object_get(o, "data"), "why")),
	    want);
	json_decref(o);
}

static void
test_words(void **state)
{
	char longer[LIMIT_HOOK_TEXT_MAX + 10];

	(void)state;
	why_is("disk full (again), 100%!", "disk full (again), 100%!");
	why_is("<!channel> @here #ops", " !channel   here  ops");
	why_is("[x](http://evil.example/a)", " x (http   evil.example/a)");
	why_is("*b* _i_ `c` ~s~ |p|", " b   i   c   s   p ");
	why_is("https:////x", "https     x");
	why_is("10:30 a/b", "10:30 a/b");
	why_is("sch\xc3\xb6n", "sch\xc3\xb6n");
	why_is("a\nb\x1b[31mc", "a b  31mc");
	why_is("a\xe2\x80\xae"
	       "b",
	    "a b"); /* right to left */
	memset(longer, 'x', sizeof(longer));
	longer[LIMIT_HOOK_TEXT_MAX - 1] = '\xc3'; /* in its middle */
	longer[LIMIT_HOOK_TEXT_MAX] = '\xb6';
	longer[LIMIT_HOOK_TEXT_MAX + 1] = '\0';
	{
		char want[LIMIT_HOOK_TEXT_MAX];

		memset(want, 'x', sizeof(want));
		want[LIMIT_HOOK_TEXT_MAX - 1] = '\0';
		why_is(longer, want);
	}
}

/* Only what is an id becomes part of a command. */
static void
test_command(void **state)
{
	struct encode_how how = how_of("request.*", 0);
	struct event_fields f;
	char got[4096];

	(void)state;
	event_fields_init(&f);
	event_str(&f, EF_REQ, "r-7Q2MXK4P; rm -rf /");
	(void)message(got, sizeof(got), &how, EV_REQUEST_PENDING, &f);
	event_fields_done(&f);
	assert_null(strstr(got, "command"));
	event_fields_init(&f);
	event_str(&f, EF_REQ, "r-7Q2MXK4P");
	(void)message(got, sizeof(got), &how, EV_REQUEST_DENY, &f);
	event_fields_done(&f);
	assert_non_null(strstr(got, "\"state\":\"denied\""));
	assert_non_null(strstr(got, "\"jitctl requests show r-7Q2MXK4P\""));
}

static void
test_no_record(void **state)
{
	struct encode_how how = how_of("request.*", 0);
	struct buf b;

	(void)state;
	buf_init(&b, 1024);
	assert_int_equal(encoder_webhook.message(&b, &how, "{}", 2), 0);
	assert_int_equal(b.len, 0);
	buf_done(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_message),
	    cmocka_unit_test(test_filter),
	    cmocka_unit_test(test_age),
	    cmocka_unit_test(test_words),
	    cmocka_unit_test(test_command),
	    cmocka_unit_test(test_no_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
