/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zone - by how much the clocks of a time zone differ from UTC, and a table of
 * such zones by their names. Pure: it is filled from the bytes of TZif files
 * (RFC 8536, RFC 9636), which lib/sys/zones.h reads.
 *
 * A zone is the rule at the end of its file, a POSIX TZ string, and before it
 * those shifts that the rule does not tell by itself. Most have none, and most
 * names share their zone with others.
 */
#ifndef CORE_ZONE_H
#define CORE_ZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

enum {
	ZONE_NAME_MAX = 40, /* internal: the longest there is has 32 */
	ZONE_NAME_SIZE = ZONE_NAME_MAX + 1,
};

/* A day of each year, and the time on it by the clocks until then. */
struct zone_day {
	char kind;           /* 'J', 'N' or 'M' as in POSIX; 0 = none */
	uint8_t month, week; /* of M: 1 to 12; 1 to 5, which is the last */
	uint16_t day;        /* J: 1 to 365; N: 0 to 365; M: 0 = Sunday */
	int32_t time_s;      /* may be before that day, or after it */
};

struct zone_rule {
	int32_t std_s, dst_s;         /* east of UTC */
	struct zone_day begins, ends; /* of dst; kind 0: there is none */
};

struct zone_shift {
	int64_t at_s;  /* UTC */
	int32_t off_s; /* from then on */
};

struct zone {
	bool ruled; /* else the last shift stays */
	struct zone_rule rule;
	int32_t first_s; /* before the first shift */
	uint16_t nshifts;
	struct zone_shift *shifts;
};

struct zone_table;

/* ---- a zone */

/* "CET-1CEST,M3.5.0,M10.5.0/3". GW_EINVAL. */
MUST_CHECK int zone_rule_parse(struct zone_rule *ret, const char *text);
/* The bytes of a TZif file of version 2 or later, without leap seconds; shifts
 * before since_s are left out. GW_EINVAL, GW_EUNSUPPORTED, GW_ENOMEM. */
MUST_CHECK int zone_parse(
    struct zone *ret, const uint8_t *p, size_t n, int64_t since_s);
void zone_done(struct zone *z);
/* The seconds to be added to utc_s for what the clocks show. They are the same
 * before *ret_until_s, which is later. */
int32_t zone_offset(const struct zone *z, int64_t utc_s, int64_t *ret_until_s);

/* ---- their names */

/* As they are written: "Europe/Berlin", "Etc/GMT+5". */
bool zone_name_ok(const char *name);
/* NULL: out of memory. */
struct zone_table *zone_table_new(void);
void zone_table_free(struct zone_table *t); /* NULL is a no-op */
/* Takes what *z holds, also on failure. GW_EINVAL, GW_EEXIST, GW_ELIMIT,
 * GW_ENOMEM. */
MUST_CHECK int zone_table_add(
    struct zone_table *t, const char *name, struct zone *z);
/* NULL: it is not known; nor is any where t is NULL. */
const struct zone *zone_find(const struct zone_table *t, const char *name);
size_t zone_table_count(const struct zone_table *t);
/* What it takes of memory. */
size_t zone_table_bytes(const struct zone_table *t);

#endif
