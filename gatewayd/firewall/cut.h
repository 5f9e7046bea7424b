/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cut - the end of an opening, on the wire. The element is gone already, so
 * nothing passes; what is left is to tell both ends and to take the record.
 *
 * Each TCP flow goes into the cut set (every packet of it is answered with a
 * reset, whatever else is open), and each end gets an empty ACK out of window:
 * the challenge it sends back meets that reset, which therefore carries the
 * right sequence number. A second later the conntrack entry is read for the
 * last time and deleted. A UDP flow is deleted at once.
 *
 * An end behind address translation by this host is not poked: it learns when
 * it speaks.
 */
#ifndef FIREWALL_CUT_H
#define FIREWALL_CUT_H

#include <stdint.h>

#include "base/attr.h"
#include "base/clock.h"
#include "core/element.h"
#include "firewall/conntrack.h"
#include "firewall/nl.h"
#include "firewall/probe.h"

struct fw_flow; /* fw.h */

struct cut_opts {
	struct nl *nft; /* borrowed: the owner of the table */
	struct nl *ask; /* borrowed: for conntrack */
	const struct probe *can;
	void *arg;
	void (*on_flow)(void *arg, const struct fw_flow *f); /* may be NULL */
};

enum { CUT_PENDING_MAX = 65536, CUT_DELAY_MS = 1000 };

struct cut;

/* Opens the raw sockets. GW_EDENIED without CAP_NET_RAW. */
MUST_CHECK int cut_new(struct cut **ret, const struct cut_opts *opts);
void cut_free(struct cut *c); /* NULL is a no-op; pending flows are left */

struct cut_totals {
	uint32_t flows;
	uint64_t packets_in, bytes_in, packets_out, bytes_out;
};

/* Cuts every flow that e let through. *ret gets what they carried so far. */
MUST_CHECK int cut_flows(struct cut *c, const struct element *e,
    const char *grant, const char *id, const struct now *now,
    struct cut_totals *ret);
/* Finishes what is due; returns ms until the next call is wanted, -1 = not. */
int64_t cut_tick(struct cut *c, const struct now *now);

#endif
