/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parse - see the header. Strict on purpose: what a stock client never sends
 * is refused rather than guessed.
 */
#include "api/parse.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "base/str.h"

int
parse_target(struct parse_target *ret, const char *raw)
{
	const char *mark = strchr(raw, '?');
	const size_t n = mark != NULL ? (size_t)(mark - raw) : strlen(raw);

	memset(ret, 0, sizeof(*ret));
	if (raw[0] != '/')
		return GW_EINVAL;
	for (const char *s = raw; *s != '\0'; s++)
		if (*s <= 0x20 || *s >= 0x7f)
			return GW_EINVAL;
	if (n >= sizeof(ret->path))
		return GW_ELIMIT;
	memcpy(ret->path, raw, n);
	return mark == NULL
		   ? 0
		   : str_copy(ret->query, sizeof(ret->query), mark + 1);
}

int
parse_bearer(char *ret, size_t size, const char *header)
{
	static const char alphabet[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	    "0123456789-._~+/=";
	static const char scheme[] = "Bearer ";
	const size_t n = sizeof(scheme) - 1;

	ret[0] = '\0';
	if (header == NULL)
		return 0;
	if (strncasecmp(header, scheme, n) != 0)
		return GW_EINVAL;
	header += n;
	while (*header == ' ')
		header++;
	if (header[0] == '\0' || header[strspn(header, alphabet)] != '\0')
		return GW_EINVAL;
	return str_copy(ret, size, header) == 0 ? 0 : GW_EINVAL;
}

bool
parse_is_json(const char *content_type)
{
	static const char want[] = "application/json";
	const size_t n = sizeof(want) - 1;

	if (content_type == NULL || strncasecmp(content_type, want, n) != 0)
		return false;
	content_type += n;
	while (*content_type == ' ' || *content_type == '\t')
		content_type++;
	return *content_type == '\0' || *content_type == ';';
}

int
parse_length(uint64_t *ret, const char *header, uint64_t max)
{
	uint64_t v = 0;

	*ret = 0;
	if (header[0] == '\0')
		return GW_EINVAL;
	for (; *header != '\0'; header++) {
		if (*header < '0' || *header > '9')
			return GW_EINVAL;
		/* saturates: the rest must be digits all the same */
		v = v > UINT64_MAX / 10 - 1
			? UINT64_MAX
			: v * 10 + (uint64_t)(*header - '0');
	}
	*ret = v;
	return v > max ? GW_ELIMIT : 0;
}
