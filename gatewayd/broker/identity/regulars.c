/* SPDX-License-Identifier: Apache-2.0 */
/*
 * regulars - see the header. What cannot be told costs a place of one's own,
 * never a connection by itself: so nothing here fails.
 */
#include "broker/identity/regulars.h"

#include "base/fault.h"
#include "base/log.h"
#include "broker/broker.h"

static void
send_known(struct peer *p, const struct addr *source, bool known)
{
	const struct msg_sup_known m = {.source = *source, .known = known};

	if (p != NULL && peer_send(p, MSG_SUP_KNOWN, &m, -1) != 0)
		log_debug("a source with a live grant could not be told");
}

static void
send_to_both(struct broker *b, const struct addr *a, bool known)
{
	const struct addr source = addr_network(a);

	send_known(process_peer(b->process, PROC_SUPERVISOR), &source, known);
	send_known(process_peer(b->process, PROC_API), &source, known);
}

void
regulars_add(struct broker *b, const struct addr *source)
{
	if (source->family != 0 && !FAULT(no_regulars) &&
	    known_add(&b->regulars, source) == 1)
		send_to_both(b, source, true);
}

void
regulars_drop(struct broker *b, const struct addr *source)
{
	if (source->family != 0 && known_has(&b->regulars, source) &&
	    known_drop(&b->regulars, source) == 0)
		send_to_both(b, source, false);
}

void
regulars_tell(struct broker *b, struct peer *p)
{
	const struct addr all = {.family = 0};

	send_known(p, &all, false);
	for (size_t i = 0; i < b->regulars.n; i++)
		send_known(p, &b->regulars.sources[i].addr, true);
}
