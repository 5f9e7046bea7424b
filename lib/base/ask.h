/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ask - questions of root's commands, on their standard input and output.
 */
#ifndef BASE_ASK_H
#define BASE_ASK_H

#include <stdbool.h>
#include <stddef.h>

/* A line without its end, whole: one that is too long is asked for again. False
 * at the end of the input. */
bool ask_line(const char *question, char *ret, size_t size);
/* False, after saying that nothing was changed, for anything but y or yes. */
bool ask_yes(const char *question);

#endif
