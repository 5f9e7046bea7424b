/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list - see the header.
 */
#include "jitctl/cmd/list.h"

int
list_print(struct ctx *c, enum api_verb verb, const struct query *q,
    const struct col *cols, size_t n, const char *empty)
{
	struct reply r = {0};
	int x = read_list(c, verb, q, &r);

	if (x == EXIT_OK)
		x = out_items(c, r.json, cols, n, empty);
	reply_done(&r);
	return x;
}
