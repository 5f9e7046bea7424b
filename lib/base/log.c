/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log - the operators' lines on stderr. The sink below is the one global of
 * the project. Does not buffer, rotate, or talk to syslog: journald or the
 * terminal is on the other end.
 */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"

/* As much text as line, so that what vsnprintf cuts gets the dots too. */
enum { LOG_TEXT_SIZE = 4096, LOG_LINE_SIZE = 4096, LOG_HEAD_SIZE = 80 };

static struct {
	const char *name;
	enum log_level max;
	log_fn *fn; /* NULL: stderr */
	void *ctx;
	bool busy; /* fn is being called */
} sink = {"sallyport", LOG_LV_INFO, NULL, NULL, false};

void
log_init(const char *name, enum log_level max)
{
	sink.name = name;
	sink.max = max;
}

void
log_to(log_fn *fn, void *ctx)
{
	sink.fn = fn;
	sink.ctx = ctx;
}

static void
hand_over(enum log_level level, const char *line)
{
	if (sink.busy)
		return;
	sink.busy = true;
	sink.fn(sink.ctx, level, line);
	sink.busy = false;
}

static void
write_line(char line[static LOG_LINE_SIZE])
{
	const size_t len = strlen(line);
	ssize_t w;

	line[len] = '\n';
	do
		w = write(STDERR_FILENO, line, len + 1);
	while (w < 0 && errno == EINTR);
	/* Nowhere is left to complain to when stderr itself fails. */
}

/* "<N>name: ", or as much of it as a terminal is to see. */
static void
put_head(char *ret, enum log_level level, const char *name)
{
	if (isatty(STDERR_FILENO))
		(void)snprintf(ret, LOG_HEAD_SIZE, "%s: ", name);
	else
		(void)snprintf(
		    ret, LOG_HEAD_SIZE, "<%d>%s: ", (int)level, name);
}

void
log_pass(const char *name, const char *line, size_t n)
{
	char text[LOG_LINE_SIZE] = "";
	const size_t own = strlen(name);
	enum log_level level = LOG_LV_WARN;
	size_t len = 0;

	if (n > 3 && line[0] == '<' && line[2] == '>' &&
	    line[1] >= '0' + (int)LOG_LV_ERR &&
	    line[1] <= '0' + (int)LOG_LV_DEBUG) {
		level = (enum log_level)(line[1] - '0');
		line += 3;
		n -= 3;
	}
	if (n > own + 1 && memcmp(line, name, own) == 0 &&
	    memcmp(line + own, ": ", 2) == 0) {
		line += own + 2;
		n -= own + 2;
	}
	put_head(text, level, name);
	len = strlen(text);
	str_escape(text + len, sizeof(text) - len - 1, line, n);
	write_line(text);
}

static void PRINTF_LIKE(2, 0)
    log_line(enum log_level level, const char *fmt, va_list ap)
{
	char text[LOG_TEXT_SIZE] = "";
	char line[LOG_LINE_SIZE] = "";
	const int saved = errno; /* so %m works and callers keep theirs */
	size_t len = 0;

	if (level > sink.max)
		return;
	if (sink.fn == NULL)
		put_head(line, level, sink.name);
	len = strlen(line);

	errno = saved;
	if (vsnprintf(text, sizeof(text), fmt, ap) < 0)
		goto out;
	str_escape(line + len, sizeof(line) - len - 1, text, strlen(text));
	if (sink.fn != NULL) {
		hand_over(level, line);
		goto out;
	}
	write_line(line);
out:
	errno = saved;
}

void
log_err(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line(LOG_LV_ERR, fmt, ap);
	va_end(ap);
}

void
log_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line(LOG_LV_WARN, fmt, ap);
	va_end(ap);
}

void
log_info(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line(LOG_LV_INFO, fmt, ap);
	va_end(ap);
}

void
log_debug(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line(LOG_LV_DEBUG, fmt, ap);
	va_end(ap);
}
