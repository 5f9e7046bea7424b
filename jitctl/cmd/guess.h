/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guess - the name that was meant, after a typo: one of those that are offered,
 * which are those that the asker may see.
 */
#ifndef JITCTL_CMD_GUESS_H
#define JITCTL_CMD_GUESS_H

#include <stdbool.h>

#include "base/limits.h"
#include "wire/json.h"

struct guess {
	const char *typed; /* set first; borrowed */
	bool exact;        /* it was among them */
	char best[LIMIT_NAME_SIZE];
	unsigned distance; /* of best, if that is not "" */
};

/* What is no name, is no guess. */
void guess_offer(struct guess *g, const char *name);
/* The members of that key of a list. */
void guess_offer_items(struct guess *g, const json_t *items, const char *key);
/* ", did you mean NAME?" and its like, or "." where nothing is near. */
void guess_text(const struct guess *g, char ret[static LIMIT_NAME_SIZE + 32]);

#endif
