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
#include "core/logtime.h"
#include "core/receipt.h"
#include "notary/fold.h"
#include "notary/hashes.h"
#include "notary/ledger.h"
#include "notary/queue.h"
#include "notary/tally.h"
#include "notary/usage.h"
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
	const struct queue_hooks *hooks;
	struct secret host_seed, ca_seed;
	uint8_t receipt_key[RECEIPT_KEY_SIZE];
	struct session_peer *sessions;
	struct hashes *hashes; /* signed by the host key */
	struct tally *tally;   /* of refusals */
	struct usage *usage;   /* of the log, by users */
	struct timer *commit_timer;
	struct timer *checkpoint_timer;
	struct timer *lost_timer;    /* sessions are over, channels are not */
	struct timer *goodbye_timer; /* stopping: how long the shipper has */
	struct logtime time;         /* of the log, as last read */
	int64_t offset_ms;      /* of the host's clock, as last on record */
	int64_t told_behind_ms; /* what the broker knows of it */
	struct timer *clock_timer;
	bool stopping;
	bool orderly; /* the log found at the start ends with a stop; said once
		       */
	int64_t checkpoint_at;    /* boot ms; 0 = none due */
	struct timer *fold_timer; /* NT_FOLD_GET is being answered */
	uint32_t fold_rid;
	size_t fold_at;
};

/* clock.c */
struct now notary_now(struct notary *n); /* the log's time */
void clock_open(struct notary *n);       /* once the log was read */
/* Once there is a record: writes what the start saw of the clock. */
MUST_CHECK int clock_begin(struct notary *n);
void clock_begun(struct notary *n); /* and that had its commit */
/* Reads it; each step is put on record. */
void clock_look(struct notary *n);
void clock_tell(struct notary *n); /* the broker */
process_timer_fn clock_timer;
process_handler_fn on_clock;
/* mfa.c */
process_handler_fn on_mfa_burn;
/* Has this step of that secret not passed, and may it have been seen? */
bool mfa_fresh(
    const struct notary *n, const char *user, const char *factor, int64_t step);
/* The record that it passed, or (EV_AUTH_MFA_DENIED) that it did not. */
MUST_CHECK int mfa_add(
    struct notary *n, const struct msg_nt_mfa_burn *b, struct queue_item *item);
/* grant.c */
process_handler_fn on_grant_open;
/* extend.c */
process_handler_fn on_grant_extend, on_leg_renew;
/* leg.c */
process_handler_fn on_leg_open;
/* Adds who a session is. */
void leg_identity(struct event_fields *f, const struct fold_leg *l);
/* close.c */
process_handler_fn on_grant_close, on_leg_close;
/* foldget.c */
process_handler_fn on_fold_get;
process_timer_fn foldget_more;
/* To a recorder that was linked: what has no end yet, its own included. */
void foldget_unended(struct notary *n, struct peer *recorder);
/* cert.c */
process_handler_fn on_cert;
/* hostsign.c */
process_handler_fn on_hostsign;
void hostsign_send_sids(struct notary *n); /* all, once more, to the broker */
/* append.c */
process_handler_fn on_append;
/* quota.c */
/* Records were written; one may be the one too many of its user. */
void quota_look(struct notary *n);
/* May such a record be taken from that process? 0; GW_EFULL: its user fills the
 * log; then, of a session, GW_EDENIED: and goes on. */
MUST_CHECK int quota_check(const struct notary *n, enum event_code ev,
    enum proc origin, const struct event_fields *f);
/* May this user open something? 0, GW_EFULL. */
MUST_CHECK int quota_open(const struct notary *n, const char *user);
/* pair.c */
enum pair {
	PAIR_BAD = 0, /* nothing is begun any more, or it names no file */
	PAIR_OK,
	PAIR_LATE, /* it has its end, or no start */
};
/* May this start or end be written? sid: whose it is, "" = nobody's. key: what
 * the queue calls it, "" when it is neither. */
enum pair pair_check(struct notary *n, unsigned ev, const char *sid,
    const struct bytes *fields, char key[static LIMIT_NAME_SIZE]);
/* The queue's key of a program on a channel. */
void pair_channel_key(
    char ret[static LIMIT_NAME_SIZE], const char *sid, uint32_t channel);
/* A field's text. GW_EPROTO: it is not there, or no text of that size. */
MUST_CHECK int pair_text(
    char *ret, size_t size, const struct bytes *fields, enum event_field_id id);
/* lost.c */
process_timer_fn lost_look; /* now; and later, while there is something */
void lost_begin(struct notary *n);
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
