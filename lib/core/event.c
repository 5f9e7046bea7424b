/* SPDX-License-Identifier: Apache-2.0 */
/*
 * event - the catalogue's tables and the one JSON escaper of evidence.
 */
#include "core/event.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/str.h"

enum field_kind { K_NONE = 0, S, N, B };

static const struct event_spec specs[EV_COUNT] = {
#define X(id, code, name, sev, who) [EV_##id] = {code, name, sev, who},
    EVENT_TABLE(X)
#undef X
};

static const struct {
	const char *name;
	enum field_kind kind;
} fields[EF_TOTAL] = {
#define X(id, name, kind) [EF_##id] = {name, kind},
    EVENT_FIELDS(X)
#undef X
};

const struct event_spec *
event_spec(unsigned code)
{
	if (code == EV_NONE || code >= EV_COUNT)
		return NULL;
	return &specs[code];
}

enum event_code
event_find(const char *code)
{
	for (unsigned i = 1; i < EV_COUNT; i++)
		if (strcmp(specs[i].code, code) == 0)
			return (enum event_code)i;
	return EV_NONE;
}

bool
event_may_write(unsigned code, enum proc p)
{
	const struct event_spec *s = event_spec(code);

	return s != NULL &&
	       ((s->writers & PROC_BIT(p)) != 0 || FAULT(event_writers));
}

const char *
event_field_name(unsigned id)
{
	if (id == EF_NONE || id >= EF_TOTAL)
		return NULL;
	return fields[id].name;
}

void
event_fields_init(struct event_fields *f)
{
	buf_init(&f->b, LIMIT_RECORD_MAX);
	f->n = 0;
}

void
event_fields_done(struct event_fields *f)
{
	buf_done(&f->b);
	f->n = 0;
}

void
event_strn(
    struct event_fields *f, enum event_field_id id, const void *s, size_t n)
{
	if (s == NULL || n == 0)
		return;
	f->n++;
	buf_u8(&f->b, (uint8_t)id);
	buf_string(&f->b, s, n);
}

bool
event_actor_own(const char *name)
{
	static const char *const own[] = {
	    "local", "gateway", "policy", "recovery", "init"};

	for (size_t i = 0; i < ARRAY_LEN(own); i++)
		if (strcasecmp(own[i], name) == 0)
			return true;
	return false;
}

void
event_str(struct event_fields *f, enum event_field_id id, const char *s)
{
	if (s != NULL)
		event_strn(f, id, s, strlen(s));
}

void
event_num(struct event_fields *f, enum event_field_id id, int64_t v)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "%lld", (long long)v);

	if (n > 0)
		event_strn(f, id, text, (size_t)n);
}

void
event_count(struct event_fields *f, enum event_field_id id, uint64_t v)
{
	event_num(
	    f, id, v < LIMIT_NUMBER_MAX ? (int64_t)v : LIMIT_NUMBER_MAX);
}

void
event_bool(struct event_fields *f, enum event_field_id id, bool v)
{
	event_strn(f, id, v ? "1" : "0", 1);
}

/* Length of the valid UTF-8 sequence at p (1..4), 0 if it is not one. */
static size_t
utf8_len(const uint8_t *p, size_t n)
{
	size_t need;
	uint32_t c;

	if (p[0] < 0x80)
		return 1;
	if (p[0] >= 0xc2 && p[0] <= 0xdf)
		need = 2;
	else if (p[0] >= 0xe0 && p[0] <= 0xef)
		need = 3;
	else if (p[0] >= 0xf0 && p[0] <= 0xf4)
		need = 4;
	else
		return 0;
	if (n < need)
		return 0;
	c = p[0] & (0x7fU >> need);
	for (size_t i = 1; i < need; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3fU);
	}
	if ((need == 3 && (c < 0x800 || (c >= 0xd800 && c <= 0xdfff))) ||
	    (need == 4 && (c < 0x10000 || c > 0x10ffff)))
		return 0;
	return need;
}

void
event_json_string(struct buf *out, const void *s, size_t n)
{
	const uint8_t *p = s;

	buf_u8(out, '"');
	for (size_t i = 0; i < n;) {
		size_t len = utf8_len(p + i, n - i);

		if (len == 0) {
			buf_put(out, "\xef\xbf\xbd", 3); /* U+FFFD */
			i++;
			continue;
		}
		if (p[i] == '"' || p[i] == '\\') {
			buf_u8(out, '\\');
			buf_u8(out, p[i]);
		} else if (p[i] < 0x20 || p[i] == 0x7f) {
			buf_printf(out, "\\u%04x", p[i]);
		} else if (len == 2 && p[i] == 0xc2 && p[i + 1] < 0xa0) {
			buf_printf(out, "\\u%04x", p[i + 1]); /* C1 controls */
		} else {
			buf_put(out, p + i, len);
		}
		i += len;
	}
	buf_u8(out, '"');
}

/* In the one spelling event_num has, and no more than every JSON reader takes
 * back exactly. */
static int
number_ok(const uint8_t *p, size_t n)
{
	size_t i = n > 0 && p[0] == '-' ? 1 : 0;
	uint64_t max = FAULT(numbers) ? INT64_MAX : LIMIT_NUMBER_MAX;
	uint64_t v = 0;

	if (n - i == 0 || ((n > 1) && p[i] == '0'))
		return 0;
	for (; i < n; i++) {
		unsigned digit = p[i] - (unsigned)'0';

		if (digit > 9 || v > (max - digit) / 10)
			return 0;
		v = v * 10 + digit;
	}
	return 1;
}

static int
put_value(struct buf *out, unsigned id, const uint8_t *p, size_t n)
{
	switch (fields[id].kind) {
	case S:
		event_json_string(out, p, n);
		return 0;
	case N:
		if (!number_ok(p, n))
			return GW_EPROTO;
		buf_put(out, p, n);
		return 0;
	case B:
		if (n != 1 || (p[0] != '0' && p[0] != '1'))
			return GW_EPROTO;
		buf_printf(out, "%s", p[0] == '1' ? "true" : "false");
		return 0;
	default:
		return GW_EPROTO;
	}
}

/* How much of a text fits: escaped it may be six times as long, and a record
 * that is too long would be none. */
static size_t
fitting(const uint8_t *p, size_t n)
{
	size_t size = 0;

	for (size_t i = 0; i < n; i++) {
		if (i == LIMIT_FIELD_MAX)
			return i;
		if (p[i] < 0x20 || p[i] == 0x7f)
			size += 6;
		else if (p[i] >= 0x80)
			size += 3; /* at most, whatever they are */
		else
			size += p[i] == '"' || p[i] == '\\' ? 2 : 1;
		if (size > 3UL * LIMIT_FIELD_MAX)
			return i;
	}
	return n;
}

int
event_fields_json(struct buf *out, const void *p, size_t n)
{
	bool seen[EF_TOTAL] = {false};
	bool cut = false;
	unsigned count = 0;
	size_t fits;
	struct rd r;
	int e;

	rd_init(&r, p, n);
	while (r.left > 0) {
		unsigned id = rd_u8(&r);
		size_t len = 0;
		const uint8_t *v = rd_string(&r, &len);

		if (r.bad || id == EF_NONE || id >= EF_TOTAL || seen[id])
			return GW_EPROTO;
		if (++count > LIMIT_EVENT_FIELDS)
			return GW_ELIMIT;
		seen[id] = true;
		fits = fitting(v, len);
		cut = cut || fits < len;
		buf_printf(out, ",\"%s\":", fields[id].name);
		if ((e = put_value(out, id, v, fits)) != 0)
			return e;
	}
	if (cut)
		buf_printf(out, ",\"truncated\":true");
	if ((e = rd_done(&r)) != 0)
		return e;
	return buf_err(out);
}
