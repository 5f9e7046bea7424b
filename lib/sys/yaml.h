/* SPDX-License-Identifier: Apache-2.0 */
/*
 * yaml - files people write, read into a tree of maps, lists and scalars that
 * remember where they stood. Over libyaml's event API; knows no schema, and
 * turns nothing into numbers by itself: a plain 3h, 022 or no stays a string
 * until a getter is asked for a duration, a number or a bool.
 *
 * Refused, with a position: anchors, aliases, tags, directives, duplicate keys,
 * keys that are not scalars, nesting over LIMIT_YAML_DEPTH, a second document,
 * NUL and other control characters, bytes that are not UTF-8, files over
 * LIMIT_YAML_MAX.
 *
 * Errors are sticky: the reader and every getter add to a list (the first
 * LIMIT_YAML_ERRORS are kept, in the order of the file) and go on, so that a
 * person sees all errors of a file at once. A caller reads everything it knows,
 * then refuses the file if yaml_errors() is not 0. Getters leave *ret alone
 * unless they return true.
 */
#ifndef SYS_YAML_H
#define SYS_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/attr.h"
#include "base/err.h"

enum yaml_kind {
	YAML_KIND_NONE = 0,
	YAML_KIND_SCALAR,
	YAML_KIND_MAP,
	YAML_KIND_LIST
};

struct yaml;
struct yaml_item; /* a node; owned by its struct yaml */

/* name is what errors call the file. *ret is set, errors or not, unless the
 * result is GW_ENOMEM; p is copied. */
MUST_CHECK int yaml_open(
    struct yaml **ret, const char *name, const void *p, size_t n);
/* Reads a regular file first, or "-" for stdin; a file that cannot be read is
 * a diag too. Files that decide about rights are read with safefile_read and
 * yaml_open. */
MUST_CHECK int yaml_open_file(struct yaml **ret, const char *path);
void yaml_close(struct yaml *y);

/* The top node; NULL when the file does not parse. */
const struct yaml_item *yaml_root(const struct yaml *y);

/* How many errors there are (more than LIMIT_YAML_ERRORS perhaps), and each
 * kept. */
unsigned yaml_errors(const struct yaml *y);
const struct diag *yaml_diag(const struct yaml *y, unsigned i);
/* All kept ones, then "and N more". */
void yaml_print_errors(FILE *f, const struct yaml *y);
/* "file:line:column" of a node. */
MUST_CHECK int yaml_place(
    char *ret, size_t size, const struct yaml *y, const struct yaml_item *i);
/* Adds an error at a node (NULL: the file as a whole). */
void yaml_error(struct yaml *y, const struct yaml_item *at, const char *fmt,
    ...) PRINTF_LIKE(3, 4);

/* ---- the tree; NULL as a node is an empty YAML_KIND_NONE */
enum yaml_kind yaml_kind(const struct yaml_item *i);
/* Members of a map, entries of a list; 0 for a scalar. */
size_t yaml_count(const struct yaml_item *i);
/* The nth value of a map or list; NULL past the end. */
const struct yaml_item *yaml_at(const struct yaml_item *i, size_t n);
/* The nth key of a map, as a node of its own. */
const struct yaml_item *yaml_key_at(const struct yaml_item *i, size_t n);
/* The value of a key; NULL = absent or not a map. */
const struct yaml_item *yaml_find(const struct yaml_item *i, const char *key);
/* A scalar's text, borrowed; "" for anything else. */
const char *yaml_text(const struct yaml_item *i);

/* ---- the schema's tools */
/* The node is a map and holds only these keys (NULL-terminated). "under" is
 * how the place is called, e.g. "session"; NULL at the top. */
bool yaml_only(struct yaml *y, const struct yaml_item *map, const char *under,
    const char *const *keys);
/* The value must be there and be a map or a list; NULL otherwise. */
const struct yaml_item *yaml_get_map(struct yaml *y,
    const struct yaml_item *map, const char *key, bool required);
const struct yaml_item *yaml_get_list(struct yaml *y,
    const struct yaml_item *map, const char *key, bool required, size_t max);
/* Borrowed, at most max bytes, never empty when plain. */
bool yaml_get_str(struct yaml *y, const struct yaml_item *map, const char *key,
    bool required, size_t max, const char **ret);
bool yaml_get_name(struct yaml *y, const struct yaml_item *map, const char *key,
    bool required, const char **ret);
bool yaml_get_int(struct yaml *y, const struct yaml_item *map, const char *key,
    bool required, uint64_t min, uint64_t max, uint64_t *ret);
bool yaml_get_bool(struct yaml *y, const struct yaml_item *map, const char *key,
    bool required, bool *ret);
/* "90s", "3h", "1h30m"; bounds in seconds. */
bool yaml_get_duration(struct yaml *y, const struct yaml_item *map,
    const char *key, bool required, uint32_t min_s, uint32_t max_s,
    uint32_t *ret);
/* One of a NULL-terminated list of words; *ret gets its index. */
bool yaml_get_word(struct yaml *y, const struct yaml_item *map, const char *key,
    bool required, const char *const *words, size_t *ret);
/* The same for a node itself, e.g. an entry of a list; what names it. */
bool yaml_as_str(struct yaml *y, const struct yaml_item *i, const char *what,
    size_t max, const char **ret);
bool yaml_as_name(struct yaml *y, const struct yaml_item *i, const char *what,
    const char **ret);
bool yaml_as_int(struct yaml *y, const struct yaml_item *i, const char *what,
    uint64_t min, uint64_t max, uint64_t *ret);

#endif
