/* SPDX-License-Identifier: Apache-2.0 */
/*
 * subject - the user and the target by which something is judged, read once.
 * They are read again only when the store has changed since: what waited is
 * judged by what is true then, and costs nothing when nothing has changed.
 */
#ifndef BROKER_CALL_SUBJECT_H
#define BROKER_CALL_SUBJECT_H

#include "base/attr.h"
#include "broker/broker.h"
#include "core/behalf.h"
#include "core/target.h"

struct subject {
	struct user user;                      /* .name "" = not read */
	struct behalf behalf;                  /* of an agent; else empty */
	struct target target;                  /* likewise */
	uint64_t user_changes, target_changes; /* store_changes() then */
};

/* The user, the target of that name, as the store has them now. GW_ENOENT:
 * there is none; then, and after any failure, it is empty. */
MUST_CHECK int subject_user(
    struct broker *b, struct subject *s, const char *name);
MUST_CHECK int subject_target(
    struct broker *b, struct subject *s, const char *name);
/* Wipes: sealed seeds were in it. */
void subject_clear(struct subject *s);

#endif
