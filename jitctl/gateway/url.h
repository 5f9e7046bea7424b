/* SPDX-License-Identifier: Apache-2.0 */
/*
 * url - paths and queries of the API, escaped: an argument stays one argument,
 * whatever it is.
 */
#ifndef JITCTL_GATEWAY_URL_H
#define JITCTL_GATEWAY_URL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

enum { URL_QUERY_SIZE = 640, URL_SIZE = 896 };

/* "?all=1&after=web-01"; zero to begin with. */
struct query {
	char text[URL_QUERY_SIZE];
	bool overlong; /* something did not fit: of no use */
};

void query_add(struct query *q, const char *key, const char *value);
void query_add_u64(struct query *q, const char *key, uint64_t value);

/* The path of a verb with arg in the place of its {id} (NULL: it has none) and
 * the query behind it (NULL: none). GW_ELIMIT when it does not fit, GW_EINVAL
 * when arg and path do not go together. */
MUST_CHECK int url_make(char ret[static URL_SIZE], const char *path,
    const char *arg, const struct query *q);

#endif
