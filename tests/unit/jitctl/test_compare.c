/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_compare - a recording of several files against the log: one whose files
 * were taken away, or put in each other's place, is not told as whole. The
 * gateway is one of tables, in the place of gateway/http.c.
 */
#include "tests/unit/support/test.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "jitctl/cmd/compare.h"
#include "jitctl/gateway/http.h"
#include "jitctl/jitctl.h"

#define SID "s-9D3FAB2K"
#define FIRST                                                                  \
	"{\"version\": 2, \"timestamp\": 1767355200}\n[0.5, \"o\", \"a\"]\n"
#define SECOND                                                                 \
	"{\"version\": 2, \"timestamp\": 1767358800}\n[9.5, \"o\", \"b\"]\n"
#define OTHER                                                                  \
	"{\"version\": 2, \"timestamp\": 1767362400}\n[0.5, \"o\", \"c\"]\n"
#define NOON "2026-01-02T12:00:01.000Z"
#define ONE "2026-01-02T13:00:01.000Z"
#define TWO "2026-01-02T14:00:01.000Z"

/* A record: of its start, or of its end when it has what is in it. */
struct line {
	const char *time;
	unsigned channel;
	const char *file, *text;
	const char *reason;
};

struct scene {
	const struct line *log;
	size_t nlog;
	uint64_t channel;     /* that is asked for; 0 = the lowest */
	const char *whole;    /* what is played of it; NULL: nothing */
	const char *parts[4]; /* of the lowest channel, or of that */
};

static const struct scene *now;

static void
digest(char ret[static 65], const char *text)
{
	uint8_t md[EVP_MAX_MD_SIZE];

	assert_int_equal(
	    EVP_Digest(text, strlen(text), md, NULL, EVP_sha256(), NULL), 1);
	str_hex(ret, md, 32);
}

static char *
record(uint64_t seq)
{
	const struct line *l = NULL;
	char *text = NULL, end[160] = "", hex[65];

	if (seq >= now->nlog)
		return strdup("");
	l = &now->log[seq];
	if (l->text != NULL) {
		digest(hex, l->text);
		(void)snprintf(end, sizeof(end),
		    ",\"size\":%zu,\"sha256\":\"%s\",\"reason\":\"%s\"",
		    strlen(l->text), hex, l->reason);
	}
	assert_true(asprintf(&text,
			"{\"seq\":%llu,\"event\":\"%s\",\"time\":\"%s\","
			"\"sid\":\"%s\",\"channel\":%u,\"file\":\"%s\"%s}\n",
			(unsigned long long)seq,
			l->text != NULL ? "recording.end" : "recording.start",
			l->time, SID, l->channel, l->file, end) > 0);
	return text;
}

static uint64_t
asked(const char *path, const char *key)
{
	const char *at = strstr(path, key);

	return at == NULL ? 0 : strtoull(at + strlen(key), NULL, 10);
}

int
http_do(struct ctx *c, const struct http_call *call, struct reply *ret)
{
	const uint64_t part = asked(call->path, "part=");
	const char *text = NULL;
	char *body = NULL;

	(void)c;
	if (strstr(call->path, "/v1/audit") != NULL) {
		body = record(asked(call->path, "from="));
	} else {
		assert_true(part <= ARRAY_LEN(now->parts));
		text = part == 0 ? now->whole : now->parts[part - 1];
		body = strdup(text == NULL                        ? "{}"
			      : asked(call->path, "offset=") == 0 ? text
								  : "");
	}
	assert_non_null(body);
	reply_read(
	    ret, part > 0 && text == NULL ? 404 : 200, body, strlen(body));
	return EXIT_OK;
}

int
http_learn_key(struct ctx *c)
{
	(void)c;
	return EXIT_OK;
}

void
http_done(struct ctx *c)
{
	(void)c;
}

const char *
http_why(const struct ctx *c)
{
	(void)c;
	return "none";
}

const char *
http_library(void)
{
	return "none";
}

static int
compared(const struct scene *s)
{
	struct ctx c = {.socket = "x", .quiet = true};
	struct taken t = {.fd = -1};
	int x = EXIT_OK;

	now = s;
	if (s->whole == NULL)
		return compare_gone(&c, SID, s->channel);
	x = take(&c, SID, s->channel, &t);
	assert_int_equal(x, EXIT_OK);
	x = compare(&c, SID, s->channel, &t);
	taken_done(&t);
	return x;
}

#define BEGAN(time, channel, file)                                             \
	{                                                                      \
		time, channel, SID "." file, NULL, NULL                        \
	}
#define ENDED(time, channel, file, text, reason)                               \
	{                                                                      \
		time, channel, SID "." file, text, reason                      \
	}

static const struct line two_parts[] = {
    BEGAN(NOON, 1, "1.cast"),
    ENDED(ONE, 1, "1.cast", FIRST, "interrupted"),
    BEGAN(ONE, 1, "1.2.cast"),
    ENDED(ONE, 1, "1.2.cast", SECOND, "channel-closed"),
};
#define JOINED FIRST "[9.5, \"o\", \"b\"]\n"

static void
test_renamed(void **state)
{
	const struct scene whole = {
	    two_parts, ARRAY_LEN(two_parts), 0, JOINED, {FIRST, SECOND}};
	struct scene s = {two_parts, ARRAY_LEN(two_parts), 0, SECOND, {SECOND}};

	(void)state;
	assert_int_equal(compared(&whole), EXIT_OK);
	/* the first was deleted, the second has its name */
	assert_int_equal(compared(&s), EXIT_VERIFY);
	s.channel = 1;
	assert_int_equal(compared(&s), EXIT_VERIFY);
	/* one of another time, so late that nothing is found there */
	s.whole = OTHER;
	s.parts[0] = OTHER;
	assert_int_equal(compared(&s), EXIT_VERIFY);
}

/* Channel 1 was deleted with all it had: what is left is not the lowest. */
static void
test_lower_channel(void **state)
{
	static const struct line log[] = {
	    BEGAN(NOON, 1, "1.cast"),
	    ENDED(NOON, 1, "1.cast", FIRST, "channel-closed"),
	    BEGAN(TWO, 2, "2.cast"),
	    ENDED(TWO, 2, "2.cast", OTHER, "channel-closed"),
	};
	struct scene s = {log, ARRAY_LEN(log), 0, OTHER, {OTHER}};

	(void)state;
	assert_int_equal(compared(&s), EXIT_VERIFY);
	s.channel = 2; /* that one is asked for, and it is whole */
	assert_int_equal(compared(&s), EXIT_OK);
	s.channel = 1;
	s.whole = NULL;
	assert_int_equal(compared(&s), EXIT_VERIFY);
	s.log = log + 2; /* there never was a first one recorded */
	s.nlog = 2;
	s.channel = 0;
	s.whole = OTHER;
	assert_int_equal(compared(&s), EXIT_OK);
}

/* While the last part grows, what is played begins with those before it. */
static void
test_last_part_grows(void **state)
{
	static const struct {
		const char *whole;
		int exit;
	} rows[] = {
	    {JOINED, EXIT_OK},
	    {JOINED "[9.7, \"o\", \"more\"]\n", EXIT_OK},
	    {FIRST, EXIT_OK},
	    {SECOND, EXIT_VERIFY},
	    {"", EXIT_VERIFY},
	    {"{\"version\": 2, \"timestamp\": 1767355200}\n[0.5, \"o\", "
	     "\"A\"]\n[9.5, \"o\", \"b\"]\n",
		EXIT_VERIFY},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct scene s = {
		    two_parts, 3, 0, rows[i].whole, {FIRST, SECOND}};

		CHECK_ROW(compared(&s) == rows[i].exit, rows[i].whole);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_renamed),
	    cmocka_unit_test(test_lower_channel),
	    cmocka_unit_test(test_last_part_grows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
