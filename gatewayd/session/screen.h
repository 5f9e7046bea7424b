/* SPDX-License-Identifier: Apache-2.0 */
/*
 * screen - whether a terminal shows its alternate screen now (an editor, a
 * pager). Whoever ends the session then first switches the terminal back, or
 * the line that says why stands in the middle of a file and the mouse keeps
 * typing into the user's shell.
 */
#ifndef SESSION_SCREEN_H
#define SESSION_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum screen_state { SCREEN_TEXT = 0, SCREEN_ESC, SCREEN_CSI, SCREEN_MODES };

struct screen {
	bool alternate;
	enum screen_state state;
	bool named;   /* by a mode of this sequence */
	unsigned num; /* the mode that is being read */
};

/* Bytes as they go to the terminal; sequences may be cut anywhere. */
void screen_read(struct screen *s, const uint8_t *p, size_t n);
/* What switches the terminal back; "" when it shows its main screen. */
const char *screen_leave(const struct screen *s);

#endif
