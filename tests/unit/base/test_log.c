/* SPDX-License-Identifier: Apache-2.0 */
/* test_log - what really arrives on descriptor 2, line by line. */
#include "tests/unit/support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/log.h"

static char got[8192];

/* Points stderr at a pipe; returns the old one. */
static int
capture(int pipefd[static 2])
{
	int old = dup(STDERR_FILENO);

	assert_true(old >= 0);
	assert_int_equal(pipe2(pipefd, O_CLOEXEC | O_DIRECT | O_NONBLOCK), 0);
	assert_true(dup2(pipefd[1], STDERR_FILENO) >= 0);
	return old;
}

/* Puts stderr back; got holds the first write(2), the rest is counted. */
static unsigned
release(int old, const int pipefd[static 2])
{
	char more[8192];
	unsigned writes = 0;
	ssize_t n = 0;

	assert_true(dup2(old, STDERR_FILENO) >= 0);
	(void)close(old);
	(void)close(pipefd[1]);
	memset(got, 0, sizeof(got));
	/* A packet pipe: one read returns one write (up to a page). */
	n = read(pipefd[0], got, sizeof(got) - 1);
	if (n > 0)
		writes++;
	while (read(pipefd[0], more, sizeof(more)) > 0)
		writes++;
	(void)close(pipefd[0]);
	return writes;
}

static char handed[256];

static void
take(void *ctx, enum log_level level, const char *text)
{
	*(enum log_level *)ctx = level;
	(void)snprintf(handed, sizeof(handed), "%s", text);
	log_err("from within");
}

/* Lines go to who asks for them, and none to stderr. */
static void
handed_over(void **state)
{
	enum log_level level = LOG_LV_ERR;
	int pipefd[2];
	int old;

	(void)state;
	old = capture(pipefd);
	log_to(take, &level);
	log_warn("a\nline");
	log_to(NULL, NULL);
	assert_int_equal(release(old, pipefd), 0);
	assert_int_equal(level, LOG_LV_WARN);
	assert_string_equal(handed, "a\\x0aline");
}

/* Whoever writes, each line is under its own name and harmless. */
static void
passed_on(void **state)
{
	static const struct {
		const char *line, *want;
	} rows[] = {
	    {"<6>api: listens", "<6>api: listens\n"},
	    {"<3>api: <6>api: x", "<3>api: <6>api: x\n"},
	    {"<6>broker: in step", "<6>api: broker: in step\n"},
	    {"<0>gatewayd: ready", "<4>api: <0>gatewayd: ready\n"},
	    {"<1>api: x", "<4>api: <1>api: x\n"},
	    {"<8>x", "<4>api: <8>x\n"},
	    {"gatewayd: ready", "<4>api: gatewayd: ready\n"},
	    {"api: x", "<4>api: x\n"},
	    {"api:", "<4>api: api:\n"},
	    {"\x1b[2J", "<4>api: \\x1b[2J\n"},
	    {"a\nb", "<4>api: a\\x0ab\n"},
	    {"", "<4>api: \n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int fds[2];
		const int old = capture(fds);
		unsigned writes = 0;

		log_pass("api", rows[i].line, strlen(rows[i].line));
		writes = release(old, fds);
		CHECK_ROW(strcmp(got, rows[i].want) == 0, rows[i].line);
		CHECK_ROW(writes == 1, rows[i].line);
	}
}

static void
levels(void **state)
{
	static const struct {
		void (*log)(const char *fmt, ...) PRINTF_LIKE(1, 2);
		enum log_level max;
		const char *want;
	} rows[] = {
	    {log_err, LOG_LV_ERR, "<3>unit: n=7\n"},
	    {log_warn, LOG_LV_WARN, "<4>unit: n=7\n"},
	    {log_info, LOG_LV_INFO, "<6>unit: n=7\n"},
	    {log_debug, LOG_LV_DEBUG, "<7>unit: n=7\n"},
	    {log_warn, LOG_LV_ERR, ""},
	    {log_info, LOG_LV_WARN, ""},
	    {log_debug, LOG_LV_INFO, ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int fds[2];
		const int old = capture(fds);
		unsigned writes = 0;

		log_init("unit", rows[i].max);
		errno = EPIPE;
		rows[i].log("n=%d", 7);
		CHECK_ROW(errno == EPIPE, rows[i].want);
		writes = release(old, fds);
		CHECK_ROW(strcmp(got, rows[i].want) == 0, rows[i].want);
		CHECK_ROW(
		    writes == (rows[i].want[0] != '\0' ? 1 : 0), rows[i].want);
	}
}

/* A user who could write a line feed could forge a line. */
static void
one_line_whatever_the_user_says(void **state)
{
	int fds[2];
	int old = -1;
	char big[6000];

	(void)state;
	log_init("unit", LOG_LV_INFO);
	old = capture(fds);
	log_err("user %s", "x\n<3>unit: forged\r\x1b[2J\xff");
	assert_int_equal(release(old, fds), 1);
	assert_string_equal(
	    got, "<3>unit: user x\\x0a<3>unit: forged\\x0d\\x1b[2J\\xff\n");

	/* Too long, with and without anything to escape. */
	for (int c = '\n'; c <= 'a'; c += 'a' - '\n') {
		memset(big, c, sizeof(big));
		big[sizeof(big) - 1] = '\0';
		old = capture(fds);
		log_err("%s", big);
		assert_int_equal(release(old, fds), 1);
		assert_true(strlen(got) <= 4096);
		assert_ptr_equal(strchr(got, '\n'), got + strlen(got) - 1);
		assert_non_null(strstr(got, "...\n"));
	}
}

static void
every_error_has_words(void **state)
{
	(void)state;
	for (int e = GW_EFULL; e <= GW_OK; e++) {
		assert_non_null(err_str(e));
		assert_string_not_equal(err_str(e), "unknown error");
		for (int f = e + 1; f <= GW_OK; f++)
			assert_string_not_equal(err_str(e), err_str(f));
	}
	assert_string_equal(err_str(GW_EFULL - 1), "unknown error");
	assert_string_equal(err_str(1), "unknown error");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(levels),
	    cmocka_unit_test(handed_over),
	    cmocka_unit_test(passed_on),
	    cmocka_unit_test(one_line_whatever_the_user_says),
	    cmocka_unit_test(every_error_has_words),
	};

	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
