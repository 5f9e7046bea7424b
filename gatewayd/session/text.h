/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text - sentences for people: cut to fit instead of refused, because half a
 * reason is better than none. Never for names or anything a decision reads.
 */
#ifndef SESSION_TEXT_H
#define SESSION_TEXT_H

#include <stddef.h>

#include "base/attr.h"

/* snprintf; what does not fit is cut. */
void text_fit(char *ret, size_t size, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* s after "sallyport: ", unless it begins so by itself. */
void text_prefixed(char *ret, size_t size, const char *s);

#endif
