/* SPDX-License-Identifier: Apache-2.0 */
/*
 * out - lists and objects of the API on stdout, as a table for people (grid.h)
 * or as json, yaml and names for scripts. json and yaml are the API's reply as
 * it is (json.h, yaml.h); tables escape what others wrote.
 */
#ifndef JITCTL_TERM_OUT_H
#define JITCTL_TERM_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/attr.h"
#include "jitctl/jitctl.h"
#include "jitctl/term/grid.h"

enum col_kind {
	COL_TEXT = 0,     /* string, number */
	COL_SAID,         /* a sentence: the times in it are local */
	COL_TIME,         /* RFC 3339 -> local time with zone */
	COL_LIST,         /* strings -> a,b */
	COL_TIMES,        /* the same, with UTC times in them as local ones */
	COL_MAP,          /* {"env":"prod"} -> env=prod */
	COL_BOOL,         /* yes or empty */
	COL_SECONDS,      /* 5400 -> 1h30m */
	COL_KEYS,         /* objects with "fingerprint" -> how many */
	COL_FINGERPRINTS, /* the same -> all of them */
};

/* When a column is there. */
enum col_room {
	COL_SHOWN = 0,
	COL_LESS, /* not where the terminal has no room for all of them */
	COL_WIDE, /* only with -o wide */
};

struct col {
	const char *head;
	const char *key;
	enum col_kind kind;
	enum col_room room;
};

/* The text of one member as a cell. */
void cell_text(char ret[static CELL_SIZE], const json_t *v, enum col_kind k);

/* " key=value" on stdout, for people. What could be taken for more than one
 * field, or for the end of it, is in quotes, with '"' and '\' escaped by a '\'.
 */
void out_field(const char *key, const json_t *v);

/* reply {"items":[...]} on stdout; the first column is the name. EXIT_OK;
 * EXIT_FAILED; EXIT_VERIFY when with -o name something was no name. */
MUST_CHECK int out_items(const struct ctx *c, const json_t *reply,
    const struct col *cols, size_t n, const char *empty);
/* Has whoever read the standard output gone, as head does? Then what could not
 * be written is nobody's loss. */
bool out_reader_left(void);
/* One item, a line for each of its columns; for people. */
void out_item(const json_t *item, const struct col *cols, size_t n);
/* With -o json or yaml: the object, and true. */
bool out_object(const struct ctx *c, const json_t *o);

#endif
