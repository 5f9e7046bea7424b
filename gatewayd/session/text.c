/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text - see text.h.
 */
#include "session/text.h"

#include <stdarg.h>
#include <stdio.h>

void
text_fmt(char *ret, size_t size, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(ret, size, fmt, ap);
	va_end(ap);
}
