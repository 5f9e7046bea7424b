/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pattern - what a reason or a ticket has to look like: a POSIX extended
 * regular expression (IEEE Std 1003.1, XBD 9.4) that must match all of the
 * text. No back-references, and repetitions are bounded, so that no pattern
 * takes more than its length times the text's. Pure.
 */
#ifndef CORE_PATTERN_H
#define CORE_PATTERN_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/limits.h"

struct pattern_list {
	unsigned n;
	char text[LIMIT_PATTERNS][LIMIT_PATTERN_MAX + 1];
};

bool pattern_ok(const char *pattern);
/* All of text, from its first to its last byte. False for what is no pattern.
 */
bool pattern_matches(const char *pattern, const char *text);
/* Adds one. GW_EINVAL, GW_EEXIST, GW_ELIMIT. */
MUST_CHECK int pattern_add(struct pattern_list *l, const char *pattern);
/* Adds those of l that are not there. GW_ELIMIT. */
MUST_CHECK int pattern_merge(
    struct pattern_list *all, const struct pattern_list *l);
bool pattern_equal(const struct pattern_list *a, const struct pattern_list *b);
/* The first that text does not match; NULL: it matches all. */
const char *pattern_missed(const struct pattern_list *l, const char *text);

#endif
