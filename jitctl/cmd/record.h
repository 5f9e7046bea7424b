/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record - a record of the evidence on stdout: a line for people, its exact
 * bytes with -o json.
 */
#ifndef JITCTL_CMD_RECORD_H
#define JITCTL_CMD_RECORD_H

#include <stddef.h>

struct ctx;

void record_show(const struct ctx *c, const char *line, size_t n);

#endif
