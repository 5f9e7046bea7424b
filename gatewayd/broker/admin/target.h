/* SPDX-License-Identifier: Apache-2.0 */
/*
 * target - target.list, target.add, target.set, target.remove.
 */
#ifndef BROKER_ADMIN_TARGET_H
#define BROKER_ADMIN_TARGET_H

#include "broker/call/call.h"

void verb_targets(struct call *c);
void verb_target_add(struct call *c);
void verb_target_set(struct call *c);
void verb_target_remove(struct call *c);

MUST_CHECK int target_parse(struct target *ret, const struct broker *b,
    const json_t *o, struct problem *p);
/* What its admin should know of it, or NULL. */
const char *target_warning(const struct target *t);
/* Without "protected": that is what the firewall says, not the target. */
json_t *target_json(const struct target *t);

#endif
