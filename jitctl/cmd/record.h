/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record - a record of the evidence on stdout: a line for people, its exact
 * bytes with -o json.
 */
#ifndef JITCTL_CMD_RECORD_H
#define JITCTL_CMD_RECORD_H

#include <stddef.h>

#include "wire/json.h"

struct buf;
struct ctx;

/* "groups dev; logins deploy": all of o but its name that says something. */
void record_put_fields(struct buf *b, json_t *o);
void record_show(const struct ctx *c, const char *line, size_t n);

#endif
