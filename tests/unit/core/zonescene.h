/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zonescene - a table of a few zones, by their rules alone: as if all that
 * their files list were long past.
 */
#ifndef TESTS_CORE_ZONESCENE_H
#define TESTS_CORE_ZONESCENE_H

#include <stdint.h>

#include "core/zone.h"

/* Europe/Berlin, America/New_York, Australia/Lord_Howe, Asia/Kolkata, UTC. */
struct zone_table *zones_new(void);
void zones_add(struct zone_table *t, const char *name, const char *rule);
/* "2027-03-28T01:00:00Z" */
int64_t at_ms(const char *time);

#endif
