/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pages - see the header.
 */
#include "jitctl/cmd/pages.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "jitctl/term/csv.h"
#include "jitctl/term/json.h"
#include "jitctl/term/say.h"
#include "jitctl/term/yaml.h"

struct pages {
	struct ctx *c;
	const struct col *cols;
	size_t n;
	size_t rows;
};

/* ---- one reply */

static void
begin(const struct pages *p)
{
	if (p->c->out == OUT_JSON)
		(void)fputs("{\"items\": [", stdout);
	else if (p->c->out == OUT_CSV)
		csv_head(stdout, p->cols, p->n);
}

static int
print_items(struct pages *p, const json_t *items)
{
	const size_t n = json_array_size(items);
	json_t *list = NULL;
	int x = EXIT_OK;

	for (size_t i = 0; p->c->out == OUT_JSON && i < n; i++) {
		(void)fputs(p->rows + i > 0 ? ",\n" : "\n", stdout);
		out_json(stdout, json_array_get(items, i), JSON_COMPACT);
	}
	for (size_t i = 0; p->c->out == OUT_CSV && i < n; i++)
		csv_row(stdout, json_array_get(items, i), p->cols, p->n);
	if (p->c->out != OUT_JSON && p->c->out != OUT_CSV && n > 0) {
		list = json_pack("{s:O}", "items", items);
		if (p->c->out == OUT_YAML && p->rows > 0)
			out_yaml_more(stdout, items);
		else
			x = out_items(p->c, list, p->cols, p->n, "");
		json_decref(list);
	}
	p->rows += n;
	return x;
}

static void
end(const struct pages *p, const char *empty)
{
	if (p->c->out == OUT_JSON)
		(void)fputs(p->rows > 0 ? "\n]}\n" : "]}\n", stdout);
	else if (p->rows == 0 && p->c->out == OUT_YAML)
		(void)fputs("items: []\n", stdout);
	else if (p->rows == 0)
		say(p->c, "%s", empty);
}

static int
print_all(struct pages *p, enum api_verb verb, const char *arg,
    const struct query *q, const char *empty)
{
	char next[LIMIT_NAME_SIZE] = "";
	int x = EXIT_OK;

	do {
		struct query rest = q != NULL ? *q : (struct query){0};
		struct reply r = {0};
		const bool first = next[0] == '\0';

		if (!first)
			query_add(&rest, "after", next);
		x = read_verb(p->c, verb, arg, &rest, &r);
		if (x == EXIT_OK && read_page(r.json, r.json, next) != 0) {
			say_error("the gateway does not say where its list "
				  "continues");
			x = EXIT_FAILED;
		}
		if (x == EXIT_OK && first)
			begin(p);
		if (x == EXIT_OK)
			x = print_items(p, json_object_get(r.json, "items"));
		reply_done(&r);
	} while (x == EXIT_OK && next[0] != '\0' && ferror(stdout) == 0);
	if (x == EXIT_OK)
		end(p, empty);
	return x;
}

/* ---- into a file */

/* What is printed goes there; *retold is where it went before. */
static bool
to_file(const char *path, int *retold)
{
	const int fd =
	    open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	char text[CELL_SIZE];

	say_text(text, sizeof(text), path, strlen(path));
	if (fd < 0) {
		say_error("--export %s: %s", text, strerror(errno));
		return false;
	}
	(void)fflush(stdout);
	*retold = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	if (*retold < 0 || dup2(fd, STDOUT_FILENO) < 0) {
		say_error("--export %s: %s", text, strerror(errno));
		(void)unlink(path);
		if (*retold >= 0)
			(void)close(*retold);
		(void)close(fd);
		return false;
	}
	(void)close(fd);
	return true;
}

/* Whole and on disk, or not there. */
static int
end_file(const char *path, int old, int x)
{
	errno = 0;
	if (fflush(stdout) != 0 || ferror(stdout) != 0 ||
	    fsync(STDOUT_FILENO) != 0) {
		const int error = errno; /* 0: an earlier write failed */

		if (x == EXIT_OK)
			say_error("it could not be written%s%s",
			    error != 0 ? ": " : "",
			    error != 0 ? strerror(error) : "");
		x = x == EXIT_OK ? EXIT_FAILED : x;
	}
	clearerr(stdout);
	(void)dup2(old, STDOUT_FILENO);
	(void)close(old);
	if (x != EXIT_OK)
		(void)unlink(path);
	return x;
}

int
pages_print(struct ctx *c, enum api_verb verb, const char *arg,
    const struct query *q, const struct col *cols, size_t n, const char *empty,
    size_t *retrows)
{
	struct pages p = {.c = c, .cols = cols, .n = n};
	const char *path = opt_get(&c->opt, F_EXPORT);
	int old = -1;
	int x = EXIT_OK;

	if (path == NULL) {
		x = print_all(&p, verb, arg, q, empty);
	} else {
		if (!opt_has(&c->opt, F_OUTPUT))
			c->out = OUT_CSV;
		if (!to_file(path, &old))
			return EXIT_FAILED;
		x = end_file(path, old, print_all(&p, verb, arg, q, empty));
		if (x == EXIT_OK)
			say(c, "%zu rows.", p.rows);
	}
	if (retrows != NULL)
		*retrows = p.rows;
	return x;
}
