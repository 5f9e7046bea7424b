/* SPDX-License-Identifier: Apache-2.0 */
/*
 * grid - see the header. Widths are counted in columns of the terminal (wide
 * characters take two).
 */
#include "jitctl/term/grid.h"

#include <string.h>
#include <wchar.h>

#include "base/fault.h"
#include "jitctl/term/say.h"

enum { GAP = 2, COL_MIN = 8 };

/* Columns of the next character and its bytes. */
static unsigned
char_width(const char *s, size_t *retbytes)
{
	mbstate_t st = {0};
	wchar_t wc = 0;
	const size_t n = mbrtowc(&wc, s, strlen(s), &st);
	int w = 0;

	if (n == 0 || n > 4) {
		*retbytes = 1;
		return 1;
	}
	*retbytes = n;
	w = wcwidth(wc);
	return w < 0 ? 1 : (unsigned)w;
}

static unsigned
text_width(const char *s)
{
	unsigned w = 0;
	size_t n = 0;

	for (; *s != '\0'; s += n)
		w += char_width(s, &n);
	return w;
}

/* Prints at most width columns, the last one an ellipsis when something is cut;
 * padded unless it is the last cell. */
static void
put_cell(FILE *f, const char *s, unsigned width, bool last)
{
	const bool cut = text_width(s) > width;
	const char *dots = say_utf8() ? "\xe2\x80\xa6" : "...";
	const unsigned room = cut ? (say_utf8() ? 1 : 3) : 0;
	unsigned w = 0;
	size_t n = 0;

	while (*s != '\0') {
		const unsigned cw = char_width(s, &n);

		if (w + cw > width - room)
			break;
		(void)fwrite(s, 1, n, f);
		w += cw;
		s += n;
	}
	if (cut) {
		(void)fputs(dots, f);
		w += room;
	}
	for (; !last && w < width + GAP; w++)
		(void)fputc(' ', f);
}

static bool
is_in(uint64_t bits, size_t col)
{
	return (bits & UINT64_C(1) << col) != 0;
}

/* Narrows the widest column until all but those left out fit; false: they
 * cannot. An id that lost its end cannot be pasted, so some columns stay whole.
 */
static bool
shrink(const struct table *t, uint64_t out, unsigned *w, unsigned width)
{
	unsigned sum = 0;

	for (size_t i = 0; i < t->cols; i++)
		if (!is_in(out, i))
			sum += w[i] + (sum > 0 ? GAP : 0);
	while (width > 0 && sum > width) {
		size_t widest = t->cols;

		for (size_t i = 0; i < t->cols; i++)
			if (!is_in(t->whole | out, i) &&
			    (widest == t->cols || w[i] > w[widest]))
				widest = i;
		if (widest == t->cols || w[widest] <= COL_MIN)
			return FAULT(wide_table);
		w[widest]--;
		sum--;
	}
	return true;
}

/* The widths in which they fit, the last of those that may go left out first.
 * false: not so either. */
static bool
fit(const struct table *t, const unsigned *full, unsigned width, unsigned *w,
    uint64_t *retout)
{
	size_t i = t->cols;

	*retout = 0;
	for (;;) {
		memcpy(w, full, TABLE_COLS_MAX * sizeof(*w));
		if (shrink(t, *retout, w, width))
			return true;
		while (i > 0 && !is_in(t->less, i - 1))
			i--;
		if (i == 0)
			return false;
		*retout |= UINT64_C(1) << --i;
	}
}

/* For a terminal too narrow for the grid: a block for each row, its name ahead.
 * Nothing is cut. */
static void
put_blocks(FILE *f, const struct table *t)
{
	unsigned head = 0;

	for (size_t i = 1; i < t->cols; i++)
		if (text_width(t->cell[i]) > head)
			head = text_width(t->cell[i]);
	for (size_t r = 1; r < t->rows; r++) {
		(void)fprintf(f, "%s\n", t->cell[r * t->cols]);
		for (size_t i = 1; i < t->cols; i++) {
			const char *text = t->cell[r * t->cols + i];

			if (text[0] == '\0')
				continue;
			(void)fputs("  ", f);
			put_cell(f, t->cell[i], head, false);
			(void)fprintf(f, "%s\n", text);
		}
	}
}

uint64_t
table_print(FILE *f, const struct table *t, unsigned width)
{
	unsigned full[TABLE_COLS_MAX] = {0}, w[TABLE_COLS_MAX];
	uint64_t out = 0;
	size_t last = 0;

	for (size_t r = 0; r < t->rows; r++)
		for (size_t i = 0; i < t->cols && i < TABLE_COLS_MAX; i++) {
			const unsigned n = text_width(t->cell[r * t->cols + i]);

			if (n > full[i])
				full[i] = n;
		}
	if (!fit(t, full, width, w, &out)) {
		put_blocks(f, t);
		return 0;
	}
	for (size_t i = 0; i < t->cols; i++)
		if (!is_in(out, i))
			last = i;
	for (size_t r = 0; r < t->rows; r++) {
		for (size_t i = 0; i < t->cols && i < TABLE_COLS_MAX; i++)
			if (!is_in(out, i))
				put_cell(f, t->cell[r * t->cols + i], w[i],
				    i == last);
		(void)fputc('\n', f);
	}
	return out;
}
