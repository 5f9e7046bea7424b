/* SPDX-License-Identifier: Apache-2.0 */
/*
 * url - see the header.
 */
#include "jitctl/gateway/url.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"

/* RFC 3986 section 2.3: what stands for itself. */
static bool
is_unreserved(char ch)
{
	return ch != '\0' &&
	       strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		      "0123456789-._~",
		   ch) != NULL;
}

/* Behind what ret holds; false, ret as it was, when it does not fit. */
static bool
append_escaped(char *ret, size_t size, const char *s)
{
	const size_t before = strlen(ret);
	size_t n = before;

	for (; *s != '\0'; s++) {
		if (n + 4 > size) {
			ret[before] = '\0';
			return false;
		}
		if (is_unreserved(*s))
			ret[n++] = *s;
		else
			n += (size_t)snprintf(
			    ret + n, size - n, "%%%02X", (unsigned char)*s);
		ret[n] = '\0';
	}
	return true;
}

void
query_add(struct query *q, const char *key, const char *value)
{
	char pair[URL_QUERY_SIZE] = "";
	size_t n = 0;

	(void)snprintf(
	    pair, sizeof(pair), "%s", q->text[0] == '\0' ? "?" : "&");
	if (!append_escaped(pair, sizeof(pair) - 1, key)) {
		q->overlong = true;
		return;
	}
	n = strlen(pair);
	memcpy(pair + n, "=", 2);
	if (!append_escaped(pair, sizeof(pair), value) ||
	    strlen(q->text) + strlen(pair) >= sizeof(q->text))
		q->overlong = true;
	else
		memcpy(q->text + strlen(q->text), pair, strlen(pair) + 1);
}

void
query_add_u64(struct query *q, const char *key, uint64_t value)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	query_add(q, key, text);
}

int
url_make(char ret[static URL_SIZE], const char *path, const char *arg,
    const struct query *q)
{
	const size_t n = strcspn(path, "{");
	char escaped[URL_SIZE] = "";

	if ((arg != NULL) != (path[n] == '{'))
		return GW_EINVAL;
	if ((q != NULL && q->overlong) ||
	    (arg != NULL && !append_escaped(escaped, sizeof(escaped), arg)))
		return GW_ELIMIT;
	return str_fmt(ret, URL_SIZE, "%.*s%s%s", (int)n, path, escaped,
	    q != NULL ? q->text : "");
}
