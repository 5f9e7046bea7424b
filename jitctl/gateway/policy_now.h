/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_now - the gateway's policy, as the body of policy.apply that would
 * change nothing; and such a body as the file it would be read from.
 */
#ifndef JITCTL_GATEWAY_POLICY_NOW_H
#define JITCTL_GATEWAY_POLICY_NOW_H

#include "base/attr.h"
#include "jitctl/jitctl.h"
#include "wire/verbs.h"

/* What policies are made of, in their order. */
struct policy_section {
	const char *name; /* "roles" */
	const char *one;  /* "role", also the key of an entry's name */
	enum api_verb list;
};

enum { POLICY_SECTIONS = 3 };

const struct policy_section *policy_sections(void);
/* Adds a section to policy: all of it, or what has that name alone. An exit
 * code, what went wrong is said; nothing of that name is an empty list. */
MUST_CHECK int policy_now_section(struct ctx *c, const struct policy_section *s,
    const char *name, json_t *policy);
/* All sections: each as it was when it was read. */
MUST_CHECK int policy_now(struct ctx *c, json_t *policy);
/* A section's list as an object, by the names that stand under key. */
json_t *policy_by_name(const json_t *list, const char *key);
/* Lays a file's policy over now, as apply does: a user keeps what is not said
 * of them, targets and roles are replaced; with prune, what a section of the
 * file does not name goes. NULL: out of memory. */
json_t *policy_laid_over(const json_t *now, const json_t *file, bool prune);
/* In place: values become what policy files have for them. */
void policy_to_file(json_t *policy);

#endif
