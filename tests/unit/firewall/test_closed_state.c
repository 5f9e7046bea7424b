/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_closed_state - closed.state: what it means, what is refused and where,
 * and that a bad line never keeps the others from being shut.
 */
#include "tests/unit/support/test.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "firewall/closed_state.h"

#define H "sallyport-closed 1\n"

static const struct {
	const char *name, *text;
	unsigned line; /* of the first error; 0 = fine */
	size_t own, protected_;
} rows[] = {
    {"nothing", H "end 0\n", 0, 0, 0},
    {"all",
	H "# comment\nown 22\nprotect 10.0.0.1 tcp 22\n"
	  "protect 2001:db8::1 udp 161\nend 3\n",
	0, 1, 2},
    {"the same twice",
	H "protect 10.0.0.1 tcp 22\n"
	  "protect 10.0.0.1 tcp 22\nend 2\n",
	0, 0, 1},
    {"empty file", "", 1, 0, 0},
    {"no header", "own 22\nend 1\n", 1, 0, 0},
    {"other version", "sallyport-closed 2\nown 22\nend 1\n", 1, 1, 0},
    {"no end", H "own 22\n", 3, 1, 0},
    {"cut in a line", H "own 22\nprotect 10.0", 3, 1, 0},
    {"count too small", H "own 22\nend 0\n", 3, 1, 0},
    {"count too large", H "own 22\nend 2\n", 3, 1, 0},
    {"after the end", H "end 0\nown 22\n", 3, 0, 0},
    {"port 0", H "own 0\nprotect 10.0.0.1 tcp 22\nend 1\n", 2, 0, 1},
    {"port 65536", H "own 65536\nend 0\n", 2, 0, 0},
    {"port huge", H "own 99999999999999999999\nend 0\n", 2, 0, 0},
    {"port 022", H "own 022\nend 0\n", 2, 0, 0},
    {"port -1", H "own -1\nend 0\n", 2, 0, 0},
    {"not a protocol", H "protect 10.0.0.1 icmp 22\nown 22\nend 1\n", 2, 1, 0},
    {"not an address", H "protect web-01 tcp 22\nend 0\n", 2, 0, 0},
    {"prefix", H "protect 10.0.0.0/8 tcp 22\nend 0\n", 2, 0, 0},
    {"too few words", H "protect 10.0.0.1 tcp\nend 0\n", 2, 0, 0},
    {"too many words", H "protect 10.0.0.1 tcp 22 x\nend 0\n", 2, 0, 0},
    {"two spaces", H "own  22\nend 0\n", 2, 0, 0},
    {"space at the end", H "own 22 \nend 0\n", 2, 0, 0},
    {"space at the start", H " own 22\nend 0\n", 2, 0, 0},
    {"CR", H "own 22\r\nend 0\n", 2, 0, 0},
    {"empty line", H "\nown 22\nend 1\n", 2, 1, 0},
    {"unknown word", H "open 10.0.0.1 tcp 22\nend 0\n", 2, 0, 0},
};

static void
lines(void **state)
{
	struct ruleset rs;
	struct diag d;
	size_t i = 0;
	int r = 0;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		memset(&rs, 0, sizeof(rs));
		memset(&d, 0, sizeof(d));
		r = closed_state_parse(
		    &rs, rows[i].text, strlen(rows[i].text), &d);
		CHECK_ROW((r == 0) == (rows[i].line == 0), rows[i].name);
		CHECK_ROW(d.line == rows[i].line, rows[i].name);
		CHECK_ROW(r == 0 || d.text[0] != '\0', rows[i].name);
		CHECK_ROW(rs.nown == rows[i].own, rows[i].name);
		CHECK_ROW(rs.nprotected == rows[i].protected_, rows[i].name);
		ruleset_done(&rs);
	}
}

static void
odd_bytes(void **state)
{
	static const char nul[] = H "own 22\0\nown 23\nend 1\n";
	char big[1024];
	struct ruleset rs;
	struct diag d;
	size_t i = 0;

	(void)state;
	memset(&rs, 0, sizeof(rs));
	assert_int_equal(
	    closed_state_parse(&rs, nul, sizeof(nul) - 1, &d), GW_EINVAL);
	assert_int_equal(d.line, 2);
	assert_int_equal(rs.nown, 1);
	assert_int_equal(rs.own[0], 23);
	ruleset_done(&rs);
	memset(big, 'x', sizeof(big));
	memcpy(big, H, sizeof(H) - 1);
	big[sizeof(big) - 1] = '\n';
	assert_int_equal(
	    closed_state_parse(&rs, big, sizeof(big), &d), GW_EINVAL);
	assert_int_equal(d.line, 2);
	ruleset_done(&rs);
	/* Any one byte changed never crashes and never un-shuts another line.
	 */
	for (i = 0; i < sizeof(nul) - 1; i++) {
		memcpy(big, nul, sizeof(nul));
		big[i] = (char)(big[i] ^ 0x41);
		(void)!closed_state_parse(&rs, big, sizeof(nul) - 1, &d);
		assert_true(rs.nown <= 2);
		ruleset_done(&rs);
	}
}

static void
too_many_own_ports(void **state)
{
	struct ruleset rs;
	struct diag d;
	struct buf b;
	unsigned i = 0;

	(void)state;
	memset(&rs, 0, sizeof(rs));
	buf_init(&b, 4096);
	buf_printf(&b, H);
	for (i = 1; i <= 17; i++)
		buf_printf(&b, "own %u\n", i);
	buf_printf(&b, "protect 10.0.0.1 tcp 22\nend 18\n");
	assert_int_equal(buf_err(&b), 0);
	assert_int_equal(
	    closed_state_parse(&rs, (const char *)b.p, b.len, &d), GW_ELIMIT);
	assert_int_equal(d.line, 18);
	assert_int_equal(rs.nprotected, 1);
	buf_done(&b);
	ruleset_done(&rs);
}

static void
round_trip(void **state)
{
	static const char text[] =
	    H "# Written by sallyport-firewall; read at boot.\n"
	      "own 22\nown 2222\nprotect 10.0.0.1 tcp 22\n"
	      "protect 2001:db8::1 udp 161\nend 4\n";
	struct ruleset rs;
	struct diag d;
	struct buf b;

	(void)state;
	memset(&rs, 0, sizeof(rs));
	buf_init(&b, 4096);
	assert_int_equal(
	    closed_state_parse(&rs, text, sizeof(text) - 1, &d), 0);
	closed_state_format(&b, &rs);
	assert_int_equal(buf_err(&b), 0);
	assert_int_equal(b.len, sizeof(text) - 1);
	assert_memory_equal(b.p, text, b.len);
	buf_done(&b);
	ruleset_done(&rs);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lines),
	    cmocka_unit_test(odd_bytes),
	    cmocka_unit_test(too_many_own_ports),
	    cmocka_unit_test(round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
