/* SPDX-License-Identifier: Apache-2.0 */
/*
 * caller - who is asking. The order is doc/PROTOCOL.request section 2:
 * envelope, key, signature, user, server, TLS key, verb, time, nonces, a
 * repeat, permission, code. Nothing is read before its turn.
 *
 * MUST: nothing of the payload is believed before its signature is checked.
 * MUST: the admin socket is root's alone, and cannot act as a user.
 */
#include <string.h>

#include "base/fault.h"
#include "base/log.h"
#include "base/str.h"
#include "broker/call/call.h"
#include "broker/call/subject.h"
#include "broker/identity/caller.h"
#include "broker/identity/challenge.h"
#include "broker/identity/denials.h"
#include "broker/identity/mfa.h"
#include "broker/identity/permission.h"
#include "broker/identity/token.h"
#include "ssh/sshsig.h"

/* api.denied, for refusals before a user is known or allowed; of those who have
 * proved nothing, so many. */
static void
record_lock_denied(const struct call *c, const char *reason, const char *lock)
{
	struct event_fields f;
	char text[ADDR_TEXT_SIZE];

	/* a second admin looks: its author has asked for nothing now */
	if (c->look || (!c->proved && !denials_write(c->b, &c->peer)))
		return;
	event_fields_init(&f);
	event_str(&f, EF_BY, c->user);
	if (c->subject != NULL && c->kind == KIND_AGENT)
		event_str(&f, EF_OWNER, c->subject->user.owner);
	if (c->from == PROC_ADMIN) {
		event_num(&f, EF_UID, c->uid);
		event_num(&f, EF_LOGINUID, c->loginuid);
	} else if (c->peer.family != 0) {
		addr_format(text, &c->peer);
		event_str(&f, EF_SRC, text);
	}
	event_str(&f, EF_KEY_FP, c->key_fp);
	event_str(&f, EF_PATH, c->verb->name);
	event_str(&f, EF_OUTCOME, "failure");
	event_str(&f, EF_REASON, reason);
	event_str(&f, EF_LOCK, lock);
	if (process_append(c->b->process, EV_API_DENIED, &f, NULL, NULL) != 0)
		log_warn("a refusal could not be recorded");
	event_fields_done(&f);
}

static void
record_denied(const struct call *c, const char *reason)
{
	record_lock_denied(c, reason, NULL);
}

void
caller_refuse(struct call *c, int status, const char *code, const char *text)
{
	record_denied(c, code);
	call_refuse(c, status, code, NULL, "%s", text);
}

/* What is posted with a token is not signed: nothing is in force by it. */
static bool
read_body(struct call *c, const struct msg_api_call *m)
{
	struct problem p = {0};

	if (strcmp(c->verb->method, "POST") != 0)
		return true;
	c->req.body = json_parse_object(m->body.p, m->body.len, &p);
	if (c->req.body != NULL)
		return true;
	call_problem(c, &p); /* c is gone */
	return false;
}

/* ---- permission */

void
caller_locked(struct call *c, const struct lock *l)
{
	char text[LOCK_TEXT_SIZE];

	lock_text(text, l);
	record_lock_denied(c, "locked", l->id);
	call_refuse(c, 403, "locked", "lock", "%s", text);
}

/* False: answered. */
static bool
is_in_place(struct call *c)
{
	char from[ADDR_TEXT_SIZE], text[LIMIT_TEXT_SIZE];

	if (permission_from(c))
		return true;
	addr_format(from, &c->peer);
	(void)snprintf(text, sizeof(text),
	    "a machine or agent asks from its own networks alone, and %s is in "
	    "none of them",
	    from);
	caller_refuse(c, 403, "wrong-source", text);
	return false;
}

static void
permit(struct call *c, call_fn *fn)
{
	const struct lock *lock = NULL;

	if (!permission_kind(c)) {
		caller_refuse(c, 403, "no-person",
		    "this is for people: you are a machine or an agent, which "
		    "gives no codes and decides nothing");
		return;
	}
	if (!permission_rank(c)) {
		caller_refuse(c, 403, "forbidden", verb_rights_text(c->verb));
		return;
	}
	if ((lock = permission_lock(c)) != NULL) {
		caller_locked(c, lock);
		return;
	}
	switch (c->verb->code) {
	case CODE_BEFORE:
		mfa_require(c, fn);
		break;
	case CODE_NONE:
	case CODE_INSIDE:
	case CODE_ALWAYS:
		fn(c);
		break;
	default:
		caller_refuse(c, 403, "forbidden", "nobody may");
	}
}

/* ---- the admin socket */

static bool
not_for_root(struct call *c)
{
	if (c->verb->root == ROOT_MAY)
		return false;
	caller_refuse(c, 403, "forbidden",
	    "this needs a user's key: ask over HTTPS, not over the admin "
	    "socket");
	return true;
}

static void
check_local(struct call *c, const struct msg_api_call *m, call_fn *fn)
{
	if (m->uid != 0 && !FAULT(admin_root)) {
		caller_refuse(
		    c, 403, "forbidden", "the admin socket is root's");
		return;
	}
	if (not_for_root(c))
		return;
	c->local = true;
	c->rights = RIGHT_ADMIN;
	c->user_state = USER_ACTIVE;
	name_set(c->user, "local");
	if (read_body(c, m))
		permit(c, fn);
}

/* ---- tokens */

static void
check_token(struct call *c, const struct msg_api_call *m, call_fn *fn)
{
	char name[LIMIT_NAME_SIZE] = "";

	if (m->token[0] == '\0') {
		call_refuse(c, 401, "token-needed", NULL,
		    "this needs a token: POST /v1/token gives one");
		return;
	}
	if (token_check(c->b, m->token, &c->peer, name, c->key_fp,
		&c->token_end_boot_ms) != 0) {
		caller_refuse(c, 401, "token-wrong",
		    "the token has expired, or belongs to another address");
		return;
	}
	c->proved = true;
	permission_load(c, name);
	if (c->user_state != USER_ACTIVE) {
		caller_refuse(c, 401, "token-wrong", "that user is not active");
		return;
	}
	/* a token is worth what the key that asked for it is worth */
	if (!permission_has_key(c)) {
		caller_refuse(c, 401, "token-wrong", "its key was removed");
		return;
	}
	if (is_in_place(c) && read_body(c, m))
		permit(c, fn);
}

/* ---- signed requests */

static void
bad_signature(struct call *c)
{
	caller_refuse(c, 401, "bad-signature",
	    "the signature does not fit the request (namespace "
	    "request@sallyport)");
}

static void
unknown_key(struct call *c, const char *reason)
{
	record_denied(c, reason);
	call_refuse(c, 401, "unknown-key", NULL,
	    "this key belongs to no active user of this gateway, or the "
	    "signature is not this key's of this request");
}

static void
unknown_type(struct call *c, const char *type)
{
	record_denied(c, "unknown-key-type");
	call_refuse(c, 401, "unknown-key-type", NULL,
	    "this version does not know keys of the type %s, "
	    "only " SSHKEY_TYPES,
	    type);
}

/* The clock of who signed is evidence: one that is off by more is a mistake
 * that is better told than kept. */
static bool
clock_near(struct call *c)
{
	const int64_t now = broker_now(c->b).utc_ms;
	const int64_t apart =
	    c->req.time_ms > now ? c->req.time_ms - now : now - c->req.time_ms;
	char theirs[32], ours[32];

	if (apart <= (int64_t)LIMIT_SIGNED_APART_S * 1000 || FAULT(any_time))
		return true;
	str_time(theirs, sizeof(theirs), c->req.time_ms);
	str_time(ours, sizeof(ours), now);
	record_denied(c, "wrong-time");
	call_refuse(c, 401, "wrong-time", "time",
	    "the request is signed as of %.19s UTC, and here it is %.19s UTC: "
	    "set the clock that is wrong",
	    theirs, ours);
	return false;
}

/*
 * A key that nobody has is not worth a verification, unless it may be about to
 * enrol. Whoever sees only our answer must not learn from it which public keys
 * are known here: so a known key's wrong signature is answered in the same way.
 */
static bool
check_signature(struct call *c)
{
	char fp[SSHKEY_FP_SIZE], type[SSHSIG_TYPE_SIZE];
	char name[LIMIT_NAME_SIZE] = "";
	const bool stranger = c->verb->who == WHO_STRANGER;

	if (sshsig_claims(fp, type, c->env.signature) != 0) {
		bad_signature(c);
		return false;
	}
	if (type[0] != '\0') {
		unknown_type(c, type);
		return false;
	}
	if (!stranger && !FAULT(verify_first) &&
	    store_user_by_key(c->b->store, fp, name) != 0) {
		text_set(c->key_fp, sizeof(c->key_fp), fp);
		unknown_key(c, "unknown-key");
		return false;
	}
	if (sshsig_verify(&c->key, c->env.signature, SIGNED_NAMESPACE,
		c->env.payload, c->env.payload_len) == 0)
		return true;
	if (stranger)
		bad_signature(c);
	else
		unknown_key(c, "bad-signature");
	return false;
}

/* The key's user into c; an unknown key may only enrol. */
static bool
find_user(struct call *c)
{
	char name[LIMIT_NAME_SIZE] = "";

	sshkey_fingerprint(c->key_fp, c->key.blob, c->key.len);
	if (store_user_by_key(c->b->store, c->key_fp, name) == 0)
		permission_load(c, name);
	if (c->user[0] == '\0')
		return c->verb->who == WHO_STRANGER;
	return permission_state(c);
}

/* What was signed must be meant for us, over this connection, for this. */
static const char *
wrong_address(const struct call *c, const char **rettext)
{
	if (strcmp(c->req.server, c->b->conf->server_id) != 0) {
		*rettext = "this request was signed for another server";
		return "wrong-server";
	}
	if (strcmp(c->req.tls, c->b->conf->tls_spki) != 0) {
		*rettext = "the TLS key you saw is not this server's: somebody "
			   "may stand between";
		return "wrong-tls";
	}
	if (strcmp(c->req.verb, c->verb->name) != 0) {
		*rettext = "this request was signed for another verb";
		return "bad-signature";
	}
	return NULL;
}

static void
check_signed(struct call *c, const struct msg_api_call *m, call_fn *fn)
{
	struct problem p = {0};
	const char *code = NULL;
	const char *text = NULL;

	if (envelope_parse(&c->env, m->body.p, m->body.len, &p) != 0) {
		call_problem(c, &p);
		return;
	}
	if (!check_signature(c))
		return;
	if (!find_user(c)) {
		unknown_key(c, "unknown-key");
		return;
	}
	/* what was signed stands whole in the evidence */
	if (c->verb->payload != PAYLOAD_PARTS &&
	    !fits_field(c->env.payload, c->env.payload_len)) {
		call_refuse(c, 413, "too-large", "payload",
		    "payload: at most %d bytes can be signed for %s",
		    (int)LIMIT_FIELD_MAX, c->verb->name);
		return;
	}
	if (signed_parse(&c->req, c->env.payload, c->env.payload_len, &p) !=
	    0) {
		call_problem(c, &p);
		return;
	}
	if ((code = wrong_address(c, &text)) != NULL) {
		caller_refuse(c, 401, code, text);
		return;
	}
	if (!clock_near(c))
		return;
	if (challenge_check(c) != 0) {
		caller_refuse(c, 401, "stale-nonce",
		    "the challenge has expired, was used, or was given to "
		    "another "
		    "address: take a new one");
		return;
	}
	/* a stranger, who may only enrol, uses it up by a right invitation */
	if (c->user[0] != '\0' && challenge_spend(c) != 0) {
		call_unavailable(c, "memory");
		return;
	}
	c->proved = c->user[0] != '\0';
	if (!is_in_place(c) || call_repeated(c))
		return;
	permit(c, fn);
}

/* ---- nobody in particular */

static void
check_open(struct call *c, const struct msg_api_call *m, call_fn *fn)
{
	struct problem p = {0};

	if (c->from == PROC_ADMIN && not_for_root(c))
		return;
	if (m->body.len > LIMIT_OPEN_BODY) {
		call_refuse(c, 413, "too-large", NULL,
		    "the body may have %d bytes", LIMIT_OPEN_BODY);
		return;
	}
	if (m->body.len > 0 && (c->req.body = json_parse_object(
				    m->body.p, m->body.len, &p)) == NULL) {
		call_problem(c, &p);
		return;
	}
	fn(c);
}

void
caller_check(struct call *c, const struct msg_api_call *m, call_fn *fn)
{
	if (c->verb->auth == AUTH_OPEN) {
		check_open(c, m, fn);
	} else if (c->from == PROC_ADMIN) {
		check_local(c, m, fn);
	} else if (c->verb->auth == AUTH_TOKEN) {
		check_token(c, m, fn);
	} else if (c->verb->auth == AUTH_SIGNED) {
		check_signed(c, m, fn);
	} else {
		caller_refuse(c, 403, "forbidden", "nobody may");
	}
}
