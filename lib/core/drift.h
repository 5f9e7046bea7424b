/* SPDX-License-Identifier: Apache-2.0 */
/*
 * drift - how far the clock that makes somebody's codes is from ours, as the
 * good ones among them tell, which are of the step they came in or of one
 * beside it (sys/totp.h). Pure.
 *
 * A code of a step to come is of a clock that is ahead. One of the step before
 * may have been typed late: once is no sign, unless it is late by more than
 * anybody types, as often as are kept is one.
 */
#ifndef CORE_DRIFT_H
#define CORE_DRIFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

enum {
	DRIFT_KEPT = 3,
	DRIFT_TYPING_S = 10, /* from when a code is read until it comes */
	DRIFT_SURE_S = 5,    /* a clock that is off by less does no harm */
	DRIFT_FAR_S = 600,   /* a code is looked for that far away */
	DRIFT_TEXT_SIZE = 96,
};

/* The last ones of one secret. */
struct drift {
	struct drift_code {
		int64_t step;   /* it is of */
		int64_t came_s; /* UTC */
	} code[DRIFT_KEPT];     /* the newest first */
	unsigned n;
};

/* A good one came. A step that came before says nothing new. */
void drift_add(struct drift *d, int64_t step, int64_t utc_s);
/* "25-55 s behind", "5-35 s ahead", of that clock; "" while it is no trouble.
 */
void drift_text(
    char ret[static DRIFT_TEXT_SIZE], const struct drift *d, unsigned period_s);

#endif
