/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record - see the header.
 */
#include "jitctl/cmd/record.h"

#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/str.h"
#include "jitctl/cmd/change.h"
#include "jitctl/term/json.h"
#include "jitctl/term/out.h"
#include "jitctl/term/say.h"
#include "jitctl/term/when.h"
#include "jitctl/term/words.h"
#include "jitctl/term/yaml.h"

static const char *const shown_keys[] = {"user", "by", "uid", "change", "path",
    "lock", "kind", "value", "req", "glass", "target", "login", "grant",
    "grant_new", "sid", "reach", "command", "src", "src6", "dst", "dst6",
    "dst_port", "outcome", "reason", "wanted", "exit", "bytes_in", "bytes_out",
    "why", "ticket", "role", "roles", "seconds", "needs", "approved_by",
    "tried", "keys", "widens", "process", "sink", "found", "expected", "msg",
    "name", "text"};

/* Would a terminal do something at these bytes? No notary writes such. */
static bool
has_controls(const char *line, size_t n)
{
	const uint8_t *p = (const uint8_t *)line;

	for (size_t i = 0; i < n; i++)
		if (p[i] < 0x20 || p[i] == 0x7f ||
		    (p[i] == 0xc2 && i + 1 < n && p[i + 1] < 0xa0))
			return true;
	return false;
}

/* ---------------------------------------------------- what was changed */

/* "state active -> disabled; groups dev -> dev,ops" */
static void
put_change(
    struct buf *b, const char *field, const json_t *was, const json_t *now)
{
	const bool first = b->len == 0 || b->p[b->len - 1] == ':';
	char name[CELL_SIZE], text[CELL_SIZE];

	say_text(name, sizeof(name), field, strlen(field));
	buf_printf(b, "%s%s%s", first ? "" : ";", b->len > 0 ? " " : "", name);
	if (was != NULL) {
		change_value(text, field, was);
		buf_printf(b, " %s", text);
	}
	if (now != NULL) {
		change_value(text, field, now);
		buf_printf(b, "%s %s", was != NULL ? " ->" : "", text);
	}
}

static bool
is_empty(const json_t *v)
{
	return json_is_false(v) || json_is_null(v) ||
	       (json_is_string(v) && json_string_length(v) == 0) ||
	       ((json_is_array(v) || json_is_object(v)) &&
		   json_array_size(v) == 0 && json_object_size(v) == 0);
}

/* All of it that says something: the names stand in the record already. */
static void
put_all(struct buf *b, json_t *o, bool removed)
{
	static const char *const names[] = {
	    "user", "user_id", "target", "target_id", "role", "role_id"};
	const char *key = NULL;
	json_t *v = NULL;

	json_object_foreach(o, key, v)
	{
		bool named = is_empty(v);

		for (size_t i = 0; i < ARRAY_LEN(names); i++)
			named = named || strcmp(key, names[i]) == 0;
		if (!named)
			put_change(
			    b, key, removed ? v : NULL, removed ? NULL : v);
	}
}

/* Of a policy: each user, target and role that was changed by it. */
static void
put_policy(struct buf *b, const json_t *list)
{
	char kind[CELL_SIZE], name[CELL_SIZE];

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *o = json_array_get(list, i);
		const json_t *changes = json_object_get(o, "changes");

		if (strcmp(member(o, "change"), "same") == 0)
			continue;
		cell_text(kind, json_object_get(o, "kind"), COL_TEXT);
		cell_text(name, json_object_get(o, "name"), COL_TEXT);
		buf_printf(b, "%s%s %s:", b->len > 0 ? "; " : "", kind, name);
		if (json_array_size(changes) == 0) {
			cell_text(name, json_object_get(o, "change"), COL_TEXT);
			buf_printf(b, " %s", name);
		}
		for (size_t k = 0; k < json_array_size(changes); k++) {
			const json_t *x = json_array_get(changes, k);

			put_change(b, member(x, "field"),
			    json_object_get(x, "before"),
			    json_object_get(x, "after"));
		}
	}
}

/* A member of a record that is JSON itself; NULL: none, or cut. */
static json_t *
inner(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	return json_is_string(v) ? json_loadb(json_string_value(v),
				       json_string_length(v), 0, NULL)
				 : NULL;
}

static void
put_object(struct buf *b, json_t *was, json_t *now, bool is_new)
{
	const char *key = NULL;
	json_t *v = NULL;

	if (was != NULL && now != NULL) {
		json_object_foreach(was, key, v)
		{
			put_change(b, key, v, json_object_get(now, key));
		}
	} else if (was != NULL) {
		put_all(b, was, true);
	} else if (is_new) {
		put_all(b, now, false);
	}
}

/* changes="...", in words: what was, and what is. */
static void
show_changes(const json_t *o)
{
	json_t *was = inner(o, "was");
	json_t *now = inner(o, "changes");
	json_t *text = NULL;
	struct buf b;

	buf_init(&b, 64 * 1024);
	if (json_is_array(now))
		put_policy(&b, now);
	else if (now != NULL || was != NULL)
		put_object(&b, was, now,
		    strcmp(member(o, "event"), "user.update") != 0);
	else if (json_is_string(json_object_get(o, "changes")))
		buf_printf(&b, "%s", member(o, "changes")); /* cut */
	if (b.len > 0 && buf_err(&b) == 0)
		text = json_stringn((const char *)b.p, b.len);
	if (text != NULL)
		out_field("changes", text);
	json_decref(text);
	json_decref(was);
	json_decref(now);
	buf_done(&b);
}

/* ---------------------------------------------------------------- a line */

/* "2026-11-22 02:02:03.456 CET  17  grant.open  user=alice target=web-01" */
static void
show_line(const json_t *o)
{
	const bool named = json_object_get(o, "user") != NULL ||
			   json_object_get(o, "by") != NULL;
	const char *event = member(o, "event");
	char t[2][CELL_SIZE];

	when_text_ms(t[0], sizeof(t[0]), member(o, "time"));
	say_text(t[1], sizeof(t[1]), event, strlen(event));
	(void)printf("%s  %6lld  %-20s", t[0],
	    (long long)json_integer_value(json_object_get(o, "seq")), t[1]);
	for (size_t i = 0; i < ARRAY_LEN(shown_keys); i++) {
		const json_t *v = json_object_get(o, shown_keys[i]);

		if (v != NULL && !(named && strcmp(shown_keys[i], "uid") == 0))
			out_field(shown_keys[i], v);
	}
	show_changes(o);
	(void)fputc('\n', stdout);
}

void
record_put_fields(struct buf *b, json_t *o)
{
	if (json_is_object(o))
		put_all(b, o, false);
}

void
record_show(const struct ctx *c, const char *line, size_t n)
{
	json_t *o = json_parse_record(line, n);
	char text[CELL_SIZE];

	if (o == NULL || has_controls(line, n)) {
		say_text(text, sizeof(text), line, n);
		(void)printf("%s\n", text);
	} else if (c->out == OUT_JSON) {
		/* Its bytes, for the proof; a terminal gets what is harmless
		 * there. */
		if (isatty(STDOUT_FILENO) == 1 &&
		    (!str_text_ok(line, n) || !say_utf8()))
			out_json(stdout, o, JSON_COMPACT);
		else
			(void)fwrite(line, 1, n, stdout);
		(void)fputc('\n', stdout);
	} else if (c->out == OUT_YAML) {
		(void)printf("---\n");
		out_yaml(stdout, o);
	} else {
		show_line(o);
	}
	json_decref(o);
}
