/* SPDX-License-Identifier: Apache-2.0 */
/*
 * secret - each secret lives in pages of its own, because locking and leaving
 * out of core dumps work per page.
 *
 * MUST be wiped before the pages are given back.
 * MUST NOT fail because memory could not be locked: RLIMIT_MEMLOCK is small
 * for services, and refusing to work would push people to worse ways.
 */
#include "base/secret.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>

#include "base/err.h"

/* At the start of the mapping, so that a caller who shortens len does not
 * change what is wiped and unmapped. */
struct secret_head {
	size_t mapped;
};

enum { SECRET_HEAD_SIZE = 16 };

_Static_assert(sizeof(struct secret_head) <= SECRET_HEAD_SIZE, "head fits");

int
secret_new(struct secret *ret, size_t n)
{
	struct secret_head head = {0};
	uint8_t *base = NULL;

	if (n == 0 || n > SECRET_SIZE_MAX)
		return GW_EINVAL;
	head.mapped = SECRET_HEAD_SIZE + n + 1; /* a NUL always follows */
	base = mmap(NULL, head.mapped, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (base == MAP_FAILED)
		return GW_ENOMEM;
	(void)madvise(base, head.mapped, MADV_DONTDUMP);
	(void)mlock(base, head.mapped);
	memcpy(base, &head, sizeof(head));
	*ret = (struct secret){.len = n, .p = base + SECRET_HEAD_SIZE};
	return 0;
}

int
secret_random(struct secret *ret, size_t n)
{
	int r = secret_new(ret, n);

	if (r == 0)
		secret_fill(ret->p, n);
	return r;
}

int
secret_copy(struct secret *ret, const void *p, size_t n)
{
	int r = secret_new(ret, n);

	if (r == 0)
		memcpy(ret->p, p, n);
	return r;
}

void
secret_free(struct secret *s)
{
	struct secret_head head = {0};
	uint8_t *base = NULL;

	if (s == NULL)
		return;
	if (s->p != NULL) {
		base = s->p - SECRET_HEAD_SIZE;
		memcpy(&head, base, sizeof(head));
		explicit_bzero(base, head.mapped);
		if (munmap(base, head.mapped) != 0)
			abort(); /* not a pointer of secret_new */
	}
	*s = (struct secret){0};
}

bool
secret_equal(const void *a, const void *b, size_t n)
{
	return n > 0 && CRYPTO_memcmp(a, b, n) == 0;
}

void
secret_fill(void *p, size_t n)
{
	uint8_t *at = p;
	ssize_t got = 0;

	while (n > 0) {
		got = getrandom(at, n, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			abort();
		at += got;
		n -= (size_t)got;
	}
}

void
secret_no_dumps(void)
{
	const struct rlimit none = {0};

	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	(void)setrlimit(RLIMIT_CORE, &none);
}
