/* SPDX-License-Identifier: Apache-2.0 */
/*
 * event - the catalogue's tables and the one JSON escaper of evidence.
 */
#include "core/event.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/str.h"
#include "core/look.h"

enum { CUT = 0x80 }; /* of an id: the value is event_cut's */
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

bool
event_field_text(unsigned id)
{
	return id != EF_NONE && id < EF_TOTAL && fields[id].kind == S;
}

void
event_fields_init(struct event_fields *f)
{
	buf_init(&f->b, LIMIT_BODY_MAX);
	f->n = 0;
}

void
event_fields_done(struct event_fields *f)
{
	buf_done(&f->b);
	f->n = 0;
}

void
event_copy(
    struct event_fields *f, unsigned id, bool cut, const void *s, size_t n)
{
	f->n++;
	buf_u8(&f->b, (uint8_t)(id | (cut ? CUT : 0U)));
	buf_string(&f->b, s, n);
}

void
event_strn(
    struct event_fields *f, enum event_field_id id, const void *s, size_t n)
{
	if (s != NULL && n > 0)
		event_copy(f, id, false, s, n);
}

size_t
event_text_start(const void *s, size_t n, size_t max)
{
	const uint8_t *p = s;
	uint32_t cp = 0;

	if (n <= max)
		return n;
	/* the character at max - 1, - 2, - 3 may reach over the end */
	for (size_t back = 1; back <= 3 && back < max; back++)
		if (str_utf8(p + max - back, n - (max - back), &cp) > back)
			return max - back;
	return max;
}

void
event_cut(struct event_fields *f, enum event_field_id id, const void *s,
    size_t n, size_t max)
{
	uint8_t digest[EVENT_DIGEST_SIZE];
	const size_t start = event_text_start(s, n, max);

	if (start == n) {
		event_strn(f, id, s, n);
		return;
	}
	if (EVP_Digest(s, n, digest, NULL, EVP_sha256(), NULL) != 1) {
		f->b.err = GW_ECRYPTO;
		return;
	}
	f->n++;
	buf_u8(&f->b, (uint8_t)(id | CUT));
	buf_u32(&f->b, (uint32_t)(8 + sizeof(digest) + start));
	buf_u64(&f->b, n);
	buf_put(&f->b, digest, sizeof(digest));
	buf_put(&f->b, s, start);
}

static const char *const own_actors[] = {
    "local", "gateway", "policy", "recovery", "init"};

bool
event_actor_own(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(own_actors); i++)
		if (strcasecmp(own_actors[i], name) == 0)
			return true;
	return false;
}

bool
event_actor_alike(const char *name)
{
	char own[LOOKS][LOOK_SIZE], its[LOOKS][LOOK_SIZE];

	look_of(its, name);
	for (size_t i = 0; i < ARRAY_LEN(own_actors); i++) {
		look_of(own, own_actors[i]);
		for (size_t k = 0; k < LOOKS; k++)
			if (strcmp(own[k], its[k]) == 0)
				return true;
	}
	return false;
}

void
event_str(struct event_fields *f, enum event_field_id id, const char *s)
{
	if (s != NULL)
		event_strn(f, id, s, strlen(s));
}

void
event_roles(struct event_fields *f, const char *roles)
{
	if (strchr(roles, ',') != NULL)
		event_str(f, EF_ROLES, roles);
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
	if (v == EVENT_COUNT_UNKNOWN)
		return;
	event_num(f, id, v < LIMIT_NUMBER_MAX ? (int64_t)v : LIMIT_NUMBER_MAX);
}

void
event_bool(struct event_fields *f, enum event_field_id id, bool v)
{
	event_strn(f, id, v ? "1" : "0", 1);
}

/* A NUL is not text: few who read JSON can keep it. */
static bool
is_text(const uint8_t *p, size_t n)
{
	uint32_t cp = 0;
	size_t len;

	for (size_t i = 0; i < n; i += len) {
		len = str_utf8(p + i, n - i, &cp);
		if (len == 0 || cp == 0)
			return false;
	}
	return true;
}

void
event_json_string(struct buf *out, const void *s, size_t n)
{
	const uint8_t *p = s;
	uint32_t cp = 0;
	size_t len;

	buf_u8(out, '"');
	for (size_t i = 0; i < n; i += len) {
		len = str_utf8(p + i, n - i, &cp);
		if (len == 0 || cp == 0) {
			buf_put(out, "\xef\xbf\xbd", 3); /* U+FFFD */
			len = 1;
		} else if (cp == '"' || cp == '\\') {
			buf_u8(out, '\\');
			buf_u8(out, (uint8_t)cp);
		} else if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0)) {
			buf_printf(out, "\\u%04x", (unsigned)cp); /* controls */
		} else {
			buf_put(out, p + i, len);
		}
	}
	buf_u8(out, '"');
}

size_t
event_text_size(const void *s, size_t n)
{
	const uint8_t *p = s;
	bool text = true;
	size_t size = 0;
	uint32_t cp = 0;
	size_t len;

	for (size_t i = 0; i < n; i += len) {
		len = str_utf8(p + i, n - i, &cp);
		if (len == 0 || cp == 0) {
			text = false;
			size += 3;
			len = 1;
		} else if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0)) {
			size += 6;
		} else {
			size += cp == '"' || cp == '\\' ? 2 : len;
		}
	}
	return text ? size : size + str_b64_size(n);
}

bool
event_text_fits(const void *s, size_t n)
{
	return n <= LIMIT_FIELD_MAX &&
	       event_text_size(s, n) <= 3UL * LIMIT_FIELD_MAX;
}

/* A text as one can read it; where that is not all of it, also exactly. */
static void
put_text(struct buf *out, const char *name, const uint8_t *p, size_t n)
{
	event_json_string(out, p, n);
	if (is_text(p, n) || FAULT(exact_bytes))
		return;
	buf_printf(out, ",\"%s_b64\":\"", name);
	buf_b64(out, p, n);
	buf_u8(out, '"');
}

/* What event_cut has written: size and digest of the whole, then its start. */
static int
put_cut(struct buf *out, const char *name, const uint8_t *p, size_t n)
{
	char hex[2 * EVENT_DIGEST_SIZE + 1];
	const uint8_t *digest;
	uint64_t size;
	struct rd r;

	rd_init(&r, p, n);
	size = rd_u64(&r);
	digest = rd_bytes(&r, EVENT_DIGEST_SIZE);
	if (r.bad || size > LIMIT_NUMBER_MAX || size <= r.left ||
	    !event_text_fits(r.p, r.left))
		return GW_EPROTO;
	str_hex(hex, digest, EVENT_DIGEST_SIZE);
	put_text(out, name, r.p, r.left);
	buf_printf(out, ",\"%s_size\":%llu,\"%s_sha256\":\"%s\"", name,
	    (unsigned long long)size, name, hex);
	return 0;
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
put_value(struct buf *out, unsigned id, bool cut, const uint8_t *p, size_t n)
{
	const char *name = fields[id].name;

	buf_printf(out, ",\"%s\":", name);
	switch (fields[id].kind) {
	case S:
		if (cut)
			return put_cut(out, name, p, n);
		if (!event_text_fits(p, n))
			return GW_ELIMIT;
		put_text(out, name, p, n);
		return 0;
	case N:
		if (cut || !number_ok(p, n))
			return GW_EPROTO;
		buf_put(out, p, n);
		return 0;
	case B:
		if (cut || n != 1 || (p[0] != '0' && p[0] != '1'))
			return GW_EPROTO;
		buf_printf(out, "%s", p[0] == '1' ? "true" : "false");
		return 0;
	default:
		return GW_EPROTO;
	}
}

unsigned
event_field_next(struct rd *r, bool *retcut, const uint8_t **ret, size_t *retn)
{
	unsigned id = rd_u8(r);

	*retcut = (id & CUT) != 0;
	*ret = rd_string(r, retn);
	id &= ~(unsigned)CUT;
	if (!r->bad && id != EF_NONE && id < EF_TOTAL)
		return id;
	r->bad = true;
	return EF_NONE;
}

int
event_each(const void *p, size_t n, event_value_fn *fn, void *arg)
{
	struct event_value v = {0};
	struct rd r;
	int e = 0;

	rd_init(&r, p, n);
	while (e == 0 && r.left > 0 && !r.bad) {
		v.id = event_field_next(&r, &v.cut, &v.p, &v.n);
		if (!r.bad)
			e = fn(arg, &v);
	}
	return e != 0 ? e : rd_done(&r);
}

int
event_fields_json(struct buf *out, const void *p, size_t n)
{
	bool seen[EF_TOTAL] = {false};
	bool any_cut = false;
	unsigned count = 0;
	struct rd r;
	int e;

	rd_init(&r, p, n);
	while (r.left > 0) {
		bool cut = false;
		const uint8_t *v = NULL;
		size_t len = 0;
		unsigned id = event_field_next(&r, &cut, &v, &len);

		if (r.bad || seen[id])
			return GW_EPROTO;
		if (++count > LIMIT_EVENT_FIELDS)
			return GW_ELIMIT;
		seen[id] = true;
		any_cut = any_cut || cut;
		if ((e = put_value(out, id, cut, v, len)) != 0)
			return e;
	}
	if (any_cut)
		buf_printf(out, ",\"truncated\":true");
	if ((e = rd_done(&r)) != 0)
		return e;
	return buf_err(out);
}
