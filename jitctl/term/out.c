/* SPDX-License-Identifier: Apache-2.0 */
/*
 * out - see the header. Widths are counted in columns of the terminal (wide
 * characters take two).
 */
#include "jitctl/term/out.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/str.h"
#include "jitctl/term/say.h"
#include "jitctl/term/when.h"

enum { GAP = 2, COL_MIN = 8 };

/* --------------------------------------------------------------- widths */

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

/* ---------------------------------------------------------------- cells */

static void
add_text(char ret[static CELL_SIZE], const char *s)
{
	const size_t n = strlen(ret);

	say_text(ret + n, CELL_SIZE - n, s, strlen(s));
}

static void
scalar_text(char ret[static CELL_SIZE], const json_t *v)
{
	const size_t n = strlen(ret);
	char number[32], when[64];

	if (json_is_string(v)) /* an old record's may hold a NUL */
		say_text(ret + n, CELL_SIZE - n, json_string_value(v),
		    json_string_length(v));
	else if (json_is_object(v)) { /* one who has an end */
		scalar_text(ret, json_object_get(v, "name"));
		add_text(ret, " until ");
		when_text(when, sizeof(when),
		    json_string_value(json_object_get(v, "until")) != NULL
			? json_string_value(json_object_get(v, "until"))
			: "?");
		add_text(ret, when);
	} else if (json_is_boolean(v))
		add_text(ret, json_is_true(v) ? "yes" : "no");
	else if (json_is_integer(v)) {
		(void)snprintf(number, sizeof(number), "%lld",
		    (long long)json_integer_value(v));
		add_text(ret, number);
	}
}

static void
list_text(char ret[static CELL_SIZE], const json_t *v)
{
	const int64_t now_ms = clock_now().utc_ms;

	for (size_t i = 0; i < json_array_size(v); i++) {
		const json_t *x = json_array_get(v, i);
		const char *until =
		    json_string_value(json_object_get(x, "until"));
		int64_t ms = 0;

		if (i > 0)
			add_text(ret, ",");
		scalar_text(ret, x);
		if (until != NULL && str_time_parse(until, &ms) == 0 &&
		    ms <= now_ms)
			add_text(ret, " (ended)");
	}
}

static void
map_text(char ret[static CELL_SIZE], const json_t *v)
{
	const char *key = NULL;
	const json_t *value = NULL;
	bool first = true;

	json_object_foreach((json_t *)(uintptr_t)v, key, value)
	{
		if (!first)
			add_text(ret, ",");
		first = false;
		add_text(ret, key);
		add_text(ret, "=");
		scalar_text(ret, value);
	}
}

void
cell_text(char ret[static CELL_SIZE], const json_t *v, enum col_kind k)
{
	char text[64];
	char said[CELL_SIZE] = "";

	ret[0] = '\0';
	switch (k) {
	case COL_TEXT:
		scalar_text(ret, v);
		break;
	case COL_SAID:
		scalar_text(said, v);
		when_in_text(ret, CELL_SIZE, said);
		break;
	case COL_TIME:
		if (json_is_string(v))
			when_text(ret, CELL_SIZE, json_string_value(v));
		break;
	case COL_LIST:
		list_text(ret, v);
		break;
	case COL_TIMES:
		list_text(said, v);
		when_in_text(ret, CELL_SIZE, said);
		break;
	case COL_MAP:
		map_text(ret, v);
		break;
	case COL_BOOL:
		add_text(ret, json_is_true(v) ? "yes" : "");
		break;
	case COL_SECONDS:
		if (!json_is_integer(v) || json_integer_value(v) < 0)
			break;
		str_duration_format(
		    text, sizeof(text), (uint64_t)json_integer_value(v));
		add_text(ret, text);
		break;
	case COL_FINGERPRINTS:
		for (size_t i = 0; i < json_array_size(v); i++) {
			if (i > 0)
				add_text(ret, ",");
			scalar_text(ret, json_object_get(json_array_get(v, i),
					     "fingerprint"));
		}
		break;
	case COL_KEYS:
		(void)snprintf(ret, CELL_SIZE, "%zu", json_array_size(v));
		break;
	}
}

static bool
is_plain(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] <= ' ' || s[i] >= 0x7f ||
		    strchr("=\"\\", s[i]) != NULL)
			return false;
	return true;
}

void
out_field(const char *key, const json_t *v)
{
	const char *s = json_string_value(v);
	const size_t n = s != NULL ? json_string_length(v) : 0;
	char raw[CELL_SIZE * 2], text[CELL_SIZE];
	size_t at = 0;

	if (s == NULL || is_plain(s, n) || FAULT(raw_fields)) {
		cell_text(text, v, COL_TEXT);
		(void)printf(" %s=%s", key, text);
		return;
	}
	/* Before say_text(): the escapes of that one are its own. */
	for (size_t i = 0; i < n && at + 2 <= sizeof(raw); i++) {
		if (s[i] == '"' || s[i] == '\\')
			raw[at++] = '\\';
		raw[at++] = s[i];
	}
	say_text(text, sizeof(text), raw, at);
	at = strlen(text);
	while (at > 0 && text[at - 1] == '\\')
		at--;
	if ((strlen(text) - at) % 2 != 0) /* it was cut there */
		text[strlen(text) - 1] = '\0';
	(void)printf(" %s=\"%s\"", key, text);
}

/* ----------------------------------------------------------------- lists */

static unsigned
screen_width(const struct ctx *c)
{
	struct winsize ws = {0};

	if (c->out == OUT_WIDE || isatty(STDOUT_FILENO) == 0 ||
	    ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) != 0)
		return 0;
	return ws.ws_col;
}

/* A column that is not there is not taken for one that the gateway lacks. */
static void
tell_left_out(const struct ctx *c, const struct table *t, uint64_t out)
{
	char names[CELL_SIZE] = "";

	for (size_t i = 0; i < t->cols; i++)
		if (is_in(out, i)) {
			add_text(names, names[0] != '\0' ? ", " : "");
			add_text(names, t->cell[i]);
		}
	if (names[0] != '\0')
		say(c, "Left out for want of room: %s. All: -o wide", names);
}

static int
print_table(
    const struct ctx *c, const json_t *items, const struct col *cols, size_t n)
{
	struct table t = {.rows = json_array_size(items) + 1};
	const unsigned width = screen_width(c);
	const int64_t now_ms = clock_now().utc_ms;
	uint64_t out = 0;
	size_t at = 0;

	for (size_t i = 0; i < n; i++) {
		if (cols[i].room == COL_WIDE && c->out != OUT_WIDE)
			continue;
		if (i == 0 || cols[i].kind == COL_TIME)
			t.whole |= UINT64_C(1) << t.cols;
		if (cols[i].room == COL_LESS)
			t.less |= UINT64_C(1) << t.cols;
		t.cols++;
	}
	t.cell = calloc(t.rows * t.cols, sizeof(*t.cell));
	if (t.cell == NULL) {
		say_error("out of memory");
		return EXIT_FAILED;
	}
	for (size_t r = 0; r < t.rows; r++)
		for (size_t i = 0; i < n; i++) {
			const json_t *v =
			    r == 0
				? NULL
				: json_object_get(json_array_get(items, r - 1),
				      cols[i].key);

			if (cols[i].room == COL_WIDE && c->out != OUT_WIDE)
				continue;
			if (r == 0)
				add_text(t.cell[at], cols[i].head);
			else if (width > 0 && cols[i].kind == COL_TIME &&
				 json_is_string(v))
				when_text_short(t.cell[at], CELL_SIZE,
				    json_string_value(v), now_ms);
			else
				cell_text(t.cell[at], v, cols[i].kind);
			at++;
		}
	out = table_print(stdout, &t, width);
	tell_left_out(c, &t, out);
	free(t.cell);
	return EXIT_OK;
}

/* For scripts, which put them into commands: names and ids only. */
static int
print_names(const json_t *items, const char *key)
{
	int x = EXIT_OK;

	for (size_t i = 0; i < json_array_size(items); i++) {
		const char *name = json_string_value(
		    json_object_get(json_array_get(items, i), key));

		if (name != NULL && (str_name_ok(name) || FAULT(believe_reply)))
			(void)printf("%s\n", name);
		else
			x = EXIT_VERIFY;
	}
	if (x != EXIT_OK)
		say_error("the gateway's list has what is no name; that was "
			  "left out");
	return x;
}

int
out_items(const struct ctx *c, const json_t *reply, const struct col *cols,
    size_t n, const char *empty)
{
	const json_t *items = json_object_get(reply, "items");

	if (!json_is_array(items)) {
		say_error("the gateway's answer is not a list");
		return EXIT_FAILED;
	}
	if (out_object(c, reply))
		return EXIT_OK;
	if (c->out == OUT_NAME)
		return print_names(items, cols[0].key);
	if (json_array_size(items) == 0) {
		say(c, "%s", empty);
		return EXIT_OK;
	}
	return print_table(c, items, cols, n);
}

void
out_item(const json_t *item, const struct col *cols, size_t n)
{
	char text[CELL_SIZE];
	size_t width = 0;

	for (size_t i = 0; i < n; i++)
		if (strlen(cols[i].head) > width)
			width = strlen(cols[i].head);
	for (size_t i = 0; i < n; i++) {
		cell_text(text, json_object_get(item, cols[i].key),
		    cols[i].kind == COL_KEYS ? COL_FINGERPRINTS : cols[i].kind);
		(void)printf("%-*s  %s\n", (int)width, cols[i].head,
		    text[0] == '\0' && cols[i].kind == COL_BOOL ? "no" : text);
	}
}

/* ------------------------------------------------------------------ json */

static bool
lines_ok(const char *s)
{
	for (size_t n = 0; *s != '\0'; s += n + (s[n] == '\n' ? 1 : 0)) {
		n = strcspn(s, "\n");
		if (!str_text_ok(s, n))
			return false;
	}
	return true;
}

/* Where the terminal reads no UTF-8, its bytes may be commands. */
static bool
charset_ok(const char *s)
{
	if (say_utf8() || FAULT(raw_locale))
		return true;
	while (*s != '\0' && (unsigned char)*s < 0x80)
		s++;
	return *s == '\0';
}

/* Malloc'd. */
static char *
json_shown(const json_t *v, size_t flags)
{
	char *text = json_dumps(v, flags);

	if (text != NULL && (!lines_ok(text) || !charset_ok(text))) {
		free(text);
		text = json_dumps(v, flags | JSON_ENSURE_ASCII);
	}
	return text;
}

void
out_json(FILE *f, const json_t *v, size_t flags)
{
	char *text = json_shown(v, flags);

	for (const char *s = text; s != NULL && *s != '\0'; s++)
		if (*s == 0x7f)
			(void)fputs("\\u007f", f);
		else
			(void)fputc(*s, f);
	free(text);
}

/* ------------------------------------------------------------------ yaml */

/* JSON's two halves of one character, which YAML writes as one. */
static unsigned long
surrogates(const char *s)
{
	unsigned high = 0, low = 0;
	int n = 0;

	if (sscanf(s, "\\u%4x\\u%4x%n", &high, &low, &n) != 2 || n != 12 ||
	    high < 0xd800 || high > 0xdbff || low < 0xdc00 || low > 0xdfff)
		return 0;
	return 0x10000UL + ((high - 0xd800UL) << 10) + (low - 0xdc00UL);
}

/* A JSON string is a YAML string, but for those; nothing else has one meaning.
 */
static void
yaml_scalar(FILE *f, const json_t *v)
{
	char *text = json_shown(v, JSON_ENCODE_ANY | JSON_COMPACT);

	for (const char *s = text; s != NULL && *s != '\0'; s++) {
		const unsigned long c = *s == '\\' ? surrogates(s) : 0;

		if (c != 0) {
			(void)fprintf(f, "\\U%08lX", c);
			s += 11;
		} else if (*s == '\\') {
			(void)fputc(*s++, f);
			(void)fputc(*s, f);
		} else if (*s == 0x7f) {
			(void)fputs("\\u007f", f);
		} else {
			(void)fputc(*s, f);
		}
	}
	free(text);
}

static void
yaml_key(FILE *f, const char *key)
{
	json_t *k = json_string(key);

	if (str_name_ok(key))
		(void)fputs(key, f);
	else
		yaml_scalar(f, k);
	json_decref(k);
	(void)fputc(':', f);
}

static void
yaml_value(FILE *f, const json_t *v, unsigned indent, bool in_list)
{
	const char *key = NULL;
	const json_t *value = NULL;
	bool first = in_list;

	if ((json_is_array(v) && json_array_size(v) == 0) ||
	    (json_is_object(v) && json_object_size(v) == 0) ||
	    (!json_is_array(v) && !json_is_object(v))) {
		(void)fputc(' ', f);
		yaml_scalar(f, v);
		(void)fputc('\n', f);
		return;
	}
	if (!in_list)
		(void)fputc('\n', f);
	if (json_is_array(v)) {
		if (in_list)
			(void)fputc('\n', f);
		for (size_t i = 0; i < json_array_size(v); i++) {
			(void)fprintf(f, "%*s-", (int)indent, "");
			yaml_value(f, json_array_get(v, i), indent + 2, true);
		}
		return;
	}
	json_object_foreach((json_t *)(uintptr_t)v, key, value)
	{
		(void)fprintf(f, "%*s", first ? 1 : (int)indent, "");
		first = false;
		yaml_key(f, key);
		yaml_value(f, value, indent + 2, false);
	}
}

void
out_yaml(FILE *f, const json_t *o)
{
	const char *key = NULL;
	const json_t *value = NULL;

	json_object_foreach((json_t *)(uintptr_t)o, key, value)
	{
		yaml_key(f, key);
		yaml_value(f, value, 2, false);
	}
}

void
out_yaml_more(FILE *f, const json_t *items)
{
	for (size_t i = 0; i < json_array_size(items); i++) {
		(void)fputs("  -", f);
		yaml_value(f, json_array_get(items, i), 4, true);
	}
}

bool
out_object(const struct ctx *c, const json_t *o)
{
	if (c->out == OUT_JSON) {
		out_json(stdout, o, JSON_INDENT(2));
		(void)fputc('\n', stdout);
		return true;
	}
	if (c->out == OUT_YAML) {
		out_yaml(stdout, o);
		return true;
	}
	return false;
}

bool
out_reader_left(void)
{
	struct pollfd p = {.fd = STDOUT_FILENO, .events = POLLOUT};

	return poll(&p, 1, 0) == 1 && (p.revents & (POLLERR | POLLHUP)) != 0;
}
