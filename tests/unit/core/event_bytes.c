/* SPDX-License-Identifier: Apache-2.0 */
/*
 * event_bytes - any bytes as values of a field: escaped, exact or cut, and what
 * is longer than a record in parts.
 */
#include "tests/unit/core/eventscene.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "core/part.h"
#include "tests/unit/support/rnd.h"

#define FFFD "\xef\xbf\xbd"

void
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
void
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
void
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
void
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
void
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
void
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
void
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
