/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rfc5424: the mapping of a record to a syslog message, byte for byte.
 */
#include "tests/unit/support/test.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "shipper/encode/rfc5424.h"
#include "tests/unit/shipper/logrecord.h"

/* The message of a line, as text. */
static void
message(char *ret, size_t size, const char *node, const void *p, size_t n)
{
	struct encode_how how = {.node = node};
	struct buf b;

	buf_init(&b, 1024 * 1024);
	assert_int_equal(encoder_rfc5424.message(&b, &how, p, n), 0);
	buf_u8(&b, '\0');
	assert_int_equal(buf_err(&b), 0);
	assert_true(b.len <= size);
	memcpy(ret, b.p, b.len);
	buf_done(&b);
}

static void
test_message(void **state)
{
	struct event_fields f;
	struct buf line;
	char got[4096], want[4096];

	(void)state;
	event_fields_init(&f);
	event_str(&f, EF_USER, "an\"na");
	event_str(&f, EF_TARGET, "a]b\\c");
	event_str(&f, EF_GRANT, "g-7Q2MXK4P");
	event_num(&f, EF_DST_PORT, 22);
	event_str(&f, EF_MSG, "two\nlines \xc3\xa4");
	buf_init(&line, LIMIT_RECORD_MAX);
	make_record(&line, 42, EV_GRANT_OPEN, &f);
	buf_u8(&line, '\0');
	message(got, sizeof(got), "gw.test", line.p, line.len - 1);
	(void)snprintf(want, sizeof(want),
	    "<109>1 2026-11-18T11:06:40.123Z gw.test sallyport notary JG2100I "
	    "[sallyport@32473 seq=\"42\" "
	    "id=\"019a0000-0000-7000-8000-00000000002a\" event=\"grant.open\" "
	    "user=\"an\\\"na\" target=\"a\\]b\\\\c\" grant=\"g-7Q2MXK4P\" "
	    "dst_port=\"22\"] %s",
	    (char *)line.p);
	assert_string_equal(got, want);
	assert_null(strchr(got, '\n'));
	buf_done(&line);
	event_fields_done(&f);
}

static void
test_caps(void **state)
{
	struct event_fields f;
	struct buf line;
	char user[1001], host[400], got[8192];
	const char *at;

	(void)state;
	/* cut between characters: 255 is odd, each has two bytes */
	for (size_t i = 0; i < 1000; i += 2)
		memcpy(user + i, "\xc3\xa4", 2);
	user[1000] = '\0';
	memset(host, 'h', sizeof(host) - 1);
	host[sizeof(host) - 1] = '\0';
	event_fields_init(&f);
	event_str(&f, EF_USER, user);
	buf_init(&line, LIMIT_RECORD_MAX);
	make_record(&line, 0, EV_AUTH_LOGIN, &f);
	message(got, sizeof(got), host, line.p, line.len);
	at = strstr(got, " sallyport ");
	assert_non_null(at);
	assert_int_equal(at - strchr(got, 'h'), 255);
	at = strstr(got, "user=\"");
	assert_non_null(at);
	assert_int_equal(strcspn(at + 6, "\""), 254);
	/* the record itself is whole */
	buf_u8(&line, '\0');
	assert_non_null(strstr(got, (char *)line.p));
	buf_done(&line);
	event_fields_done(&f);
	assert_int_equal(rfc5424_severity(1), 6);
	assert_int_equal(rfc5424_severity(6), 1);
	assert_int_equal(rfc5424_severity(0), 3);
	assert_int_equal(rfc5424_severity(7), 3);
}

static void
test_no_record(void **state)
{
	static const char older[] =
	    "{\"v\":1,\"seq\":9,\"id\":\"01987654-aaaa-7bbb-8ccc-"
	    "0123456789ab\",\"time\":\"2026-11-18T11:06:40.123Z\","
	    "\"code\":\"JG3010I\",\"event\":\"session.exec\",\"sev\":1,"
	    "\"origin\":\"session\",\"node\":\"gw\",\"boot\":\"b\","
	    "\"conn\":7,\"reason\":\"a\\u0000b\"}";
	char got[1024];

	(void)state;
	/* an older version's record may hold a NUL */
	message(got, sizeof(got), "gw", older, strlen(older));
	assert_non_null(strstr(got, " reason=\"a b\" conn=\"7\"]"));
	message(got, sizeof(got), "", "not\ta record\x01", 13);
	assert_string_equal(got, "<107>1 - - sallyport - - - not a record ");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_message),
	    cmocka_unit_test(test_caps),
	    cmocka_unit_test(test_no_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
