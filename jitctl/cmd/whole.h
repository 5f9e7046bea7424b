/* SPDX-License-Identifier: Apache-2.0 */
/*
 * whole - the whole line of a command that replaces all of something, for one
 * who said a part of it: what they said, and of the rest what is there now.
 */
#ifndef JITCTL_CMD_WHOLE_H
#define JITCTL_CMD_WHOLE_H

#include <stdbool.h>

#include "base/attr.h"
#include "jitctl/gateway/reply.h"
#include "jitctl/jitctl.h"
#include "wire/verbs.h"

/* Begins the line on stderr: reads what is there by the name that is the first
 * argument (kind is what it is called, verb lists them). NULL after saying that
 * there is none; *retexit is what to end with. Borrowed from *ret, which is to
 * be given to reply_done() always. */
const json_t *whole_begin(struct ctx *c, enum api_verb verb, const char *kind,
    struct reply *ret, int *retexit);
/* A flag: as given, else with what is there: a text, a number (of seconds: a
 * duration), a list or a map. Others' texts stand as one word each. */
void whole_flag(
    const struct ctx *c, enum flag f, const json_t *now, bool seconds);
/* A flag without a value. */
void whole_bool(const struct ctx *c, enum flag f, bool now);
/* One word, a space ahead of it. */
void whole_word(const char *s);
/* Ends the line. EXIT_USAGE. */
MUST_CHECK int whole_end(void);

#endif
