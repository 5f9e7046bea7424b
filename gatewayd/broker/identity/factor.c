/* SPDX-License-Identifier: Apache-2.0 */
/*
 * factor - another second factor, by the user alone: reset (a code of the one
 * there is, or a recovery code; gives the new secret) and confirm (a code made
 * from it). Until then the old one holds. New recovery codes come with it, or
 * alone, by a code.
 *
 * MUST: a new secret is shown only for a key of the user's and a second proof,
 * which was used up by then: a code's step by the notary, a recovery code in
 * the store. MUST: a recovery code gives nothing else, and leaves no age
 * of a code behind.
 */
#include "broker/identity/factor.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/str.h"
#include "broker/broker.h"
#include "broker/call/put.h"
#include "broker/identity/codes.h"
#include "broker/identity/mfa.h"
#include "broker/identity/permission.h"
#include "broker/identity/seed.h"

struct factor {
	struct user u; /* as judged */
	struct secret seed;
	struct sealed sealed;
	struct codes codes;
	bool by_recovery;
	struct recovery_try given;
};

static void
factor_free(void *p)
{
	struct factor *x = p;

	secret_free(&x->seed);
	codes_done(&x->codes);
	slow_done(&x->given.slow);
	explicit_bzero(x, sizeof(*x));
	free(x);
}

static const char *const no_keys[] = {NULL};

/* By a code of the second factor there is, or of the new one. NULL: the call is
 * answered. */
static struct factor *
begin(struct call *c, const char *const *keys, bool of_new)
{
	struct factor *x = call_state(c, sizeof(*x), factor_free);
	struct problem p = {0};
	int r;

	if (x == NULL)
		return NULL;
	if (json_only(c->req.body, keys, &p) != 0)
		call_problem(c, &p);
	else if ((r = store_user_get(c->b->store, c->user, &x->u)) != 0)
		call_store_failed(c, r);
	else if (c->env.code[0] == '\0')
		mfa_needed_of(c, of_new ? &x->u.pending.otp : &x->u.totp.otp);
	else
		return x;
	return NULL;
}

static bool
sealed_same(const struct sealed *a, const struct sealed *b)
{
	return a->len == b->len && memcmp(a->p, b->p, a->len) == 0;
}

/* After a wait: what was judged is still so; what else an admin has changed
 * meanwhile stands. */
static bool
still(struct call *c, struct factor *x)
{
	struct user *now = calloc(1, sizeof(*now));
	struct problem p = {0};
	bool same = now != NULL &&
		    store_user_get(c->b->store, x->u.name, now) == 0 &&
		    strcmp(now->id, x->u.id) == 0;

	same = same && (FAULT(late_reset) ||
			   (permission_still(c) &&
			       sealed_same(&now->totp, &x->u.totp) &&
			       sealed_same(&now->pending, &x->u.pending)));
	if (same)
		x->u = *now;
	if (now != NULL)
		explicit_bzero(now, sizeof(*now));
	free(now);
	if (same)
		return true;
	problem_set(&p, 409, "conflict", NULL,
	    "the user was changed meanwhile: nothing was done; begin again");
	call_undone(c, &p);
	return false;
}

static void
record(struct call *c, enum event_code ev, const char *method,
    const char *reason, call_fn *then)
{
	struct event_fields f;

	call_fields(c, &f);
	event_str(&f, EF_USER, c->user);
	event_str(&f, EF_USER_ID, call_user_id(c));
	event_str(&f, EF_METHOD, method);
	event_str(&f, EF_OUTCOME, "success");
	event_str(&f, EF_REASON, reason);
	call_append(c, ev, &f, then);
	event_fields_done(&f);
}

/* ---- reset */

/* The code that was given is used up, and the new secret waits, as one. */
static int
put_begun(struct call *c, struct factor *x)
{
	struct store *s = c->b->store;
	int r = store_begin(s);

	if (r != 0)
		return r;
	if (x->by_recovery)
		r = store_recovery_burn(
		    s, x->u.name, x->given.slow.hash, c->seq);
	if (r == GW_ENOENT && (FAULT(recovery_again) || FAULT(any_recovery)))
		r = 0;
	if (r == 0)
		r = store_user_put(s, &x->u, c->seq);
	if (r == 0)
		return store_commit(s);
	store_rollback(s);
	return r;
}

static void
begun(struct call *c)
{
	struct factor *x = c->state;
	struct recovery_set set;
	struct problem p = {0};
	json_t *o = NULL;
	int r;

	if (!still(c, x))
		return;
	x->u.pending = x->sealed;
	x->u.pending_end_ms =
	    broker_now(c->b).utc_ms + (int64_t)LIMIT_RESET_LIFE_S * 1000;
	if ((r = put_begun(c, x)) == GW_ENOENT) {
		problem_set(&p, 401, "code-used", "code",
		    "this recovery code was used by another request meanwhile: "
		    "take another");
		call_undone(c, &p);
		return;
	}
	if (r != 0) {
		call_store_failed(c, r);
		return;
	}
	o = seed_json(c->b, x->u.name, &x->seed, &x->u.pending.otp);
	if (o == NULL) {
		call_refuse(c, 503, "unavailable", NULL,
		    "the second factor could not be made");
		return;
	}
	put_time(o, "confirm_until", x->u.pending_end_ms);
	if (store_recovery_get(c->b->store, x->u.name, &set) == 0)
		put_num(o, "recovery_codes_left", recovery_left(&set));
	call_reply(c, 200, o);
}

static void
code_burned(struct call *c)
{
	record(c, EV_MFA_RESET, "totp", "begun", begun);
}

static void
recovery_good(struct call *c)
{
	record(c, EV_MFA_RECOVERY, "recovery", "reset", begun);
}

/* How the new one's codes are to be made. False: answered. */
static bool
choose_form(struct call *c, struct factor *x)
{
	struct problem p = {0};
	struct otp asked;

	if (seed_form(&asked, c->req.body, &p) != 0) {
		call_problem(c, &p);
		return false;
	}
	if (otp_choose(
		&x->sealed.otp, &asked, &x->u.totp.otp, &c->b->conf->otp) == 0)
		return true;
	call_refuse(c, 403, "denied", "totp_form",
	    "totp_form: codes of fewer digits are easier to guess: yours have "
	    "%u; an admin can invite you to others (jitctl user set %s "
	    "--reset-code --totp FORM)",
	    (unsigned)x->u.totp.otp.digits, c->user);
	return false;
}

void
verb_mfa_reset(struct call *c)
{
	static const char *const keys[] = {"totp_form", NULL};
	struct factor *x = begin(c, keys, false);
	char plain[RECOVERY_SIZE];

	if (x == NULL || !choose_form(c, x))
		return;
	x->by_recovery = recovery_read(plain, c->env.code);
	explicit_bzero(plain, sizeof(plain));
	if (seed_new(c->b, x->u.name, &x->seed, &x->sealed) != 0)
		call_refuse(c, 503, "unavailable", NULL,
		    "the second factor could not be made");
	else if (!x->by_recovery)
		mfa_fresh(c, code_burned);
	else
		mfa_check_recovery(
		    c, &x->given, &x->u, x->u.name, recovery_good);
}

/* ---- confirm */

static void
reply_codes(struct call *c, const struct factor *x)
{
	json_t *o = json_object();

	put_str(o, "user", x->u.name);
	if (o != NULL)
		(void)json_object_set_new(
		    o, "recovery_codes", codes_json(&x->codes));
	call_reply(c, 200, o);
}

static void
confirmed(struct call *c)
{
	struct factor *x = c->state;
	int r;

	if (!still(c, x))
		return;
	x->u.totp = x->u.pending;
	memset(&x->u.pending, 0, sizeof(x->u.pending));
	x->u.pending_end_ms = 0;
	if ((r = codes_put(&x->codes, &x->u, c->seq)) != 0) {
		call_store_failed(c, r);
		return;
	}
	/* what the old one was good for is over, from wherever; this one came
	 * just now */
	mfa_forget(c->b, x->u.name);
	mfa_given(c->b, x->u.name, c->key_fp, &c->peer);
	reply_codes(c, x);
}

static void
confirm_codes_made(struct call *c)
{
	record(c, EV_MFA_RESET, "totp", "confirmed", confirmed);
}

/* First the step: who sends the same code again and again costs no codes. */
static void
step_burned(struct call *c, const void *body)
{
	struct factor *x = c->state;

	if (mfa_burned(c, body))
		codes_make(c, &x->codes, confirm_codes_made);
}

static void
nothing_begun(struct call *c, const struct factor *x)
{
	const char *reason = x->u.pending.len == 0 ? "not-begun" : "expired";
	struct event_fields f;

	call_fields(c, &f);
	event_str(&f, EF_USER, c->user);
	event_str(&f, EF_USER_ID, call_user_id(c));
	event_str(&f, EF_OUTCOME, "failure");
	event_str(&f, EF_REASON, reason);
	if (process_append(
		c->b->process, EV_MFA_RESET_DENIED, &f, NULL, NULL) != 0)
		log_warn("a refused second factor could not be recorded");
	event_fields_done(&f);
	call_refuse(c, 409, "conflict", NULL,
	    "%s: begin with jitctl mfa reset; the second factor you have holds",
	    x->u.pending.len == 0
		? "there is no new second factor to confirm"
		: "the new second factor was not confirmed in time");
}

void
verb_mfa_confirm(struct call *c)
{
	struct factor *x = begin(c, no_keys, true);
	struct problem p = {0};

	if (x == NULL)
		return;
	if (x->u.pending.len == 0 ||
	    (x->u.pending_end_ms <= broker_now(c->b).utc_ms &&
		!FAULT(reset_forever)))
		nothing_begun(c, x);
	else if (mfa_check_seed(c, &x->u, &x->u.pending, &p) != 0)
		call_problem(c, &p);
	else
		mfa_ask_burn(c, step_burned);
}

/* ---- codes */

static void
replaced(struct call *c)
{
	struct factor *x = c->state;
	int r;

	if (!still(c, x))
		return;
	if ((r = codes_put(&x->codes, &x->u, c->seq)) != 0)
		call_store_failed(c, r);
	else
		reply_codes(c, x);
}

static void
codes_made(struct call *c)
{
	record(c, EV_MFA_CODES, "totp", NULL, replaced);
}

static void
codes_wanted(struct call *c)
{
	struct factor *x = c->state;

	codes_make(c, &x->codes, codes_made);
}

void
verb_mfa_codes(struct call *c)
{
	if (begin(c, no_keys, false) != NULL)
		mfa_fresh(c, codes_wanted);
}
