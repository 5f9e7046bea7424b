/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ended - what a call ends, or would end, for its answer. What ended is counted
 * as it ends: the answer never says so of anything else.
 */
#ifndef BROKER_GRANT_ENDED_H
#define BROKER_GRANT_ENDED_H

#include "core/grant.h"
#include "wire/json.h"

/* The first grants are in the list. */
struct ended {
	unsigned grants, sessions;
	json_t *list;
};

void ended_begin(struct ended *e);
/* With so many sessions. */
void ended_grant(struct ended *e, const struct grant *g, unsigned sessions);
/* {"grants":n,"sessions":n,"list":[{"grant","user","target","sessions"}]}: a
 * new reference; NULL: out of memory. */
json_t *ended_done(struct ended *e);

#endif
