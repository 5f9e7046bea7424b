/* SPDX-License-Identifier: Apache-2.0 */
/*
 * goodbye - an SSH client for whom there is no place reads why. What it says is
 * not read: fixed bytes go out, and a moment later it is hung up on.
 */
#ifndef SUPERVISOR_GOODBYE_H
#define SUPERVISOR_GOODBYE_H

#include "base/attr.h"
#include "process/process.h"

struct goodbyes;

/* GW_ENOMEM. */
MUST_CHECK int goodbye_new(struct goodbyes **ret, struct process *p);
/* "sallyport: TEXT" to the client of fd, which stays the caller's. */
void goodbye_say(struct goodbyes *g, int fd, const char *text);

#endif
