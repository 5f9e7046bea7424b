/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recovery - see the header.
 */
#include "core/recovery.h"

#include <string.h>

#include "base/fault.h"
#include "base/secret.h"
#include "base/str.h"
#include "core/typed.h"

enum { MINUTE_MS = 60 * 1000 };

_Static_assert(RECOVERY_BYTES * 8 == RECOVERY_CHARS * 5, "no bit is left over");
_Static_assert(RECOVERY_TEXT_SIZE == TYPED_SIZE(RECOVERY_BYTES), "in groups");

void
recovery_text(
    char ret[static RECOVERY_TEXT_SIZE], const uint8_t p[static RECOVERY_BYTES])
{
	typed_text(ret, p, RECOVERY_BYTES);
}

bool
recovery_read(char ret[static RECOVERY_SIZE], const char *s)
{
	return typed_read(ret, RECOVERY_CHARS, s);
}

const struct recovery_hash *
recovery_find(
    const struct recovery_set *s, const uint8_t hash[static RECOVERY_HASH_SIZE])
{
	const struct recovery_hash *found = NULL;

	for (unsigned i = 0; i < s->n; i++)
		if (secret_equal(s->hash[i].p, hash, RECOVERY_HASH_SIZE))
			found = &s->hash[i];
	return found;
}

unsigned
recovery_left(const struct recovery_set *s)
{
	unsigned left = 0;

	for (unsigned i = 0; i < s->n; i++)
		left += !s->hash[i].used;
	return left;
}

bool
recovery_may(struct recovery_rate *r, const char *user_id, int64_t now_ms)
{
	unsigned own = 0;

	if (r->n == 0 || now_ms - r->begin_ms >= MINUTE_MS) {
		r->begin_ms = now_ms;
		r->n = 0;
	}
	for (unsigned i = 0; i < r->n; i++)
		own += strcmp(r->user_id[i], user_id) == 0;
	if (FAULT(recovery_often))
		return true;
	if (r->n == LIMIT_RECOVERY_TRIED || own >= LIMIT_RECOVERY_TRIED_USER)
		return false;
	if (str_copy(r->user_id[r->n], LIMIT_ID_SIZE, user_id) < 0)
		return false;
	r->n++;
	return true;
}
