/* SPDX-License-Identifier: Apache-2.0 */
/*
 * body - what the bodies of users, targets and roles have in common. Each adds
 * to ret; absent adds nothing.
 */
#ifndef WIRE_BODY_H
#define WIRE_BODY_H

#include "core/target.h"
#include "wire/json.h"

MUST_CHECK int names_parse(struct name_list *ret, const json_t *o,
    const char *key, bool required, struct problem *p);
MUST_CHECK int prefixes_parse(struct prefix_list *ret, const json_t *o,
    const char *key, struct problem *p);
MUST_CHECK int labels_parse(
    struct label_list *ret, const json_t *o, struct problem *p);

#endif
