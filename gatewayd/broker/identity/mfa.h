/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mfa - the code of the second factor.
 */
#ifndef BROKER_IDENTITY_MFA_H
#define BROKER_IDENTITY_MFA_H

#include "broker/call/call.h"
#include "broker/identity/slow.h"
#include "core/policy.h"

MUST_CHECK int mfa_new(struct mfa_state **ret);
/* Checks the code that came with the call, if any: sets c->mfa_step. Fails
 * with *p set (401 code-wrong, 429 too-many). */
MUST_CHECK int mfa_check(struct call *c, struct problem *p);
/* The same against a given sealed seed (enrolment) of u, who is c's user. */
MUST_CHECK int mfa_check_seed(struct call *c, const struct user *u,
    const struct sealed *seed, struct problem *p);
/* A recovery code in its place (recovery_read() takes it), or one from paper:
 * which of them it is; whose is u's name or STORE_PAPER. A wrong one counts as
 * a wrong code of u's does. It is not burned by that. */
struct recovery_try {         /* within the state of a call; zeroed at first */
	struct slow slow;     /* its hash says which of them it is */
	const struct user *u; /* borrowed */
	const char *whose;
	call_fn *then;
};
/* then(c) in a later turn, or the call is answered. */
void mfa_check_recovery(struct call *c, struct recovery_try *x,
    const struct user *u, const char *whose, call_fn *then);
/* Seconds since key and source gave a code; POLICY_MFA_NONE. */
int64_t mfa_age_s(const struct call *c);
int64_t mfa_until_ms(const struct broker *b, const char *user,
    const struct addr *source); /* UTC; 0 = no code known */
/* A code was accepted and burned: remember for the age, and forget the wrong
 * ones of that key. */
void mfa_given(struct broker *b, const char *user, const char *key_fp,
    const struct addr *source);
void mfa_forget(struct broker *b, const char *user);
/* An admin says so: the wrong codes of all the user's keys are forgotten. An
 * error of the store is logged: they still count. */
MUST_CHECK int mfa_unlock(struct broker *b, const struct user *u);
/* The code was used before: event and answer. */
void mfa_used(struct call *c);
/* Has the notary burn the step of the code that came; fn gets what it says. */
void mfa_ask_burn(struct call *c, call_answer_fn *fn);
/* What the notary says of a code it was to burn: it did. What came of a factor
 * that there is, is given by that (above); of a new one it is when that is
 * stored. False: the call is answered. */
MUST_CHECK bool mfa_burned(struct call *c, const struct msg_nt_mfa_burned *m);
/* then(c) with the step of the code that came burned; at once if none came. */
void mfa_burn(struct call *c, call_fn *then);
/* A code has to come with this very call: then(c) with its step burned. */
void mfa_fresh(struct call *c, call_fn *then);
/* Answers that a code is needed, of a second factor of that form. */
void mfa_needed_of(struct call *c, const struct otp *o);
/* The same of the one that its user has, by that role. */
void mfa_needed_by(struct call *c, const char *role);
/* The call's own signature is of a security key that verified who has it. */
bool mfa_by_fido(const struct call *c);
/* A code came (and is to be checked), or the last one is young enough, or v
 * lets the call's signature stand in for it, which c->factor says then. Else
 * false, answered: a code is needed; what: "to extend". */
MUST_CHECK bool mfa_enough(struct call *c, const struct policy_result *v,
    uint32_t age_s, const char *what);
/* Code wanted by the verb's row: then(c) with the step burned, or refusal. */
void mfa_require(struct call *c, call_fn *then);

#endif
