/* SPDX-License-Identifier: Apache-2.0 */
/*
 * say - see the header.
 */
#include "jitctl/term/say.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/limits.h"

void
say(const struct ctx *c, const char *fmt, ...)
{
	va_list ap;

	if (c->quiet)
		return;
	/* What was printed before comes before, also in a pipe. */
	(void)fflush(stdout);
	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	(void)fputc('\n', stderr);
}

/* How the one program that links this reports its errors. */
static bool as_json;

void
say_errors_as_json(bool yes)
{
	as_json = yes;
}

bool
say_is_json(void)
{
	return as_json;
}

__attribute__((format(printf, 1, 0))) static void
complain_json(const char *fmt, va_list ap)
{
	char text[LIMIT_TEXT_SIZE * 4];
	json_t *o = NULL;

	(void)vsnprintf(text, sizeof(text), fmt, ap);
	o = json_pack("{s:s,s:s,s:s,s:s}", "type", "about:blank", "title",
	    "jitctl", "detail", text, "code", "client");
	if (o == NULL ||
	    json_dumpf(o, stderr, JSON_COMPACT | JSON_ENSURE_ASCII) != 0)
		(void)fputs(text, stderr); /* what it quotes is not UTF-8 */
	(void)fputc('\n', stderr);
	json_decref(o);
}

void
say_error(const char *fmt, ...)
{
	va_list ap;

	(void)fflush(stdout);
	if (as_json) {
		va_start(ap, fmt);
		complain_json(fmt, ap);
		va_end(ap);
		return;
	}
	(void)fputs("jitctl: ", stderr);
	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	(void)fputc('\n', stderr);
}

void
say_debug(const struct ctx *c, const char *fmt, ...)
{
	va_list ap;

	if (!c->debug)
		return;
	(void)fputs("debug: ", stderr);
	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	(void)fputc('\n', stderr);
}
