/* SPDX-License-Identifier: Apache-2.0 */
/*
 * room - see the header.
 */
#include "recorder/room.h"

#include "base/clock.h"
#include "base/disk.h"
#include "base/err.h"
#include "recorder/share.h"

static int
look(struct disk *ret, int dir, struct share *own)
{
	const int e = disk_read_fd(ret, dir);

	own->disk_full = e == 0 && !disk_may_record(ret);
	return own->disk_full ? GW_EFULL : e;
}

int
room_hold(struct shares *s, int dir, const char *user, struct share *own)
{
	struct disk d;
	int e;

	if ((e = look(&d, dir, own)) != 0)
		return e;
	return share_hold(s, user, own, d.total, clock_now().boot_ms);
}

int
room_take(
    struct shares *s, int dir, const char *user, struct share *own, uint64_t n)
{
	struct disk d;
	int e;

	if ((e = look(&d, dir, own)) != 0)
		return e;
	return share_take(s, user, own, n, d.total, clock_now().boot_ms);
}
