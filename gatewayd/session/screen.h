/* SPDX-License-Identifier: Apache-2.0 */
/*
 * screen - does a terminal show its other screen now (an editor, a pager)? Who
 * ends the session then has to lead it back, or the line that says why stands
 * in the middle of a file and the mouse goes on typing into the user's shell.
 */
#ifndef SESSION_SCREEN_H
#define SESSION_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum screen_state { SCREEN_TEXT = 0, SCREEN_ESC, SCREEN_CSI, SCREEN_MODES };

struct screen {
	bool other;
	enum screen_state state;
	bool hit; /* among the modes of this sequence */
	unsigned num;
};

/* Bytes as they go to the terminal; sequences may be cut anywhere. */
void screen_see(struct screen *s, const uint8_t *p, size_t n);
/* What leads a terminal back from there; "" when it is not there. */
const char *screen_leave(const struct screen *s);

#endif
