/* SPDX-License-Identifier: Apache-2.0 */
/*
 * screen - see screen.h. Only "ESC [ ? modes h|l" and a full reset are known:
 * the rest of the stream is skipped.
 */
#include "session/screen.h"

#include <string.h>

enum { ESC = 0x1b };
enum { NUM_MAX = 9999 }; /* internal: no parameter means more */

static bool
is_alternate(unsigned mode)
{
	return mode == 47 || mode == 1047 || mode == 1049;
}

static void
modes(struct screen *s, uint8_t ch)
{
	if (ch >= '0' && ch <= '9') {
		s->num = s->num * 10 + (ch - '0');
		if (s->num > NUM_MAX)
			s->num = NUM_MAX;
		return;
	}
	s->named = s->named || is_alternate(s->num);
	s->num = 0;
	if (ch == ';')
		return;
	if (s->named && (ch == 'h' || ch == 'l'))
		s->alternate = ch == 'h';
	s->state = SCREEN_TEXT;
}

static void
read_byte(struct screen *s, uint8_t ch)
{
	if (ch == ESC) {
		s->state = SCREEN_ESC;
		return;
	}
	switch (s->state) {
	case SCREEN_ESC:
		if (ch == 'c')
			s->alternate = false;
		s->state = ch == '[' ? SCREEN_CSI : SCREEN_TEXT;
		return;
	case SCREEN_CSI:
		s->state = ch == '?' ? SCREEN_MODES : SCREEN_TEXT;
		s->num = 0;
		s->named = false;
		return;
	case SCREEN_MODES:
		modes(s, ch);
		return;
	case SCREEN_TEXT:
	default:
		return;
	}
}

void
screen_read(struct screen *s, const uint8_t *p, size_t n)
{
	const uint8_t *const end = p + n;

	while (p < end) {
		if (s->state == SCREEN_TEXT &&
		    (p = memchr(p, ESC, (size_t)(end - p))) == NULL)
			return;
		read_byte(s, *p++);
	}
}

const char *
screen_leave(const struct screen *s)
{
	/* mouse, focus, paste, keys, cursor, colours; then the screen itself */
	return s->alternate ? "\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l"
			      "\x1b[?1004l\x1b[?2004l\x1b[?1l\x1b>\x1b[?25h"
			      "\x1b[0m\x1b[?1049l"
			    : "";
}
