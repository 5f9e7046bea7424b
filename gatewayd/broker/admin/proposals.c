/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proposals - see the header.
 *
 * MUST: who signs is another admin than the author, for the revision that they
 * saw, and is one still when the change is stored. MUST: the call that is
 * carried out is verified anew: the store is not believed. MUST: what a second
 * admin is shown of its effect is that of the very call, as its author's.
 */
#include "broker/admin/proposals.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/ids.h"
#include "base/log.h"
#include "base/str.h"
#include "broker/admin/upload.h"
#include "broker/call/listing.h"
#include "broker/call/params.h"
#include "broker/call/put.h"
#include "broker/identity/permission.h"
#include "ssh/sshsig.h"

enum { LIST_MAX = 200 }; /* internal: one page */

struct decided {
	struct proposal p;
	enum request_state to;
	bool dry_run;
	char note[LIMIT_REASON_SIZE];
};

static void
decided_free(void *v)
{
	struct decided *x = v;

	proposal_done(&x->p);
	free(x);
}

static enum request_state
state_now(const struct broker *b, const struct proposal *p)
{
	return p->state == REQUEST_PENDING &&
		       broker_now(b).utc_ms >= p->until_ms &&
		       !FAULT(late_second)
		   ? REQUEST_LAPSED
		   : (enum request_state)p->state;
}

static const char *
state_text(const struct broker *b, const struct proposal *p)
{
	const enum request_state s = state_now(b, p);

	return s == REQUEST_ACTIVE ? "made" : request_state_str(s);
}

static bool
is_own(const struct call *c, const struct proposal *p)
{
	return strcmp(p->user_id, call_user_id(c)) == 0;
}

/* ---- what is shown */

/* Whom or what it is about; a policy is about many. */
static void
put_subject(json_t *o, const struct proposal *p)
{
	static const char *const keys[] = {"role", "user", "target", "lock"};
	json_t *payload = json_loads(p->payload, 0, NULL);
	const json_t *body = json_object_get(payload, "body");
	const char *name = NULL;

	for (size_t i = 0; name == NULL && i < ARRAY_LEN(keys); i++)
		name = json_string_value(json_object_get(body, keys[i]));
	put_str(o, "name", name != NULL ? name : "");
	json_decref(payload);
}

static json_t *
proposal_json(const struct call *c, const struct proposal *p)
{
	json_t *o = json_object();
	json_t *rev = json_loads(p->revision, 0, NULL);

	put_str(o, "change", p->id);
	put_str(o, "verb", p->verb);
	put_subject(o, p);
	put_str(o, "user", p->user);
	put_str(o, "state", state_text(c->b, p));
	put_time(o, "created", p->created_ms);
	put_time(o, "until", p->until_ms);
	put_str(o, "by", p->by);
	put_str(o, "note", p->note);
	if (o != NULL)
		(void)json_object_set(
		    o, "widens", json_object_get(rev, "widens"));
	put_bool(o, "yours", !c->local && is_own(c, p));
	put_bool(o, "may_approve",
	    !c->local && right_may(c->rights, RIGHT_ADMIN) && !is_own(c, p) &&
		state_now(c->b, p) == REQUEST_PENDING);
	json_decref(rev);
	return o;
}

struct walk {
	struct call *c;
	struct listing *l;
};

static void
list_one(void *arg, const struct proposal *p)
{
	const struct walk *w = arg;

	listing_add(w->l, proposal_json(w->c, p), p->id);
}

static int
list(struct call *c, struct listing *l)
{
	const int64_t week_ms = (int64_t)7 * 86400 * 1000;
	struct walk w = {.c = c, .l = l};

	return store_proposal_each(c->b->store,
	    l->all ? 0 : broker_now(c->b).utc_ms - week_ms, LIST_MAX, list_one,
	    &w);
}

void
verb_changes(struct call *c)
{
	listing_answer(c, list);
}

/* Into x; false: the call is answered. */
static bool
find(struct call *c, const char *id, struct proposal *ret)
{
	const int r = id_ok(id, 'c') ? store_proposal_get(c->b->store, id, ret)
				     : GW_ENOENT;

	if (r == GW_ENOENT)
		call_refuse(c, 404, "not-found", "change",
		    "there is no such change: they are called like "
		    "c-7Q2MXK4P, see jitctl changes");
	else if (r != 0)
		call_store_failed(c, r);
	return r == 0;
}

/* The policy that came in parts before it was signed for: from there on. */
static void
show_policy(struct call *c, const struct proposal *p, uint64_t at)
{
	json_t *payload = json_loads(p->payload, 0, NULL);
	const char *id = json_string_value(
	    json_object_get(json_object_get(payload, "body"), "upload"));

	upload_show(c, p, id != NULL ? id : "", at);
	json_decref(payload);
}

void
verb_change_show(struct call *c)
{
	struct proposal p = {0};
	uint64_t at = UINT64_MAX;
	json_t *o = NULL;

	if (!params_num(c->query, "offset", LIMIT_UPLOAD_MAX, &at)) {
		call_refuse(c, 400, "bad-field", "offset",
		    "offset: a number of bytes was expected");
		return;
	}
	if (!find(c, c->arg, &p))
		return;
	if (at != UINT64_MAX) {
		show_policy(c, &p, at);
		proposal_done(&p);
		return;
	}
	o = proposal_json(c, &p);
	put_str(o, "user_id", p.user_id);
	put_str(o, "key_fp", p.key_fp);
	if (o != NULL)
		(void)json_object_set_new(
		    o, "revision", json_string(p.revision));
	if (o != NULL)
		(void)json_object_set_new(o, "payload", json_string(p.payload));
	put_str(o, "sha256", p.digest);
	proposal_done(&p);
	call_reply(c, 200, o);
}

/* ---- named in a body */

static bool
parse(struct call *c, bool approves, bool *retdry, const char **retid,
    const char **retrevision, const char **retnote)
{
	static const char *const keys[] = {
	    "change", "note", "revision", "dry_run", NULL};
	static const char *const end_keys[] = {
	    "change", "note", "revision", NULL};
	struct problem p = {0};

	*retrevision = *retnote = NULL;
	if (json_only(c->req.body, approves ? keys : end_keys, &p) == 0 &&
	    json_get_bool(c->req.body, "dry_run", false, retdry, &p) == 0 &&
	    json_get_str(c->req.body, "change", true, LIMIT_ID_SIZE - 1, retid,
		&p) == 0 &&
	    json_get_str(c->req.body, "revision", approves,
		REQUEST_DIGEST_SIZE - 1, retrevision, &p) == 0 &&
	    json_get_str(
		c->req.body, "note", false, LIMIT_REASON_MAX, retnote, &p) == 0)
		return true;
	call_problem(c, &p);
	return false;
}

/* The change of a body, that waits; NULL: the call is answered. */
static struct decided *
named(struct call *c, bool approves)
{
	struct decided *x = call_state(c, sizeof(*x), decided_free);
	const char *id = NULL, *revision = NULL, *note = NULL;

	if (x == NULL ||
	    !parse(c, approves, &x->dry_run, &id, &revision, &note) ||
	    !find(c, id, &x->p))
		return NULL;
	if (note != NULL)
		text_set(x->note, sizeof(x->note), note);
	if (approves && strcmp(revision, x->p.digest) != 0 &&
	    !FAULT(unseen_change)) {
		call_refuse(c, 409, "conflict", "revision",
		    "that is not the change as it is: look at it again with "
		    "jitctl changes show %s",
		    x->p.id);
		return NULL;
	}
	if (state_now(c->b, &x->p) != REQUEST_PENDING) {
		call_refuse(c, 409, "conflict", "change",
		    "change %s is %s: nothing was changed", x->p.id,
		    state_text(c->b, &x->p));
		return NULL;
	}
	return x;
}

static void
fields(const struct call *c, const struct decided *x, struct event_fields *f)
{
	call_fields(c, f);
	event_str(f, EF_CHANGE, x->p.id);
	event_str(f, EF_USER, x->p.user);
	event_str(f, EF_USER_ID, x->p.user_id);
	event_str(f, EF_SHA256, x->p.digest);
	event_str(f, EF_WHY, x->note);
}

/* ---- a yes */

static void
refuse_own(struct call *c, const struct decided *x)
{
	struct event_fields f;

	fields(c, x, &f);
	event_str(&f, EF_OUTCOME, "failure");
	event_str(&f, EF_REASON, "own");
	if (process_append(
		c->b->process, EV_CHANGE_APPROVE_DENIED, &f, NULL, NULL) != 0)
		log_warn("a refused approval could not be recorded");
	event_fields_done(&f);
	call_refuse(c, 403, "forbidden", "change",
	    "nobody signs for their own change, with whichever key: another "
	    "admin has to");
}

/* "ended 1 grant, 1 session: alice on web-01"; "" where it ended nothing. */
static void
ended_text(char *ret, size_t size, const json_t *answer)
{
	const json_t *ended = json_object_get(answer, "ended");
	const json_t *list = json_object_get(ended, "list");
	const json_int_t grants =
	    json_integer_value(json_object_get(ended, "grants"));
	const json_int_t sessions =
	    json_integer_value(json_object_get(ended, "sessions"));
	const json_t *one = NULL;
	size_t i = 0;
	int more = 0;

	ret[0] = '\0';
	if (grants == 0 && sessions == 0)
		return;
	(void)snprintf(ret, size, "ended %lld grant%s, %lld session%s",
	    (long long)grants, grants == 1 ? "" : "s", (long long)sessions,
	    sessions == 1 ? "" : "s");
	json_array_foreach(list, i, one)
	{
		const char *user =
		    json_string_value(json_object_get(one, "user"));
		const char *target =
		    json_string_value(json_object_get(one, "target"));
		const size_t n = strlen(ret);

		if (user == NULL || target == NULL)
			continue;
		more = snprintf(ret + n, size - n, "%s%s on %s",
		    i == 0 ? ": " : ", ", user, target);
		if (more < 0 || n + (size_t)more + sizeof(", ...") > size) {
			(void)snprintf(ret + n, size - n, ", ...");
			return;
		}
	}
}

/* Who signed reads it in the answer; its author reads it here. */
static void
keep_ended(struct broker *b, const struct decided *d, const json_t *answer)
{
	struct proposal p = {0};
	char text[LIMIT_REASON_SIZE];
	int r;

	ended_text(text, sizeof(text), answer);
	if (text[0] == '\0')
		return;
	if ((r = store_proposal_get(b->store, d->p.id, &p)) == 0) {
		text_set(p.note, sizeof(p.note), text);
		r = store_proposal_move(b->store, &p, REQUEST_ACTIVE);
	}
	proposal_done(&p);
	if (r != 0)
		log_warn("what change %s ended is not kept with it: %s",
		    d->p.id, err_str(r));
}

/* What became of it; of a refusal, why, with a record that corrects the yes. */
static void
carried_out(void *arg, const struct call *x, unsigned status, const char *body)
{
	struct call *c = arg;
	const struct decided *d = c->state;
	json_t *o = NULL, *answer = json_loads(body, 0, NULL);
	struct problem p = {0};

	(void)x;
	if (status >= 300) {
		problem_set(&p, (int)status,
		    status == 503 ? "unavailable" : "conflict", "change",
		    "it cannot be made any more as it was asked for: %.400s",
		    json_string_value(json_object_get(answer, "detail")) != NULL
			? json_string_value(json_object_get(answer, "detail"))
			: "no reason was given");
		json_decref(answer);
		if (d->dry_run) /* no record says that it was approved */
			call_problem(c, &p);
		else
			call_undone(c, &p);
		return;
	}
	keep_ended(c->b, d, answer);
	o = json_object();
	put_str(o, "change", d->p.id);
	put_str(o, "state", d->dry_run ? "pending" : "made");
	put_bool(o, "dry_run", d->dry_run);
	put_str(o, "verb", d->p.verb);
	put_str(o, "user", d->p.user);
	if (o != NULL)
		(void)json_object_set(o, "answer", answer);
	json_decref(answer);
	call_reply(c, 200, o);
}

/* As it was signed: by a key of its author's, who may still. */
static const char *
load(struct call *x, const struct proposal *p)
{
	struct problem bad = {0};
	char fp[SSHKEY_FP_SIZE];

	x->proposal = p;
	x->peer = p->source;
	x->env.payload_len = strlen(p->payload);
	x->env.payload = (uint8_t *)strdup(p->payload);
	x->env.signature = strdup(p->signature);
	if (x->env.payload == NULL || x->env.signature == NULL)
		return "out of memory";
	if (sshsig_verify(&x->key, x->env.signature, SIGNED_NAMESPACE,
		x->env.payload, x->env.payload_len) != 0 &&
	    !FAULT(stored_call))
		return "its signature is not good";
	sshkey_fingerprint(fp, x->key.blob, x->key.len);
	if (strcmp(fp, p->key_fp) != 0 && !FAULT(stored_call))
		return "its signature is not of the key that asked for it";
	text_set(x->key_fp, sizeof(x->key_fp), p->key_fp);
	permission_load(x, p->user);
	if (signed_parse(&x->req, x->env.payload, x->env.payload_len, &bad) !=
		0 ||
	    strcmp(x->req.verb, p->verb) != 0)
		return "it is not what was signed";
	if ((strcmp(call_user_id(x), p->user_id) != 0 ||
		!permission_still(x)) &&
	    !FAULT(author_demoted))
		return "its author may not do that any more";
	return NULL;
}

static void
came_late(struct call *c, const char *text)
{
	const struct decided *x = c->state;
	struct problem p = {0};

	problem_set(
	    &p, 409, "conflict", "change", "%s: nothing was changed", text);
	if (x->dry_run)
		call_problem(c, &p);
	else
		call_undone(c, &p);
}

/* Its author's call, made or, of a dry run, looked at. */
static void
carry_out(struct call *c)
{
	struct decided *d = c->state;
	const struct verb *v = verb_named(d->p.verb);
	struct call *x = NULL;
	const char *why = NULL;

	if (!permission_still(c)) {
		came_late(c, "your permissions changed meanwhile");
		return;
	}
	if (v == NULL || c->b->verbs[v->id] == NULL ||
	    (x = call_own(c->b, v, carried_out, c)) == NULL) {
		came_late(c, "it cannot be carried out now");
		return;
	}
	x->outer = c;
	x->look = d->dry_run && !FAULT(look_makes);
	if ((why = load(x, &d->p)) != NULL)
		call_refuse(x, 409, "conflict", NULL, "%s", why);
	else
		c->b->verbs[v->id](x);
}

void
verb_change_approve(struct call *c)
{
	struct decided *x = named(c, true);
	struct event_fields f;

	if (x == NULL)
		return;
	if (is_own(c, &x->p) && !FAULT(own_change)) {
		refuse_own(c, x);
		return;
	}
	if (x->dry_run) {
		carry_out(c);
		return;
	}
	fields(c, x, &f);
	event_str(&f, EF_OUTCOME, "success");
	call_append(c, EV_CHANGE_APPROVE, &f, carry_out);
	event_fields_done(&f);
}

/* ---- a no, and what is given up */

static void
ended(struct call *c)
{
	struct decided *x = c->state;
	json_t *o = NULL;
	int r;

	x->p.state = (uint8_t)x->to;
	name_set(x->p.by, c->user);
	memcpy(x->p.note, x->note, sizeof(x->p.note));
	x->p.seq = c->seq;
	if (!c->local && !permission_still(c)) {
		came_late(c, "your permissions changed meanwhile");
		return;
	}
	r = store_proposal_move(c->b->store, &x->p, REQUEST_PENDING);
	if (r == GW_ESTATE) {
		came_late(c, "it was decided meanwhile");
		return;
	}
	if (r != 0) {
		call_store_failed(c, r);
		return;
	}
	o = proposal_json(c, &x->p);
	call_reply(c, 200, o);
}

void
verb_change_deny(struct call *c)
{
	struct decided *x = named(c, false);
	struct event_fields f;

	if (x == NULL)
		return;
	x->to = REQUEST_DENIED;
	fields(c, x, &f);
	call_append(c, EV_CHANGE_DENY, &f, ended);
	event_fields_done(&f);
}

void
verb_change_cancel(struct call *c)
{
	struct decided *x = named(c, false);
	struct event_fields f;

	if (x == NULL)
		return;
	if (!is_own(c, &x->p)) {
		call_refuse(c, 403, "forbidden", "change",
		    "it is not yours: an admin denies it");
		return;
	}
	x->to = REQUEST_WITHDRAWN;
	fields(c, x, &f);
	call_append(c, EV_CHANGE_WITHDRAW, &f, ended);
	event_fields_done(&f);
}
