/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lacks - roles that want something approved by more people than can: told
 * when a change makes it so, and no reason to refuse it but where a role that
 * is written names groups that nobody is in.
 */
#ifndef BROKER_ADMIN_LACKS_H
#define BROKER_ADMIN_LACKS_H

#include "broker/broker.h"
#include "core/power.h"
#include "wire/json.h"

struct call;

/* Does the call write that role? */
typedef bool lacks_written_fn(const struct call *c, const char *role);

/* {"role": {"role","want","have","text"}} of each such role; a new reference.
 * NULL: out of memory. */
json_t *lacks_of(const struct power *p);
/* Those of now that were not so before, and those of roles that are written
 * (NULL: none is), as a list of a few; a new reference. */
json_t *lacks_told(const json_t *before, const json_t *now,
    lacks_written_fn *is_written, const struct call *c);
/* Of the roles there are by now: GW_ESTATE and *p where one that is written
 * wants it from groups that there are not. */
MUST_CHECK int lacks_refuse(struct broker *b, const json_t *now,
    lacks_written_fn *is_written, const struct call *c, struct problem *p);

#endif
