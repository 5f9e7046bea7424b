/* SPDX-License-Identifier: Apache-2.0 */
/*
 * selector - which targets, by what holds for their labels: "env=prod",
 * "env!=prod", "env in (prod, test)", "env notin (prod, test)", "env" (there is
 * one of that key), "!env" (there is none). Pure.
 *
 * What is not to be, "!=" and "notin", also holds where the label is missing.
 */
#ifndef CORE_SELECTOR_H
#define CORE_SELECTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/limits.h"
#include "core/target.h"

struct selector {
	char key[LIMIT_NAME_SIZE];
	bool in;   /* one of the values; else none of them */
	uint8_t n; /* values; of none it is about the key alone */
	/* in order, each with its NUL */
	char values[LIMIT_SELECT_MAX];
};

struct selector_list {
	unsigned n;
	struct selector selector[LIMIT_SELECTORS];
};

/* A list of one-letter values has the most commas. */
enum {
	SELECTOR_TEXT_SIZE =
	    LIMIT_NAME_SIZE + 10 + LIMIT_SELECT_MAX + LIMIT_SELECT_MAX / 2
};

/* Adds one by its text. GW_EINVAL: it is none, or its values are too long
 * together; GW_EEXIST; GW_ELIMIT. */
MUST_CHECK int selector_add(struct selector_list *l, const char *text);
/* Its text: the same for all ways to write it. */
void selector_text(
    char ret[static SELECTOR_TEXT_SIZE], const struct selector *s);
bool selector_equal(
    const struct selector_list *a, const struct selector_list *b);
/* All of them hold; an empty list holds for nothing. */
bool selector_list_holds(
    const struct selector_list *l, const struct label_list *have);

#endif
