/* SPDX-License-Identifier: Apache-2.0 */
/*
 * event: the catalogue is consistent, and whatever a writer puts into a field,
 * the record is one line of JSON that another parser reads back.
 */
#include "tests/unit/support/test.h"

#include <jansson.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "core/event.h"
#include "core/part.h"
#include "tests/unit/support/rnd.h"

/* "{"x":0" + what event_fields_json wrote + "}", parsed by jansson. */
static json_t *
parsed(const void *p, size_t n, int *retresult)
{
	json_error_t e;
	json_t *o = NULL;
	struct buf b;

	buf_init(&b, 4 * LIMIT_RECORD_MAX);
	buf_printf(&b, "{\"x\":0");
	*retresult = event_fields_json(&b, p, n);
	buf_u8(&b, '}');
	if (*retresult == 0) {
		o = json_loadb((const char *)b.p, b.len,
		    JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &e);
		if (o == NULL)
			fail_msg("not JSON: %s: %.*s", e.text, (int)b.len,
			    (const char *)b.p);
		for (size_t i = 0; i < b.len; i++)
			assert_true(b.p[i] >= 0x20 && b.p[i] != 0x7f);
	}
	buf_done(&b);
	return o;
}

static json_t *
parsed_fields(const struct event_fields *f)
{
	int r = -1;
	json_t *o;

	assert_int_equal(buf_err(&f->b), 0);
	o = parsed(f->b.p, f->b.len, &r);
	assert_int_equal(r, 0);
	return o;
}

static int
refused(const void *p, size_t n)
{
	int r = 0;

	json_decref(parsed(p, n, &r));
	return r;
}

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
	    LIMIT_NUMBER_MAX, LIMIT_NUMBER_MAX + 1, INT64_MAX, UINT64_MAX};
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
}

#define FFFD "\xef\xbf\xbd"

static void
test_escaping(void **state)
{
	static const struct {
		const char *name, *in;
		size_t n;
		const char *want; /* the JSON text */
	} rows[] = {{"plain", "web-01", 6, "\"web-01\""},
	    {"empty", "", 0, "\"\""},
	    {"quote and backslash", "a\"b\\c", 5, "\"a\\\"b\\\\c\""},
	    {"line ends", "a\r\nb", 4, "\"a\\u000d\\u000ab\""},
	    {"NUL, ESC, DEL", "\0\x1b\x7f", 3, "\"" FFFD "\\u001b\\u007f\""},
	    {"C1 controls", "\xc2\x80\xc2\x9f", 4, "\"\\u0080\\u009f\""},
	    {"no-break space stays", "\xc2\xa0", 2, "\"\xc2\xa0\""},
	    {"UTF-8 of 2, 3, 4", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x94\x91", 9,
		"\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x94\x91\""},
	    {"lone continuation", "a\x80z", 3, "\"a" FFFD "z\""},
	    {"cut sequence", "a\xe2\x82", 3, "\"a" FFFD FFFD "\""},
	    {"cut, then text",
		"\xe2\x82"
		"A",
		3, "\"" FFFD FFFD "A\""},
	    {"overlong slash", "\xc0\xaf", 2, "\"" FFFD FFFD "\""},
	    {"overlong NUL of 3", "\xe0\x80\x80", 3, "\"" FFFD FFFD FFFD "\""},
	    {"overlong of 4", "\xf0\x80\x80\x80", 4,
		"\"" FFFD FFFD FFFD FFFD "\""},
	    {"surrogate", "\xed\xa0\x80", 3, "\"" FFFD FFFD FFFD "\""},
	    {"past Unicode", "\xf4\x90\x80\x80", 4,
		"\"" FFFD FFFD FFFD FFFD "\""},
	    {"last of Unicode", "\xf4\x8f\xbf\xbf", 4, "\"\xf4\x8f\xbf\xbf\""},
	    {"never UTF-8", "\xff\xfe\xf8", 3, "\"" FFFD FFFD FFFD "\""}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf b;

		buf_init(&b, 4096);
		event_json_string(&b, rows[i].in, rows[i].n);
		assert_int_equal(buf_err(&b), 0);
		CHECK_ROW(b.len == strlen(rows[i].want) &&
			      memcmp(b.p, rows[i].want, b.len) == 0,
		    rows[i].name);
		buf_done(&b);
	}
}

/* Any bytes: still one line of JSON; valid text comes back unchanged. */
static void
test_any_bytes(void **state)
{
	struct rnd rnd = {.s = 11};
	uint8_t raw[200];

	(void)state;
	for (int i = 0; i < 3000; i++) {
		size_t n = 1 + rnd_below(&rnd, sizeof(raw));
		struct event_fields f;
		json_t *o;

		rnd_fill(&rnd, raw, n);
		if (i % 2 == 0) /* more of it in sequences */
			for (size_t k = 0; k < n; k++)
				raw[k] |= 0x80;
		event_fields_init(&f);
		event_strn(&f, EF_COMMAND, raw, n);
		o = parsed_fields(&f);
		assert_non_null(json_object_get(o, "command"));
		json_decref(o);
		event_fields_done(&f);
	}
	for (unsigned c = 1; c < 0x80; c++) {
		char text[2] = {(char)c, '\0'};
		struct event_fields f;
		json_t *o;

		event_fields_init(&f);
		event_str(&f, EF_COMMAND, text);
		o = parsed_fields(&f);
		assert_string_equal(
		    json_string_value(json_object_get(o, "command")), text);
		json_decref(o);
		event_fields_done(&f);
	}
}

static const char *
text_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s == NULL ? "(none)" : s;
}

static void
digest_of(char hex[static 65], const void *p, size_t n)
{
	uint8_t md[32];

	assert_int_equal(EVP_Digest(p, n, md, NULL, EVP_sha256(), NULL), 1);
	str_hex(hex, md, sizeof(md));
}

/* What is no text is there as one can read it, and exactly. */
static void
test_exact(void **state)
{
	static const struct {
		const char *in;
		size_t n;
		const char *text, *b64;
	} rows[] = {{"plain", 5, "plain", "(none)"},
	    {"\xc3\xa9\n\x1b", 4, "\xc3\xa9\n\x1b", "(none)"},
	    {"a\xff", 2, "a" FFFD, "Yf8="}, {"a\0b", 3, "a" FFFD "b", "YQBi"},
	    {"\xe2\x82", 2, FFFD FFFD, "4oI="},
	    {"\xef\xbf\xbd", 3, FFFD, "(none)"}};
	struct event_fields f;
	json_t *o;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		event_fields_init(&f);
		event_strn(&f, EF_COMMAND, rows[i].in, rows[i].n);
		o = parsed_fields(&f);
		assert_string_equal(text_of(o, "command"), rows[i].text);
		assert_string_equal(text_of(o, "command_b64"), rows[i].b64);
		assert_null(json_object_get(o, "truncated"));
		json_decref(o);
		event_fields_done(&f);
	}
}

/* What a record cannot hold is no record, never less of it. */
static void
test_too_long(void **state)
{
	char *big = malloc(LIMIT_FIELD_MAX + 1);
	struct event_fields f;

	(void)state;
	assert_non_null(big);
	memset(big, 'a', LIMIT_FIELD_MAX + 1);
	assert_true(event_text_fits(big, LIMIT_FIELD_MAX));
	assert_false(event_text_fits(big, LIMIT_FIELD_MAX + 1));
	event_fields_init(&f);
	event_strn(&f, EF_COMMAND, big, LIMIT_FIELD_MAX);
	json_decref(parsed_fields(&f));
	event_fields_done(&f);
	event_fields_init(&f);
	event_strn(&f, EF_COMMAND, big, LIMIT_FIELD_MAX + 1);
	assert_int_equal(refused(f.b.p, f.b.len), GW_ELIMIT);
	event_fields_done(&f);
	/* what grows when it is escaped */
	memset(big, '\n', LIMIT_FIELD_MAX + 1);
	assert_true(event_text_fits(big, LIMIT_FIELD_MAX / 2));
	assert_false(event_text_fits(big, LIMIT_FIELD_MAX / 2 + 1));
	memset(big, '\0', LIMIT_FIELD_MAX + 1);
	assert_true(event_text_fits(big, LIMIT_FIELD_MAX / 2));
	assert_true(
	    event_text_size(big, LIMIT_FIELD_MAX) > 4UL * LIMIT_FIELD_MAX);
	free(big);
}

/* A start with size and digest of the whole, cut between characters. */
static void
test_cut(void **state)
{
	static const char text[] = "0123456789\xe2\x82\xac 789";
	const size_t n = sizeof(text) - 1;
	char hex[65], want[sizeof(text)];
	struct event_fields f;
	json_t *o;

	(void)state;
	digest_of(hex, text, n);
	for (size_t max = 1; max <= n + 1; max++) {
		size_t keep = max > 10 && max < 13 ? 10 : max;

		event_fields_init(&f);
		event_cut(&f, EF_COMMAND, text, n, max);
		o = parsed_fields(&f);
		if (max >= n) {
			assert_string_equal(text_of(o, "command"), text);
			assert_int_equal(json_object_size(o), 2);
		} else {
			memcpy(want, text, keep);
			want[keep] = '\0';
			assert_string_equal(text_of(o, "command"), want);
			assert_string_equal(text_of(o, "command_sha256"), hex);
			assert_int_equal(json_integer_value(json_object_get(
					     o, "command_size")),
			    n);
			assert_true(
			    json_is_true(json_object_get(o, "truncated")));
			assert_null(json_object_get(o, "command_b64"));
		}
		json_decref(o);
		event_fields_done(&f);
	}
	/* only bytes that are no character: cut where it says */
	event_fields_init(&f);
	event_cut(&f, EF_COMMAND, "\xff\xff\xff\xff\xff\xff", 6, 3);
	o = parsed_fields(&f);
	assert_string_equal(text_of(o, "command"), FFFD FFFD FFFD);
	assert_string_equal(text_of(o, "command_b64"), "////");
	json_decref(o);
	event_fields_done(&f);
}

/* What the head of a cut value may say. */
static void
test_bad_cut(void **state)
{
	uint8_t v[8 + 32 + 4] = {0};
	struct buf b;

	(void)state;
	memcpy(v + 40, "text", 4);
	buf_init(&b, 1024);
	for (unsigned size = 0; size < 8; size++) {
		v[7] = (uint8_t)size;
		buf_reset(&b);
		buf_u8(&b, EF_COMMAND | 0x80);
		buf_string(&b, v, sizeof(v));
		assert_int_equal(refused(b.p, b.len), size > 4 ? 0 : GW_EPROTO);
	}
	v[0] = 1; /* more than a number may be */
	buf_reset(&b);
	buf_u8(&b, EF_COMMAND | 0x80);
	buf_string(&b, v, sizeof(v));
	assert_int_equal(refused(b.p, b.len), GW_EPROTO);
	for (size_t n = 0; n < 40; n++) {
		buf_reset(&b);
		buf_u8(&b, EF_COMMAND | 0x80);
		buf_string(&b, v, n);
		assert_int_equal(refused(b.p, b.len), GW_EPROTO);
	}
	buf_reset(&b);
	buf_u8(&b, EF_COUNT | 0x80); /* no number is cut */
	buf_string(&b, v, sizeof(v));
	assert_int_equal(refused(b.p, b.len), GW_EPROTO);
	buf_done(&b);
}

struct joined {
	struct buf b;
	unsigned n;
	char hex[65];
};

static int
join(void *arg, const struct part *part)
{
	struct joined *j = arg;

	assert_int_equal(part->field, EF_COMMAND);
	assert_int_equal(part->chunk, ++j->n);
	assert_true(part->n > 0 && event_text_fits(part->p, part->n));
	buf_put(&j->b, part->p, part->n);
	assert_int_equal(buf_err(&j->b), 0);
	memcpy(j->hex, part->hex, sizeof(j->hex));
	return 0;
}

/* Of any bytes: the parts are all of it, the rest is one record. */
static void
test_parts(void **state)
{
	static const size_t sizes[] = {1, PART_SHORT, LIMIT_FIELD_MAX,
	    LIMIT_FIELD_MAX + 1, LIMIT_COMMAND_MAX};
	static const char *const fill[] = {
	    "a", "\n", "\xff", "\"", "\xe2\x82\xac"};
	char *big = malloc(LIMIT_COMMAND_MAX);
	char hex[65];

	(void)state;
	assert_non_null(big);
	for (size_t i = 0; i < ARRAY_LEN(sizes) * ARRAY_LEN(fill); i++) {
		const size_t n = sizes[i / ARRAY_LEN(fill)];
		const char *unit = fill[i % ARRAY_LEN(fill)];
		struct joined j = {.n = 0};
		struct event_fields f, out;
		struct buf line;
		json_t *o;

		for (size_t k = 0; k < n; k++)
			big[k] = unit[k % strlen(unit)];
		buf_init(&j.b, LIMIT_COMMAND_MAX);
		event_fields_init(&f);
		event_fields_init(&out);
		event_str(&f, EF_USER, "alice");
		event_strn(&f, EF_COMMAND, big, n);
		event_cut(&f, EF_WANTED, big, n, 255);
		event_num(&f, EF_CHANNEL, 7);
		assert_int_equal(
		    part_fields(&out, f.b.p, f.b.len, join, &j), 0);
		buf_init(&line, LIMIT_RECORD_MAX - 512);
		assert_int_equal(
		    event_fields_json(&line, out.b.p, out.b.len), 0);
		buf_done(&line);
		o = parsed_fields(&out);
		assert_string_equal(text_of(o, "user"), "alice");
		digest_of(hex, big, n);
		if (n <= PART_SHORT)
			assert_int_equal(j.n, 0);
		if (n > LIMIT_FIELD_MAX)
			assert_true(j.n > 1);
		if (j.n > 0) {
			assert_int_equal(j.b.len, n);
			assert_memory_equal(j.b.p, big, n);
			assert_string_equal(j.hex, hex);
			assert_string_equal(text_of(o, "command_sha256"), hex);
		} else {
			assert_null(json_object_get(o, "command_sha256"));
		}
		json_decref(o);
		event_fields_done(&f);
		event_fields_done(&out);
		buf_done(&j.b);
	}
	free(big);
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
