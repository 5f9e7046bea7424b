/* SPDX-License-Identifier: Apache-2.0 */
/*
 * allowed - see the header. Root writes into a folder that is the firewall
 * process's: what is in the file's place is looked at on the descriptor.
 */
#include "firewall/allowed.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/ids.h"
#include "base/safefile.h"
#include "base/str.h"

enum { ID, SOURCE, TARGET, PORT, START, END, LOGINUID, WORDS };

void
allowed_format(struct buf *b, const struct allowed *a)
{
	char source[ADDR_TEXT_SIZE], target[ADDR_TEXT_SIZE];

	addr_format(source, &a->source);
	addr_format(target, &a->target);
	buf_printf(b, "%s %s %s %u %lld %lld ", a->id, source, target,
	    (unsigned)a->port, (long long)a->start_ms, (long long)a->end_ms);
	if (a->loginuid < 0)
		buf_printf(b, "-");
	else
		buf_printf(b, "%lld", (long long)a->loginuid);
	buf_printf(b, " %s\n", a->why);
}

static int
number(int64_t *ret, const char *s, uint64_t max)
{
	uint64_t v = 0;
	int r = str_u64(s, 1, max, &v);

	*ret = (int64_t)v;
	return r;
}

int
allowed_parse(struct allowed *ret, char *line)
{
	char *w[WORDS], *at = line;
	int64_t port = 0;

	memset(ret, 0, sizeof(*ret));
	for (int i = 0; i < WORDS; i++) {
		w[i] = at;
		if ((at = strchr(at, ' ')) == NULL)
			return GW_EINVAL;
		*at++ = '\0';
	}
	ret->loginuid = -1;
	if (!id_ok(w[ID], 'b') ||
	    str_copy(ret->id, sizeof(ret->id), w[ID]) != 0 ||
	    addr_parse(&ret->source, w[SOURCE]) != 0 ||
	    addr_parse(&ret->target, w[TARGET]) != 0 ||
	    ret->source.family != ret->target.family ||
	    number(&port, w[PORT], UINT16_MAX) != 0 ||
	    number(&ret->start_ms, w[START], LIMIT_NUMBER_MAX) != 0 ||
	    number(&ret->end_ms, w[END], LIMIT_NUMBER_MAX) != 0 ||
	    ret->end_ms <= ret->start_ms || at[0] == '\0' ||
	    !str_text_ok(at, strlen(at)) ||
	    str_copy(ret->why, sizeof(ret->why), at) != 0)
		return GW_EINVAL;
	ret->port = (uint16_t)port;
	if (strcmp(w[LOGINUID], "-") == 0)
		return 0;
	if (strcmp(w[LOGINUID], "0") == 0) {
		ret->loginuid = 0;
		return 0;
	}
	return number(&ret->loginuid, w[LOGINUID], UINT32_MAX - 1);
}

/* The file, root's or our own and nobody else's to write; *ret is its
 * descriptor. */
static int
open_it(int *ret, size_t *retsize, const char *path, int flags)
{
	struct stat st;
	int fd = open(path,
	    O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | flags,
	    0644);

	if (fd < 0)
		return GW_ESYS;
	if (fstat(fd, &st) != 0 ||
	    ((!S_ISREG(st.st_mode) || st.st_nlink != 1 ||
		 st.st_uid != geteuid() || (st.st_mode & 022) != 0) &&
		!FAULT(allowed_place))) {
		(void)close(fd);
		return GW_EDENIED;
	}
	*ret = fd;
	*retsize = (size_t)st.st_size;
	return 0;
}

int
allowed_append(const char *path, const struct allowed *a, size_t *retsize)
{
	struct buf b;
	int fd = -1;
	int r = open_it(&fd, retsize, path, O_CREAT);

	if (r != 0)
		return r;
	buf_init(&b, ALLOWED_FILE_MAX);
	allowed_format(&b, a);
	/* the firewall process reads it, whatever root's umask is */
	if ((r = buf_err(&b)) == 0 &&
	    (r = safefile_write_all(fd, b.p, b.len)) == 0 &&
	    (fchmod(fd, 0644) != 0 || fdatasync(fd) != 0))
		r = GW_ESYS;
	if (r != 0 && ftruncate(fd, (off_t)*retsize) != 0)
		r = GW_ESYS; /* half a line stays: it is told as one */
	buf_done(&b);
	(void)close(fd);
	return r;
}

void
allowed_undo(const char *path, size_t size)
{
	size_t now = 0;
	int fd = -1;

	if (open_it(&fd, &now, path, 0) != 0)
		return;
	if (now > size && ftruncate(fd, (off_t)size) != 0)
		errno = 0; /* then the record says more than was done */
	(void)close(fd);
}
