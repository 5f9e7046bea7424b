/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recovery - recovery codes: what stands in for the second factor of somebody
 * who has lost it, each once. As text, and the set of a user's as it is kept:
 * one salt and the hashes (sys/scrypt.h). Pure.
 */
#ifndef CORE_RECOVERY_H
#define CORE_RECOVERY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/limits.h"

enum {
	RECOVERY_BYTES = 10, /* 80 random bits */
	RECOVERY_CHARS = 16, /* of 32 symbols: no I, L, O, U */
	RECOVERY_SIZE = RECOVERY_CHARS + 1,
	RECOVERY_TEXT_SIZE = RECOVERY_SIZE + 3, /* 4H7K-2MQX-9TRB-6WNC */
	RECOVERY_SALT_SIZE = 16,
	RECOVERY_HASH_SIZE = 32,
};

struct recovery_set {
	uint8_t salt[RECOVERY_SALT_SIZE];
	unsigned n; /* 0 = none */
	struct recovery_hash {
		uint8_t p[RECOVERY_HASH_SIZE];
		bool used;
	} hash[LIMIT_RECOVERY_CODES];
};

/* Whose codes were looked at within this minute; zeroed at first. */
struct recovery_rate {
	int64_t begin_ms; /* boottime */
	unsigned n;
	char user_id[LIMIT_RECOVERY_TRIED][LIMIT_ID_SIZE];
};

/* As people get it, in groups. */
void recovery_text(char ret[static RECOVERY_TEXT_SIZE],
    const uint8_t p[static RECOVERY_BYTES]);
/* What people typed, without groups: small letters, O for 0, I and L for 1 are
 * taken. False: it is none; ret is empty then. */
bool recovery_read(char ret[static RECOVERY_SIZE], const char *s);
/* Which of the set it is, used or not; NULL: none. All are looked at, how long
 * it takes says nothing. Borrowed from s. */
const struct recovery_hash *recovery_find(const struct recovery_set *s,
    const uint8_t hash[static RECOVERY_HASH_SIZE]);
/* How many are not used. */
unsigned recovery_left(const struct recovery_set *s);
/* May a code of that user be looked at? Counts it. Good, wrong or used, each
 * costs the same. */
bool recovery_may(struct recovery_rate *r, const char *user_id, int64_t now_ms);

#endif
