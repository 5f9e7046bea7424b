/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file - see the header. O_EXCL and O_APPEND: nothing written is ever written
 * over.
 */
#include "recorder/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/ids.h"
#include "base/safefile.h"
#include "base/str.h"

enum {
	PENDING_MAX = 1024 * 1024, /* internal: several messages */
	HEADER_MAX = 640 * 1024,   /* internal: with the longest command */
	DIGEST_SIZE = 32,
};

int
file_name(char ret[static FILE_NAME_SIZE], const char *sid, uint32_t channel,
    unsigned part)
{
	if (!id_ok(sid, 's'))
		return GW_EINVAL;
	if (part == 0)
		return str_fmt(ret, FILE_NAME_SIZE, "%s.%u.cast", sid, channel);
	return str_fmt(
	    ret, FILE_NAME_SIZE, "%s.%u.%u.cast", sid, channel, part);
}

bool
file_exists(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

int
file_create(struct file *ret, int dir, const char *name)
{
	struct file f = {.fd = -1};
	EVP_MD_CTX *md = NULL;
	int e;

	if ((e = str_copy(f.name, sizeof(f.name), name)) != 0)
		return e;
	if ((md = EVP_MD_CTX_new()) == NULL ||
	    EVP_DigestInit_ex(md, EVP_sha256(), NULL) != 1) {
		EVP_MD_CTX_free(md);
		return GW_ECRYPTO;
	}
	f.fd = openat(dir, name,
	    O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_NOFOLLOW | O_CLOEXEC,
	    0600);
	if (f.fd < 0) {
		EVP_MD_CTX_free(md);
		return errno == EEXIST ? GW_EEXIST : GW_ESYS;
	}
	f.whole = md;
	buf_init(&f.pending, PENDING_MAX);
	*ret = f;
	return 0;
}

int
file_flush(struct file *f, struct file_chunk *ret)
{
	uint8_t digest[DIGEST_SIZE];
	unsigned n = 0;
	int e;

	*ret = (struct file_chunk){.n = f->chunks, .offset = f->size};
	if ((e = buf_err(&f->pending)) != 0)
		return e;
	if (f->pending.len == 0)
		return 0;
	if (EVP_Digest(f->pending.p, f->pending.len, digest, &n, EVP_sha256(),
		NULL) != 1 ||
	    EVP_DigestUpdate(f->whole, f->pending.p, f->pending.len) != 1)
		return GW_ECRYPTO;
	if ((e = safefile_write_all(f->fd, f->pending.p, f->pending.len)) != 0)
		return e;
	/* Only starts the disk: waiting for it would hold up all sessions. */
	(void)sync_file_range(f->fd, (off_t)f->size, (off_t)f->pending.len,
	    SYNC_FILE_RANGE_WRITE);
	str_hex(ret->sha256, digest, sizeof(digest));
	ret->size = f->pending.len;
	f->size += f->pending.len;
	f->chunks++;
	f->unsynced = true;
	buf_reset(&f->pending);
	return 0;
}

int
file_sync(struct file *f)
{
	if (f->whole == NULL || !f->unsynced || FAULT(record_unsynced))
		return 0;
	if (fdatasync(f->fd) != 0)
		return GW_ESYS;
	f->unsynced = false;
	return 0;
}

void
file_drop(struct file *f)
{
	if (f->whole == NULL)
		return;
	if (f->fd >= 0)
		(void)close(f->fd);
	f->fd = -1;
	buf_done(&f->pending);
	EVP_MD_CTX_free(f->whole);
	f->whole = NULL;
}

int
file_close(struct file *f, char ret[static FILE_HASH_SIZE])
{
	uint8_t digest[DIGEST_SIZE];
	unsigned n = 0;
	int e = 0;

	ret[0] = '\0';
	if (EVP_DigestFinal_ex(f->whole, digest, &n) != 1)
		e = GW_ECRYPTO;
	else
		str_hex(ret, digest, sizeof(digest));
	if (fdatasync(f->fd) != 0 && e == 0)
		e = GW_ESYS;
	file_drop(f);
	return e;
}

/* ---- reading */

static int
open_read(int dir, const char *name)
{
	return openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
}

int
file_digest(int dir, const char *name, char ret[static FILE_HASH_SIZE],
    uint64_t *retsize)
{
	uint8_t digest[DIGEST_SIZE];
	uint8_t block[16384];
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	uint64_t size = 0;
	unsigned n = 0;
	ssize_t got = 0;
	int fd = open_read(dir, name);
	int e = fd < 0 ? GW_ENOENT : GW_ECRYPTO;

	if (fd < 0 || md == NULL ||
	    EVP_DigestInit_ex(md, EVP_sha256(), NULL) != 1)
		goto out;
	while ((got = read(fd, block, sizeof(block))) > 0) {
		if (EVP_DigestUpdate(md, block, (size_t)got) != 1)
			goto out;
		size += (uint64_t)got;
	}
	if (got < 0) {
		e = GW_ESYS;
		goto out;
	}
	if (EVP_DigestFinal_ex(md, digest, &n) != 1)
		goto out;
	str_hex(ret, digest, sizeof(digest));
	*retsize = size;
	e = 0;
out:
	EVP_MD_CTX_free(md);
	if (fd >= 0)
		(void)close(fd);
	return e;
}

/* The first line's length with its LF; 0 when it is not whole yet. */
static size_t
header_read(int fd, char *ret, size_t size)
{
	ssize_t n = pread(fd, ret, size - 1, 0);
	const char *end;

	if (n <= 0)
		return 0;
	ret[n] = '\0';
	end = memchr(ret, '\n', (size_t)n);
	return end != NULL ? (size_t)(end - ret) + 1 : 0;
}

int
file_started(int dir, const char *name, int64_t *ret_s)
{
	static const char key[] = "\"timestamp\": "; /* as cast_header writes */
	char *text = NULL;
	const char *at;
	int fd = open_read(dir, name);
	int e = GW_ENOENT;

	if (fd < 0)
		return e;
	e = GW_ENOMEM;
	if ((text = malloc(HEADER_MAX)) == NULL)
		goto out;
	e = GW_ECORRUPT;
	if (header_read(fd, text, HEADER_MAX) == 0 ||
	    (at = strstr(text, key)) == NULL)
		goto out;
	*ret_s = strtoll(at + sizeof(key) - 1, NULL, 10);
	if (*ret_s > 0)
		e = 0;
out:
	free(text);
	(void)close(fd);
	return e;
}

/* The bytes of one part, from its own offset on, as far as they go. */
static int
part_read(struct buf *out, int fd, uint64_t at, size_t max)
{
	uint8_t block[16384];

	while (max > 0) {
		ssize_t n = pread(fd, block,
		    max < sizeof(block) ? max : sizeof(block), (off_t)at);

		if (n < 0)
			return GW_ESYS;
		if (n == 0)
			break;
		buf_put(out, block, (size_t)n);
		at += (uint64_t)n;
		max -= (size_t)n;
	}
	return buf_err(out);
}

/* How much of a file is whole lines. */
static int
whole_lines(int fd, uint64_t *ret)
{
	uint8_t block[16384];
	struct stat st;
	uint64_t end;

	if (fstat(fd, &st) != 0)
		return GW_ESYS;
	for (end = (uint64_t)st.st_size; end > 0;) {
		const uint64_t at =
		    end > sizeof(block) ? end - sizeof(block) : 0;
		const ssize_t n =
		    pread(fd, block, (size_t)(end - at), (off_t)at);
		const uint8_t *lf;

		if (n <= 0)
			return GW_ESYS;
		if ((lf = memrchr(block, '\n', (size_t)n)) != NULL) {
			*ret = at + (uint64_t)(lf - block) + 1;
			return 0;
		}
		end = at;
	}
	*ret = 0;
	return 0;
}

static int
part_add(struct buf *out, int fd, bool later, uint64_t offset, size_t max,
    uint64_t *size)
{
	char *text = NULL;
	uint64_t skip = 0;
	uint64_t len = 0;
	const size_t left = max - (out->len < max ? out->len : max);
	int e = 0;

	if ((e = whole_lines(fd, &len)) != 0)
		return e;
	if (later) {
		if ((text = malloc(HEADER_MAX)) == NULL)
			return GW_ENOMEM;
		skip = header_read(fd, text, HEADER_MAX);
		free(text);
		if (skip == 0)
			return 0; /* nothing but half a header */
	}
	len -= skip;
	if (left > 0 && offset < *size + len) {
		const uint64_t at = offset > *size ? offset - *size : 0;

		e = part_read(out, fd, skip + at,
		    left < len - at ? left : (size_t)(len - at));
	}
	*size += len;
	return e;
}

static int
channel_read(struct buf *out, int dir, const char *sid, uint32_t channel,
    uint64_t offset, size_t max, uint64_t *retsize)
{
	char name[FILE_NAME_SIZE];
	int e;

	*retsize = 0;
	for (unsigned part = 0; part < LIMIT_RECORDING_PARTS; part++) {
		int fd;

		if ((e = file_name(name, sid, channel, part)) != 0)
			return e;
		if ((fd = open_read(dir, name)) < 0) {
			if (errno != ENOENT)
				return GW_ESYS;
			return part == 0 ? GW_ENOENT : 0;
		}
		e = part_add(out, fd, part > 0, offset, max, retsize);
		(void)close(fd);
		if (e != 0)
			return e;
	}
	return 0;
}

static int
file_part(struct buf *out, int dir, const char *name, uint64_t offset,
    size_t max, uint64_t *retsize)
{
	const int fd = open_read(dir, name);
	struct stat st;
	int e = GW_ESYS;

	if (fd < 0)
		return errno == ENOENT ? GW_ENOENT : GW_ESYS;
	if (fstat(fd, &st) == 0) {
		*retsize = (uint64_t)st.st_size;
		e = offset >= *retsize ? 0 : part_read(out, fd, offset, max);
	}
	(void)close(fd);
	return e;
}

/* The lowest recorded channel of a session; 0 = none. They count on for as
 * long as the session lives, whatever number is open at once. */
static int
lowest_channel(int dir, const char *sid, uint32_t *ret)
{
	const size_t nsid = strlen(sid);
	const struct dirent *e;
	uint64_t n;
	char *end;
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	*ret = 0;
	if (d == NULL) {
		if (fd >= 0)
			(void)close(fd);
		return GW_ESYS;
	}
	while ((e = readdir(d)) != NULL) {
		if (strncmp(e->d_name, sid, nsid) != 0 ||
		    e->d_name[nsid] != '.')
			continue;
		n = strtoull(e->d_name + nsid + 1, &end, 10);
		if (strcmp(end, ".cast") == 0 && n > 0 && n <= UINT32_MAX &&
		    (*ret == 0 || n < *ret))
			*ret = (uint32_t)n;
	}
	(void)closedir(d);
	return 0;
}

int
file_read(struct buf *out, int dir, const char *sid, uint32_t channel,
    unsigned part, uint64_t offset, size_t max, uint64_t *retsize)
{
	char name[FILE_NAME_SIZE];
	int e;

	*retsize = 0;
	if (!id_ok(sid, 's'))
		return GW_EINVAL;
	if (channel == 0 && (e = lowest_channel(dir, sid, &channel)) != 0)
		return e;
	if (channel == 0)
		return GW_ENOENT;
	if (part == 0)
		return channel_read(
		    out, dir, sid, channel, offset, max, retsize);
	if ((e = file_name(name, sid, channel, part - 1)) != 0)
		return e;
	return file_part(out, dir, name, offset, max, retsize);
}
