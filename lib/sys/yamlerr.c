/* SPDX-License-Identifier: Apache-2.0 */
/*
 * yamlerr - what is wrong with a file, collected in the order of the file and
 * printed with the source line and a caret. Pure but for the printing.
 */
#include <stdarg.h>
#include <string.h>

#include "base/str.h"
#include "sys/yaml_tree.h"

/* The bytes of a line, without its end. */
static const char *
line_of(const struct yaml *y, unsigned line, size_t *retn)
{
	const char *p = y->text;
	const char *end = NULL;

	*retn = 0;
	for (unsigned i = 1; p != NULL && i < line; i++) {
		p = memchr(p, '\n', y->len - (size_t)(p - y->text));
		if (p != NULL)
			p++;
	}
	if (p == NULL)
		return "";
	end = memchr(p, '\n', y->len - (size_t)(p - y->text));
	if (end == NULL)
		end = y->text + y->len;
	if (end > p && end[-1] == '\r')
		end--;
	*retn = (size_t)(end - p);
	return p;
}

/* One byte or character per column, or the caret would be off. */
static void
copy_source(struct diag *d, const char *p, size_t n)
{
	size_t out = 0;

	for (size_t i = 0; i < n && out < sizeof(d->source) - 1; i++)
		d->source[out++] =
		    (unsigned char)p[i] < 0x20 || p[i] == 0x7f ? ' ' : p[i];
	/* Do not end in the middle of a character. */
	while (out > 0 && out < n &&
	       ((unsigned char)d->source[out - 1] & 0xc0) == 0x80)
		out--;
	if (out > 0 && out < n && (unsigned char)d->source[out - 1] >= 0xc0)
		out--;
	d->source[out] = '\0';
	if (!str_text_ok(d->source, out))
		str_escape(d->source, sizeof(d->source), p, n);
}

static void
add_diag(struct yaml *y, const struct diag *d)
{
	unsigned at = y->ndiags;

	y->errors++;
	if (y->ndiags == LIMIT_YAML_ERRORS)
		return;
	/* In the order of the file, whoever found them first. */
	while (at > 0 && (y->diag[at - 1].line > d->line ||
			     (y->diag[at - 1].line == d->line &&
				 y->diag[at - 1].column > d->column))) {
		y->diag[at] = y->diag[at - 1];
		at--;
	}
	y->diag[at] = *d;
	y->ndiags++;
}

static void PRINTF_LIKE(5, 0) verror(struct yaml *y, unsigned line,
    unsigned column, unsigned width, const char *fmt, va_list ap)
{
	struct diag d = {
	    .line = line, .column = column, .width = width > 0 ? width : 1};
	const char *p = NULL;
	size_t n = 0;

	str_escape(d.file, sizeof(d.file), y->file, strlen(y->file));
	(void)vsnprintf(d.text, sizeof(d.text), fmt, ap);
	if (line > 0) {
		p = line_of(y, line, &n);
		copy_source(&d, p, n);
	}
	add_diag(y, &d);
}

void
yaml_error_at(struct yaml *y, unsigned line, unsigned column, unsigned width,
    const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	verror(y, line, column, width, fmt, ap);
	va_end(ap);
}

void
yaml_error(struct yaml *y, const struct yaml_item *at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (at != NULL)
		verror(y, at->line, at->column, at->width, fmt, ap);
	else
		verror(y, 0, 0, 0, fmt, ap);
	va_end(ap);
}

unsigned
yaml_errors(const struct yaml *y)
{
	return y->errors;
}

const struct diag *
yaml_diag(const struct yaml *y, unsigned i)
{
	return i < y->ndiags ? &y->diag[i] : NULL;
}

/* file:line:column: text, the source line and a caret under the place. */
static void
print_diag(FILE *f, const struct diag *d)
{
	unsigned left = 0;

	if (d->line == 0) {
		(void)fprintf(f, "%s: %s\n", d->file, d->text);
		return;
	}
	(void)fprintf(
	    f, "%s:%u:%u: %s\n", d->file, d->line, d->column, d->text);
	for (const char *p = d->source; *p != '\0'; p++)
		left += ((unsigned char)*p & 0xc0) != 0x80;
	if (d->column == 0 || d->column > left + 1)
		return; /* the place was cut off */
	(void)fprintf(f, "%5u | %s\n      | ", d->line, d->source);
	for (unsigned i = 1; i < d->column; i++)
		(void)fputc(' ', f);
	(void)fputc('^', f);
	for (unsigned i = 1; i < d->width && d->column + i <= left; i++)
		(void)fputc('~', f);
	(void)fputc('\n', f);
}

void
yaml_print_errors(FILE *f, const struct yaml *y)
{
	const struct diag *d = NULL;

	for (unsigned i = 0; (d = yaml_diag(y, i)) != NULL; i++)
		print_diag(f, d);
	if (y->errors > y->ndiags)
		(void)fprintf(f, "%s: and %u more\n", y->diag[0].file,
		    y->errors - y->ndiags);
}

int
yaml_place(
    char *ret, size_t size, const struct yaml *y, const struct yaml_item *i)
{
	return str_fmt(ret, size, "%s:%u:%u", y->file, i->line, i->column);
}
