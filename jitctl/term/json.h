/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json - JSON that a terminal may be shown.
 */
#ifndef JITCTL_TERM_JSON_H
#define JITCTL_TERM_JSON_H

#include <stddef.h>
#include <stdio.h>

#include "wire/json.h"

/* As jansson writes it with its flags, in ASCII where the terminal could act on
 * more; but for 0x7f, which is the caller's. Malloc'd; NULL when out of memory.
 */
char *out_json_text(const json_t *v, size_t flags);
/* What is the same JSON with jansson's flags, but that a terminal acts on
 * nothing in it: controls stand as \uXXXX. */
void out_json(FILE *f, const json_t *v, size_t flags);

#endif
