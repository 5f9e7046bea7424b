/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guess - see the header.
 */
#include "jitctl/cmd/guess.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "jitctl/gateway/reply.h"

enum { FAR = 3 };

void
guess_offer(struct guess *g, const char *name)
{
	unsigned d = 0;

	if (g->exact || !str_name_ok(name))
		return;
	if (strcmp(g->typed, name) == 0) {
		g->exact = true;
		return;
	}
	d = str_distance(g->typed, name);
	if (d < FAR && d < strlen(g->typed) &&
	    (g->best[0] == '\0' || d < g->distance)) {
		text_set(g->best, sizeof(g->best), name);
		g->distance = d;
	}
}

void
guess_offer_items(struct guess *g, const json_t *items, const char *key)
{
	for (size_t i = 0; i < json_array_size(items); i++)
		guess_offer(g, member(json_array_get(items, i), key));
}

void
guess_text(const struct guess *g, char ret[static LIMIT_NAME_SIZE + 32])
{
	if (g->best[0] == '\0')
		memcpy(ret, ".", 2);
	else
		(void)snprintf(
		    ret, LIMIT_NAME_SIZE + 32, "; did you mean %s?", g->best);
}
