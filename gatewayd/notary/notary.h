/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notary - what the files of this process share. One verb, one file; all of
 * them put records into the queue (queue.h) and answer only when those are
 * durable.
 */
#ifndef NOTARY_NOTARY_H
#define NOTARY_NOTARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/secret.h"
#include "core/element.h"
#include "core/receipt.h"
#include "notary/fold.h"
#include "notary/hashes.h"
#include "notary/ledger.h"
#include "notary/queue.h"
#include "process/process.h"

/* One SSH connection's process, as linked by the supervisor. */
struct session_peer {
	struct session_peer *next;
	struct peer *peer;
	uint64_t conn;
	uint8_t sid[LIMIT_HASH_MAX]; /* first exchange hash */
	size_t nsid;
	unsigned signs, certs;
	bool has_leg;        /* leg is meaningful: who this session is */
	struct fold_leg leg; /* a copy: outlives the fold's */
};

struct notary {
	struct process *process;
	char log_dir[LIMIT_PATH_SIZE + 16];
	struct ledger *ledger;
	struct fold *fold;
	struct queue queue;
	struct secret host_seed, ca_seed;
	uint8_t receipt_key[RECEIPT_KEY_SIZE];
	struct session_peer *sessions;
	struct hashes *hashes; /* signed by the host key */
	struct timer *commit_timer;
	struct timer *checkpoint_timer;
	struct timer *goodbye_timer; /* stopping: how long the shipper has */
	bool stopping;
	bool orderly; /* the log found at the start ends with a stop; said once
		       */
	int64_t checkpoint_at;    /* boot ms; 0 = none due */
	struct timer *fold_timer; /* NT_FOLD_GET is being answered */
	uint32_t fold_rid;
	size_t fold_at;
};

/* grant.c */
process_handler_fn on_grant_open, on_mfa_burn;
/* leg.c */
process_handler_fn on_leg_open;
/* close.c */
process_handler_fn on_grant_close, on_leg_close;
/* foldget.c */
process_handler_fn on_fold_get;
process_timer_fn foldget_more;
/* cert.c */
process_handler_fn on_cert;
/* hostsign.c */
process_handler_fn on_hostsign;
void hostsign_send_sids(struct notary *n); /* all, once more, to the broker */
/* append.c */
process_handler_fn on_append;
/* read.c */
process_handler_fn on_read;
void read_tail(struct notary *n); /* NT_TAIL to the shipper */
/* receipt.c */
/* Encodes the list into enc and makes its receipt: mac, and elements, which
 * borrow enc's bytes. buf's errors, GW_ECRYPTO. */
MUST_CHECK int elements_receipt(const struct notary *n,
    const struct element_list *list, const char *id, const char *grant,
    uint64_t seq, struct buf *enc, uint8_t mac[static RECEIPT_MAC_SIZE],
    struct bytes *elements);
/* checkpoint.c */
bool checkpoint_wanted(const struct notary *n, int64_t boot_ms);
/* After a commit: when is the next one due? urgent: within a second. */
void checkpoint_plan(struct notary *n, bool urgent, int64_t boot_ms);

#endif
