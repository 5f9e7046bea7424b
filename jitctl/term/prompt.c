/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prompt - reads from /dev/tty with the echo off.
 *
 * MUST restore the terminal on every path, signals included.
 * MUST wipe what was typed when it is not handed over.
 */
#include "jitctl/term/prompt.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/limits.h"
#include "base/safefile.h"
#include "jitctl/term/say.h"

/* Written by the handler only; read after an interrupted read(2). */
static volatile sig_atomic_t interrupted;

static void
on_signal(int sig)
{
	interrupted = sig;
}

bool
prompt_possible(const struct ctx *c)
{
	int fd = -1;

	if (c->no_input)
		return false;
	fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return false;
	(void)close(fd);
	return true;
}

/* Reads one line into buf, without its end. The count; -1 on a signal, an end
 * of file before any byte, or too long a line. With a mask, signals come in
 * only while it waits: none is missed just before. */
static ssize_t
read_line(int fd, char *buf, size_t size, const sigset_t *mask)
{
	struct pollfd pfd = {.fd = fd, .events = POLLIN};
	size_t n = 0;
	char ch = 0;

	while (n < size) {
		ssize_t got = -1;

		if (mask == NULL || ppoll(&pfd, 1, NULL, mask) > 0)
			got = read(fd, &ch, 1);
		if (got < 0 && errno == EINTR && interrupted == 0)
			continue;
		if (got < 0 || (got == 0 && n == 0))
			return -1;
		if (got == 0 || ch == '\n' || ch == '\r')
			return (ssize_t)n;
		buf[n++] = ch;
	}
	return -1;
}

/* If the terminal is gone, the read that follows notices. */
static void
put(int fd, const char *s)
{
	if (safefile_write_all(fd, s, strlen(s)) != 0)
		return;
}

/* What a terminal sends of one paste comes without longer pauses; a person's
 * next key does not come so soon. */
enum {
	PASTE_PAUSE_MS = 150,
	SWALLOW_MAX = 64 * 1024, /* internal: no paste is longer */
};

static bool
more_comes(int fd)
{
	struct pollfd pfd = {.fd = fd, .events = POLLIN};

	return poll(&pfd, 1, PASTE_PAUSE_MS) > 0;
}

static size_t
drop_space(char *s, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (s[i] != ' ' && s[i] != '\t')
			s[kept++] = s[i];
	explicit_bzero(s + kept, n - kept);
	return kept;
}

/* Lines until they are whole; the count, or -1 as read_line() does. ask_fd (-1:
 * none) is told when the rest is waited for. */
static ssize_t
read_pasted(int fd, char *buf, size_t size, prompt_whole_fn *whole,
    const sigset_t *mask, int ask_fd)
{
	size_t n = 0;

	for (;;) {
		const ssize_t got = read_line(fd, buf + n, size - 1 - n, mask);
		size_t kept = 0;

		if (got < 0)
			return n > 0 && interrupted == 0 ? (ssize_t)n : -1;
		kept = drop_space(buf + n, (size_t)got);
		n += kept;
		buf[n] = '\0';
		if (whole(buf) != PROMPT_MORE || FAULT(one_line))
			return (ssize_t)n;
		if (ask_fd < 0 || more_comes(fd))
			continue;
		if (kept == 0)
			return (ssize_t)n;
		put(ask_fd,
		    "\nThe rest of it (not shown; Enter alone stops): ");
	}
}

struct tty {
	int fd;
	struct termios before;
	struct sigaction old[4];
	sigset_t mask;
};

static const int caught[4] = {SIGINT, SIGTERM, SIGHUP, SIGTSTP};

static bool
tty_open(struct tty *t, bool echo)
{
	struct sigaction sa = {.sa_handler = on_signal};
	struct termios quiet;
	sigset_t block;

	(void)sigemptyset(&block);
	t->fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (t->fd < 0)
		return false;
	if (tcgetattr(t->fd, &t->before) != 0) {
		(void)close(t->fd);
		return false;
	}
	interrupted = 0;
	(void)sigemptyset(&sa.sa_mask);
	for (size_t i = 0; i < ARRAY_LEN(caught); i++)
		(void)sigaddset(&block, caught[i]);
	(void)sigprocmask(SIG_BLOCK, &block, &t->mask);
	for (size_t i = 0; i < ARRAY_LEN(caught); i++)
		(void)sigaction(caught[i], &sa, &t->old[i]);
	quiet = t->before;
	quiet.c_lflag |= ICANON | ISIG;
	if (!echo && !FAULT(show_codes))
		quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
	(void)tcsetattr(t->fd, TCSAFLUSH, &quiet);
	return true;
}

/* Takes what was pasted behind the answer. */
static void
swallow(const struct tty *t)
{
	struct termios raw = t->before;
	char buf[256];
	ssize_t got = 1;

	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ECHOE | ECHOK | ECHONL);
	raw.c_cc[VMIN] = 0;
	raw.c_cc[VTIME] = 0;
	if (interrupted != 0 || FAULT(no_swallow) ||
	    tcsetattr(t->fd, TCSANOW, &raw) != 0)
		return;
	for (size_t n = 0; got > 0 && n < SWALLOW_MAX && more_comes(t->fd);
	     n += (size_t)got)
		got = read(t->fd, buf, sizeof(buf));
	explicit_bzero(buf, sizeof(buf));
}

static void
tty_close(struct tty *t)
{
	swallow(t);
	(void)tcsetattr(
	    t->fd, FAULT(no_swallow) ? TCSANOW : TCSAFLUSH, &t->before);
	for (size_t i = 0; i < ARRAY_LEN(caught); i++)
		(void)sigaction(caught[i], &t->old[i], NULL);
	(void)sigprocmask(SIG_SETMASK, &t->mask, NULL);
	(void)close(t->fd);
}

static int
ask_secret(const struct ctx *c, const char *question, prompt_whole_fn *whole,
    struct secret *ret)
{
	char buf[LIMIT_PROMPT_SIZE];
	struct tty t = {.fd = -1};
	ssize_t n = 0;
	int r = EXIT_LOGIN;

	if (c->no_input || !tty_open(&t, false))
		return EXIT_LOGIN;
	put(t.fd, question);
	n = whole != NULL
		? read_pasted(t.fd, buf, sizeof(buf), whole, &t.mask, t.fd)
		: read_line(t.fd, buf, sizeof(buf), &t.mask);
	put(t.fd, "\n");
	tty_close(&t);
	if (interrupted != 0)
		r = EXIT_INTERRUPTED;
	else if (n <= 0)
		say_error("nothing was entered");
	else if (secret_copy(ret, buf, (size_t)n) == 0)
		r = EXIT_OK;
	explicit_bzero(buf, sizeof(buf));
	return r;
}

int
prompt_secret(const struct ctx *c, const char *question, struct secret *ret)
{
	return ask_secret(c, question, NULL, ret);
}

int
prompt_pasted(const struct ctx *c, const char *question, prompt_whole_fn *whole,
    struct secret *ret)
{
	return ask_secret(c, question, whole, ret);
}

int
prompt_file(const char *path, prompt_whole_fn *whole, struct secret *ret)
{
	const bool is_stdin = strcmp(path, "-") == 0;
	int fd = STDIN_FILENO;
	char buf[LIMIT_PROMPT_SIZE];
	ssize_t n = 0;
	int r = EXIT_FAILED;

	if (!is_stdin)
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0) {
		say_error("%s: %s", path, strerror(errno));
		return EXIT_FAILED;
	}
	interrupted = 0;
	n = whole != NULL ? read_pasted(fd, buf, sizeof(buf), whole, NULL, -1)
			  : read_line(fd, buf, sizeof(buf), NULL);
	while (n > 0 && (buf[n - 1] == ' ' || buf[n - 1] == '\t'))
		n--;
	if (n <= 0)
		say_error(
		    "%s: the first line is empty", is_stdin ? "stdin" : path);
	else if (secret_copy(ret, buf, (size_t)n) == 0)
		r = EXIT_OK;
	explicit_bzero(buf, sizeof(buf));
	if (!is_stdin)
		(void)close(fd);
	return r;
}

/* With the echo on: the count, as read_line() has it. */
static ssize_t
ask_line(struct tty *t, const char *question, char *ret, size_t size)
{
	ssize_t n = 0;

	put(t->fd, question);
	n = read_line(t->fd, ret, size - 1, &t->mask);
	if (n < 0) /* nobody pressed Enter */
		put(t->fd, "\n");
	tty_close(t);
	ret[n > 0 ? n : 0] = '\0';
	return n;
}

int
prompt_text(const struct ctx *c, const char *question, char *ret, size_t size)
{
	struct tty t = {.fd = -1};
	ssize_t n = 0;

	if (c->no_input || !tty_open(&t, true))
		return EXIT_LOGIN;
	n = ask_line(&t, question, ret, size);
	if (interrupted != 0)
		return EXIT_INTERRUPTED;
	if (n > 0)
		return EXIT_OK;
	say_error("nothing was entered");
	return EXIT_LOGIN;
}

int
prompt_yes(const struct ctx *c, const char *question)
{
	char buf[16] = "";
	char text[LIMIT_TEXT_SIZE];
	struct tty t = {.fd = -1};

	if (c->yes)
		return EXIT_OK;
	if (c->no_input || !tty_open(&t, true))
		return EXIT_FAILED;
	(void)snprintf(text, sizeof(text), "%s [y/N] ", question);
	(void)ask_line(&t, text, buf, sizeof(buf));
	if (interrupted != 0)
		return EXIT_INTERRUPTED;
	return strcasecmp(buf, "y") == 0 || strcasecmp(buf, "yes") == 0
		   ? EXIT_OK
		   : EXIT_FAILED;
}
