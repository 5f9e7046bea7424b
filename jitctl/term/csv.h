/* SPDX-License-Identifier: Apache-2.0 */
/*
 * csv - rows for a spreadsheet (RFC 4180): the API's names as the head, times
 * in UTC as the API has them.
 */
#ifndef JITCTL_TERM_CSV_H
#define JITCTL_TERM_CSV_H

#include <stdio.h>

#include "jitctl/term/out.h"

void csv_head(FILE *f, const struct col *cols, size_t n);
/* What others wrote is escaped as for a terminal, and what a spreadsheet would
 * take for a formula begins with a "'". */
void csv_row(FILE *f, const json_t *item, const struct col *cols, size_t n);

#endif
