/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conntrack - the kernel's flow entries of one opening: find, read counters,
 * delete. Deletes only entries it was given, by tuple and id; never flushes.
 */
#ifndef FIREWALL_CONNTRACK_H
#define FIREWALL_CONNTRACK_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/attr.h"
#include "core/element.h"
#include "firewall/nl.h"

struct ct_end {
	struct addr source, target;
	uint16_t sport, port;
};

struct ct_flow {
	struct ct_end original, reply;
	uint8_t proto;
	uint32_t id;
	/* "in" is the original direction: towards the target. 0 without
	 * nf_conntrack_acct and nf_conntrack_timestamp. */
	uint64_t packets_in, bytes_in, packets_out, bytes_out;
	uint64_t start_ns; /* UTC */
};

/*
 * Calls cb for every flow that one of the n elements let through, with that
 * element's index (one of them, if several have the same key). A LEG costs one
 * look-up; all ENTRY and PATH of one family cost one walk through the kernel's
 * table together.
 */
MUST_CHECK int conntrack_of(struct nl *nl, const struct element *const *list,
    size_t n, int (*cb)(void *arg, size_t index, const struct ct_flow *f),
    void *arg);
/* Counters anew; GW_ENOENT when the entry is gone or is another's now. */
MUST_CHECK int conntrack_get(struct nl *nl, struct ct_flow *f);
/* Gone afterwards; not there is fine. */
MUST_CHECK int conntrack_delete(struct nl *nl, const struct ct_flow *f);
/* Turns byte counting and times on for flows that start from now on. Needs
 * root or CAP_NET_ADMIN; GW_ESYS means flow records will lack numbers. */
MUST_CHECK int conntrack_accounting(void);

#endif
