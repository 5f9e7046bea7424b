/* SPDX-License-Identifier: Apache-2.0 */
/* record: the envelope is one exact spelling, and nothing else is read. */
#include "tests/unit/support/test.h"

#include <stdio.h>
#include <string.h>

#include "audit/record.h"
#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"

static struct record
sample(void)
{
	struct record r = {.seq = 91407,
	    .time_ms = 1794000000123,
	    .event = EV_GRANT_OPEN,
	    .origin = PROC_BROKER};

	strcpy(r.id, "01987654-aaaa-7bbb-8ccc-0123456789ab");
	strcpy(r.node, "gw-1");
	strcpy(r.boot, "12345678-1234-1234-1234-123456789012");
	return r;
}

static void
test_round_trip(void **state)
{
	static const char fields[] = ",\"user\":\"alice\",\"conn\":7";
	struct record r = sample(), back;
	struct buf b;

	(void)state;
	buf_init(&b, LIMIT_RECORD_MAX * 2);
	assert_int_equal(record_format(&b, &r, fields, strlen(fields)), 0);
	buf_u8(&b, 0);
	assert_string_equal((char *)b.p,
	    "{\"v\":1,\"seq\":91407,\"id\":"
	    "\"01987654-aaaa-7bbb-8ccc-0123456789ab\","
	    "\"time\":\"2026-11-06T21:20:00.123Z\",\"code\":\"JG2100I\","
	    "\"event\":\"grant.open\",\"sev\":2,\"origin\":\"broker\","
	    "\"node\":\"gw-1\","
	    "\"boot\":\"12345678-1234-1234-1234-123456789012\","
	    "\"user\":\"alice\",\"conn\":7}");
	assert_int_equal(record_parse(&back, b.p, b.len - 1), 0);
	assert_int_equal(back.seq, r.seq);
	assert_int_equal(back.time_ms, r.time_ms);
	assert_int_equal(back.event, EV_GRANT_OPEN);
	assert_int_equal(back.origin, PROC_BROKER);
	assert_string_equal(back.id, r.id);
	assert_string_equal(back.node, "gw-1");
	assert_int_equal(back.conn, 0); /* that one is a field */
	/* cut anywhere: refused */
	for (size_t n = 0; n + 1 < b.len; n++)
		assert_int_equal(record_parse(&back, b.p, n), GW_EPROTO);
	buf_done(&b);
}

static void
test_session(void **state)
{
	struct record r = sample(), back;
	struct buf b;

	(void)state;
	buf_init(&b, LIMIT_RECORD_MAX * 2);
	r.event = EV_SESSION_EXEC;
	r.origin = PROC_SESSION;
	r.conn = 42;
	assert_int_equal(record_format(&b, &r, NULL, 0), 0);
	assert_int_equal(record_parse(&back, b.p, b.len), 0);
	assert_int_equal(back.conn, 42);
	buf_done(&b);
}

static void
test_refuses(void **state)
{
	struct record r = sample(), back;
	struct buf b;
	static const char *const bad[] = {
	    "{}",
	    "{\"v\":2,\"seq\":1}",
	    "{ \"v\":1,\"seq\":1,\"id\":\"x\"}",
	};

	(void)state;
	buf_init(&b, LIMIT_RECORD_MAX * 2);
	r.event = EV_NONE;
	assert_int_equal(record_format(&b, &r, NULL, 0), GW_EINVAL);
	r = sample();
	r.origin = PROC_NONE;
	assert_int_equal(record_format(&b, &r, NULL, 0), GW_EINVAL);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		CHECK_ROW(
		    record_parse(&back, bad[i], strlen(bad[i])) == GW_EPROTO,
		    bad[i]);
	/* too long a record is refused, not cut */
	r = sample();
	buf_reset(&b);
	{
		static char big[LIMIT_RECORD_MAX];

		memset(big, 'x', sizeof(big));
		assert_int_equal(
		    record_format(&b, &r, big, sizeof(big)), GW_ELIMIT);
	}
	buf_done(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_round_trip),
	    cmocka_unit_test(test_session),
	    cmocka_unit_test(test_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
