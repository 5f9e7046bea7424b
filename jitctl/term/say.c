/* SPDX-License-Identifier: Apache-2.0 */
/*
 * util - the client's voice on stderr. Escapes nothing: callers do, where they
 * know what came from others.
 */
#include <stdarg.h>

#include "jitctl/jitctl.h"

void
say(const struct ctx *c, const char *fmt, ...)
{
	va_list ap;

	if (c->quiet)
		return;
	/* what was printed before stands before, also in a pipe */
	(void)fflush(stdout);
	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	(void)fputc('\n', stderr);
}

/* The client's one log sink: as what it is told to speak. */
static bool as_json;

void
complain_as_json(bool yes)
{
	as_json = yes;
}

bool
complains_as_json(void)
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
	if (o == NULL || json_dumpf(o, stderr, JSON_COMPACT) != 0)
		(void)fputs(text, stderr); /* it quotes what is no UTF-8 */
	(void)fputc('\n', stderr);
	json_decref(o);
}

void
complain(const char *fmt, ...)
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
debug(const struct ctx *c, const char *fmt, ...)
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
