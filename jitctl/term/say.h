/* SPDX-License-Identifier: Apache-2.0 */
/*
 * say - what jitctl says to a person, on stderr, a line each. Escapes nothing:
 * callers do, where they know what came from others.
 */
#ifndef JITCTL_TERM_SAY_H
#define JITCTL_TERM_SAY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "jitctl/jitctl.h"

/* A sentence; not with -q. */
void say(const struct ctx *c, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* "jitctl: ..." what went wrong, with -q too. */
void say_error(const char *fmt, ...) PRINTF_LIKE(1, 2);
/* str_escape(), and where the terminal's locale has no UTF-8, all that is no
 * ASCII as \u{...} too: of those bytes others may be commands. */
void say_text(char *ret, size_t size, const char *s, size_t n);
/* The locale is one of UTF-8. */
bool say_utf8(void);
/* From now on an error of ours is an object like those of the API, with the
 * code "client". */
void say_errors_as_json(bool yes);
bool say_is_json(void);
/* With --debug only. No secrets. */
void say_debug(const struct ctx *c, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
