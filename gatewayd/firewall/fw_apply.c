/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fw_apply - what fw.c (openings) and watch.c (repairs) both do: make the
 * kernel's element what the holds say, and report.
 */
#include <stddef.h>

#include "base/fault.h"
#include "firewall/elem.h"
#include "firewall/fw_impl.h"

int
fw_apply(struct fw *f, const struct set_key *k, const struct now *now)
{
	const struct hold *h = holds_longest(f->holds, k);
	int64_t left = h == NULL ? 0 : h->end_ms - now->boot_ms;
	int r = 0;

	if (left < ELEM_LIFE_MIN_MS)
		return elem_remove(f->nft, &f->can, k);
	if (holds_is_named(h) || FAULT(fw_comment))
		return elem_set(f->nft, &f->can, k, left, h->id);
	/* an update in place would leave the name of who held it before */
	r = elem_replace(f->nft, k, left, h->id);
	if (r == 0)
		holds_name(h);
	return r;
}

void
fw_say(struct fw *f, enum fw_event ev, const char *text)
{
	if (f->o.on_event != NULL)
		f->o.on_event(f->o.arg, ev, text);
}
