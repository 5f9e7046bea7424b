/* SPDX-License-Identifier: Apache-2.0 */
/*
 * event: the catalogue is consistent, and whatever a writer puts into a field,
 * the record is one line of JSON that another parser reads back.
 */
#include "tests/unit/core/eventscene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "tests/unit/support/rnd.h"

static void
test_catalogue(void **state)
{
	(void)state;
	assert_null(event_spec(EV_NONE));
	assert_null(event_spec(EV_COUNT));
	assert_null(event_spec(0xffff));
	assert_int_equal(event_find("JG9999I"), EV_NONE);
	assert_int_equal(event_find(""), EV_NONE);
	for (unsigned i = 1; i < EV_COUNT; i++) {
		const struct event_spec *s = event_spec(i);
		char kind;

		assert_non_null(s);
		CHECK_ROW(strlen(s->code) == 7, s->code);
		CHECK_ROW(event_find(s->code) == i, s->code); /* unique */
		CHECK_ROW(strncmp(s->code, "JG", 2) == 0, s->code);
		CHECK_ROW(strspn(s->code + 2, "0123456789") == 4, s->code);
		kind = s->code[6];
		CHECK_ROW(kind == 'I' || kind == 'W' || kind == 'E', s->code);
		CHECK_ROW(s->severity >= 1 && s->severity <= 6, s->code);
		CHECK_ROW(strchr(s->name, '.') != NULL, s->code);
		CHECK_ROW(s->writers != 0, s->code);
		/* one number is one event, whatever its outcome */
		for (unsigned k = 1; k < i; k++)
			if (strncmp(event_spec(k)->code, s->code, 6) == 0 &&
			    i != EV_GATEWAY_RECOVERED && k != EV_GATEWAY_START)
				CHECK_ROW(
				    event_spec(k)->code[6] != kind, s->code);
	}
}

static void
test_writers(void **state)
{
	(void)state;
	assert_true(event_may_write(EV_GRANT_OPEN, PROC_NOTARY));
	assert_false(event_may_write(EV_GRANT_OPEN, PROC_BROKER));
	assert_false(event_may_write(EV_GRANT_OPEN, PROC_SESSION));
	assert_true(event_may_write(EV_SESSION_EXEC, PROC_SESSION));
	assert_false(event_may_write(EV_SESSION_EXEC, PROC_API));
	assert_true(event_may_write(EV_PEER_PROTOCOL, PROC_SHIPPER));
	assert_false(event_may_write(EV_NONE, PROC_NOTARY));
	assert_false(event_may_write(EV_COUNT, PROC_NOTARY));
	/* the session, which reads hostile bytes, tells of itself only */
	for (unsigned i = 1; i < EV_COUNT; i++)
		if (event_may_write(i, PROC_SESSION))
			CHECK_ROW(
			    i == EV_PEER_PROTOCOL || i == EV_HOSTKEY_CHANGED ||
				strncmp(event_spec(i)->name, "session.", 8) ==
				    0,
			    event_spec(i)->code);
}

static void
test_field_names(void **state)
{
	(void)state;
	assert_null(event_field_name(EF_NONE));
	assert_null(event_field_name(EF_TOTAL));
	assert_true(EF_TOTAL < 128); /* ids are one byte, with a mark */
	for (unsigned i = 1; i < EF_TOTAL; i++) {
		const char *s = event_field_name(i);

		CHECK_ROW(strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_") ==
			      strlen(s),
		    s);
		CHECK_ROW(strcmp(s, "truncated") != 0, s);
		for (unsigned k = 1; k < i; k++)
			CHECK_ROW(strcmp(event_field_name(k), s) != 0, s);
	}
}

static void
test_kinds(void **state)
{
	struct event_fields f;
	json_t *o;

	(void)state;
	event_fields_init(&f);
	event_str(&f, EF_USER, "alice");
	event_str(&f, EF_BY, NULL);
	event_str(&f, EF_TARGET, "");
	event_num(&f, EF_START, LIMIT_NUMBER_MAX);
	event_num(&f, EF_END, -LIMIT_NUMBER_MAX);
	event_num(&f, EF_COUNT, 0);
	event_bool(&f, EF_RECORD, true);
	assert_int_equal(f.n, 5);
	o = parsed_fields(&f);
	assert_int_equal(json_object_size(o), 6);
	assert_string_equal(
	    json_string_value(json_object_get(o, "user")), "alice");
	assert_true(json_integer_value(json_object_get(o, "start")) ==
		    LIMIT_NUMBER_MAX);
	assert_true(
	    json_integer_value(json_object_get(o, "end")) == -LIMIT_NUMBER_MAX);
	assert_true(json_is_integer(json_object_get(o, "count")));
	assert_true(json_is_true(json_object_get(o, "record")));
	json_decref(o);
	event_fields_done(&f);
	event_fields_done(&f);
}

/* The record of one field that is this number, or why there is none. */
static int
number(struct buf *ret, unsigned id, int64_t v)
{
	struct event_fields f;
	int r;

	event_fields_init(&f);
	event_num(&f, (enum event_field_id)id, v);
	r = event_fields_json(ret, f.b.p, f.b.len);
	event_fields_done(&f);
	return r;
}

/* Every field of the table that is a number: what may stand there comes back
 * from a reader whose numbers are doubles, digit by digit, and no more may. */
static void
test_numbers(void **state)
{
	static const char path[] = "/tmp/test_event.ndjson";
	char line[256];
	struct buf want, b;
	unsigned n = 0;
	size_t at = 0;
	FILE *f;

	(void)state;
	buf_init(&want, LIMIT_RECORD_MAX);
	for (unsigned id = 1; id < EF_TOTAL; id++) {
		buf_init(&b, LIMIT_RECORD_MAX);
		if (number(&b, id, -LIMIT_NUMBER_MAX) == 0 &&
		    b.p[b.len - 1] != '"') {
			n++;
			CHECK_ROW(
			    number(&b, id, LIMIT_NUMBER_MAX + 1) == GW_EPROTO,
			    event_field_name(id));
			CHECK_ROW(
			    number(&b, id, -LIMIT_NUMBER_MAX - 1) == GW_EPROTO,
			    event_field_name(id));
			CHECK_ROW(number(&b, id, INT64_MAX) == GW_EPROTO,
			    event_field_name(id));
			buf_printf(&want, "{\"%s\":%lld}\n",
			    event_field_name(id),
			    (long long)(LIMIT_NUMBER_MAX - n));
		}
		buf_done(&b);
	}
	assert_true(n > 20);
	assert_int_equal(buf_err(&want), 0);
	assert_non_null(f = fopen(path, "we"));
	assert_int_equal(fwrite(want.p, 1, want.len, f), want.len);
	assert_int_equal(fclose(f), 0);
	assert_non_null(f = popen("jq -c . /tmp/test_event.ndjson", "re"));
	while (fgets(line, sizeof(line), f) != NULL) {
		assert_true(at + strlen(line) <= want.len);
		assert_memory_equal(line, want.p + at, strlen(line));
		at += strlen(line);
	}
	assert_int_equal(pclose(f), 0);
	assert_int_equal(at, want.len);
	(void)remove(path);
	buf_done(&want);
}

/* A count that is more, from whoever counted, stops there. */
static void
test_counts(void **state)
{
	static const uint64_t rows[] = {0, 1, LIMIT_NUMBER_MAX - 1,
	    LIMIT_NUMBER_MAX, LIMIT_NUMBER_MAX + 1, INT64_MAX, UINT64_MAX - 1};
	struct event_fields f;
	json_t *o;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		event_fields_init(&f);
		event_count(&f, EF_BYTES_IN, rows[i]);
		o = parsed_fields(&f);
		assert_true(
		    (uint64_t)json_integer_value(
			json_object_get(o, "bytes_in")) ==
		    (rows[i] < LIMIT_NUMBER_MAX ? rows[i] : LIMIT_NUMBER_MAX));
		json_decref(o);
		event_fields_done(&f);
	}
	event_fields_init(&f);
	event_count(&f, EF_BYTES_OUT, 0);
	event_count(&f, EF_BYTES_IN, EVENT_COUNT_UNKNOWN);
	o = parsed_fields(&f);
	assert_null(json_object_get(o, "bytes_in"));
	assert_non_null(json_object_get(o, "bytes_out"));
	json_decref(o);
	event_fields_done(&f);
}

static void
put(struct buf *b, unsigned id, const char *v)
{
	buf_u8(b, (uint8_t)id);
	buf_cstring(b, v);
}

static void
test_refused(void **state)
{
	static const char *const numbers[] = {"", "-", "+1", " 1", "1 ", "01",
	    "-01", "1.5", "1e3", "0x1", "9223372036854775808",
	    "-9223372036854775809", "99999999999999999999",
	    "123456789012345678901", "1,\"user\":\"root\""};
	static const char *const bools[] = {"", "2", "00", "true", "1 "};
	struct buf b;

	(void)state;
	buf_init(&b, LIMIT_RECORD_MAX);
	put(&b, EF_USER, "alice");
	put(&b, EF_USER, "bob");
	assert_int_equal(refused(b.p, b.len), GW_EPROTO); /* twice */
	buf_reset(&b);
	put(&b, EF_NONE, "x");
	assert_int_equal(refused(b.p, b.len), GW_EPROTO);
	buf_reset(&b);
	put(&b, EF_TOTAL, "x");
	assert_int_equal(refused(b.p, b.len), GW_EPROTO);
	buf_reset(&b);
	put(&b, 255, "x");
	assert_int_equal(refused(b.p, b.len), GW_EPROTO);
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		buf_reset(&b);
		put(&b, EF_COUNT, numbers[i]);
		CHECK_ROW(refused(b.p, b.len) == GW_EPROTO, numbers[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(bools); i++) {
		buf_reset(&b);
		put(&b, EF_RECORD, bools[i]);
		CHECK_ROW(refused(b.p, b.len) == GW_EPROTO, bools[i]);
	}
	buf_reset(&b);
	put(&b, EF_USER, "alice");
	put(&b, EF_COUNT, "1");
	for (size_t n = 1; n < b.len; n++)
		if (n != 10) /* where the first field ends */
			assert_int_equal(refused(b.p, n), GW_EPROTO);
	assert_int_equal(refused(b.p, 10), 0);
	assert_int_equal(refused(NULL, 0), 0); /* no fields: fine */
	buf_done(&b);
}

static void
test_limits(void **state)
{
	struct buf b, out;

	(void)state;
	buf_init(&b, LIMIT_RECORD_MAX);
	/* every field once is more than a record may have */
	for (unsigned id = 1; id < EF_TOTAL; id++)
		put(&b, id, "1");
	if (EF_TOTAL - 1 > LIMIT_EVENT_FIELDS)
		assert_int_equal(refused(b.p, b.len), GW_ELIMIT);
	/* a record that does not fit its place is refused, not cut */
	buf_reset(&b);
	put(&b, EF_USER, "0123456789012345678901234567890123456789");
	buf_init(&out, 32);
	assert_int_equal(event_fields_json(&out, b.p, b.len), GW_ELIMIT);
	buf_done(&out);
	buf_done(&b);
}

/* The writer's own limit is sticky, so it cannot be missed. */
static void
test_writer_limit(void **state)
{
	char *big = calloc(1, LIMIT_BODY_MAX);
	struct event_fields f;

	(void)state;
	assert_non_null(big);
	event_fields_init(&f);
	event_strn(&f, EF_COMMAND, big, LIMIT_BODY_MAX);
	event_str(&f, EF_USER, "alice");
	assert_int_equal(buf_err(&f.b), GW_ELIMIT);
	event_fields_done(&f);
	free(big);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_catalogue),
	    cmocka_unit_test(test_writers),
	    cmocka_unit_test(test_field_names),
	    cmocka_unit_test(test_kinds),
	    cmocka_unit_test(test_numbers),
	    cmocka_unit_test(test_counts),
	    cmocka_unit_test(test_escaping),
	    cmocka_unit_test(test_any_bytes),
	    cmocka_unit_test(test_exact),
	    cmocka_unit_test(test_too_long),
	    cmocka_unit_test(test_cut),
	    cmocka_unit_test(test_bad_cut),
	    cmocka_unit_test(test_parts),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_limits),
	    cmocka_unit_test(test_writer_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
