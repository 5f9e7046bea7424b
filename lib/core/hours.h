/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hours - the days and times at which a role counts: "mon-fri 08:00-18:00
 * Europe/Berlin". Pure: it goes by the clocks that people there look at, from a
 * table of zones (core/zone.h).
 *
 * A window is open whenever the clocks show a time of it. So where they go
 * forward over its end it ends there, where they go back into it it opens once
 * more. One that passes midnight belongs to the day it begins on. Windows that
 * touch are as one.
 */
#ifndef CORE_HOURS_H
#define CORE_HOURS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/limits.h"
#include "core/zone.h"

struct hours {
	uint8_t days;      /* bit 0 is Monday */
	uint16_t from, to; /* minutes; to is later, at most a day */
	char zone[ZONE_NAME_SIZE];
};

struct hours_list {
	unsigned n;
	struct hours hours[LIMIT_HOURS];
};

enum hours_verdict {
	HOURS_UNKNOWN = 0, /* a zone of it is not in the table */
	HOURS_OUT,
	HOURS_IN,
};

enum { HOURS_TEXT_SIZE = 96 };
#define HOURS_NEVER INT64_MAX

/* Adds one by its text. GW_EINVAL: it is none; GW_EEXIST; GW_ELIMIT. */
MUST_CHECK int hours_add(struct hours_list *l, const char *text);
/* Its text: the same for all ways to write it. */
void hours_text(char ret[static HOURS_TEXT_SIZE], const struct hours *h);
/* "A or B", cut with "..." when it does not fit. */
void hours_list_text(char *ret, size_t size, const struct hours_list *l);
bool hours_equal(const struct hours_list *a, const struct hours_list *b);

/* An empty list is always. *ret_until_ms is when that is over: HOURS_NEVER
 * where that is not within the next ten days, or not known. */
enum hours_verdict hours_judge(const struct hours_list *l,
    const struct zone_table *t, int64_t utc_ms, int64_t *ret_until_ms);
/* The first zone that is not in t, or NULL. */
const char *hours_unknown(
    const struct hours_list *l, const struct zone_table *t);
/* "Sat 03:12", of the list's first zone; "" where that is not known. */
void hours_clock(char ret[static HOURS_TEXT_SIZE], const struct hours_list *l,
    const struct zone_table *t, int64_t utc_ms);

#endif
