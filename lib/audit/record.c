/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record - writes and reads the fixed envelope. Hand-made on purpose: at start
 * the notary reads every record there is, and only few of them need a real
 * JSON parser.
 */
#include "audit/record.h"

#include <string.h>

#include "base/err.h"
#include "base/str.h"

enum { TEXT_MAX = 128 }; /* internal: the longest of the envelope */

int
record_format(
    struct buf *out, const struct record *r, const void *fields, size_t n)
{
	const struct event_spec *spec = event_spec(r->event);
	size_t from = out->len;
	char when[32];

	if (spec == NULL || r->origin == PROC_NONE || r->origin >= PROC_COUNT)
		return GW_EINVAL;
	str_time(when, sizeof(when), r->time_ms);
	buf_printf(out,
	    "{\"v\":1,\"seq\":%llu,\"id\":\"%s\",\"time\":\"%s\","
	    "\"code\":\"%s\",\"event\":\"%s\",\"sev\":%u,\"origin\":\"%s\","
	    "\"node\":",
	    (unsigned long long)r->seq, r->id, when, spec->code, spec->name,
	    (unsigned)spec->severity, proc_name(r->origin));
	event_json_string(out, r->node, strlen(r->node));
	buf_printf(out, ",\"boot\":\"%s\"", r->boot);
	if (r->conn != 0)
		buf_printf(out, ",\"conn\":%llu", (unsigned long long)r->conn);
	if (n > 0)
		buf_put(out, fields, n);
	buf_u8(out, '}');
	if (buf_err(out) == 0 && out->len - from + 1 > LIMIT_RECORD_MAX)
		return GW_ELIMIT;
	return buf_err(out);
}

/* Steps over a literal. */
static void
lit(struct rd *r, const char *s)
{
	size_t n = strlen(s);
	const uint8_t *p = rd_bytes(r, n);

	if (p != NULL && memcmp(p, s, n) != 0)
		r->bad = true;
}

/* Everything up to (and over) the closing quote; no escapes in an envelope. */
static void
quoted(struct rd *r, char *ret, size_t size)
{
	const uint8_t *end = NULL;
	const uint8_t *p;
	size_t n;

	ret[0] = '\0';
	if (!r->bad && r->left > 0)
		end = memchr(r->p, '"', r->left < size ? r->left : size);
	if (end == NULL) {
		r->bad = true;
		return;
	}
	n = (size_t)(end - r->p);
	p = rd_bytes(r, n);
	if (p == NULL || memchr(p, '\\', n) != NULL ||
	    memchr(p, '\0', n) != NULL || n >= size) {
		r->bad = true;
		return;
	}
	memcpy(ret, p, n);
	ret[n] = '\0';
	lit(r, "\"");
}

static uint64_t
number(struct rd *r)
{
	char text[24];
	size_t n = 0;
	uint64_t v = 0;

	while (!r->bad && n < r->left && n < sizeof(text) - 1 &&
	       r->p[n] >= '0' && r->p[n] <= '9')
		n++;
	if (n > 0)
		memcpy(text, r->p, n);
	text[n] = '\0';
	if (str_u64(text, 0, UINT64_MAX, &v) < 0)
		r->bad = true;
	(void)rd_bytes(r, n);
	return v;
}

static enum proc
proc_find(const char *name)
{
	for (unsigned i = 1; i < PROC_COUNT; i++)
		if (strcmp(proc_name((enum proc)i), name) == 0)
			return (enum proc)i;
	return PROC_NONE;
}

static int
head_parse(struct record *ret, struct rd *r)
{
	char text[TEXT_MAX], code[16];

	lit(r, "{\"v\":1,\"seq\":");
	ret->seq = number(r);
	lit(r, ",\"id\":\"");
	quoted(r, ret->id, sizeof(ret->id));
	lit(r, ",\"time\":\"");
	quoted(r, text, sizeof(text));
	if (r->bad || str_time_parse(text, &ret->time_ms) < 0)
		return GW_EPROTO;
	lit(r, ",\"code\":\"");
	quoted(r, code, sizeof(code));
	ret->event = event_find(code);
	if (r->bad || ret->event == EV_NONE)
		return GW_EPROTO;
	lit(r, ",\"event\":\"");
	quoted(r, text, sizeof(text));
	lit(r, ",\"sev\":"); /* names and weights may change, codes never */
	(void)number(r);
	lit(r, ",\"origin\":\"");
	quoted(r, text, sizeof(text));
	if ((ret->origin = proc_find(text)) == PROC_NONE)
		return GW_EPROTO;
	lit(r, ",\"node\":\"");
	quoted(r, ret->node, sizeof(ret->node));
	lit(r, ",\"boot\":\"");
	quoted(r, ret->boot, sizeof(ret->boot));
	return r->bad ? GW_EPROTO : 0;
}

int
record_parse(struct record *ret, const void *line, size_t n)
{
	static const char conn[] = ",\"conn\":";
	struct record out = {0};
	struct rd r;
	int e;

	if (n == 0 || n + 1 > LIMIT_RECORD_MAX || memchr(line, '\n', n) != NULL)
		return GW_EPROTO;
	rd_init(&r, line, n);
	if ((e = head_parse(&out, &r)) < 0)
		return e;
	if (out.origin == PROC_SESSION && r.left > sizeof(conn) - 1 &&
	    memcmp(r.p, conn, sizeof(conn) - 1) == 0) {
		lit(&r, conn);
		out.conn = number(&r);
	}
	if (r.bad || r.left == 0 || (r.p[0] != ',' && r.p[0] != '}') ||
	    r.p[r.left - 1] != '}')
		return GW_EPROTO;
	*ret = out;
	return 0;
}

/* In the parameters of a frame its quotes are escaped. */
const char *
record_framed(const void *line, size_t n, size_t *retn)
{
	static const char head[] = "{\"v\":1,\"seq\":";
	const char *const p = line;
	const char *at = memmem(p, n, head, sizeof(head) - 1);

	if (at == NULL)
		return NULL;
	n -= (size_t)(at - p);
	while (at[n - 1] != '}' && n > sizeof(head) - 1)
		n--;
	*retn = n;
	return at;
}

/* The name of a field stands nowhere else: in a text its quotes are escaped. */
bool
record_text(
    char *ret, size_t size, const void *line, size_t n, enum event_field_id id)
{
	const char *const p = line;
	const char *at, *end = NULL;
	char key[LIMIT_NAME_SIZE];

	if (str_fmt(key, sizeof(key), ",\"%s\":\"", event_field_name(id)) < 0 ||
	    (at = memmem(p, n, key, strlen(key))) == NULL)
		return false;
	at += strlen(key);
	end = memchr(at, '"', n - (size_t)(at - p));
	if (end == NULL || (size_t)(end - at) >= size)
		return false;
	memcpy(ret, at, (size_t)(end - at));
	ret[end - at] = '\0';
	return true;
}
