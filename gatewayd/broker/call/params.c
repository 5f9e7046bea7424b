/* SPDX-License-Identifier: Apache-2.0 */
/*
 * params - see the header.
 */
#include "broker/call/params.h"

#include <string.h>

#include "base/str.h"

/* The value of name and its length; NULL: not given. *retn counts how often. */
static const char *
find(const char *query, const char *name, size_t *retlen, unsigned *retn)
{
	const size_t n = strlen(name);
	const char *hit = NULL;

	*retn = 0;
	while (*query != '\0') {
		const size_t len = strcspn(query, "&");

		if (len > n && strncmp(query, name, n) == 0 &&
		    query[n] == '=') {
			hit = query + n + 1;
			*retlen = len - n - 1;
			(*retn)++;
		}
		query += len;
		query += *query == '&';
	}
	return hit;
}

bool
params_text(const char *query, const char *name, char *ret, size_t size)
{
	size_t len = 0;
	unsigned n = 0;
	const char *v = find(query, name, &len, &n);

	if (v == NULL)
		return true;
	if (n > 1 || len >= size)
		return false;
	memcpy(ret, v, len);
	ret[len] = '\0';
	return true;
}

bool
params_num(const char *query, const char *name, uint64_t max, uint64_t *ret)
{
	char text[24] = "";
	size_t len = 0;
	unsigned n = 0;

	if (find(query, name, &len, &n) == NULL)
		return true;
	return params_text(query, name, text, sizeof(text)) &&
	       str_u64(text, 0, max, ret) == 0;
}

bool
params_flag(const char *query, const char *name, bool *ret)
{
	uint64_t v = *ret ? 1 : 0;

	if (!params_num(query, name, 1, &v))
		return false;
	*ret = v == 1;
	return true;
}
