/* SPDX-License-Identifier: Apache-2.0 */
/*
 * member - who is in a role, by name, each for ever or until a moment. Pure.
 */
#ifndef CORE_MEMBER_H
#define CORE_MEMBER_H

#include <stdint.h>

#include "base/attr.h"
#include "core/target.h"

#define MEMBER_ALWAYS INT64_MAX

struct member_list {
	struct name_list names;
	int64_t until_ms[LIMIT_LIST]; /* from then on not; MEMBER_ALWAYS */
};

enum { MEMBER_UNTIL_SIZE = 32 };

/* Adds a name: text is "NAME" and until a moment of UTC (RFC 3339) or "", or
 * text is "NAME until MOMENT". GW_EINVAL: it is none, or is there with another
 * end; GW_EEXIST; GW_ELIMIT. */
MUST_CHECK int member_add(
    struct member_list *l, const char *text, const char *until);
/* The moment of number i as it is added; "" = none. */
void member_until_text(char ret[static MEMBER_UNTIL_SIZE],
    const struct member_list *l, unsigned i);
/* Until when, MEMBER_ALWAYS; 0: it is not there. */
int64_t member_until_ms(const struct member_list *l, const char *name);
bool member_equal(const struct member_list *a, const struct member_list *b);

#endif
