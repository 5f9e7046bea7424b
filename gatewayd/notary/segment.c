/* SPDX-License-Identifier: Apache-2.0 */
/*
 * segment - see the header.
 */
#include "notary/segment.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/str.h"

enum { DIGITS = 20, READ_SIZE = 64 * 1024 };

static const char prefix[] = "audit-";
static const char suffix[] = ".ndjson";

static void
name(char *ret, const char *head, uint64_t first, const char *tail)
{
	if (str_fmt(ret, SEGMENT_NAME_SIZE, "%s%020llu%s", head,
		(unsigned long long)first, tail) < 0)
		abort(); /* 6 + 20 + 7 always fits */
}

void
segment_log_name(char ret[static SEGMENT_NAME_SIZE], uint64_t first)
{
	name(ret, prefix, first, suffix);
}

void
segment_leaves_name(char ret[static SEGMENT_NAME_SIZE], uint64_t first)
{
	name(ret, "leaves-", first, ".bin");
}

static int
name_parse(const char *s, uint64_t *ret)
{
	const size_t np = sizeof(prefix) - 1;
	uint64_t v = 0;

	if (strlen(s) != np + DIGITS + sizeof(suffix) - 1 ||
	    memcmp(s, prefix, np) != 0 || strcmp(s + np + DIGITS, suffix) != 0)
		return GW_ENOENT;
	for (size_t i = np; i < np + DIGITS; i++) {
		unsigned d = (unsigned char)s[i] - (unsigned)'0';

		if (d > 9 || v > (UINT64_MAX - d) / 10)
			return GW_ENOENT;
		v = v * 10 + d;
	}
	*ret = v;
	return 0;
}

int
segments_add(struct segments *s, uint64_t first)
{
	struct segment *grown;

	if (s->n == s->cap) {
		size_t cap = s->cap == 0 ? 16 : s->cap * 2;

		grown = reallocarray(s->s, cap, sizeof(*grown));
		if (grown == NULL)
			return GW_ENOMEM;
		s->s = grown;
		s->cap = cap;
	}
	s->s[s->n++] = (struct segment){.first = first};
	return 0;
}

static int
by_first(const void *a, const void *b)
{
	const struct segment *x = a, *y = b;

	return x->first < y->first ? -1 : x->first > y->first;
}

int
segments_list(struct segments *ret, int dirfd)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = NULL;
	const struct dirent *e;
	uint64_t first = 0;
	int r = GW_ESYS;

	if (fd < 0 || (d = fdopendir(fd)) == NULL)
		goto out;
	fd = -1; /* d's now */
	while ((errno = 0, e = readdir(d)) != NULL)
		if (name_parse(e->d_name, &first) == 0 &&
		    (r = segments_add(ret, first)) < 0)
			goto out;
	r = errno == 0 ? 0 : GW_ESYS;
	if (ret->n > 1)
		qsort(ret->s, ret->n, sizeof(*ret->s), by_first);
out:
	if (fd >= 0)
		(void)close(fd);
	if (d != NULL)
		(void)closedir(d);
	return r;
}

void
segments_done(struct segments *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->s[i].at);
	free(s->s);
	*s = (struct segments){0};
}

const struct segment *
segments_find(const struct segments *s, uint64_t seq)
{
	size_t lo = 0, hi = s->n;

	while (lo < hi) { /* the first segment that begins after seq */
		size_t mid = lo + (hi - lo) / 2;

		if (s->s[mid].first <= seq)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == 0 || seq - s->s[lo - 1].first >= s->s[lo - 1].count)
		return NULL;
	return &s->s[lo - 1];
}

int
segment_count(struct segment *s, size_t n)
{
	if (s->count % SEGMENT_STRIDE == 0) {
		if (s->nat == s->cat) {
			size_t cap = s->cat == 0 ? 64 : s->cat * 2;
			uint64_t *grown =
			    reallocarray(s->at, cap, sizeof(*grown));

			if (grown == NULL)
				return GW_ENOMEM;
			s->at = grown;
			s->cat = cap;
		}
		s->at[s->nat++] = s->size;
	}
	s->count++;
	s->size += n;
	return 0;
}

/* Reads [at, at+n) of fd; less only at the end of the file. */
static ssize_t
read_at(int fd, uint8_t *p, size_t n, uint64_t at)
{
	size_t got = 0;

	while (got < n) {
		ssize_t k = pread(fd, p + got, n - got, (off_t)(at + got));

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return -1;
		if (k == 0)
			break;
		got += (size_t)k;
	}
	return (ssize_t)got;
}

/* The offset of record `index` of this segment, from the nearest kept one. */
static int
seek_record(const struct segment *s, int fd, uint64_t index, uint64_t *ret)
{
	uint64_t at = s->at[index / SEGMENT_STRIDE];
	uint64_t skip = index % SEGMENT_STRIDE;
	uint8_t *p = malloc(READ_SIZE);
	int r = p == NULL ? GW_ENOMEM : GW_ECORRUPT;

	while (p != NULL && skip > 0) {
		ssize_t n = read_at(fd, p, READ_SIZE, at);
		size_t used = 0;

		if (n <= 0)
			goto out;
		while (skip > 0 && used < (size_t)n) {
			const uint8_t *lf =
			    memchr(p + used, '\n', (size_t)n - used);

			if (lf == NULL) {
				used = (size_t)n;
				break;
			}
			used = (size_t)(lf - p) + 1;
			skip--;
		}
		at += used;
	}
	if (p != NULL) {
		*ret = at;
		r = 0;
	}
out:
	free(p);
	return r;
}

int
segment_read(const struct segment *s, int dirfd, uint64_t from, size_t max,
    struct buf *out, uint64_t *retn)
{
	char file[SEGMENT_NAME_SIZE];
	uint8_t *p = NULL;
	uint64_t at = 0, n = 0;
	size_t want, used = 0;
	ssize_t got;
	int fd, r;

	segment_log_name(file, s->first);
	if ((fd = openat(dirfd, file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)) < 0)
		return GW_ESYS;
	if ((r = seek_record(s, fd, from - s->first, &at)) < 0)
		goto out;
	want = max > LIMIT_RECORD_MAX ? max : LIMIT_RECORD_MAX;
	if (want > s->size - at)
		want = (size_t)(s->size - at);
	r = GW_ENOMEM;
	if ((p = malloc(want + 1)) == NULL)
		goto out;
	r = GW_ECORRUPT;
	if ((got = read_at(fd, p, want, at)) <= 0)
		goto out;
	for (;;) {
		const uint8_t *lf = memchr(p + used, '\n', (size_t)got - used);
		size_t end = lf == NULL ? 0 : (size_t)(lf - p) + 1;

		if (lf == NULL || (n > 0 && end > max))
			break;
		used = end;
		n++;
	}
	if (n == 0)
		goto out;
	buf_put(out, p, used);
	if ((r = buf_err(out)) == 0)
		*retn = n;
out:
	free(p);
	(void)close(fd);
	return r;
}
