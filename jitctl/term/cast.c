/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cast - see the header. The states follow ECMA-48 as terminals read it.
 */
#include "jitctl/term/cast.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/limits.h"
#include "base/str.h"
#include "wire/json.h"

enum {
	TEXT = 0,
	ESCAPED,    /* after ESC */
	CONTROL,    /* CSI, collecting */
	STRING,     /* OSC, DCS, APC, PM, SOS: dropped to its end */
	STRING_ESC, /* ESC inside one */
	CHARSET,    /* ESC ( and the like: one more byte */
};

bool
cast_header(const char *line, size_t n, unsigned *retw, unsigned *reth)
{
	struct problem p = {0};
	json_t *o = json_parse_object(line, n, &p);
	int64_t v = 0;
	int64_t w = 0;
	int64_t h = 0;
	bool ok = false;

	ok = o != NULL && json_get_int(o, "version", true, 2, 2, &v, &p) == 0 &&
	     json_get_int(o, "width", true, 0, LIMIT_TERM_SIDE, &w, &p) == 0 &&
	     json_get_int(o, "height", true, 0, LIMIT_TERM_SIDE, &h, &p) == 0;
	json_decref(o);
	*retw = (unsigned)w;
	*reth = (unsigned)h;
	return ok;
}

bool
cast_event(struct cast_event *ret, const char *line, size_t n)
{
	json_t *a = json_loadb(line, n, JSON_ALLOW_NUL, NULL);
	const json_t *t = json_array_get(a, 0);
	const json_t *k = json_array_get(a, 1);
	const json_t *d = json_array_get(a, 2);
	bool ok = false;

	*ret = (struct cast_event){0};
	if (json_is_number(t) && json_is_string(k) && json_is_string(d) &&
	    json_string_length(k) == 1) {
		ret->time = json_number_value(t);
		ret->kind = json_string_value(k)[0];
		ret->len = json_string_length(d);
		ret->data = malloc(ret->len + 1);
		ok = ret->data != NULL;
		if (ok)
			memcpy(ret->data, json_string_value(d), ret->len + 1);
	}
	json_decref(a);
	return ok;
}

void
cast_event_done(struct cast_event *e)
{
	free(e->data);
	*e = (struct cast_event){0};
}

/* Modes after which the terminal types something into our user's shell: mouse,
 * focus, pasted text. */
static bool
has_typing_mode(const char *seq, size_t n)
{
	unsigned v = 0;

	for (size_t i = 1; i <= n; i++) {
		if (i < n && seq[i] >= '0' && seq[i] <= '9') {
			v = v < 100000 ? v * 10 + (unsigned)(seq[i] - '0') : v;
			continue;
		}
		if (v == 9 || (v >= 1000 && v <= 1016) || v == 2004)
			return true;
		v = 0;
	}
	return false;
}

/* Sequences whose effect is an answer, or more, typed into our user's shell
 * (device status, attributes, reports, window operations, modes asked about,
 * keys told to say more), or goes to a printer. The last byte of seq is the
 * final one. */
static bool
asks(const char *seq, size_t n)
{
	const char final = seq[n - 1];
	const bool private = strchr("?<=>", seq[0]) != NULL;

	if (strchr("nctqxywi", final) != NULL)
		return true;
	if (final == 'p') /* asked, or answers in 8 bits */
		return memchr(seq, '$', n) != NULL ||
		       memchr(seq, '"', n) != NULL;
	if (final == 'm' || final == 'u' || final == 'S')
		return private;
	return private && (final == 'h' || final == 'l') &&
	       has_typing_mode(seq, n - 1);
}

/* A byte that cannot belong to the sequence ends it: another ESC begins anew,
 * anything else is text. What was collected is not shown. */
static void
broken_off(struct cast_filter *f, struct buf *out, char ch)
{
	f->state = ch == 0x1b ? ESCAPED : TEXT;
	if ((unsigned char)ch >= 0x20 && ch != 0x7f)
		buf_u8(out, (uint8_t)ch);
}

static bool
is_printable(char ch)
{
	return (unsigned char)ch >= 0x20 && (unsigned char)ch < 0x7f;
}

static void
on_escape(struct cast_filter *f, struct buf *out, char ch)
{
	if (!is_printable(ch)) {
		broken_off(f, out, ch);
		return;
	}
	f->state = TEXT;
	if (ch == '[') {
		f->state = CONTROL;
		f->n = 0;
	} else if (strchr("]PX^_", ch) != NULL) {
		f->state = STRING;
	} else if (strchr("()*+-./#% ", ch) != NULL) {
		f->state = CHARSET;
		f->seq[0] = ch;
	} else if (ch != 'Z' && ch != 'c') { /* identify, full reset */
		buf_u8(out, 0x1b);
		buf_u8(out, (uint8_t)ch);
	}
}

static void
on_control(struct cast_filter *f, struct buf *out, char ch)
{
	if (!is_printable(ch)) {
		broken_off(f, out, ch);
		return;
	}
	if (f->n < sizeof(f->seq))
		f->seq[f->n] = ch;
	f->n++;
	if (ch < 0x40)
		return;
	f->state = TEXT;
	if (f->n > sizeof(f->seq) || asks(f->seq, f->n))
		return;
	buf_put(out, "\x1b[", 2);
	buf_put(out, f->seq, f->n);
}

static void
on_charset(struct cast_filter *f, struct buf *out, char ch)
{
	if (!is_printable(ch)) {
		broken_off(f, out, ch);
		return;
	}
	f->state = TEXT;
	/* Another coding than UTF-8, where other bytes are commands; answers
	 * in 8 bits. */
	if ((f->seq[0] == '%' || f->seq[0] == ' ') && !FAULT(coding_played))
		return;
	buf_u8(out, 0x1b);
	buf_u8(out, (uint8_t)f->seq[0]);
	buf_u8(out, (uint8_t)ch);
}

static void
on_byte(struct cast_filter *f, struct buf *out, char ch)
{
	/* CAN and SUB end whatever was begun. */
	if (ch == 0x18 || ch == 0x1a) {
		f->state = TEXT;
		return;
	}
	switch (f->state) {
	case ESCAPED:
		on_escape(f, out, ch);
		break;
	case CONTROL:
		on_control(f, out, ch);
		break;
	case STRING:
		if (ch == 0x07)
			f->state = TEXT;
		else if (ch == 0x1b)
			f->state = STRING_ESC;
		break;
	case STRING_ESC:
		/* Any other sequence ends the string too: what follows was
		 * seen. */
		f->state = TEXT;
		if (ch != '\\')
			on_escape(f, out, ch);
		break;
	case CHARSET:
		on_charset(f, out, ch);
		break;
	default:
		if (ch == 0x1b)
			f->state = ESCAPED;
		else if (ch != 0x05) /* ENQ: an answerback */
			buf_u8(out, (uint8_t)ch);
		break;
	}
}

static void
put_text(struct cast_filter *f, struct buf *out, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		on_byte(f, out, s[i]);
}

/* A character that is no ASCII; len 0: a byte that is no character. */
static void
on_wide(struct cast_filter *f, struct buf *out, const char *p, size_t len,
    uint32_t cp)
{
	/* C1 controls do what ESC does. */
	if (len > 0 && cp >= 0x80 && cp < 0xa0) {
		on_byte(f, out, 0x1b);
		on_byte(f, out, (char)(cp - 0x40));
	} else if (f->ascii) {
		put_text(f, out, "?", 1);
	} else if (len == 0 || (str_unsafe(cp) && !FAULT(bidi_played))) {
		put_text(f, out, "\xef\xbf\xbd", 3);
	} else {
		put_text(f, out, p, len);
	}
}

void
cast_filter(struct cast_filter *f, struct buf *out, const char *p, size_t n)
{
	for (size_t i = 0; i < n;) {
		uint32_t cp = 0;
		const size_t len = str_utf8((const uint8_t *)p + i, n - i, &cp);

		if (len == 1)
			on_byte(f, out, p[i]);
		else
			on_wide(f, out, p + i, len, cp);
		i += len > 0 ? len : 1;
	}
}
