/* SPDX-License-Identifier: Apache-2.0 */
/*
 * past - what is looked for in the history of requests and grants. Pure.
 */
#ifndef CORE_PAST_H
#define CORE_PAST_H

#include <stdbool.h>

/* Of a filter: NULL or "" = whatever it is. Borrowed. */
struct past {
	const char *user, *target, *login;
	const char *role;      /* of a row: policy_roles_text() */
	const char *state;     /* a word of past_state_ok() */
	const char *approvers; /* of a row: names with spaces between */
};

/* Is the row one of those? */
bool past_matches(const struct past *want, const struct past *row);
/* "pending", "approved", "active", "ending", "ended", "denied", "withdrawn",
 * "lapsed". */
bool past_state_ok(const char *state);

#endif
