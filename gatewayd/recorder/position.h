/* SPDX-License-Identifier: Apache-2.0 */
/*
 * position - how far a recording goes, by its files alone: a recorder that was
 * started anew asks them, and the session sends what is missing. A line that is
 * not whole was not acknowledged, and does not count.
 */
#ifndef RECORDER_POSITION_H
#define RECORDER_POSITION_H

#include <stdint.h>

#include "base/attr.h"

/* The terminal bytes in the first so many parts of a channel, which are there.
 * GW_ESYS; GW_ECORRUPT when they are not as we write them. */
MUST_CHECK int position_of(
    int dir, const char *sid, uint32_t channel, unsigned parts, uint64_t *ret);

#endif
