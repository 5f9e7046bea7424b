/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json - strict reading of JSON documents people and clients send, on top of
 * jansson: duplicate keys refused, unknown keys refused by name, and every
 * error as a sentence that names the field ("for: not a duration: ...").
 * The one header that includes <jansson.h>.
 */
#ifndef WIRE_JSON_H
#define WIRE_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

/* What was wrong with a body: a stable code for machines, a field, a text. */
struct problem {
	int status;     /* HTTP status, 0 = none */
	char code[48];  /* "bad-field", "not-found", ... stable */
	char field[64]; /* JSON name, or "" */
	char text[512];
	/* Of a body with lists: in which of them, which entry, from 1. */
	char list[16];
	unsigned entry; /* 0 = none */
	/* Of a code that is wanted: how many digits it has. */
	unsigned digits; /* 0 = not said */
};

void problem_set(struct problem *p, int status, const char *code,
    const char *field, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
/* RFC 9457 section 3: {"type","title","status","detail","code","field"?,
 * "list"?,"entry"?,"digits"?}; a new reference, NULL only when out of memory.
 */
json_t *problem_json(const struct problem *p);

/* An object, or NULL with *retp (400 bad-json, with line and column). Refuses
 * duplicate keys, trailing bytes, NULs, depth over 32. New reference. */
json_t *json_parse_object(const void *p, size_t n, struct problem *retp);
/* A record of the log, as any version of the notary wrote it: duplicate keys
 * refused; a string may hold NULs (json_string_length), as an older version's
 * may. NULL for what is none. New reference. */
json_t *json_parse_record(const void *line, size_t n);
/* Only these keys may stand in o (NULL-terminated list); else 400 with the
 * unknown key and the nearest known one. */
MUST_CHECK int json_only(
    const json_t *o, const char *const *keys, struct problem *retp);
/* Field getters: absent and required = 400 "missing". Strings are borrowed and
 * checked: UTF-8 without control characters, at most max bytes. */
MUST_CHECK int json_get_str(const json_t *o, const char *key, bool required,
    size_t max, const char **ret, struct problem *retp);
/* Wipes the text of a member: jansson frees it as it is. */
void json_wipe(const json_t *o, const char *key);
/* str_name_ok() as well. */
MUST_CHECK int json_get_name(const json_t *o, const char *key, bool required,
    const char **ret, struct problem *retp);
MUST_CHECK int json_get_int(const json_t *o, const char *key, bool required,
    int64_t min, int64_t max, int64_t *ret, struct problem *retp);
MUST_CHECK int json_get_bool(const json_t *o, const char *key, bool required,
    bool *ret, struct problem *retp);
/* An array of strings, at most max entries; borrowed, NULL when absent. */
MUST_CHECK int json_get_array(const json_t *o, const char *key, bool required,
    size_t max, const json_t **ret, struct problem *retp);
/* Compact text, sorted as inserted; malloc'd, free(); NULL = no memory. */
char *json_text(const json_t *o);

#endif
