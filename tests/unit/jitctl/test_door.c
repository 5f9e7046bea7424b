/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a door opens from here: knocked at over each family, and for the
 * addresses that the gateway sees now. */
#include "tests/unit/support/test.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/str.h"
#include "jitctl/cmd/door.h"
#include "jitctl/gateway/knock.h"

/* A port of the loopback on which somebody listens, or nobody. */
static int
listener(bool listens, unsigned *retport)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	socklen_t n = sizeof(in);
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&in, n), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &n), 0);
	if (listens)
		assert_int_equal(listen(fd, 1), 0);
	*retport = ntohs(in.sin_port);
	return fd;
}

static json_t *
grant_of(const char *reach, unsigned port, const char *source)
{
	json_t *o = json_pack("{s:s,s:s,s:s,s:s,s:i,s:i,s:[s]}", "grant",
	    "g-22222222", "target", "127.0.0.1", "login", "deploy", "reach",
	    reach, "port", (int)port, "ssh_port", (int)port, "sources", source);

	assert_non_null(o);
	return o;
}

/* Where the name of a target leads elsewhere, or nowhere, ssh is told. */
static void
test_address(void **state)
{
	const struct {
		const char *target, *reach, *address, *source, *want;
	} rows[] = {
	    {"127.0.0.1", "direct", "127.0.0.1", "192.0.2.1", ""},
	    {"127.0.0.1", "direct", "127.0.0.2", "192.0.2.1", "127.0.0.2"},
	    {"no.such.invalid", "direct", "127.0.0.2", "192.0.2.1",
		"127.0.0.2"},
	    {"no.such.invalid", "direct", "127.0.0.2", "2001:db8::7", ""},
	    {"no.such.invalid", "direct", "$(reboot)", "192.0.2.1", ""},
	    {"no.such.invalid", "proxy", "127.0.0.2", "192.0.2.1", ""},
	};
	char text[ADDR_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		json_t *o = json_pack("{s:s,s:s,s:[s],s:[s]}", "target",
		    rows[i].target, "reach", rows[i].reach, "addresses",
		    rows[i].address, "sources", rows[i].source);

		assert_non_null(o);
		door_address(o, text);
		assert_string_equal(text, rows[i].want);
		json_decref(o);
	}
}

static void
test_knock(void **state)
{
	static const char *const reaches[] = {"proxy", "direct"};
	struct ctx c = {.prof = {.host = "127.0.0.1"}};
	char text[DOOR_TEXT_SIZE];
	unsigned open = 0;
	unsigned shut = 0;
	const int fd[2] = {listener(true, &open), listener(false, &shut)};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(reaches); i++) {
		char want[DOOR_TEXT_SIZE];
		json_t *o = grant_of(reaches[i], open, "192.0.2.1");

		assert_true(door_knock(&c, o, text));
		assert_int_equal(
		    str_fmt(want, sizeof(want),
			"127.0.0.1 port %u answers over IPv4", open),
		    0);
		assert_string_equal(text, want);
		json_decref(o);
		o = grant_of(reaches[i], shut, "192.0.2.1");
		assert_false(door_knock(&c, o, text));
		assert_int_equal(
		    str_fmt(want, sizeof(want),
			"127.0.0.1 port %u does not answer over IPv4 "
			"(127.0.0.1: %s), though the gateway opened it",
			shut, strerror(ECONNREFUSED)),
		    0);
		assert_int_equal(strncmp(text, want, strlen(want)), 0);
		json_decref(o);
		/* a family that the host has no address of */
		o = grant_of(reaches[i], open, "2001:db8::7");
		assert_true(door_knock(&c, o, text));
		assert_string_equal(text, "");
		json_decref(o);
	}
	(void)close(fd[0]);
	(void)close(fd[1]);
}

static void
see(struct challenges *ch, const char *text)
{
	assert_int_equal(addr_parse(&ch->source[ch->n++].addr, text), 0);
}

static void
test_moved(void **state)
{
	static const struct {
		const char *v4, *v6, *source, *part;
	} rows[] = {
	    {"192.0.2.1", NULL, "192.0.2.1", NULL},
	    {"192.0.2.9", NULL, "192.0.2.1",
		"g-22222222 is open for 192.0.2.1; the gateway sees you at "
		"192.0.2.9 now. To have it here: jitctl move 127.0.0.1"},
	    /* ssh takes IPv6 where there is one */
	    {"192.0.2.1", "2001:db8::7", "192.0.2.1",
		"sees you at 2001:db8::7 now, and ssh may come from there"},
	    {"192.0.2.1", "2001:db8::7", "2001:db8::7",
		"sees you at 192.0.2.1 now, and ssh may come from there"},
	};
	struct ctx c = {0};
	char text[DOOR_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct challenges seen = {0};
		json_t *o = grant_of("proxy", 22, rows[i].source);

		see(&seen, rows[i].v4);
		if (rows[i].v6 != NULL)
			see(&seen, rows[i].v6);
		door_moved(&c, o, &seen, text);
		if (rows[i].part == NULL)
			assert_string_equal(text, "");
		else
			CHECK_ROW(strstr(text, rows[i].part) != NULL, text);
		door_seen(&seen, text);
		assert_int_equal(
		    strstr(text, " and ") != NULL, rows[i].v6 != NULL);
		json_decref(o);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_address),
	    cmocka_unit_test(test_knock),
	    cmocka_unit_test(test_moved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
