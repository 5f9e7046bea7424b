/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text - see text.h.
 */
#include "session/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void
text_fit(char *ret, size_t size, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(ret, size, fmt, ap);
	va_end(ap);
}

void
text_prefixed(char *ret, size_t size, const char *s)
{
	static const char prefix[] = "sallyport: ";

	text_fit(ret, size, "%s%s",
	    strncmp(s, prefix, strlen("sallyport:")) == 0 ? "" : prefix, s);
}
