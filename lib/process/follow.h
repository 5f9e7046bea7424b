/* SPDX-License-Identifier: Apache-2.0 */
/*
 * follow - reads the durable log over the notary's link, record by record as
 * the log has them, from any number on and again after the notary was
 * restarted. For processes the notary answers NT_READ and sends NT_TAIL to.
 *
 * One struct follow per process; it lives as long as the process. Its owner
 * lists MSG_NT_LINES and MSG_NT_TAIL among its handlers and passes them on, and
 * says when the notary's link came. Each follower reads at a place of its own
 * and is given records only when it wants some, so a slow one waits without
 * holding up others and without anything piling up.
 */
#ifndef PROCESS_FOLLOW_H
#define PROCESS_FOLLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "process/process.h"

struct follow;
struct follower;

/* Both are called at most once for each follower_want; each may call it. */
struct follower_hooks {
	/* The records from .. next-1, one line each, with its LF; at least one,
	 * about 64 KiB of them. The bytes are valid in this call only. */
	void (*records)(
	    void *ctx, const struct bytes *lines, uint64_t from, uint64_t next);
	/* The log ends before the place that was wanted: it is another log. */
	void (*shorter)(void *ctx, uint64_t end);
	void *ctx;
};

MUST_CHECK int follow_new(struct follow **ret, struct process *p);
/* To be called when the notary's link came, also the first time. */
void follow_linked(struct follow *f);
/* MSG_NT_LINES. GW_EPROTO for an answer with a hole or half a line: return it,
 * the link is then closed. */
MUST_CHECK int follow_lines(struct follow *f, const struct msg_nt_lines *m);
/* MSG_NT_TAIL */
void follow_tail(struct follow *f, const struct msg_nt_tail *m);

MUST_CHECK int follower_new(struct follower **ret, struct follow *f,
    const struct follower_hooks *hooks);
/* Records from this one on, as soon as there are some. An earlier wish that was
 * not answered is forgotten. */
void follower_want(struct follower *f, uint64_t from);
/* It wants none any more: no hook is called until the next wish. */
void follower_stop(struct follower *f);
/* It wants records, and there are none yet. */
bool follower_at_end(const struct follower *f);

#endif
