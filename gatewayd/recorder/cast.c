/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cast - see the header. The escapes are JSON's; control characters of the
 * terminal pass as \u00XX, so a line is printable whatever was on the screen.
 */
#include "recorder/cast.h"

#include <string.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/str.h"

enum { SIDE_DIGITS = 5 };

enum seq_kind { SEQ_BAD = 0, SEQ_CUT, SEQ_OK };

/* What starts at p, and how long it is when it is whole (RFC 3629). */
static enum seq_kind
sequence(const uint8_t *p, size_t n, size_t *retlen)
{
	uint8_t lo = 0x80, hi = 0xbf; /* bounds of the second byte */
	size_t len;

	*retlen = 1;
	if (p[0] < 0x80)
		return SEQ_OK;
	if (p[0] >= 0xc2 && p[0] <= 0xdf) {
		len = 2;
	} else if ((p[0] & 0xf0) == 0xe0) {
		len = 3;
		lo = p[0] == 0xe0 ? 0xa0 : 0x80; /* overlong */
		hi = p[0] == 0xed ? 0x9f : 0xbf; /* surrogates */
	} else if (p[0] >= 0xf0 && p[0] <= 0xf4) {
		len = 4;
		lo = p[0] == 0xf0 ? 0x90 : 0x80;
		hi = p[0] == 0xf4 ? 0x8f : 0xbf; /* past U+10FFFF */
	} else {
		return SEQ_BAD;
	}
	for (size_t i = 1; i < len; i++) {
		if (i >= n)
			return SEQ_CUT;
		if (p[i] < lo || p[i] > hi)
			return SEQ_BAD;
		lo = 0x80;
		hi = 0xbf;
	}
	*retlen = len;
	return SEQ_OK;
}

static void
put_ascii(struct buf *out, uint8_t c)
{
	switch (c) {
	case '"':
	case '\\':
		buf_u8(out, '\\');
		buf_u8(out, c);
		break;
	case '\n':
		buf_put(out, "\\n", 2);
		break;
	case '\r':
		buf_put(out, "\\r", 2);
		break;
	case '\t':
		buf_put(out, "\\t", 2);
		break;
	default:
		if (c < 0x20 || c == 0x7f)
			buf_printf(out, "\\u%04x", c);
		else
			buf_u8(out, c);
	}
}

/*
 * A JSON string; returns the number of bytes used, which is less than n when
 * the end is half a character and keep_tail is set.
 */
static size_t
put_string(
    struct buf *out, const uint8_t *p, size_t n, int keep_tail, int *retlossy)
{
	size_t i = 0;

	*retlossy = 0;
	buf_u8(out, '"');
	while (i < n) {
		size_t len = 1;
		enum seq_kind k = sequence(p + i, n - i, &len);

		if (k == SEQ_CUT && keep_tail)
			break;
		if (k != SEQ_OK) {
			buf_put(out, "\xef\xbf\xbd", 3); /* U+FFFD */
			*retlossy = 1;
		} else if (len == 1) {
			put_ascii(out, p[i]);
		} else {
			buf_put(out, p + i, len);
		}
		i += len;
	}
	buf_u8(out, '"');
	return i;
}

static void
put_text(struct buf *out, const char *s)
{
	int lossy;

	(void)put_string(out, (const uint8_t *)s, strlen(s), 0, &lossy);
}

static void
put_start(struct buf *out, int64_t t_us, char kind)
{
	if (t_us < 0)
		t_us = 0;
	buf_printf(out, "[%lld.%06lld, \"%c\", ", (long long)(t_us / 1000000),
	    (long long)(t_us % 1000000), kind);
}

static void
put_command(struct buf *out, const uint8_t *p, size_t n)
{
	int lossy = 0;

	buf_printf(out, ", \"command\": ");
	(void)put_string(out, p, n, 0, &lossy);
	if (!lossy)
		return;
	buf_printf(out, ", \"command_b64\": \"");
	buf_b64(out, p, n);
	buf_u8(out, '"');
}

static uint32_t
side(uint32_t v, uint32_t otherwise)
{
	if (v == 0)
		return otherwise;
	return v > LIMIT_TERM_SIDE ? LIMIT_TERM_SIDE : v;
}

void
cast_header(struct buf *out, const struct cast_head *h)
{
	buf_printf(out,
	    "{\"version\": 2, \"width\": %u, \"height\": %u, "
	    "\"timestamp\": %lld, \"title\": ",
	    side(h->cols, 80), side(h->rows, 24), (long long)h->time_s);
	put_text(out, h->title);
	if (h->ncommand > 0)
		put_command(out, h->command, h->ncommand);
	if (h->term[0] != '\0') {
		buf_printf(out, ", \"env\": {\"TERM\": ");
		put_text(out, h->term);
		buf_u8(out, '}');
	}
	buf_put(out, "}\n", 2);
}

static void
put_event(struct cast *c, struct buf *out, struct buf *raw, int64_t t_us,
    const uint8_t *p, size_t n, int keep_tail)
{
	const size_t from = out->len;
	int lossy = 0;
	size_t used;

	put_start(out, t_us, 'o');
	used = put_string(out, p, n, keep_tail, &lossy);
	buf_put(out, "]\n", 2);
	c->ntail = n - used; /* a cut sequence has at most 3 bytes */
	memcpy(c->tail, p + used, c->ntail);
	if (used == 0 && buf_err(out) == 0)
		out->len = from; /* no whole character yet */
	if (!lossy)
		return;
	put_start(raw, t_us, 'o');
	buf_u8(raw, '"');
	buf_b64(raw, p, used);
	buf_put(raw, "\"]\n", 3);
}

void
cast_output(struct cast *c, struct buf *out, struct buf *raw, int64_t t_us,
    const void *p, size_t n)
{
	struct buf all;

	if (n == 0)
		return;
	if (c->ntail == 0) {
		put_event(c, out, raw, t_us, p, n, 1);
		return;
	}
	buf_init(&all, c->ntail + n);
	buf_put(&all, c->tail, c->ntail);
	buf_put(&all, p, n);
	if (buf_err(&all) != 0)
		out->err = buf_err(&all);
	else
		put_event(c, out, raw, t_us, all.p, all.len, 1);
	buf_done(&all);
}

void
cast_end(struct cast *c, struct buf *out, struct buf *raw, int64_t t_us)
{
	uint8_t tail[sizeof(c->tail)];
	const size_t n = c->ntail;

	if (n == 0)
		return;
	memcpy(tail, c->tail, n);
	put_event(c, out, raw, t_us, tail, n, 0);
}

/* Where the string of an "o" line begins, behind its quote; 0 = it is another
 * line. */
static size_t
output_at(const uint8_t *line, size_t n)
{
	static const char mark[] = ", \"o\", \"";
	const uint8_t *at;

	if (n == 0 || line[0] != '[')
		return 0;
	at = memchr(line, ',', n);
	if (at == NULL || n - (size_t)(at - line) < sizeof(mark) - 1 ||
	    memcmp(at, mark, sizeof(mark) - 1) != 0)
		return 0;
	return (size_t)(at - line) + sizeof(mark) - 1;
}

static bool
output_ends(const uint8_t *line, size_t n, size_t from)
{
	return n >= from + 2 && line[n - 1] == ']' && line[n - 2] == '"';
}

int
cast_count(const uint8_t *line, size_t n, uint64_t *ret, bool *retlossy)
{
	size_t i = output_at(line, n);

	*ret = 0;
	*retlossy = false;
	if (i == 0)
		return 0;
	if (!output_ends(line, n, i))
		return GW_ECORRUPT;
	for (n -= 2; i < n; (*ret)++) {
		const bool escape = line[i] == '\\';

		if (n - i >= 3 && memcmp(line + i, "\xef\xbf\xbd", 3) == 0)
			*retlossy = true;
		if (escape)
			i += i + 1 < n && line[i + 1] == 'u' ? 6 : 2;
		else
			i++;
	}
	return i == n ? 0 : GW_ECORRUPT;
}

int
cast_count_raw(const uint8_t *line, size_t n, uint64_t *ret)
{
	size_t i = output_at(line, n);

	*ret = 0;
	if (i == 0 || !output_ends(line, n, i) || (n - 2 - i) % 4 != 0)
		return GW_ECORRUPT;
	n -= 2;
	*ret = (n - i) / 4 * 3;
	if (n - i >= 4)
		*ret -= (line[n - 1] == '=' ? 1U : 0U) +
			(line[n - 2] == '=' ? 1U : 0U);
	return 0;
}

bool
cast_same_time(const uint8_t *a, size_t na, const uint8_t *b, size_t nb)
{
	const uint8_t *ea = memchr(a, ',', na);
	const uint8_t *eb = memchr(b, ',', nb);

	return ea != NULL && eb != NULL && ea - a == eb - b &&
	       memcmp(a, b, (size_t)(ea - a)) == 0;
}

/* 1 to 5 digits, 1 to LIMIT_TERM_SIDE; the number of bytes read or 0. */
static size_t
read_side(const uint8_t *p, size_t n, uint32_t *ret)
{
	uint32_t v = 0;
	size_t i = 0;

	for (; i < n && i < SIDE_DIGITS && p[i] >= '0' && p[i] <= '9'; i++)
		v = v * 10 + (uint32_t)(p[i] - '0');
	*ret = v;
	return v > 0 && v <= LIMIT_TERM_SIDE ? i : 0;
}

int
cast_resize(struct buf *out, int64_t t_us, const void *p, size_t n)
{
	const uint8_t *s = p;
	uint32_t cols = 0, rows = 0;
	size_t i = read_side(s, n, &cols);
	size_t j;

	if (i == 0 || i >= n || s[i] != 'x')
		return GW_EPROTO;
	j = read_side(s + i + 1, n - i - 1, &rows);
	if (j == 0 || i + 1 + j != n)
		return GW_EPROTO;
	put_start(out, t_us, 'r');
	buf_printf(out, "\"%ux%u\"]\n", cols, rows);
	return 0;
}

void
cast_marker(struct buf *out, int64_t t_us, const void *p, size_t n)
{
	int lossy;

	put_start(out, t_us, 'm');
	(void)put_string(out, p, n, 0, &lossy);
	buf_put(out, "]\n", 2);
}
