/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hashes - see the header. The file is a ring of entries of 32 bytes: a number
 * that counts up (0 = never written), and the digest but for its last 8 bytes.
 * An entry lies within one sector, and is written over the oldest one.
 */
#include "notary/hashes.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/limits.h"

enum {
	N = LIMIT_HASHES_SIGNED,
	KEPT = 24, /* bytes of a digest */
	ENTRY = 32,
	NONE = N, /* no entry */
	READ_AT_ONCE = 2048,
};

struct hashes {
	int fd;
	uint64_t count; /* of the newest entry; its place is count % N */
	uint8_t digest[N][KEPT];
	uint32_t next[N]; /* in its chain */
	uint32_t head[N]; /* by the digest's first bytes */
};

static uint32_t *
chain(struct hashes *h, const uint8_t *digest)
{
	uint32_t x = 0;

	memcpy(&x, digest, sizeof(x));
	return &h->head[x % N];
}

static bool
has(struct hashes *h, const uint8_t *digest)
{
	for (uint32_t i = *chain(h, digest); i != NONE; i = h->next[i])
		if (memcmp(h->digest[i], digest, KEPT) == 0)
			return true;
	return false;
}

/* Into that place, out of which the one that was there goes. */
static void
set(struct hashes *h, uint32_t place, const uint8_t *digest)
{
	uint32_t *at = chain(h, h->digest[place]);

	while (*at != NONE && *at != place)
		at = &h->next[*at];
	if (*at == place)
		*at = h->next[place];
	memcpy(h->digest[place], digest, KEPT);
	at = chain(h, digest);
	h->next[place] = *at;
	*at = place;
}

static int
read_all(struct hashes *h)
{
	uint8_t buf[READ_AT_ONCE][ENTRY];
	uint32_t place = 0;
	ssize_t n;

	while (place < N && (n = pread(h->fd, buf, sizeof(buf),
				 (off_t)place * ENTRY)) >= ENTRY)
		for (ssize_t i = 0; i < n / ENTRY; i++, place++) {
			uint64_t count = 0;

			memcpy(&count, buf[i], sizeof(count));
			if (count == 0 || count % N != place ||
			    FAULT(forget_hashes))
				continue; /* none, or not ours */
			set(h, place, buf[i] + sizeof(count));
			if (count > h->count)
				h->count = count;
		}
	return place < N && n < 0 ? GW_ESYS : 0;
}

int
hashes_open(struct hashes **ret, const char *dir)
{
	struct hashes *h = calloc(1, sizeof(*h));
	char path[LIMIT_PATH_SIZE + 32];
	int r = GW_ESYS;

	if (h == NULL)
		return GW_ENOMEM;
	for (uint32_t i = 0; i < N; i++)
		h->head[i] = h->next[i] = NONE;
	(void)snprintf(path, sizeof(path), "%s/signed.bin", dir);
	h->fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	/* room for all of them: a full disk must end no session's rekey. What
	 * there is no room for fails when it is written */
	if (h->fd >= 0 && (r = read_all(h)) == 0)
		(void)!posix_fallocate(h->fd, 0, (off_t)N * ENTRY);
	if (r == 0)
		*ret = h;
	else
		hashes_free(h);
	return r;
}

void
hashes_free(struct hashes *h)
{
	if (h == NULL)
		return;
	if (h->fd >= 0)
		(void)close(h->fd);
	free(h);
}

int
hashes_add(struct hashes *h, const uint8_t digest[static HASHES_DIGEST_SIZE])
{
	uint8_t entry[ENTRY];
	uint32_t place;

	if (has(h, digest))
		return GW_EEXIST;
	place = (uint32_t)(++h->count % N);
	set(h, place, digest);
	memcpy(entry, &h->count, sizeof(h->count));
	memcpy(entry + sizeof(h->count), digest, KEPT);
	if (pwrite(h->fd, entry, ENTRY, (off_t)place * ENTRY) != ENTRY ||
	    fdatasync(h->fd) != 0)
		return GW_ESYS;
	return 0;
}
