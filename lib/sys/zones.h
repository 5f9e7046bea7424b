/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zones - the time zones of this system (tzdata), read into a table. Once, at
 * start and before the sandbox: a process that has them needs no file of them
 * later, and a newer tzdata counts from its next start on.
 */
#ifndef SYS_ZONES_H
#define SYS_ZONES_H

#include <stdint.h>

#include "base/attr.h"
#include "core/zone.h"

#define ZONES_DIR "/usr/share/zoneinfo"

/* Every zone below folder, by its names, from the last year on. What is none,
 * or cannot be trusted, is left out; *ret is an empty table where there is
 * nothing. GW_ENOMEM. */
MUST_CHECK int zones_read(
    struct zone_table **ret, const char *folder, int64_t utc_ms);

#endif
