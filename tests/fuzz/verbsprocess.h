/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verbsprocess - lib/process for fuzz_verbs: the broker's functions of it
 * without a loop, a socket or another process. Each message and record is
 * checked as it passes; what comes back to it waits until pump().
 */
#ifndef TESTS_FUZZ_VERBSPROCESS_H
#define TESTS_FUZZ_VERBSPROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "process/process.h"

enum { PEERS = PROC_COUNT, QUEUE_MAX = 4096 };

struct peer {
	enum proc proc;
	struct msg_sup_link link;
};

/* What comes back to it, once it has returned. */
struct coming {
	process_durable_fn *durable; /* a record's, or: */
	void *arg;
	int result;
	enum proc from;
	unsigned type;
	union {
		uint32_t rid; /* each begins with it */
		struct msg_nt_fold_end fold_end;
		struct msg_fw_synced synced;
		struct msg_nt_grant_opened opened;
		struct msg_nt_lines lines;
		struct msg_nt_mfa_burned burned;
		struct msg_nt_closed closed;
		struct msg_fw_closed shut;
		struct msg_fw_protected protected_;
		struct msg_rec_bytes bytes;
		struct msg_rec_looked looked;
	} m;
};

struct process {
	struct process_def def;
	struct conf conf;
	void *ctx;
	struct peer peers[PEERS];
	uint32_t rid;
	uint64_t seq;
	bool takes; /* the log */
	struct coming queue[QUEUE_MAX];
	size_t nqueue;
	unsigned to_firewall;
	/* the answer to the call */
	unsigned replies;
	struct msg_api_reply reply;
	struct buf body;
};

/* The one there is. */
extern struct process process;

/* A message to the broker; what its handler says of it. */
int hand_over(
    struct process *r, enum proc from, unsigned type, const void *body);
/* Hands over what comes back, until it waits for nothing more. */
void pump(struct process *r);

#endif
