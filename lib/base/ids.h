/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ids - short ids people read aloud ("g-7Q2MXK4P": alphabet without 0 O 1 I L
 * U, 30^8 values, 39 random bits) and UUIDv7 (RFC 9562 section 5.7) for
 * records.
 */
#ifndef BASE_IDS_H
#define BASE_IDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"

enum { ID_UUID_SIZE = 37 };

/* kind: 'g' grant, 'r' request, 's' session, 'i' invitation, 'u' user,
 * 't' target, 'p' role (of the policy), 'l' lock, 'b' use of break-glass,
 * 'd' what an agent is lent. */
void id_new(char ret[static LIMIT_ID_SIZE], char kind);
bool id_ok(const char *s, char kind);
void id_uuid7(char ret[static ID_UUID_SIZE], int64_t utc_ms);

#endif
