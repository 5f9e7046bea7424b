/* SPDX-License-Identifier: Apache-2.0 */
/*
 * events - server-sent events, as the gateway sends them: the number of the
 * last one, whether there was one, and of which requests. What they are is read
 * elsewhere. Uses no network.
 */
#ifndef JITCTL_GATEWAY_EVENTS_H
#define JITCTL_GATEWAY_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/json.h"

struct events {
	uint64_t last; /* its id; 0 = none yet */
	json_t *told;  /* {"r-...":true} of what has come; NULL: nobody asks */
	/* of the one that is being read */
	char line[128];
	size_t n; /* of the line; more than there is room for: it is skipped */
	uint64_t id;
	bool named;
};

/* The next bytes of a stream. True: an event has come whole. */
bool events_feed(struct events *e, const char *p, size_t n);
/* Another stream begins: what was read in part is forgotten. */
void events_again(struct events *e);

#endif
