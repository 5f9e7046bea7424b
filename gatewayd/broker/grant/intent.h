/* SPDX-License-Identifier: Apache-2.0 */
/*
 * intent - who wants which door, for how long, from where, by which proof. A
 * value of its own: it outlives the call that made it, so that it can wait, and
 * is judged again after each wait.
 */
#ifndef BROKER_GRANT_INTENT_H
#define BROKER_GRANT_INTENT_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/call/call.h"
#include "broker/call/subject.h"
#include "broker/grant/approvals.h"
#include "core/grant.h"
#include "core/policy.h"
#include "core/trial.h"

struct intent {
	char req[LIMIT_ID_SIZE];
	char grant[LIMIT_ID_SIZE]; /* the grant it becomes */
	/* what is asked */
	char user[LIMIT_NAME_SIZE];
	char target[LIMIT_NAME_SIZE];
	char login[LIMIT_NAME_SIZE]; /* "" = not said */
	char role[LIMIT_NAME_SIZE];  /* likewise */
	uint16_t port;               /* 0 = not said */
	uint32_t seconds;            /* 0 = not said */
	char reason[LIMIT_REASON_SIZE];
	char ticket[LIMIT_TICKET_SIZE];
	struct addr source[LIMIT_SOURCES];
	unsigned nsources;
	bool glass; /* break-glass (core/glass.h) */
	/* an admin's try of a target: no entry, no path, only a leg */
	bool probe;
	/* what it goes on from, and ends when that would have; id "" = it is a
	 * grant of its own */
	struct grant from;
	bool local;       /* by root on the admin socket */
	bool unlocked;    /* judged as if nothing were locked */
	struct addr addr; /* the probe's */
	/* by which proof */
	char key_fp[SSHKEY_FP_SIZE];
	struct addr peer;
	int64_t late_boot_ms;  /* of the call */
	int64_t at_ms;         /* it is to open by itself then; 0 = not */
	uint32_t use_within_s; /* asked for; 0 = not said */
	int64_t asked_ms;      /* judged by the hours of then; 0 = now */
	unsigned hardware;     /* enum hardware: of the key that signed it */
	bool fido;             /* and it can stand in for a code */
	int64_t mfa_age_s;     /* POLICY_MFA_NONE = no code yet */
	int64_t mfa_step;      /* to be burned; 0 = none came */
	char factor[LIMIT_FACTOR_SIZE]; /* of which secret; FACTOR_FIDO */
	char idempotency[64];
	uint8_t *payload; /* what was signed, and the signature; NULL = none */
	size_t payload_len;
	char *signature;
	/* by what it is judged, and how */
	struct approvals *approvals; /* NULL = nobody was asked */
	struct subject subject;
	struct policy_result verdict;
	struct trial trial; /* what roles that are tried would refuse of it */
	int64_t judged_ms;  /* when that was */
};

/* The one who asks, their sources and their proof; the rest is the verb's.
 * NULL: out of memory. */
struct intent *intent_new(const struct call *c);
void intent_free(struct intent *in); /* NULL is a no-op; wipes */
/* Reads what it is judged by. A target that does not exist is no failure: the
 * verdict says so. */
MUST_CHECK int intent_load(struct broker *b, struct intent *in);
/* Pure but for the clock: fills verdict and trial. */
void intent_judge(const struct broker *b, struct intent *in);
/* The grant that it becomes now, by the verdict; the clock starts here. */
void intent_grant(
    const struct broker *b, const struct intent *in, struct grant *ret);

#endif
