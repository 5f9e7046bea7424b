/* SPDX-License-Identifier: Apache-2.0 */
/*
 * entries - how two entries of a policy differ, as change_print_fields() has
 * it.
 */
#ifndef JITCTL_CMD_ENTRIES_H
#define JITCTL_CMD_ENTRIES_H

#include "wire/json.h"

/* All members but those (the last is NULL); one entry may be NULL. What is not
 * said is what it is then. */
json_t *entries_differ(json_t *before, json_t *after, const char *const *but);

#endif
