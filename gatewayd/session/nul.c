/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nul - see nul.h. It keeps no more than what an honest client never sends.
 */
#include "session/nul.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/limits.h"
#include "session/ssh.h"

enum {
	INSTEAD = 0xff,
	LENGTH = 4,
	CHANNEL_REQUEST = 98, /* RFC 4254 section 5.4 */
	NUMBER =
	    4, /* no longer: it may be a number that another one precedes */
};

typedef uint32_t get_data_fn(ssh_buffer b, void *to, uint32_t n);

struct kept {
	const char *s; /* where libssh has it; NULL = free */
	uint8_t *p;    /* as it came */
	size_t n;
};

static struct {
	bool listening, lost;
	uint8_t byte;
	get_data_fn *get_data; /* libssh's own */
	/* the call before was of four bytes, a string's length perhaps */
	ssh_buffer of;
	uint32_t length;
	unsigned asked; /* calls into a channel request; 0 = in none */
	struct kept kept[LIMIT_NUL_STRINGS];
	size_t bytes; /* of all */
	/* the call before was of this string; the numbers behind some */
	const char *string;
	ssh_buffer string_of;
	struct {
		const char *s;
		uint32_t number;
	} large[LIMIT_NUL_STRINGS];
} nuls;

int
nul_init(void)
{
	/* ISO C has no cast from an object to a function pointer */
	void *p = dlsym(RTLD_NEXT, "ssh_buffer_get_data");

	memcpy(&nuls.get_data, &p, sizeof(p));
	return nuls.get_data != NULL ? 0 : GW_EUNSUPPORTED;
}

void
nul_listen(bool on)
{
	nuls.listening = on;
	nuls.of = NULL;
	nuls.string = NULL;
}

void
nul_is(uint8_t byte)
{
	nuls.byte = byte;
}

static struct kept *
find(const char *s)
{
	for (size_t i = 0; i < LIMIT_NUL_STRINGS; i++)
		if (nuls.kept[i].s == s)
			return &nuls.kept[i];
	return NULL;
}

static void
drop(struct kept *k)
{
	nuls.bytes -= k->n;
	free(k->p);
	*k = (struct kept){.s = NULL};
}

static void
keep(const char *s, const void *p, size_t n)
{
	struct kept *k = find(NULL);

	if (k == NULL || n > LIMIT_NUL_BYTES - nuls.bytes ||
	    (k->p = malloc(n)) == NULL) {
		nuls.lost = true;
		return;
	}
	memcpy(k->p, p, n);
	k->s = s;
	k->n = n;
	nuls.bytes += n;
}

const uint8_t *
nul_exact(const char *s, size_t *retn)
{
	const struct kept *k = s == NULL ? NULL : find(s);

	if (k == NULL)
		return NULL;
	*retn = k->n;
	return k->p;
}

bool
nul_number(const char *s, uint32_t *ret)
{
	for (size_t i = 0; s != NULL && i < LIMIT_NUL_STRINGS; i++)
		if (nuls.large[i].s == s) {
			*ret = nuls.large[i].number;
			return true;
		}
	return false;
}

static void
keep_number(const char *s, uint32_t n)
{
	size_t free = LIMIT_NUL_STRINGS;

	for (size_t i = 0; i < LIMIT_NUL_STRINGS; i++) {
		if (nuls.large[i].s == s) /* memory that is used again */
			nuls.large[i].s = NULL;
		if (nuls.large[i].s == NULL)
			free = i;
	}
	if (n <= UINT16_MAX)
		return;
	if (free == LIMIT_NUL_STRINGS) {
		nuls.lost = true;
		return;
	}
	nuls.large[free].s = s;
	nuls.large[free].number = n;
}

void
nul_copied(const char *copy, const char *s)
{
	size_t n;
	const uint8_t *p = nul_exact(s, &n);
	struct kept *old = find(copy); /* memory that is used again */

	if (old != NULL)
		drop(old);
	if (p != NULL)
		keep(copy, p, n);
}

bool
nul_lost(void)
{
	return nuls.lost;
}

void
nul_forget(void)
{
	for (size_t i = 0; i < LIMIT_NUL_STRINGS; i++)
		if (nuls.kept[i].s != NULL)
			drop(&nuls.kept[i]);
	memset(nuls.large, 0, sizeof(nuls.large));
	nuls.lost = false;
}

/* A string that libssh makes a C string of has memory of its own, which begins
 * where malloc's does; one that stays as it is (a key, a channel's data) stands
 * behind its length there. A cookie or a MAC follows no length. */
static bool
is_c_string(ssh_buffer b, const void *to, uint32_t n)
{
	return nuls.of == b && nuls.length == n && (uintptr_t)to % 8 == 0;
}

/* A request on a channel: its type, the channel, a length, and the name, which
 * is a string however short it is: "env\0" is not "env". */
static bool
is_request_name(const uint8_t *p, uint32_t n)
{
	if (n == 1) {
		nuls.asked = *p == CHANNEL_REQUEST ? 1 : 0;
		return false;
	}
	if (nuls.asked == 3) {
		nuls.asked = 0;
		return n == nuls.length && !FAULT(nul_short);
	}
	nuls.asked = n == LENGTH && nuls.asked != 0 ? nuls.asked + 1 : 0;
	return false;
}

static void
came(char *s, uint32_t n, bool number)
{
	struct kept *k = find(s);
	char *at;

	if (k != NULL)
		drop(k);
	if ((at = memchr(s, nuls.byte, n)) == NULL)
		return;
	keep(s, s, n);
	if (number)
		return;
	for (; at != NULL; at = memchr(at, nuls.byte, (size_t)(s + n - at)))
		*at = (char)INSTEAD;
}

static uint32_t
number_of(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

uint32_t
ssh_buffer_get_data(ssh_buffer b, void *to, uint32_t n)
{
	const uint8_t *p = to;
	uint32_t got = 0;
	bool name;

	if (nuls.get_data != NULL || nul_init() == 0)
		got = nuls.get_data(b, to, n);
	if (!nuls.listening || got != n)
		return got;
	name = is_request_name(p, n);
	if (n == LENGTH && nuls.string != NULL && nuls.string_of == b)
		keep_number(nuls.string, number_of(p));
	nuls.string = NULL;
	if (is_c_string(b, to, n)) {
		if (n > 0)
			came(to, n, n <= NUMBER && !name);
		nuls.string = to;
		nuls.string_of = b;
	}
	nuls.of = n == LENGTH ? b : NULL;
	if (n == LENGTH)
		nuls.length = number_of(p);
	return got;
}
