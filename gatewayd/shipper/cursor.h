/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cursor - the file that says where to go on with one sink: the number of the
 * first record not known to have arrived there, as a line of decimal text.
 */
#ifndef SHIPPER_CURSOR_H
#define SHIPPER_CURSOR_H

#include <stdbool.h>
#include <stdint.h>

/* 0 when there is no file, or none that can be understood (a warning says so):
 * to send too often is right, too seldom is not. */
uint64_t cursor_read(const char *path);
/* There is none: nothing was ever sent there. */
bool cursor_is_new(const char *path);
/* Replaces the file in one step. A failure is logged: records are then sent
 * again by the next process, none is lost. 0, or the errno of why not. */
int cursor_write(const char *path, uint64_t next);

#endif
