/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list - the sessions there are.
 */
#ifndef BROKER_SESSION_LIST_H
#define BROKER_SESSION_LIST_H

#include "broker/session/session.h"

struct session *session_find(struct broker *b, uint64_t conn);
struct session *session_by_sid(struct broker *b, const char *sid);
/* Finds it or makes it; NULL: out of memory. */
struct session *session_get(struct broker *b, uint64_t conn);
/* The notary's word may overtake the supervisor's. A few are kept for a link
 * to come; a session that had gone before leaves one of them behind. */
struct session *session_early(struct broker *b, uint64_t conn);
/* As grants_shift, of when they began. */
void sessions_shift(struct broker *b, int64_t utc_ms, int64_t ahead_ms);
void session_release(struct session *s); /* frees if gone and not pending */

#endif
