/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request - what was opened and what a refusal says, for the commands that show
 * them.
 */
#ifndef JITCTL_CMD_REQUEST_H
#define JITCTL_CMD_REQUEST_H

#include <stdio.h>

#include <stdbool.h>

#include "jitctl/gateway/reply.h"
#include "jitctl/jitctl.h"
#include "jitctl/term/out.h"

/* Says what was opened, or is to be once it is approved, or why not: x is how
 * the call for it ended. An exit code. */
MUST_CHECK int request_finish(struct ctx *c, int x, struct reply *r);
/* "HEAD:  jitctl request web-01 --login deploy --for 3h", of what the gateway
 * says would pass; what the flags of this run said stays, but for what was
 * refused of it. */
void request_print_would_pass(const struct ctx *c, FILE *f, const char *head,
    const char *target, const json_t *refused, const json_t *would_pass);
/* Its [{"field","text"}], a line each. */
void request_print_refused(const struct ctx *c, FILE *f, const json_t *list);
/* Its [{"role","text"}] of roles that are tried out, a line each. */
void request_print_would_refuse(
    const struct ctx *c, FILE *f, const json_t *list);
/* What of a session is recorded: one that goes straight to the target is not,
 * by whichever grant; and of what needs no terminal there is no recording.
 * allow: its capabilities; NULL = not known. */
const char *request_recorded(bool record, bool direct, const json_t *allow);
/* The roles that decided, "ops,prod". */
void request_roles(char ret[static CELL_SIZE], const json_t *o);
/* What is open now: a door, and how to go through it. An exit code. */
int request_print_granted(const struct ctx *c, const json_t *o);
/* Exactly which commands: sets of templates, a line each. */
void request_print_commands(FILE *f, const json_t *sets);

#endif
