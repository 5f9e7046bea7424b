/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cut - the end of an opening, on the wire. The element is gone already, so
 * nothing passes; what is left is to let both ends know and to keep the record.
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

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/limits.h"
#include "core/element.h"
#include "firewall/ability.h"
#include "firewall/conntrack.h"
#include "firewall/nl.h"

struct fw_flow; /* fw.h */

struct cut_opts {
	struct nl *nft; /* borrowed: the owner of the table */
	struct nl *ask; /* borrowed: for conntrack */
	const struct ability *can;
	void *arg;
	void (*on_flow)(void *arg, const struct fw_flow *f); /* may be NULL */
};

enum { CUT_DELAY_MS = 1000 };

struct cut;

/* Opens the raw sockets. GW_EDENIED without CAP_NET_RAW. */
MUST_CHECK int cut_new(struct cut **ret, const struct cut_opts *opts);
void cut_free(struct cut *c); /* NULL is a no-op; pending flows are left */

struct cut_totals {
	uint32_t flows;
	uint64_t packets_in, bytes_in, packets_out, bytes_out;
};

/* An opening that ended. */
struct cut_want {
	struct element element;
	char grant[LIMIT_ID_SIZE], id[LIMIT_ID_SIZE];
};

/* Cuts every flow these let through. Adds to *totals (may be NULL) what they
 * carried so far, entries left out. */
MUST_CHECK int cut_flows(struct cut *c, const struct cut_want *w, size_t n,
    const struct now *now, struct cut_totals *totals);
/* A leg is about to use this tuple again: nothing old may cut it. */
MUST_CHECK int cut_forget(
    struct cut *c, const struct element *leg, const struct now *now);
/* Finishes what is due; returns ms until the next call is wanted, -1 = not. */
int64_t cut_tick(struct cut *c, const struct now *now);

#endif
