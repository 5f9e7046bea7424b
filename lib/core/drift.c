/* SPDX-License-Identifier: Apache-2.0 */
/*
 * drift - see the header.
 */
#include "core/drift.h"

#include <stdio.h>
#include <string.h>

void
drift_add(struct drift *d, int64_t step, int64_t utc_s)
{
	for (unsigned i = 0; i < d->n; i++)
		if (d->code[i].step == step)
			return;
	memmove(
	    &d->code[1], &d->code[0], (DRIFT_KEPT - 1) * sizeof(d->code[0]));
	d->code[0] = (struct drift_code){.step = step, .came_s = utc_s};
	if (d->n < DRIFT_KEPT)
		d->n++;
}

/* By how many steps it is off, and how far into its step it came. */
static int64_t
off(const struct drift_code *k, int64_t period_s, int64_t *retinto)
{
	*retinto = k->came_s % period_s;
	return k->step - k->came_s / period_s;
}

/* The least and the most that the clock was off by, on the side of sign. */
static void
bounds(const struct drift_code *k, int64_t sign, int64_t period_s,
    int64_t *least, int64_t *most)
{
	int64_t into = 0;

	(void)off(k, period_s, &into);
	if (sign > 0) {
		*least = period_s - into;
		*most = 2 * period_s - into;
	} else {
		*least = into > DRIFT_TYPING_S ? into - DRIFT_TYPING_S : 0;
		*most = period_s + into;
	}
}

void
drift_text(
    char ret[static DRIFT_TEXT_SIZE], const struct drift *d, unsigned period_s)
{
	int64_t least = 0, most = 0, a = 0, b = 0, into = 0;
	int64_t sign = 0, sure = DRIFT_SURE_S;
	unsigned same = 0;

	ret[0] = '\0';
	if (d->n == 0 || period_s == 0 ||
	    (sign = off(&d->code[0], period_s, &into)) == 0)
		return;
	while (same < d->n && off(&d->code[same], period_s, &into) == sign)
		same++;
	bounds(&d->code[0], sign, period_s, &least, &most);
	if (least < sure && same < DRIFT_KEPT)
		return;
	for (unsigned i = 1; i < same; i++) {
		bounds(&d->code[i], sign, period_s, &a, &b);
		a = a > least ? a : least;
		b = b < most ? b : most;
		if (a >= b) /* it was set meanwhile: the newest counts */
			break;
		least = a;
		most = b;
	}
	(void)snprintf(ret, DRIFT_TEXT_SIZE, "%lld-%lld s %s", (long long)least,
	    (long long)most, sign > 0 ? "ahead" : "behind");
}
