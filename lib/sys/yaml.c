/* SPDX-License-Identifier: Apache-2.0 */
/*
 * yaml - libyaml's events made into a tree. The only file that includes
 * <yaml.h>. Decides nothing about what a key means (sys/yamlget.c and the
 * callers do).
 */
#include "sys/yaml.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yaml.h>

#include "base/limits.h"
#include "base/str.h"
#include "sys/yaml_tree.h"

/* ---------------------------------------------------------------- nodes */

static void
item_free(struct yaml_item *i)
{
	if (i == NULL)
		return;
	for (size_t n = 0; n < i->n; n++) {
		item_free(i->value[n]);
		if (i->key != NULL)
			item_free(i->key[n]);
	}
	free(i->value);
	free(i->key);
	free(i->text);
	free(i);
}

static struct yaml_item *
item_new(enum yaml_kind kind, const yaml_event_t *ev)
{
	struct yaml_item *i = calloc(1, sizeof(*i));

	if (i == NULL)
		return NULL;
	i->kind = kind;
	i->line = (unsigned)ev->start_mark.line + 1;
	i->column = (unsigned)ev->start_mark.column + 1;
	i->width = 1;
	if (kind == YAML_KIND_SCALAR &&
	    ev->end_mark.line == ev->start_mark.line &&
	    ev->end_mark.column > ev->start_mark.column)
		i->width =
		    (unsigned)(ev->end_mark.column - ev->start_mark.column);
	return i;
}

/* Owns key and value when it succeeds. */
static int
item_add(struct yaml_item *i, struct yaml_item *key, struct yaml_item *value)
{
	const size_t cap = i->cap == 0 ? 8 : i->cap * 2;
	struct yaml_item **grown = NULL;

	if (i->n == i->cap) {
		grown = reallocarray(i->value, cap, sizeof(struct yaml_item *));
		if (grown == NULL)
			return GW_ENOMEM;
		i->value = grown;
		if (key != NULL) { /* a map */
			grown = reallocarray(
			    i->key, cap, sizeof(struct yaml_item *));
			if (grown == NULL)
				return GW_ENOMEM;
			i->key = grown;
		}
		i->cap = cap;
	}
	i->value[i->n] = value;
	if (key != NULL)
		i->key[i->n] = key;
	i->n++;
	return 0;
}

/* --------------------------------------------------------------- parser */

struct reader {
	struct yaml *y;
	yaml_parser_t parser;
	unsigned depth;
};

/* A tab among the blanks before the first word, in the line'th line from 0? */
static bool
tab_begins(const struct yaml *y, size_t line)
{
	const char *p = y->text;

	while (line-- > 0 && (p = strchr(p, '\n')) != NULL)
		p++;
	return p != NULL && memchr(p, '\t', strspn(p, " \t")) != NULL;
}

/* libyaml's reasons are good English; its places are kept as they are. */
static int
syntax_error(struct reader *rd)
{
	const yaml_parser_t *p = &rd->parser;
	const yaml_mark_t *m = &p->problem_mark;
	char text[128];
	const char *problem = p->problem != NULL ? p->problem : "not YAML";

	if (p->error == YAML_MEMORY_ERROR)
		return GW_ENOMEM;
	if (p->error == YAML_SCANNER_ERROR && tab_begins(rd->y, m->line)) {
		yaml_error_at(rd->y, (unsigned)m->line + 1,
		    (unsigned)m->column + 1, 1,
		    "a tab: YAML is indented with spaces");
		return GW_EINVAL;
	}
	str_escape(text, sizeof(text), problem, strlen(problem));
	if (p->error == YAML_READER_ERROR)
		yaml_error_at(rd->y, 1, 1, 1, "not readable: %s", text);
	else
		yaml_error_at(rd->y, (unsigned)m->line + 1,
		    (unsigned)m->column + 1, 1, "not valid YAML: %s%s%s", text,
		    p->context != NULL ? ", " : "",
		    p->context != NULL ? p->context : "");
	return GW_EINVAL;
}

static int
next_event(struct reader *rd, yaml_event_t *ret)
{
	if (yaml_parser_parse(&rd->parser, ret) == 1)
		return 0;
	*ret = (yaml_event_t){0};
	return syntax_error(rd);
}

/* Anchors and tags are errors, but the tree continues without them. */
static void
refuse_extras(struct reader *rd, const yaml_event_t *ev,
    const yaml_char_t *anchor, const yaml_char_t *tag)
{
	const unsigned line = (unsigned)ev->start_mark.line + 1;
	const unsigned column = (unsigned)ev->start_mark.column + 1;

	if (anchor != NULL)
		yaml_error_at(rd->y, line, column, 1,
		    "anchors (&name) are not used here; write the value out");
	if (tag != NULL)
		yaml_error_at(rd->y, line, column, 1,
		    "tags (!type) are not used here; write the plain value");
}

static int read_node(
    struct reader *rd, yaml_event_t *ev, struct yaml_item **ret);

static int
read_scalar(struct reader *rd, yaml_event_t *ev, struct yaml_item **ret)
{
	struct yaml_item *i = item_new(YAML_KIND_SCALAR, ev);

	if (i == NULL)
		return GW_ENOMEM;
	refuse_extras(rd, ev, ev->data.scalar.anchor, ev->data.scalar.tag);
	i->plain = ev->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	i->text = strndup(
	    (const char *)ev->data.scalar.value, ev->data.scalar.length);
	if (i->text == NULL) {
		item_free(i);
		return GW_ENOMEM;
	}
	/* "\0" in double quotes: the one way a NUL can still come in. */
	if (strlen(i->text) != ev->data.scalar.length)
		yaml_error(rd->y, i, "a NUL character is not allowed");
	else if (!str_text_ok(i->text, strlen(i->text)) &&
		 strpbrk(i->text, "\n\t") == NULL)
		yaml_error(rd->y, i,
		    "control, direction or invisible characters "
		    "are not allowed");
	*ret = i;
	return 0;
}

static void
check_key(
    struct reader *rd, const struct yaml_item *map, const struct yaml_item *key)
{
	char text[80];

	if (key->kind != YAML_KIND_SCALAR) {
		yaml_error(rd->y, key, "a key must be a single word");
		return;
	}
	for (size_t n = 0; n < map->n; n++) {
		if (map->key[n]->kind != YAML_KIND_SCALAR ||
		    strcmp(map->key[n]->text, key->text) != 0)
			continue;
		str_escape(text, sizeof(text), key->text, strlen(key->text));
		yaml_error(rd->y, key,
		    "duplicate key \"%s\" (first on line %u)", text,
		    map->key[n]->line);
		return;
	}
}

static int
read_member(struct reader *rd, struct yaml_item *map, yaml_event_t *first)
{
	struct yaml_item *key = NULL;
	struct yaml_item *value = NULL;
	yaml_event_t ev = {0};
	int r = 0;

	if (map->kind == YAML_KIND_LIST) {
		r = read_node(rd, first, &value);
	} else {
		if ((r = read_node(rd, first, &key)) != 0)
			goto out;
		if (map->n == LIMIT_YAML_KEYS) {
			yaml_error(rd->y, key, "more than %d keys in one place",
			    (int)LIMIT_YAML_KEYS);
			r = GW_ELIMIT;
			goto out;
		}
		check_key(rd, map, key);
		if ((r = next_event(rd, &ev)) != 0)
			goto out;
		r = read_node(rd, &ev, &value);
	}
	if (r != 0 || (r = item_add(map, key, value)) != 0)
		goto out;
	key = NULL;
	value = NULL;
out:
	yaml_event_delete(&ev);
	item_free(key);
	item_free(value);
	return r;
}

static int
read_collection(struct reader *rd, yaml_event_t *start, enum yaml_kind kind,
    struct yaml_item **ret)
{
	const yaml_event_type_t end = kind == YAML_KIND_MAP
					  ? YAML_MAPPING_END_EVENT
					  : YAML_SEQUENCE_END_EVENT;
	struct yaml_item *i = item_new(kind, start);
	yaml_event_t ev = {0};
	bool over = false;
	int r = GW_ENOMEM;

	if (i == NULL)
		goto out;
	if (++rd->depth > LIMIT_YAML_DEPTH) {
		yaml_error(rd->y, i, "nested deeper than %d levels",
		    (int)LIMIT_YAML_DEPTH);
		r = GW_ELIMIT;
		goto out;
	}
	if (kind == YAML_KIND_MAP)
		refuse_extras(rd, start, start->data.mapping_start.anchor,
		    start->data.mapping_start.tag);
	else
		refuse_extras(rd, start, start->data.sequence_start.anchor,
		    start->data.sequence_start.tag);
	while (!over) {
		if ((r = next_event(rd, &ev)) != 0)
			goto out;
		over = ev.type == end;
		if (!over)
			r = read_member(rd, i, &ev);
		yaml_event_delete(&ev);
		if (r != 0)
			goto out;
	}
	rd->depth--;
	*ret = i;
	i = NULL;
out:
	item_free(i);
	return r;
}

/* Does not delete the event: its caller does. */
static int
read_node(struct reader *rd, yaml_event_t *ev, struct yaml_item **ret)
{
	switch (ev->type) {
	case YAML_SCALAR_EVENT:
		return read_scalar(rd, ev, ret);
	case YAML_MAPPING_START_EVENT:
		return read_collection(rd, ev, YAML_KIND_MAP, ret);
	case YAML_SEQUENCE_START_EVENT:
		return read_collection(rd, ev, YAML_KIND_LIST, ret);
	case YAML_ALIAS_EVENT:
		yaml_error_at(rd->y, (unsigned)ev->start_mark.line + 1,
		    (unsigned)ev->start_mark.column + 1, 1,
		    "aliases (*name) are not used here; write the value out");
		/* An empty list stands in; the file is refused anyway. */
		*ret = item_new(YAML_KIND_NONE, ev);
		return *ret != NULL ? 0 : GW_ENOMEM;
	default:
		yaml_error_at(rd->y, (unsigned)ev->start_mark.line + 1,
		    (unsigned)ev->start_mark.column + 1, 1,
		    "not valid YAML here");
		return GW_EINVAL;
	}
}

static void
check_document_start(struct reader *rd, const yaml_event_t *ev)
{
	if (ev->data.document_start.version_directive != NULL ||
	    ev->data.document_start.tag_directives.start !=
		ev->data.document_start.tag_directives.end)
		yaml_error_at(rd->y, (unsigned)ev->start_mark.line + 1,
		    (unsigned)ev->start_mark.column + 1, 1,
		    "directives (%%YAML, %%TAG) are not used here");
}

static int
read_stream(struct reader *rd)
{
	struct yaml *y = rd->y;
	struct yaml_item *root = NULL;
	yaml_event_t ev = {0};
	bool over = false;
	int r = 0;

	while (!over && (r = next_event(rd, &ev)) == 0) {
		switch (ev.type) {
		case YAML_STREAM_END_EVENT:
			over = true;
			break;
		case YAML_STREAM_START_EVENT:
		case YAML_DOCUMENT_END_EVENT:
			break;
		case YAML_DOCUMENT_START_EVENT:
			check_document_start(rd, &ev);
			if (root == NULL)
				break;
			yaml_error_at(y, (unsigned)ev.start_mark.line + 1, 1, 3,
			    "a second document (---) in one file");
			over = true;
			break;
		default:
			r = read_node(rd, &ev, &root);
			break;
		}
		yaml_event_delete(&ev);
		if (r != 0)
			break;
	}
	if (r != 0) {
		item_free(root);
		return r;
	}
	if (root == NULL)
		yaml_error_at(y, 1, 1, 1, "the file is empty");
	y->root = root;
	return 0;
}

/* Everything str_text_ok refuses but tabs and line ends. Also makes sure that
 * libyaml's idea of a line is ours. */
static int
check_bytes(struct yaml *y)
{
	const char *p = NULL;
	size_t n = 0;
	size_t from = 0;
	unsigned line = 1;

	for (size_t at = 0; at < y->len; at += n + 1, line++) {
		p = y->text + at;
		const char *end = memchr(p, '\n', y->len - at);

		n = end != NULL ? (size_t)(end - p) : y->len - at;
		/* some editors put a byte order mark before all */
		from = line == 1 && n >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0
			   ? 3
			   : 0;
		for (size_t i = from; i <= n; i++) {
			if (i < n && p[i] != '\t' &&
			    !(p[i] == '\r' && i + 1 == n))
				continue;
			if (!str_text_ok(p + from, i - from)) {
				yaml_error_at(y, line, 1, 1,
				    "not UTF-8, or a control, direction or "
				    "invisible character in this line");
				return GW_EINVAL;
			}
			from = i + 1;
		}
	}
	return 0;
}

static int
parse_text(struct yaml *y)
{
	struct reader rd = {.y = y};
	int r = 0;

	if (y->len > LIMIT_YAML_MAX) {
		yaml_error(
		    y, NULL, "larger than %d bytes", (int)LIMIT_YAML_MAX);
		return GW_ELIMIT;
	}
	if ((r = check_bytes(y)) != 0)
		return r;
	if (yaml_parser_initialize(&rd.parser) != 1)
		return GW_ENOMEM;
	yaml_parser_set_encoding(&rd.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(
	    &rd.parser, (const unsigned char *)y->text, y->len);
	r = read_stream(&rd);
	yaml_parser_delete(&rd.parser);
	return r;
}

/* ----------------------------------------------------------- open, close */

static struct yaml *
yaml_alloc(const char *name, size_t n)
{
	struct yaml *y = calloc(1, sizeof(*y));

	if (y == NULL)
		return NULL;
	y->text = malloc(n + 1);
	if (y->text == NULL) {
		free(y);
		return NULL;
	}
	y->text[0] = '\0';
	(void)snprintf(y->file, sizeof(y->file), "%s", name);
	return y;
}

int
yaml_open(struct yaml **ret, const char *name, const void *p, size_t n)
{
	static const char bom[] = "\xef\xbb\xbf"; /* some editors begin so */
	const size_t skip =
	    n >= 3 && memcmp(p, bom, strlen(bom)) == 0 ? strlen(bom) : 0;
	const char *text = (const char *)p + skip;
	/* What is too long is refused, so there is no need to keep it. */
	const size_t keep = n <= LIMIT_YAML_MAX ? n - skip : 0;
	struct yaml *y = yaml_alloc(name, keep);
	int r = GW_ENOMEM;

	n -= skip;
	if (y == NULL)
		return GW_ENOMEM;
	if (keep > 0)
		memcpy(y->text, text, keep);
	y->text[keep] = '\0';
	y->len = n;
	r = parse_text(y);
	if (r == GW_ENOMEM) {
		yaml_close(y);
		return r;
	}
	/* A failure without a diag must not look like a good file. */
	if (r != 0 && y->errors == 0)
		yaml_error(y, NULL, "%s", err_str(r));
	if (n > keep)
		y->len = 0;
	*ret = y;
	return 0;
}

/* Up to LIMIT_YAML_MAX + 1 bytes: one more shows that it is too long. */
static int
slurp(const char *path, char *buf, size_t size, size_t *retn)
{
	const bool is_stdin = strcmp(path, "-") == 0;
	struct stat st;
	ssize_t got = 1;
	int fd = STDIN_FILENO;
	int r = GW_ESYS;

	*retn = 0;
	if (!is_stdin)
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return GW_ESYS;
	if (fstat(fd, &st) != 0)
		goto out;
	errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
	if (!S_ISREG(st.st_mode) && !is_stdin)
		goto out;
	while (got > 0 && *retn < size) {
		got = read(fd, buf + *retn, size - *retn);
		if (got < 0 && errno == EINTR) {
			got = 1;
			continue;
		}
		if (got < 0)
			goto out;
		*retn += (size_t)got;
	}
	r = 0;
out:
	if (!is_stdin)
		(void)close(fd);
	return r;
}

int
yaml_open_file(struct yaml **ret, const char *path)
{
	const char *name = strcmp(path, "-") == 0 ? "stdin" : path;
	const size_t size = LIMIT_YAML_MAX + 1;
	char *buf = malloc(size);
	struct yaml *y = NULL;
	size_t n = 0;
	int r = GW_ENOMEM;

	if (buf == NULL)
		goto out;
	if (slurp(path, buf, size, &n) == 0) {
		r = yaml_open(ret, name, buf, n);
		goto out;
	}
	if ((y = yaml_alloc(name, 0)) == NULL)
		goto out;
	yaml_error(y, NULL, "cannot be read: %s", strerror(errno));
	*ret = y;
	r = 0;
out:
	free(buf);
	return r;
}

void
yaml_close(struct yaml *y)
{
	if (y == NULL)
		return;
	item_free(y->root);
	free(y->text);
	free(y);
}

const struct yaml_item *
yaml_root(const struct yaml *y)
{
	return y->root;
}
