/* SPDX-License-Identifier: Apache-2.0 */
/*
 * room - whether a recording may begin and grow in the folder of that
 * descriptor: recordings stop before the log does (base/disk.h), and one user's
 * before all (share.h).
 */
#ifndef RECORDER_ROOM_H
#define RECORDER_ROOM_H

#include <stdint.h>

#include "base/attr.h"

struct share;
struct shares;

/* May it begin? As share_hold. */
MUST_CHECK int room_hold(
    struct shares *s, int dir, const char *user, struct share *own);
/* Its files have grown by n bytes. As share_take. */
MUST_CHECK int room_take(
    struct shares *s, int dir, const char *user, struct share *own, uint64_t n);

#endif
