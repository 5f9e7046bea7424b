/* SPDX-License-Identifier: Apache-2.0 */
/*
 * out - see the header.
 */
#include "jitctl/term/out.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/str.h"
#include "jitctl/term/json.h"
#include "jitctl/term/say.h"
#include "jitctl/term/when.h"
#include "jitctl/term/yaml.h"

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
		if ((out & UINT64_C(1) << i) != 0) {
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
