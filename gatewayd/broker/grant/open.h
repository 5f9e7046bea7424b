/* SPDX-License-Identifier: Apache-2.0 */
/*
 * open - the one way in which a door opens, for requests and probes alike:
 *
 *   reserve  a grant in state INTENT, which opens nothing; none on a full disk
 *   intent   the notary burns the code's step and writes grant.open in one
 *            durable step, and gives a receipt
 *   open     the firewall checks the receipt and opens the door (a probe has
 *            none: its leg comes when it dials)
 *
 * What waited is judged again before anything opens, and before it is said to
 * be open.
 */
#ifndef BROKER_GRANT_OPEN_H
#define BROKER_GRANT_OPEN_H

#include "broker/grant/intent.h"
#include "broker/grant/live.h"

enum open_result {
	OPEN_FAILED = 0, /* nothing opened; the log or memory: error says it */
	OPEN_DISK_FULL,  /* that of the log */
	OPEN_NOT_WHOLE,  /* the grant would be malformed */
	OPEN_CODE_USED,  /* its step was burned before */
	OPEN_TAKEN_AWAY, /* the right to it, while it waited */
	OPEN_LATE,       /* who asked waits no more */
	OPEN_NO_DOOR,    /* the firewall did not open it: error */
	OPEN_OVER,       /* it was as short as the opening took */
	OPEN_DONE,
};

struct opened {
	enum open_result result;
	int error;                /* GW_E*; GW_ECLOSED: a process went away */
	uint64_t seq;             /* of grant.open; 0 = it was not written */
	struct live_grant *grant; /* OPEN_DONE only */
};

/* in is freed when it returns. */
typedef void open_fn(
    void *arg, const struct intent *in, const struct opened *o);

/* Opens what in was judged to be allowed. Takes in. fn is called exactly once,
 * perhaps before this returns; whatever failed by then is closed again. */
void open_start(struct broker *b, struct intent *in, open_fn *fn, void *arg);
/* Is there room on the disk of the log for more access? */
bool open_has_room(const struct broker *b);
/* Why there is none, as a sentence; returns the same as a record's word. */
const char *open_no_room(
    const struct broker *b, char ret[static LIMIT_TEXT_SIZE]);

#endif
