/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mfa - the code. MUST: checked only after a good signature of one of the
 * user's keys, so that a stranger cannot use up anyone's attempts. MUST: a
 * wrong one is in the store before it is said to be wrong. MUST: a step counts
 * only once the notary has burned it. The age of a code belongs to user, key
 * and source, is kept in memory, and a restart forgets it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/str.h"
#include "broker/broker.h"
#include "broker/call/call.h"
#include "broker/call/subject.h"
#include "broker/identity/codeclock.h"
#include "broker/identity/mfa.h"
#include "broker/identity/permission.h"
#include "sys/seal.h"
#include "sys/totp.h"

struct given { /* a good code */
	struct given *next;
	char user[LIMIT_NAME_SIZE];
	char key_fp[SSHKEY_FP_SIZE];
	struct addr source;
	int64_t at_boot_ms;
};

struct mfa_state {
	struct given *given;
	unsigned ngiven;
	struct recovery_rate recovery;
};

int
mfa_new(struct mfa_state **ret)
{
	*ret = calloc(1, sizeof(**ret));
	return *ret != NULL ? 0 : GW_ENOMEM;
}

/* ---- wrong codes */

static bool
is_recovery(const struct call *c)
{
	char plain[RECOVERY_SIZE];
	const bool is = recovery_read(plain, c->env.code);

	explicit_bzero(plain, sizeof(plain));
	return is;
}

static void
denied(const struct call *c, const char *reason)
{
	struct event_fields f;

	call_fields(c, &f);
	event_str(&f, EF_USER, c->user);
	event_str(&f, EF_USER_ID, call_user_id(c));
	event_str(&f, EF_METHOD, is_recovery(c) ? "recovery" : "totp");
	event_str(&f, EF_OUTCOME, "failure");
	event_str(&f, EF_REASON, reason);
	if (process_append(c->b->process, EV_AUTH_MFA_DENIED, &f, NULL, NULL) !=
	    0)
		log_warn("a refused code could not be recorded");
	event_fields_done(&f);
}

/* left_ms of a pause; 0 = until an admin says so. */
static void
set_closed(
    const struct call *c, const char *why, int64_t left_ms, struct problem *p)
{
	char when[32];

	if (left_ms == 0) {
		problem_set(p, 429, "too-many", "code",
		    "%s: ask an admin to let you in again (jitctl user unlock "
		    "%s)",
		    why, c->user);
		return;
	}
	str_time(when, sizeof(when), broker_now(c->b).utc_ms + left_ms);
	problem_set(p, 429, "too-many", "code",
	    "%s: codes with this key are accepted again after %s", why, when);
}

static int
closed(struct call *c, int64_t left_ms, struct problem *p)
{
	denied(c, "locked");
	set_closed(c, "too many wrong codes", left_ms, p);
	return GW_EDENIED;
}

static int
unreadable(struct call *c, struct problem *p)
{
	log_err("wrong codes cannot be counted: %s", store_error(c->b->store));
	problem_set(p, 503, "unavailable", NULL,
	    "codes cannot be checked: the store failed");
	return GW_ESYS;
}

/* What may be wrong with it. when: it was right, or will be; "" = not said. */
static void
set_wrong(const struct call *c, const struct otp *o, const struct tries *t,
    const char *when, struct problem *p)
{
	const char *tries = tries_left(t) == 1 ? "try" : "tries";

	if (strlen(c->env.code) != o->digits)
		problem_set(p, 401, "code-wrong", "code",
		    "the code is wrong (%u %s left): yours have %u digits",
		    tries_left(t), tries, (unsigned)o->digits);
	else if (when[0] != '\0')
		problem_set(p, 401, "code-wrong", "code",
		    "the code is wrong (%u %s left): it is one of %s; if it "
		    "was on show just now, set the clock that makes your codes",
		    tries_left(t), tries, when);
	else
		problem_set(p, 401, "code-wrong", "code",
		    "the code is wrong (%u %s left); codes change every %u s: "
		    "is your clock right?",
		    tries_left(t), tries, (unsigned)o->period_s);
	p->digits = o->digits;
}

/* Counted before it is said to be wrong: whoever ends us learns nothing.
 * of_user is without it; whose: of a recovery code, o and when: of a code, else
 * NULL. */
static int
wrong(struct call *c, const char *user_id, struct tries *t, uint64_t of_user,
    const char *whose, const struct otp *o, const char *when, struct problem *p)
{
	const struct now now = broker_now(c->b);
	int64_t left_ms = 0;

	tries_wrong(t, &now, clock_boot_id());
	if (!FAULT(forget_tries) &&
	    store_tries_put(c->b->store, user_id, c->key_fp, t) != 0)
		return unreadable(c, p);
	denied(c, "wrong");
	if (tries_judge(t, of_user + 1, &now, clock_boot_id(), &left_ms) !=
	    TRIES_OPEN) {
		/* no next one is to be asked for */
		set_closed(c, "the code is wrong (0 tries left)", left_ms, p);
		return GW_EDENIED;
	}
	if (whose != NULL)
		problem_set(p, 401, "code-wrong", "code",
		    "this is none of %s (%u %s left); newer ones have voided "
		    "those before",
		    whose[0] == '\0' ? "the break-glass codes"
				     : "your recovery codes",
		    tries_left(t), tries_left(t) == 1 ? "try" : "tries");
	else
		set_wrong(c, o, t, when, p);
	return GW_EDENIED;
}

/* May a code of that key be looked at, and is it the one that was signed for?
 */
static int
may_try(struct call *c, const struct user *u, struct tries *t,
    uint64_t *retof_user, struct problem *p)
{
	const struct now now = broker_now(c->b);
	int64_t left_ms = 0;

	if (store_tries_get(c->b->store, u->id, c->key_fp, t, retof_user) != 0)
		return unreadable(c, p);
	if (tries_judge(t, *retof_user, &now, clock_boot_id(), &left_ms) !=
	    TRIES_OPEN)
		return closed(c, left_ms, p);
	if (signed_code_ok(&c->req, &c->env))
		return 0;
	problem_set(p, 401, "code-wrong", "code",
	    "the code is not the one that the signature covers");
	return GW_EDENIED;
}

int
mfa_check_seed(struct call *c, const struct user *u, const struct sealed *seed,
    struct problem *p)
{
	/* the clock itself, not the log's floor under it: a clock that was once
	 * ahead must not lock everybody out, and the notary takes no step twice
	 */
	const int64_t utc_s = clock_now().utc_ms / 1000;
	struct tries t;
	struct secret plain = {0};
	char when[DRIFT_TEXT_SIZE];
	uint64_t of_user = 0;
	int64_t step = 0;
	int r = may_try(c, u, &t, &of_user, p);

	if (r != 0)
		return r;
	if (is_recovery(c)) {
		denied(c, "recovery");
		problem_set(p, 401, "code-wrong", "code",
		    "a recovery code does not stand in for a code here, and "
		    "was not looked at: it makes a new second factor, with "
		    "jitctl mfa reset");
		return GW_EDENIED;
	}
	if (seal_open(&plain, &c->b->seal_key, seed->p, seed->len, c->user) !=
	    0) {
		log_err("the seed of %s does not open: was seal.key replaced?",
		    c->user);
		problem_set(p, 503, "unavailable", NULL,
		    "your second factor cannot be read: ask an admin for a new "
		    "invitation");
		return GW_ECRYPTO;
	}
	if (totp_check(&step, &plain, &seed->otp, c->env.code, utc_s)) {
		c->mfa_step = step;
		if ((r = totp_id(c->factor, &plain, &seed->otp)) == 0)
			codeclock_good(c, &seed->otp, step, utc_s);
		else
			problem_set(p, 503, "unavailable", NULL,
			    "the code cannot be checked: %s", err_str(r));
	} else {
		codeclock_wrong(c, &plain, &seed->otp, utc_s, when);
		r = wrong(c, u->id, &t, of_user, NULL, &seed->otp, when, p);
	}
	secret_free(&plain);
	return r;
}

int
mfa_check(struct call *c, struct problem *p)
{
	struct subject *x = NULL;
	int r = GW_ENOMEM;

	if (c->env.code[0] == '\0')
		return 0;
	if ((x = call_subject(c)) == NULL ||
	    (r = subject_user(c->b, x, c->user)) != 0) {
		problem_set(p, 503, "unavailable", NULL, "%s", err_str(r));
		return r;
	}
	if (x->user.totp.len == 0) {
		problem_set(p, 401, "code-needed", "code",
		    "you have no second factor yet: run jitctl enroll with "
		    "your invitation");
		return GW_EDENIED;
	}
	return mfa_check_seed(c, &x->user, &x->user.totp, p);
}

static int
none(const struct call *c, const char *whose, struct problem *p)
{
	denied(c, "none");
	if (whose[0] == '\0')
		problem_set(p, 409, "conflict", "code",
		    "there are no break-glass codes: an admin prints them "
		    "(jitctl breakglass print)");
	else
		problem_set(p, 409, "conflict", "code",
		    "you have no recovery codes: an admin can let you enrol "
		    "anew (jitctl user set %s --reset-code)",
		    c->user);
	return GW_ESTATE;
}

static int
used(const struct call *c, const char *whose, struct problem *p)
{
	denied(c, "used");
	if (whose[0] == '\0')
		problem_set(p, 401, "code-used", "code",
		    "this break-glass code was used before: take another");
	else
		problem_set(p, 401, "code-used", "code",
		    "this recovery code was used before: take another, or ask "
		    "an admin (jitctl user set %s --reset-code)",
		    c->user);
	return GW_EDENIED;
}

static int
often(const struct call *c, const char *whose, struct problem *p)
{
	denied(c, "often");
	problem_set(p, 429, "too-many", "code",
	    "too many %s codes were given within a minute: this one was not "
	    "looked at; try again in a minute",
	    whose[0] == '\0' ? "break-glass" : "recovery");
	return GW_EDENIED;
}

/* As they are by now: of one that waited others may have come meanwhile. */
static int
judge_recovery(struct call *c, const struct recovery_try *x, struct problem *p)
{
	const struct recovery_hash *h = NULL;
	struct recovery_set set;
	struct tries t;
	uint64_t of_user = 0;
	int r = x->slow.result;

	if (r != 0) {
		problem_set(p, 503, "unavailable", NULL,
		    "the code cannot be checked: %s", err_str(r));
		return r;
	}
	if ((r = may_try(c, x->u, &t, &of_user, p)) != 0)
		return r;
	if (store_recovery_get(c->b->store, x->whose, &set) != 0)
		return unreadable(c, p);
	if (memcmp(set.salt, x->slow.salt, sizeof(set.salt)) == 0)
		h = recovery_find(&set, x->slow.hash);
	if (h == NULL && !FAULT(any_recovery))
		return wrong(c, x->u->id, &t, of_user, x->whose, NULL, NULL, p);
	if (h == NULL || !h->used || FAULT(recovery_again))
		return 0;
	return used(c, x->whose, p);
}

static void
recovery_hashed(struct call *c, struct slow *s)
{
	struct recovery_try *x = (struct recovery_try *)s; /* its first */
	struct problem p = {0};

	if (!permission_still(c))
		call_refuse(c, 403, "forbidden", NULL,
		    "your permissions changed meanwhile: nothing was done");
	else if (judge_recovery(c, x, &p) != 0)
		call_problem(c, &p);
	else
		x->then(c);
}

/* 0: it is to be hashed. */
static int
may_hash(struct call *c, struct recovery_try *x, struct problem *p)
{
	struct recovery_set set;
	struct tries t;
	uint64_t of_user = 0;
	int r = may_try(c, x->u, &t, &of_user, p);

	if (r != 0)
		return r;
	if (store_recovery_get(c->b->store, x->whose, &set) != 0)
		return unreadable(c, p);
	if (set.n == 0)
		return none(c, x->whose, p);
	if (!recovery_may(
		&c->b->mfa->recovery, x->u->id, broker_now(c->b).boot_ms))
		return often(c, x->whose, p);
	memcpy(x->slow.salt, set.salt, sizeof(set.salt));
	(void)recovery_read(x->slow.plain, c->env.code);
	return 0;
}

void
mfa_check_recovery(struct call *c, struct recovery_try *x, const struct user *u,
    const char *whose, call_fn *then)
{
	struct problem p = {0};

	x->u = u;
	x->whose = whose;
	x->then = then;
	if (may_hash(c, x, &p) != 0) {
		call_problem(c, &p);
		return;
	}
	slow_hash(c, &x->slow, recovery_hashed);
}

/* ---- good codes */

static struct given *
given_find(const struct broker *b, const char *user, const char *key_fp,
    const struct addr *source)
{
	for (struct given *g = b->mfa->given; g != NULL; g = g->next)
		if (strcmp(g->user, user) == 0 &&
		    (key_fp == NULL || strcmp(g->key_fp, key_fp) == 0) &&
		    addr_equal(&g->source, source))
			return g;
	return NULL;
}

int64_t
mfa_age_s(const struct call *c)
{
	const struct given *g = given_find(c->b, c->user, c->key_fp, &c->peer);
	int64_t age;

	if (g == NULL)
		return POLICY_MFA_NONE;
	age = (broker_now(c->b).boot_ms - g->at_boot_ms + 999) / 1000;
	/* 0 means "with this request", which this is not */
	return age > 0 ? age : 1;
}

int64_t
mfa_until_ms(
    const struct broker *b, const char *user, const struct addr *source)
{
	const struct given *g = given_find(b, user, NULL, source);
	const struct now now = broker_now(b);
	int64_t left;

	if (g == NULL)
		return 0;
	left = g->at_boot_ms + (int64_t)b->conf->mfa_age_s * 1000 - now.boot_ms;
	return left > 0 ? now.utc_ms + left : 0;
}

static void
given_tidy(struct mfa_state *m, int64_t now)
{
	for (struct given **gp = &m->given; *gp != NULL;) {
		struct given *g = *gp;

		if (g->at_boot_ms + (int64_t)LIMIT_GRANT_MAX_S * 1000 > now) {
			gp = &g->next;
			continue;
		}
		*gp = g->next;
		m->ngiven--;
		free(g);
	}
}

void
mfa_forget(struct broker *b, const char *user)
{
	codeclock_forget(b, user);
	for (struct given **gp = &b->mfa->given; *gp != NULL;) {
		struct given *g = *gp;

		if (strcmp(g->user, user) != 0) {
			gp = &g->next;
			continue;
		}
		*gp = g->next;
		b->mfa->ngiven--;
		free(g);
	}
}

/* A good code: what was wrong before it was its owner's mistyping. */
static void
clear_tries(struct broker *b, const char *user, const char *key_fp)
{
	char id[LIMIT_ID_SIZE];

	if (store_id(b->store, STORE_USERS, user, id) != 0 ||
	    store_tries_clear(b->store, id, key_fp) != 0)
		log_warn("wrong codes of %s could not be forgotten: %s", user,
		    store_error(b->store));
}

int
mfa_unlock(struct broker *b, const struct user *u)
{
	int r = store_tries_clear(b->store, u->id, NULL);

	if (r != 0)
		log_err("wrong codes of %s could not be forgotten: %s", u->name,
		    store_error(b->store));
	return r;
}

void
mfa_given(struct broker *b, const char *user, const char *key_fp,
    const struct addr *source)
{
	struct mfa_state *m = b->mfa;
	const int64_t now = broker_now(b).boot_ms;
	struct given *g = given_find(b, user, key_fp, source);

	clear_tries(b, user, key_fp);
	if (g == NULL) {
		given_tidy(m, now);
		/* full: the next request needs a code again */
		if (m->ngiven >= LIMIT_CODES_GIVEN ||
		    (g = calloc(1, sizeof(*g))) == NULL)
			return;
		name_set(g->user, user);
		text_set(g->key_fp, sizeof(g->key_fp), key_fp);
		g->source = *source;
		g->next = m->given;
		m->given = g;
		m->ngiven++;
	}
	g->at_boot_ms = now;
}

void
mfa_used(struct call *c)
{
	denied(c, "used");
	call_refuse(c, 401, "code-used", "code",
	    "this code was used before: wait for the next one (at most %u s)",
	    otp_factor_period(c->factor));
}

bool
mfa_burned(struct call *c, const struct msg_nt_mfa_burned *m)
{
	if (m->result == 0 && FAULT(early_age))
		mfa_given(c->b, c->user, c->key_fp, &c->peer);
	if (m->result == 0)
		return true;
	if (msg_error(m->result) == GW_EDENIED)
		mfa_used(c);
	else
		call_unavailable(c, "the log");
	return false;
}

void
mfa_ask_burn(struct call *c, call_answer_fn *fn)
{
	struct msg_nt_mfa_burn m = {0};

	text_set(m.user, sizeof(m.user), c->user);
	text_set(m.user_id, sizeof(m.user_id), call_user_id(c));
	m.step = c->mfa_step;
	memcpy(m.factor, c->factor, sizeof(m.factor));
	text_set(m.verb, sizeof(m.verb), c->verb->name);
	call_ask(c, PROC_NOTARY, MSG_NT_MFA_BURN, &m, MSG_NT_MFA_BURNED, fn);
}

/* ---- the verb's row wants a code */

static void
burned(struct call *c, const void *body)
{
	call_fn *then = c->then;

	c->then = NULL;
	if (!mfa_burned(c, body))
		return;
	mfa_given(c->b, c->user, c->key_fp, &c->peer);
	if (permission_kept(c, "nothing was done"))
		then(c);
}

void
mfa_burn(struct call *c, call_fn *then)
{
	struct problem p = {0};

	if (mfa_check(c, &p) != 0) {
		call_problem(c, &p);
		return;
	}
	if (c->mfa_step == 0) {
		then(c);
		return;
	}
	c->then = then;
	mfa_ask_burn(c, burned);
}

void
mfa_needed_of(struct call *c, const struct otp *o)
{
	struct problem p = {0};

	problem_set(&p, 401, "code-needed", "code",
	    "this needs a code from your authenticator app");
	p.digits = o->digits;
	call_problem(c, &p);
}

/* Of the second factor of who asks; 0: there is none. */
static unsigned
digits_of(struct call *c)
{
	struct subject *x = call_subject(c);

	return x != NULL && subject_user(c->b, x, c->user) == 0
		   ? x->user.totp.otp.digits
		   : 0;
}

static void
needed(struct call *c)
{
	const struct otp o = {.digits = (uint8_t)digits_of(c)};

	mfa_needed_of(c, &o);
}

void
mfa_fresh(struct call *c, call_fn *then)
{
	if (c->env.code[0] != '\0' || FAULT(stale_code))
		mfa_burn(c, then);
	else
		needed(c);
}

void
mfa_needed_by(struct call *c, const char *role)
{
	struct problem p = {0};

	problem_set(&p, 401, "code-needed", "code",
	    "role %s wants a code from your authenticator app", role);
	p.digits = digits_of(c);
	call_problem(c, &p);
}

/* Who wants it ("role x"), for what, and how old it may be. */
static void
needed_for(struct call *c, const char *who, const char *what, uint32_t age_s)
{
	struct problem p = {0};
	char age[32];

	str_duration_format(age, sizeof(age), age_s);
	if (age_s == 0)
		problem_set(&p, 401, "code-needed", "code",
		    "%s wants a new code from your authenticator app each time "
		    "%s",
		    who, what);
	else
		problem_set(&p, 401, "code-needed", "code",
		    "%s wants a code from your authenticator app %s, and yours "
		    "is older than %s, or there is none from here",
		    who, what, age);
	p.digits = digits_of(c);
	call_problem(c, &p);
}

bool
mfa_by_fido(const struct call *c)
{
	const enum hardware h = sshkey_hardware(c->key.type, c->key.sk_flags);

	return c->env.payload != NULL &&
	       (h == HARDWARE_VERIFIED ||
		   (h == HARDWARE_PRESENCE && FAULT(code_by_touch)));
}

bool
mfa_enough(struct call *c, const struct policy_result *v, uint32_t age_s,
    const char *what)
{
	const int64_t age = mfa_age_s(c);
	char who[LIMIT_NAME_SIZE + 8];

	if (c->env.code[0] != '\0' || (age >= 0 && age <= (int64_t)age_s) ||
	    FAULT(any_age))
		return true;
	if (v->hardware_code && mfa_by_fido(c)) {
		text_set(c->factor, sizeof(c->factor), FACTOR_FIDO);
		return true;
	}
	(void)snprintf(who, sizeof(who), "role %s", v->role);
	needed_for(c, who, what, age_s);
	return false;
}

void
mfa_require(struct call *c, call_fn *then)
{
	const int64_t age = mfa_age_s(c);
	const bool admin = c->verb->who >= WHO_STAFF;
	const uint32_t most_s = admin && !FAULT(admin_any_age)
				    ? c->b->conf->mfa_age_admin_s
				    : c->b->conf->mfa_age_s;

	if (c->local)
		then(c);
	else if (c->env.code[0] != '\0' || (age >= 0 && age <= (int64_t)most_s))
		mfa_burn(c, then);
	else
		needed_for(c, "this gateway",
		    admin ? "for what admins do" : "for this", most_s);
}
