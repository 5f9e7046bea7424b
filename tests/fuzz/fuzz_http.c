/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_http: what a stranger's HTTP request says, before the broker gets it. A
 * target that is taken is what came, in two parts, printable; a token has no
 * character but its alphabet; a length is the number that stands there.
 */
#include <string.h>
#include <strings.h>

#include "api/parse.h"
#include "base/err.h"
#include "tests/fuzz/fuzz.h"
#include "wire/messages.h"

static void
target(const char *raw)
{
	struct parse_target t;
	size_t n;

	if (parse_target(&t, raw) != 0)
		return;
	n = strlen(t.path);
	must(t.path[0] == '/' && strchr(t.path, '?') == NULL);
	must(strncmp(raw, t.path, n) == 0);
	if (raw[n] == '\0')
		must(t.query[0] == '\0');
	else
		must(raw[n] == '?' && strcmp(raw + n + 1, t.query) == 0);
	for (; *raw != '\0'; raw++)
		must(*raw > 0x20 && *raw < 0x7f);
}

static void
bearer(const char *header)
{
	char token[sizeof(((struct msg_api_call *)NULL)->token)];
	size_t n = strlen(header);
	size_t len;

	if (parse_bearer(token, sizeof(token), header) != 0) {
		must(token[0] == '\0');
		return;
	}
	len = strlen(token);
	must(len > 0 && len < n && strcmp(header + n - len, token) == 0);
	must(strncasecmp(header, "Bearer ", 7) == 0);
	for (size_t i = 0; i < len; i++)
		must((token[i] >= '0' && token[i] <= '9') ||
		     (token[i] >= 'A' && token[i] <= 'Z') ||
		     (token[i] >= 'a' && token[i] <= 'z') ||
		     strchr("-._~+/=", token[i]) != NULL);
}

static void
length(const char *header)
{
	const size_t n = strlen(header);
	uint64_t v = 0, want;
	int r = parse_length(&v, header, LIMIT_BODY_MAX);

	if (n == 0 || strspn(header, "0123456789") != n) {
		must(r == GW_EINVAL && v == 0);
		return;
	}
	want = strtoull(header, NULL, 10);
	must(v == want || (v == UINT64_MAX && want > UINT64_MAX - 10));
	must(r == (v > LIMIT_BODY_MAX ? GW_ELIMIT : 0));
}

static void
media_type(const char *s)
{
	const size_t n = strlen("application/json");

	if (parse_is_json(s))
		must(strncasecmp(s, "application/json", n) == 0 &&
		     (s[n] == '\0' || strchr(" \t;", s[n]) != NULL));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *s = fuzz_text(data, size);

	target(s);
	bearer(s);
	length(s);
	media_type(s);
	free(s);
	return 0;
}
