/* SPDX-License-Identifier: Apache-2.0 */
/*
 * left - what a target leaves behind that goes, or moves: ports that stay shut
 * until root on the gateway opens them.
 */
#ifndef BROKER_ADMIN_LEFT_H
#define BROKER_ADMIN_LEFT_H

#include "wire/json.h"

struct store;
struct target;

/* {"addresses","port"} of was that is (may be NULL) does not have; NULL when
 * there is none. */
json_t *left_json(const struct target *was, const struct target *is);
/* Adds "shared": which of them another target than the one of that name wants
 * shut. Looks through all targets. */
void left_shared(json_t *left, struct store *s, const char *was);
/* So many bytes of an answer that is at most. */
size_t left_shared_max(const json_t *left);

#endif
