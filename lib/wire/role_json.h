/* SPDX-License-Identifier: Apache-2.0 */
/*
 * role_json - a role as the API has it. Every field is a row of
 * core/rolefield.h; its kind says how it is written.
 */
#ifndef WIRE_ROLE_JSON_H
#define WIRE_ROLE_JSON_H

#include "core/policy.h"
#include "wire/json.h"

/* A body of role.set. What it does not say is as the rows have it, and the
 * whole must be policy_role_ok(), its zones in the table; else GW_EINVAL and
 * *p.
 */
MUST_CHECK int role_parse(struct policy_role *ret, const json_t *o,
    const struct zone_table *zones, struct problem *p);
/* The same, be its zones what they may. */
MUST_CHECK int role_read(
    struct policy_role *ret, const json_t *o, struct problem *p);
/* All fields; what lacks memory is left out. */
json_t *role_json(const struct policy_role *r);
/* As policy.apply takes it: without its id, and without what is so anyway.
 * NULL: out of memory. */
json_t *role_policy_json(const struct policy_role *r);

#endif
