/* SPDX-License-Identifier: Apache-2.0 */
/*
 * say - see the header.
 */
#include "jitctl/term/say.h"

#include <langinfo.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/fault.h"
#include "base/limits.h"
#include "base/str.h"

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

bool
say_utf8(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

void
say_text(char *ret, size_t size, const char *s, size_t n)
{
	char text[LIMIT_TEXT_SIZE * 2];
	const uint8_t *p = (const uint8_t *)text;
	size_t at = 0;

	if (say_utf8() || FAULT(raw_locale)) {
		str_escape(ret, size, s, n);
		return;
	}
	str_escape(text, size < sizeof(text) ? size : sizeof(text), s, n);
	for (size_t left = strlen(text); left > 0 && at + 1 < size;) {
		uint32_t cp = 0;
		const size_t len = str_utf8(p, left, &cp);
		char piece[16] = {(char)*p, '\0'};

		if (len > 1)
			(void)snprintf(
			    piece, sizeof(piece), "\\u{%x}", (unsigned)cp);
		if (at + strlen(piece) >= size)
			break;
		memcpy(ret + at, piece, strlen(piece));
		at += strlen(piece);
		p += len > 0 ? len : 1;
		left -= len > 0 ? len : 1;
	}
	if (size > 0)
		ret[at] = '\0';
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
