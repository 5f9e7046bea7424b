/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pace - see the header.
 */
#include "session/pace.h"

#include "base/fault.h"
#include "base/limits.h"

enum { PIECE = 16 * 1024 }; /* not in smaller ones, but at the end */

size_t
pace_allow(struct pace *p, size_t n, int64_t boot_ms)
{
	const int64_t passed = boot_ms > p->at_ms ? boot_ms - p->at_ms : 0;
	const uint64_t back = passed < 3600 * 1000
				  ? (uint64_t)passed * LIMIT_RECORD_RATE / 1000
				  : LIMIT_RECORD_BURST;
	uint64_t room;

	if (back > 0) {
		p->spent -= back < p->spent ? back : p->spent;
		p->at_ms = boot_ms;
	}
	room = LIMIT_RECORD_BURST - p->spent;
	p->waits = n > room && room < PIECE && !FAULT(no_pace);
	if (p->waits)
		return 0;
	return n > room && !FAULT(no_pace) ? (size_t)room : n;
}

void
pace_spend(struct pace *p, size_t n)
{
	p->spent += n;
	if (p->spent > LIMIT_RECORD_BURST)
		p->spent = LIMIT_RECORD_BURST;
}
