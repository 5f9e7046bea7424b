/* SPDX-License-Identifier: Apache-2.0 */
/*
 * position - see the header.
 */
#include "recorder/position.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "recorder/cast.h"
#include "recorder/file.h"

enum {
	BLOCK = 64 * 1024,
	LINE_MAX_SIZE = 1024 * 1024, /* internal: the header's is longest */
};

/* Whole lines of a file, one after the other. */
struct lines {
	int fd; /* -1: none, and no line */
	struct buf b;
	size_t at;           /* of the line that comes */
	const uint8_t *line; /* NULL: there is no more */
	size_t n;
};

static int
lines_open(struct lines *l, int dir, const char *name, bool required)
{
	*l = (struct lines){0};
	buf_init(&l->b, LINE_MAX_SIZE + BLOCK);
	l->fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	return l->fd < 0 && (required || errno != ENOENT) ? GW_ESYS : 0;
}

static void
lines_done(struct lines *l)
{
	if (l->fd >= 0)
		(void)close(l->fd);
	buf_done(&l->b);
}

static int
lines_fill(struct lines *l, bool *retend)
{
	uint8_t block[BLOCK];
	ssize_t n;

	buf_shift(&l->b, l->at);
	l->at = 0;
	while ((n = read(l->fd, block, sizeof(block))) < 0 && errno == EINTR)
		;
	if (n < 0)
		return GW_ESYS;
	*retend = n == 0;
	buf_put(&l->b, block, (size_t)n);
	return buf_err(&l->b);
}

static int
lines_next(struct lines *l)
{
	const uint8_t *lf = NULL;
	bool end = l->fd < 0;
	int e = 0;

	l->line = NULL;
	while (e == 0) {
		if (l->b.len > l->at)
			lf = memchr(l->b.p + l->at, '\n', l->b.len - l->at);
		if (lf != NULL || end)
			break;
		e = lines_fill(l, &end);
	}
	if (e != 0 || lf == NULL)
		return e;
	l->line = l->b.p + l->at;
	l->n = (size_t)(lf - l->line);
	l->at += l->n + 1;
	return 0;
}

/* One part: each line whose bytes were replaced has its own beside it. */
static int
count(struct lines *text, struct lines *raw, uint64_t *sum)
{
	uint64_t n = 0;
	bool lossy = false;
	int e = lines_next(raw);

	while (e == 0 && (e = lines_next(text)) == 0 && text->line != NULL) {
		if ((e = cast_count(text->line, text->n, &n, &lossy)) != 0)
			break;
		if (lossy && raw->line != NULL &&
		    cast_same_time(text->line, text->n, raw->line, raw->n)) {
			if ((e = cast_count_raw(raw->line, raw->n, &n)) == 0)
				e = lines_next(raw);
		}
		*sum += n;
	}
	return e;
}

int
position_of(
    int dir, const char *sid, uint32_t channel, unsigned parts, uint64_t *ret)
{
	char name[FILE_NAME_SIZE], raw_name[FILE_NAME_SIZE];
	struct lines text, raw;
	int e = 0;

	*ret = 0;
	for (unsigned part = 0; e == 0 && part < parts; part++) {
		if ((e = file_name(name, sid, channel, part)) != 0 ||
		    (e = str_fmt(raw_name, sizeof(raw_name), "%s.raw", name)) !=
			0)
			break;
		if ((e = lines_open(&raw, dir, raw_name, false)) == 0) {
			if ((e = lines_open(&text, dir, name, true)) == 0)
				e = count(&text, &raw, ret);
			lines_done(&text);
		}
		lines_done(&raw);
	}
	return e;
}
