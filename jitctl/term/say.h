/* SPDX-License-Identifier: Apache-2.0 */
/*
 * say - what jitctl says to a person, on stderr, a line each. Escapes nothing:
 * callers do, where they know what came from others.
 */
#ifndef JITCTL_TERM_SAY_H
#define JITCTL_TERM_SAY_H

#include <stdbool.h>

#include "base/attr.h"
#include "jitctl/jitctl.h"

/* A sentence; not with -q. */
void say(const struct ctx *c, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* "jitctl: ..." what went wrong, with -q too. */
void say_error(const char *fmt, ...) PRINTF_LIKE(1, 2);
/* From now on an error of ours is an object like those of the API, with the
 * code "client". */
void say_errors_as_json(bool yes);
bool say_is_json(void);
/* With --debug only. No secrets. */
void say_debug(const struct ctx *c, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
