/* SPDX-License-Identifier: Apache-2.0 */
/*
 * several - a request for several targets, or as several logins, at once.
 */
#ifndef JITCTL_CMD_SEVERAL_H
#define JITCTL_CMD_SEVERAL_H

#include <stdbool.h>

#include "base/attr.h"
#include "jitctl/gateway/reply.h"
#include "jitctl/jitctl.h"

/* By the arguments of this run. */
bool several_is(const struct ctx *c);
/* They are right, or a complaint. */
bool several_args_ok(const struct ctx *c);
/* Into the body of the request. */
MUST_CHECK int several_body(const struct ctx *c, json_t *body);
/* The answer: a line for each; then what waits, as waiting_open() does, each in
 * its turn. The worst that became of any of them. */
MUST_CHECK int several_finish(struct ctx *c, struct reply *r);

#endif
