/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parse - the few things the API reads out of an HTTP request itself: the
 * target's parts, the bearer token, the media type, the body's length. Pure.
 * It does not read bodies: the broker parses those.
 */
#ifndef API_PARSE_H
#define API_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/limits.h"

struct parse_target {
	char path[LIMIT_URL_PATH_SIZE]; /* as sent: escapes are not decoded */
	char query[LIMIT_QUERY_MAX + 1];
};

/* Splits "/v1/x?query". GW_ELIMIT when a part is too long, GW_EINVAL unless it
 * starts with '/' and is printable ASCII throughout. */
MUST_CHECK int parse_target(struct parse_target *ret, const char *raw);
/* "Bearer <token>"; 0 with ret = "" when header is NULL, GW_EINVAL for another
 * scheme, an empty or overlong token or foreign characters. */
MUST_CHECK int parse_bearer(char *ret, size_t size, const char *header);
/* application/json, any parameters. */
bool parse_is_json(const char *content_type);
/* Digits only; GW_EINVAL else, GW_ELIMIT (*ret is set) above max. */
MUST_CHECK int parse_length(uint64_t *ret, const char *header, uint64_t max);

#endif
