/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pace - see the header.
 */
#include "core/pace.h"

#include "base/fault.h"

uint64_t
pace_room(struct pace *p, const struct pace_limit *l, int64_t boot_ms)
{
	const int64_t passed = boot_ms > p->at_ms ? boot_ms - p->at_ms : 0;
	const uint64_t back =
	    passed < 3600 * 1000 ? (uint64_t)passed * l->rate / 1000 : l->burst;

	if (FAULT(no_pace))
		return UINT64_MAX;
	if (back > 0) {
		p->spent -= back < p->spent ? back : p->spent;
		p->at_ms = boot_ms;
	}
	return l->burst - p->spent;
}

void
pace_spend(struct pace *p, const struct pace_limit *l, uint64_t n)
{
	p->spent = n < l->burst - p->spent ? p->spent + n : l->burst;
}
