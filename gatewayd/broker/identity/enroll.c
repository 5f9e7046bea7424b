/* SPDX-License-Identifier: Apache-2.0 */
/*
 * enroll - from an invitation to a second factor, in two signed steps: begin
 * (the invitation's code; gives the seed) and confirm (a code made from it).
 * The invitation is used up by confirm, so that a lost answer costs nothing.
 *
 * MUST: the seed is shown only to the holder of a key of the user's, or of the
 * first key where they have none.
 */
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/str.h"
#include "broker/broker.h"
#include "broker/call/call.h"
#include "broker/call/put.h"
#include "broker/identity/challenge.h"
#include "broker/identity/codes.h"
#include "broker/identity/denials.h"
#include "broker/identity/doubt.h"
#include "broker/identity/enroll.h"
#include "broker/identity/mfa.h"
#include "broker/identity/seed.h"

struct enroll {
	struct user u;
	struct secret seed;
	struct codes codes; /* for recovery */
	bool new_key;
};

static void
enroll_free(void *p)
{
	struct enroll *e = p;

	secret_free(&e->seed);
	codes_done(&e->codes);
	explicit_bzero(e, sizeof(*e));
	free(e);
}

/* ---- begin */

static void
invite_wrong(struct call *c)
{
	struct event_fields f;

	call_fields(c, &f);
	event_str(&f, EF_OUTCOME, "failure");
	event_str(&f, EF_REASON, "invite-wrong");
	if (denials_write(c->b, &c->peer) &&
	    process_append(c->b->process, EV_INVITE_DENIED, &f, NULL, NULL) !=
		0)
		log_warn("a refused invitation could not be recorded");
	event_fields_done(&f);
	call_refuse(c, 401, "invite-wrong", "invite",
	    "the invitation is unknown, was used or has expired: ask an "
	    "admin for a new one");
}

/* Finds whose invitation it is; the lookup is by hash, so it tells a guesser
 * nothing by its timing. */
static bool
find_invited(struct call *c, struct enroll *e, const char *code)
{
	uint8_t hash[SHA256_DIGEST_LENGTH];
	char hex[sizeof(hash) * 2 + 1];
	char name[LIMIT_NAME_SIZE];

	(void)SHA256((const uint8_t *)code, strlen(code), hash);
	str_hex(hex, hash, sizeof(hash));
	return store_user_by_invite(c->b->store, hex, name) == 0 &&
	       store_user_get(c->b->store, name, &e->u) == 0 &&
	       e->u.state != USER_DISABLED &&
	       e->u.invite_end_ms > broker_now(c->b).utc_ms;
}

static void
add_key(struct user *u, const struct call *c)
{
	struct user_key *k = &u->keys[u->nkeys++];

	memset(k, 0, sizeof(*k));
	text_set(k->fp, sizeof(k->fp), c->key_fp);
	text_set(k->type, sizeof(k->type), c->key.type);
	text_set(k->comment, sizeof(k->comment), "enrolled");
	memcpy(k->blob, c->key.blob, c->key.len);
	k->len = c->key.len;
}

/* What the store says now, where it differs from what we started from only in
 * what an enrolment does not touch: an admin may have changed the user while we
 * waited, and that change stands. */
static bool
reload(struct call *c, struct enroll *e)
{
	struct enroll *now = calloc(1, sizeof(*now));
	struct problem p = {0};
	const bool same =
	    now != NULL &&
	    store_user_get(c->b->store, e->u.name, &now->u) == 0 &&
	    (FAULT(late_enroll) ||
		(now->u.state != USER_DISABLED && now->u.invite[0] != '\0' &&
		    strcmp(now->u.invite, e->u.invite) == 0)) &&
	    (e->new_key ? now->u.nkeys == 0 : user_has_key(&now->u, c->key_fp));

	if (same) {
		now->u.pending = e->u.pending;
		e->u = now->u;
		if (e->new_key)
			add_key(&e->u, c);
	}
	if (now != NULL)
		enroll_free(now);
	if (!same) {
		problem_set(&p, 409, "conflict", NULL,
		    "the user was changed meanwhile: begin again, with a new "
		    "invitation if this one has expired");
		call_undone(c, &p);
	}
	return same;
}

/* Nothing is to be confirmed: it knows the gateway now. */
static void
machine_joined(struct call *c)
{
	struct enroll *e = c->state;
	json_t *o = NULL;
	int r;

	e->u.pending = (struct sealed){.len = 0};
	e->u.invite[0] = '\0';
	e->u.invite_end_ms = 0;
	if ((r = store_user_put(c->b->store, &e->u, c->seq)) != 0) {
		call_store_failed(c, r);
		return;
	}
	o = json_object();
	put_str(o, "user", e->u.name);
	put_str(o, "state", "active");
	call_reply(c, 200, o);
}

static void
began(struct call *c)
{
	struct enroll *e = c->state;
	json_t *o = NULL;
	int r;

	if (!reload(c, e))
		return;
	if (e->u.kind != KIND_PERSON) {
		machine_joined(c);
		return;
	}
	if ((r = store_user_put(c->b->store, &e->u, c->seq)) != 0) {
		call_store_failed(c, r);
		return;
	}
	if ((o = seed_json(c->b, e->u.name, &e->seed, &e->u.pending.otp)) ==
	    NULL) {
		call_refuse(c, 503, "unavailable", NULL,
		    "the second factor could not be made");
		return;
	}
	call_reply(c, 200, o);
}

void
verb_enroll(struct call *c)
{
	static const char *const keys[] = {"invite", NULL};
	struct problem p = {0};
	struct enroll *e = call_state(c, sizeof(*e), enroll_free);
	struct event_fields f;
	const char *code = NULL;

	if (e == NULL)
		return;
	if (json_only(c->req.body, keys, &p) != 0 ||
	    json_get_str(c->req.body, "invite", true, LIMIT_INVITE_CODE_MAX,
		&code, &p) != 0) {
		call_problem(c, &p);
		return;
	}
	if (doubt_settle(c->b, &p) != 0) {
		call_problem(c, &p);
		return;
	}
	if (!find_invited(c, e, code)) {
		invite_wrong(c);
		return;
	}
	if (c->user[0] != '\0' && strcmp(c->user, e->u.name) != 0) {
		call_refuse(c, 409, "conflict", NULL,
		    "this key belongs to another user");
		return;
	}
	if (e->u.nkeys > 0 && !user_has_key(&e->u, c->key_fp)) {
		call_refuse(c, 401, "unknown-key", NULL,
		    "the invitation is for %s, who has other keys: sign with "
		    "one of those",
		    e->u.name);
		return;
	}
	if (c->user[0] == '\0' && challenge_spend(c) != 0) {
		call_unavailable(c, "memory");
		return;
	}
	if (e->u.nkeys == 0) {
		add_key(&e->u, c);
		e->new_key = true;
	}
	/* as the invitation says, or one before it began */
	if (!otp_ok(&e->u.pending.otp))
		e->u.pending.otp = c->b->conf->otp;
	if (e->u.kind == KIND_PERSON &&
	    seed_new(c->b, e->u.name, &e->seed, &e->u.pending) != 0) {
		call_refuse(c, 503, "unavailable", NULL,
		    "the second factor could not be made");
		return;
	}
	name_set(c->user, e->u.name);
	call_fields(c, &f);
	event_str(&f, EF_USER, e->u.name);
	event_str(&f, EF_USER_ID, e->u.id);
	if (e->u.kind != KIND_PERSON)
		event_str(&f, EF_MSG, "invitation used");
	else
		event_str(&f, EF_MSG,
		    e->new_key ? "enrolment begun; first key added"
			       : "enrolment begun");
	call_append(c, EV_USER_KEY, &f, began);
	event_fields_done(&f);
}

/* ---- confirm */

static void
confirmed(struct call *c)
{
	struct enroll *e = c->state;
	json_t *o = NULL;
	int r;

	if (!reload(c, e))
		return;
	e->u.totp = e->u.pending;
	e->u.pending = (struct sealed){.len = 0};
	e->u.invite[0] = '\0';
	e->u.invite_end_ms = 0;
	e->u.state = USER_ACTIVE;
	if ((r = codes_put(&e->codes, &e->u, c->seq)) != 0) {
		call_store_failed(c, r);
		return;
	}
	mfa_given(c->b, c->user, c->key_fp, &c->peer);
	o = json_object();
	put_str(o, "user", e->u.name);
	put_str(o, "state", "active");
	if (o != NULL)
		(void)json_object_set_new(
		    o, "recovery_codes", codes_json(&e->codes));
	call_reply(c, 200, o);
}

static void
codes_made(struct call *c)
{
	struct event_fields f;

	call_fields(c, &f);
	event_str(&f, EF_USER, c->user);
	event_str(&f, EF_USER_ID, call_user_id(c));
	event_str(&f, EF_METHOD, "totp");
	call_append(c, EV_MFA_ENROLL, &f, confirmed);
	event_fields_done(&f);
}

/* First the step: who sends the same code again and again costs no codes. */
static void
step_burned(struct call *c, const void *body)
{
	struct enroll *e = c->state;

	if (mfa_burned(c, body))
		codes_make(c, &e->codes, codes_made);
}

void
verb_enroll_confirm(struct call *c)
{
	static const char *const none[] = {NULL};
	struct problem p = {0};
	struct enroll *e = call_state(c, sizeof(*e), enroll_free);
	int r;

	if (e == NULL)
		return;
	if (json_only(c->req.body, none, &p) != 0 ||
	    doubt_settle(c->b, &p) != 0) {
		call_problem(c, &p);
		return;
	}
	if ((r = store_user_get(c->b->store, c->user, &e->u)) != 0) {
		call_store_failed(c, r);
		return;
	}
	if (e->u.pending.len == 0 || e->u.invite[0] == '\0' ||
	    e->u.invite_end_ms <= broker_now(c->b).utc_ms) {
		call_refuse(c, 409, "conflict", NULL,
		    "there is no enrolment to confirm: begin with your "
		    "invitation");
		return;
	}
	if (c->env.code[0] == '\0') {
		mfa_needed_of(c, &e->u.pending.otp);
		return;
	}
	if (mfa_check_seed(c, &e->u, &e->u.pending, &p) != 0) {
		call_problem(c, &p);
		return;
	}
	mfa_ask_burn(c, step_burned);
}
