/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy - policy files (sallyport-policy.5) to the body of policy.apply. All
 * errors of a file at once, with their places. Decides nothing: whether the
 * policy is a good one, the gateway says.
 */
#ifndef JITCTL_GATEWAY_POLICY_FILE_H
#define JITCTL_GATEWAY_POLICY_FILE_H

#include "base/addr.h"
#include "base/attr.h"
#include "base/limits.h"
#include "sys/yaml.h"
#include "wire/json.h"

/* A name's addresses, at most one of each family; how many, 0 = unknown. */
typedef unsigned policy_resolve(
    const char *name, struct addr ret[static LIMIT_SOURCES]);

/* {"users":[],"targets":[],"roles":[]}; NULL = no memory. */
json_t *policy_new(void);
/* Adds a parsed file's entries; errors go into y, so the caller looks at
 * yaml_errors(y). GW_ENOMEM or 0. */
MUST_CHECK int policy_add(
    json_t *policy, struct yaml *y, policy_resolve *resolve);
/* The resolver that asks the system, for programs. */
unsigned policy_resolve_system(
    const char *name, struct addr ret[static LIMIT_SOURCES]);

#endif
