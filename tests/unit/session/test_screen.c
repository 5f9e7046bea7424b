/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_screen - which screen a terminal shows after what was sent to it. Every
 * row is fed whole, byte by byte, and in two parts cut at every place.
 */
#include "tests/unit/support/test.h"

#include <stdbool.h>
#include <string.h>

#include "base/attr.h"
#include "session/screen.h"

#define ESC "\x1b"

struct row {
	const char *name;
	const char *sent;
	bool alternate;
};

static const struct row rows[] = {
    {"nothing", "", false},
    {"text", "hello\r\n", false},
    {"vim enters", ESC "[?1049h", true},
    {"vim leaves", ESC "[?1049h" ESC "[?1049l", false},
    {"leaves without entering", ESC "[?1049l", false},
    {"enters twice, leaves once", ESC "[?1049h" ESC "[?1049h" ESC "[?1049l",
	false},
    {"xterm's older modes", ESC "[?47h", true},
    {"and the other", ESC "[?1047h", true},
    {"one enters, another leaves", ESC "[?47h" ESC "[?1047l", false},
    {"less, with text around", "a" ESC "[?1049h" ESC "[22;0;0t" ESC "[1m~",
	true},
    {"among other modes, first", ESC "[?1049;25h", true},
    {"among other modes, last", ESC "[?1;2004;1049h", true},
    {"of several one leaves", ESC "[?1049h" ESC "[?25;1049l", false},
    {"another mode", ESC "[?25h", false},
    {"another mode while there", ESC "[?1049h" ESC "[?25l", true},
    {"a longer number", ESC "[?10490h", false},
    {"a shorter number", ESC "[?104h", false},
    {"a number that would wrap around to it", ESC "[?4294968345h", false},
    {"a very long number", ESC "[?99999999999999999999h", false},
    {"leading zeros are the same number", ESC "[?01049h", true},
    {"no private mode", ESC "[1049h", false},
    {"another end of the sequence", ESC "[?1049s", false},
    {"and then the letter alone",
	ESC "[?1049s"
	    "h",
	false},
    {"an empty list", ESC "[?h", false},
    {"empty numbers", ESC "[?;;1049;h", true},
    {"the digits without the sequence", "?1049h", false},
    {"the sequence without its bracket", ESC "?1049h", false},
    {"a sequence broken off by another", ESC "[?10" ESC "[?1049h", true},
    {"broken off, then text", ESC "[?1049" ESC "h", false},
    {"numbers do not carry over", ESC "[?1049s" ESC "[?h", false},
    {"two escapes", ESC ESC "[?1049h", true},
    {"a full reset", ESC "[?1049h" ESC "c", false},
    {"no reset",
	ESC "[?1049h"
	    "c",
	true},
    {"a reset inside another sequence", ESC "[?1049h" ESC "[c", true},
    {"a window title", ESC "]0;?1049h\a", false},
};

static void
check(const struct screen *s, const struct row *r)
{
	const char *back = screen_leave(s);

	CHECK_ROW(s->alternate == r->alternate, r->name);
	CHECK_ROW((back[0] != '\0') == r->alternate, r->name);
}

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const uint8_t *p = (const uint8_t *)rows[i].sent;
		size_t n = strlen(rows[i].sent);
		struct screen bytes = {.num = 0};

		for (size_t k = 0; k < n; k++)
			screen_read(&bytes, p + k, 1);
		check(&bytes, &rows[i]);
		for (size_t k = 0; k <= n; k++) {
			struct screen s = {.num = 0};

			screen_read(&s, p, k);
			screen_read(&s, p + k, n - k);
			check(&s, &rows[i]);
		}
	}
}

/* What switches a terminal back does so by our own reading too, and turns off
 * what programs turn on there. */
static void
test_leave(void **state)
{
	static const char *const off[] = {"[?1000l", "[?1002l", "[?1003l",
	    "[?1006l", "[?1004l", "[?2004l", "[?25h", "[0m", "[?1049l"};
	struct screen s = {.num = 0};
	const char *back;

	(void)state;
	screen_read(&s, (const uint8_t *)ESC "[?1049h", 8);
	back = screen_leave(&s);
	for (size_t i = 0; i < ARRAY_LEN(off); i++)
		CHECK_ROW(strstr(back, off[i]) != NULL, off[i]);
	screen_read(&s, (const uint8_t *)back, strlen(back));
	assert_false(s.alternate);
	assert_string_equal(screen_leave(&s), "");
}

/* Bytes that are no text, NUL among them, pass by. */
static void
test_binary(void **state)
{
	uint8_t all[256];
	struct screen s = {.num = 0};

	(void)state;
	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = (uint8_t)i;
	screen_read(&s, all, sizeof(all));
	assert_false(s.alternate);
	screen_read(&s, (const uint8_t *)ESC "[?1049h", 8);
	screen_read(&s, all, sizeof(all));
	assert_true(s.alternate);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rows),
	    cmocka_unit_test(test_leave),
	    cmocka_unit_test(test_binary),
	};

	return cmocka_run_group_tests_name("screen", tests, NULL, NULL);
}
