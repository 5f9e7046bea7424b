/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_file - turns policy files (sallyport-policy.5) into the body of
 * policy.apply. Finds all errors of a file at once, with their places. Whether
 * the policy is a good one, the gateway says.
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

/* An address, or those of a name, which is resolved here and now; how many. 0
 * with *reterr, words that say what it is not. */
unsigned policy_addresses(const char *s, policy_resolve *resolve,
    struct addr ret[static LIMIT_SOURCES], const char **reterr);
/* {}: a section comes to it with the first file that has it. NULL = no memory.
 */
json_t *policy_new(void);
/* An entry of a role's users or groups, until "" or a time as people write it.
 * NULL: it is none. */
json_t *policy_member(const char *name, const char *until);
/* Adds a parsed file's entries; errors go into y: the caller checks
 * yaml_errors(y). GW_ENOMEM or 0. */
MUST_CHECK int policy_add(
    json_t *policy, struct yaml *y, policy_resolve *resolve);
/* The resolver that asks the system, for programs. */
unsigned policy_resolve_system(
    const char *name, struct addr ret[static LIMIT_SOURCES]);

#endif
