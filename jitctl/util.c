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

void
complain(const char *fmt, ...)
{
	va_list ap;

	(void)fflush(stdout);
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
