/* SPDX-License-Identifier: Apache-2.0 */
/*
 * grid - rows of texts in columns that fit the terminal.
 */
#ifndef JITCTL_TERM_GRID_H
#define JITCTL_TERM_GRID_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { CELL_SIZE = 512 };
enum { TABLE_COLS_MAX = 64 }; /* internal: bits of a mask */

/* A grid of texts. Cells are escaped already. */
struct table {
	char (*cell)[CELL_SIZE]; /* rows * cols, the first row is the heads */
	size_t rows, cols;
	uint64_t whole; /* bit i: column i is never cut (names, times) */
	uint64_t less;  /* bit i: left out sooner than the grid is given up */
};

/* width 0 = do not cut. What does not fit it as a grid becomes a block for each
 * row. The columns that were left out, as bits. */
uint64_t table_print(FILE *f, const struct table *t, unsigned width);

#endif
