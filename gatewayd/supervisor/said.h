/* SPDX-License-Identifier: Apache-2.0 */
/*
 * said - what the processes write on stderr. Each has a pipe of its own, whose
 * lines we write on ours, under its name: what one does to its stderr
 * (shutdown(2), a flag) silences nobody else. A full pipe loses lines and stops
 * no process.
 */
#ifndef SUPERVISOR_SAID_H
#define SUPERVISOR_SAID_H

#include "supervisor/supervisor.h"

struct said;

/* ret: the end to write to, for a process that is about to be started. The name
 * is borrowed, for good. The first error that it says goes to first
 * (LIMIT_TEXT_SIZE bytes, borrowed for good, emptied now), without its head;
 * NULL: nowhere. */
MUST_CHECK int said_open(
    struct supervisor *s, const char *name, char *first, int *ret);
/* All that was written until now: before the end of a process is told. */
void said_drain(struct supervisor *s);

#endif
