/* SPDX-License-Identifier: Apache-2.0 */
/*
 * failing - processes that end before they are ready, again and again: why, in
 * their own words, is told to broker and API, who are asked, and is one record
 * of high severity for each cause.
 */
#ifndef SUPERVISOR_FAILING_H
#define SUPERVISOR_FAILING_H

#include "supervisor/supervisor.h"

/* c has ended: why, if it does not come up. */
void failing_exited(struct supervisor *s, struct child *c, int status);
/* c is ready: no more of that. */
void failing_over(struct supervisor *s, struct child *c);
/* c has just been started: it hears of all others. */
void failing_tell(const struct supervisor *s, const struct child *c);

#endif
