/* SPDX-License-Identifier: Apache-2.0 */
/*
 * live - the grants that are open, or about to be.
 */
#ifndef BROKER_GRANT_LIVE_H
#define BROKER_GRANT_LIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/call/call.h"
#include "core/element.h"
#include "core/grant.h"
#include "core/receipt.h"

enum { ELEMENTS_MAX = 512 }; /* internal: ELEMENT_MAX of them, encoded */

struct live_grant {
	struct live_grant *next;
	struct broker *b;
	struct grant g;
	char key_fp[SSHKEY_FP_SIZE]; /* that asked for it */
	uint8_t state;               /* GRANT_INTENT or GRANT_ACTIVE */
	uint64_t seq;                /* of its intent */
	uint8_t mac[RECEIPT_MAC_SIZE];
	uint8_t elements[ELEMENTS_MAX];
	uint32_t nelements;
	int64_t
	    since_boot_ms; /* opened, or taken over from an earlier broker */
	uint32_t sessions; /* so far */
	bool used;         /* by sessions before our start, too */
	bool extending;    /* longer.h: one at a time */
	struct timer *timer;
	bool in_fold;  /* recover.c's mark */
	bool was_over; /* before the change being weighed (admin/change.c) */
	bool regular;  /* its sources are told (identity/regulars.h) */
};

/* Why a grant ends, by whom and when. */
struct grant_ending {
	enum end_reason reason;
	const char *by;
	int64_t utc_ms;
};

/* Once, perhaps before the call that it is given to returns. False: at least
 * one of them is not confirmed. */
typedef void renewed_fn(void *arg, bool done);

/*
 * What hangs on a grant: the sessions. The wing above registers these in
 * b->grant_hooks before the first call; a grant knows nothing else of them.
 */
struct grant_hooks {
	/* It ends: stop what it carries. */
	void (*ended)(struct live_grant *lg, const struct grant_ending *e);
	/* Its memory goes: nothing may point to it any more. */
	void (*gone)(struct live_grant *lg);
	/* It is to end then: what its sessions have open, too, once fn is
	 * called. */
	void (*renew)(struct live_grant *lg, int64_t end_boot_ms,
	    renewed_fn *fn, void *arg);
	/* It ends at another time now, or may: they are to know. */
	void (*moved)(struct live_grant *lg);
	/* How many sessions run on it. */
	unsigned (*count)(const struct live_grant *lg);
};

/* A grant in state GRANT_INTENT, which opens nothing; NULL: out of memory. */
struct live_grant *grant_new(
    struct broker *b, const struct grant *g, const char *key_fp);
struct live_grant *grant_find(struct broker *b, const char *id);
/* It is in force: arm the timer. It ends here if its time is over. */
void grant_activate(struct live_grant *lg);
/* Cuts now, stops the sessions, closes it in the log. c (may be NULL) is
 * answered when that is durable. lg is gone afterwards. */
void grant_end(struct live_grant *lg, enum end_reason reason, const char *by,
    struct call *c);
/* What the user reads then as the last line, who came from source: how they get
 * there again, by what else they have open if they do. */
void grant_end_text(char ret[static LIMIT_TEXT_SIZE],
    const struct live_grant *lg, const struct grant_ending *e,
    const struct addr *source);
/* The notary says that a user fills the log: ends what they have open. */
process_handler_fn on_nt_quota;
/* The log was ahead of utc_ms by so much, and is not any more: grant_shift() of
 * each. */
void grants_shift(struct broker *b, int64_t utc_ms, int64_t ahead_ms);
/* For grant.list, once it is over. */
void grant_remember(struct broker *b, const struct grant *g,
    enum end_reason reason, uint32_t sessions, uint64_t seq);
/* Out of the list without a word: it never opened, or the log ended it. */
void grant_drop(struct live_grant *lg);
/* The best live grant for a login at the door, or NULL. */
struct live_grant *grant_lookup(struct broker *b, const char *user,
    const char *user_id, const char *target, const char *login,
    const struct addr *source);
/* The live grant, asked for with this key, that gives all of want already;
 * NULL: want would be another one. */
const struct live_grant *grant_given(
    struct broker *b, const struct grant *want, const char *key_fp);
json_t *grant_sources_json(const struct grant *g);
/* What else its user has open at its target, the last LIMIT_GRANTS_TOLD of it:
 * [{"grant","login","sources","end"}]. */
json_t *grant_others_json(const struct live_grant *lg);
/* How many sessions run on it. */
unsigned grant_sessions(const struct live_grant *lg);

#endif
