/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request - one request for access, top to bottom:
 *
 *   check    who asked is known (caller.c); now: may he, for how long, from
 *            where (core/policy, pure); then the code
 *   reserve  a grant in state INTENT, which opens nothing
 *   intent   the notary burns the code's step and writes grant.open in one
 *            durable step, and gives a receipt
 *   open     the firewall checks the receipt and opens the door
 *   reply
 *
 * MUST: nothing opens before the intent is durable. MUST: whatever fails after
 * it closes the grant as aborted.
 */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/ids.h"
#include "base/log.h"
#include "base/str.h"
#include "broker/broker.h"
#include "broker/call/call.h"
#include "broker/call/put.h"
#include "broker/call/wait.h"
#include "broker/grant/close.h"
#include "broker/grant/firewall.h"
#include "broker/grant/live.h"
#include "broker/grant/recheck.h"
#include "broker/grant/request.h"
#include "broker/grant/verbs.h"
#include "broker/identity/mfa.h"

struct asked {
	const char *target, *login, *reason; /* borrowed from the body */
	int64_t port, seconds;
};

struct request {
	struct asked asked;
	struct target target;
	struct user user;
	struct policy_result verdict;
	char id[LIMIT_ID_SIZE];
	char grant[LIMIT_ID_SIZE];
};

static int
parse(struct asked *ret, const json_t *o, struct problem *p)
{
	static const char *const keys[] = {
	    "target", "login", "port", "for", "reason", NULL};
	struct asked a = {.login = "", .reason = ""};
	const char *login = NULL, *reason = NULL;
	int r;

	if ((r = json_only(o, keys, p)) != 0 ||
	    (r = json_get_name(o, "target", true, &a.target, p)) != 0 ||
	    (r = json_get_name(o, "login", false, &login, p)) != 0 ||
	    (r = json_get_int(o, "port", false, 1, 65535, &a.port, p)) != 0 ||
	    (r = json_get_int(o, "for", false, 1, 10000000, &a.seconds, p)) !=
		0 ||
	    (r = json_get_str(
		 o, "reason", false, LIMIT_REASON_MAX, &reason, p)) != 0)
		return r;
	if (login != NULL)
		a.login = login;
	if (reason != NULL)
		a.reason = reason;
	*ret = a;
	return 0;
}

/* ---- check */

static int
load(struct call *c, struct request *q)
{
	const struct target *t = &q->target;
	int r;

	if ((r = store_user_get(c->b->store, c->user, &q->user)) != 0)
		return r;
	r = store_target_get(c->b->store, q->asked.target, &q->target);
	return r == GW_ENOENT && t->name[0] == '\0' ? 0 : r;
}

static void
decide(struct call *c, struct request *q)
{
	struct policy_facts f = {.user = c->user,
	    .groups = &q->user.groups,
	    .target_name = q->asked.target,
	    .target = q->target.name[0] != '\0' ? &q->target : NULL,
	    .login = q->asked.login,
	    .port = (uint16_t)q->asked.port,
	    .seconds = (uint32_t)q->asked.seconds,
	    .reason = q->asked.reason,
	    .nsources = c->req.nsources,
	    .max_s = c->b->conf->max_grant_s,
	    .mfa_max_s = c->b->conf->mfa_age_s};

	for (unsigned i = 0; i < c->req.nsources; i++)
		f.sources[i] = c->req.source[i].addr;
	f.mfa_age_s = c->env.code[0] != '\0' ? 0 : mfa_age_s(c);
	policy_decide(&q->verdict, &f, c->b->roles, c->b->nroles);
	if (FAULT(no_policy) && f.target != NULL &&
	    q->verdict.verdict == POLICY_DENY) {
		q->verdict.verdict = POLICY_ALLOW;
		q->verdict.port = f.target->port;
		q->verdict.seconds = f.seconds != 0 ? f.seconds : 300;
		q->verdict.caps = CAP_DEFAULT;
		name_set(q->verdict.login,
		    f.login[0] != '\0' ? f.login : f.target->logins.name[0]);
	}
}

static json_t *
refused_json(const struct policy_result *v)
{
	json_t *a = json_array();

	for (unsigned i = 0; a != NULL && i < v->nrefused; i++) {
		json_t *o = json_object();

		put_str(o, "field", v->refused[i].field);
		put_str(o, "text", v->refused[i].text);
		(void)json_array_append_new(a, o);
	}
	return a;
}

static json_t *
would_pass_json(const struct request *q)
{
	json_t *o = json_object();

	put_str(o, "target", q->target.name);
	put_str(o, "login", q->verdict.login);
	put_num(o, "port", q->verdict.port);
	put_num(o, "for", q->verdict.seconds);
	if (q->asked.reason[strspn(q->asked.reason, " ")] != '\0')
		put_str(o, "reason", q->asked.reason);
	else if (q->verdict.reason)
		put_str(o, "reason", "...");
	return o;
}

/* The record is durable; now the person is told. */
static void
tell_denied(struct call *c)
{
	const struct request *q = c->state;
	struct problem p = {0};
	json_t *o = NULL;

	problem_set(&p, 403, "denied", q->verdict.refused[0].field, "%s",
	    q->verdict.nrefused > 0 ? q->verdict.refused[0].text
				    : "refused by policy");
	if ((o = problem_json(&p)) == NULL) {
		call_problem(c, &p);
		return;
	}
	(void)json_object_set_new(o, "refused", refused_json(&q->verdict));
	if (q->verdict.would_pass)
		(void)json_object_set_new(o, "would_pass", would_pass_json(q));
	if (q->verdict.role[0] != '\0')
		put_str(o, "rule", q->verdict.role);
	put_num(o, "event", (int64_t)c->seq);
	call_reply(c, 403, o);
}

static void
request_fields(
    const struct call *c, const struct request *q, struct event_fields *f)
{
	call_fields(c, f);
	event_str(f, EF_USER, c->user);
	event_str(f, EF_REQ, q->id);
	event_str(f, EF_TARGET, q->asked.target);
	event_str(f, EF_ROLE, q->verdict.role);
	event_str(f, EF_WHY, q->asked.reason);
}

static void
deny(struct call *c)
{
	const struct request *q = c->state;
	struct event_fields f;
	struct buf text;

	buf_init(&text, LIMIT_FIELD_MAX);
	for (unsigned i = 0; i < q->verdict.nrefused; i++)
		buf_printf(&text, "%s%s: %s", i > 0 ? "; " : "",
		    q->verdict.refused[i].field, q->verdict.refused[i].text);
	request_fields(c, q, &f);
	event_str(&f, EF_LOGIN, q->asked.login);
	if (q->asked.seconds > 0)
		event_num(&f, EF_SECONDS, q->asked.seconds);
	event_str(&f, EF_OUTCOME, "failure");
	event_str(&f, EF_REASON, "policy");
	event_strn(&f, EF_MSG, text.p, text.len);
	call_append(c, EV_REQUEST_DENIED, &f, tell_denied);
	event_fields_done(&f);
	buf_done(&text);
}

/* ---- reserve */

static void
fill_grant(struct grant *g, const struct call *c, const struct request *q)
{
	const struct policy_result *v = &q->verdict;
	const struct now now = broker_now(c->b);

	memset(g, 0, sizeof(*g));
	text_set(g->id, sizeof(g->id), q->grant);
	text_set(g->req, sizeof(g->req), q->id);
	name_set(g->user, c->user);
	name_set(g->target, q->target.name);
	name_set(g->login, v->login);
	name_set(g->role, v->role);
	text_set(g->reason, sizeof(g->reason), q->asked.reason);
	for (unsigned i = 0; i < c->req.nsources; i++) {
		const struct addr *a = &c->req.source[i].addr;

		*(a->family == 4 ? &g->source4 : &g->source6) = *a;
	}
	g->addr4 = q->target.addr4;
	g->addr6 = q->target.addr6;
	g->port = v->port;
	g->own_port = c->b->conf->ssh[0].port;
	g->reach = q->target.reach;
	g->caps = v->caps;
	g->record = v->record ? 1 : 0;
	/* the clock starts now, at activation */
	g->start_ms = now.utc_ms;
	g->end_ms = now.utc_ms + (int64_t)v->seconds * 1000;
	g->end_boot_ms = now.boot_ms + (int64_t)v->seconds * 1000;
	text_set(g->boot_id, sizeof(g->boot_id), clock_boot_id());
}

/* The verdict and its rule; in the log before grant.open, which waits. */
static int
record_allowed(const struct call *c, const struct request *q)
{
	struct event_fields f;
	int r;

	request_fields(c, q, &f);
	event_str(&f, EF_LOGIN, q->verdict.login);
	event_str(&f, EF_GRANT, q->grant);
	event_num(&f, EF_SECONDS, q->verdict.seconds);
	event_str(&f, EF_OUTCOME, "success");
	r = process_append(c->b->process, EV_REQUEST_CREATE, &f, NULL, NULL);
	event_fields_done(&f);
	return r;
}

/* ---- reply */

static json_t *
caps_json(uint32_t caps)
{
	json_t *a = json_array();
	char text[64];
	char *save = NULL;

	grant_caps_str(text, sizeof(text), caps);
	for (char *s = strtok_r(text, ",", &save); a != NULL && s != NULL;
	     s = strtok_r(NULL, ",", &save))
		(void)json_array_append_new(a, json_string(s));
	return a;
}

static void
reply(struct call *c, const struct live_grant *lg)
{
	const struct grant *g = &lg->g;
	char ssh[LIMIT_NAME_SIZE * 2];
	json_t *o = grant_json(lg);

	(void)snprintf(ssh, sizeof(ssh), "%s@%s", g->login, g->target);
	if (o != NULL) {
		(void)json_object_del(o, "left_s");
		(void)json_object_del(o, "sessions");
		(void)json_object_set_new(o, "caps", caps_json(g->caps));
	}
	put_str(o, "req", g->req);
	put_bool(o, "record", g->record != 0);
	put_num(o, "seconds", (g->end_ms - g->start_ms) / 1000);
	put_str(o, "ssh", ssh);
	put_str(o, "host", c->b->conf->host);
	put_num(o, "ssh_port", g->own_port);
	put_num(o, "seq", (int64_t)lg->seq);
	put_bool(o, "repeated", false);
	call_reply(c, 201, o);
}

/* ---- open */

/* A right was taken away while we waited: that saw no active grant yet, so it
 * is looked at here once more. */
static void
too_late(struct call *c, struct live_grant *lg)
{
	struct request *q = c->state;
	const enum end_reason why =
	    store_user_get(c->b->store, c->user, &q->user) == 0 &&
		    q->user.state != USER_DISABLED
		? END_REVOKED
		: END_LOCKED;

	firewall_close(c->b, lg->g.id, why);
	close_grant(c->b, lg->g.id, why, "policy", NULL, NULL);
	grant_remember(c->b, &lg->g, why, 0, lg->seq);
	grant_drop(lg);
	call_refuse(c, 403, "forbidden", NULL,
	    "what you may was changed meanwhile: the grant was closed again");
}

static void
fw_opened(struct broker *b, void *arg, const void *body)
{
	const struct msg_fw_opened *m = body;
	struct call *c = arg;
	const struct request *q = c->state;
	struct live_grant *lg = grant_find(b, q->grant);

	if (lg != NULL && !grant_still_given(lg)) {
		too_late(c, lg);
		return;
	}
	if (lg != NULL && m != NULL && m->result == 0) {
		grant_activate(lg);
		/* it may have been as short as this took */
		if ((lg = grant_find(b, q->grant)) != NULL) {
			reply(c, lg);
			return;
		}
	}
	if (lg != NULL) {
		firewall_close(b, lg->g.id, END_ABORTED);
		close_grant(b, lg->g.id, END_ABORTED, "gateway", NULL, NULL);
		grant_remember(b, &lg->g, END_ABORTED, 0, lg->seq);
		grant_drop(lg);
	}
	call_refuse(c, 503, "unavailable", NULL,
	    "the door could not be opened (%s): the grant was closed again",
	    m == NULL ? "the firewall process went away"
		      : err_str(-(int)m->result));
}

static void
open_door(struct call *c, struct live_grant *lg)
{
	struct msg_fw_open m = {.seq = lg->seq};

	text_set(m.id, sizeof(m.id), lg->g.id);
	text_set(m.grant, sizeof(m.grant), lg->g.id);
	memcpy(m.mac, lg->mac, sizeof(m.mac));
	m.elements.p = lg->elements;
	m.elements.len = lg->nelements;
	if (ask(c->b, PROC_FIREWALL, MSG_FW_OPEN, &m, MSG_FW_OPENED, fw_opened,
		c) != 0)
		fw_opened(c->b, c, NULL);
}

/* ---- intent */

static void
not_opened(struct call *c, struct live_grant *lg, int result, uint64_t seq)
{
	const struct request *q = c->state;

	/* written, yet without a receipt that serves: not left open in the log
	 */
	if (seq != 0)
		close_grant(c->b, q->grant, END_ABORTED, "gateway", NULL, NULL);
	if (lg != NULL)
		grant_drop(lg);
	if (result == GW_EDENIED && c->mfa_step > 0) {
		mfa_used(c);
		call_refuse(c, 401, "code-used", "code",
		    "this code was used before: wait for the next one (at "
		    "most 30 s)");
		return;
	}
	log_warn("the notary did not write a grant: %s", err_str(result));
	call_unavailable(c, "the log");
}

static void
nt_opened(struct broker *b, void *arg, const void *body)
{
	const struct msg_nt_grant_opened *m = body;
	struct call *c = arg;
	const struct request *q = c->state;
	struct live_grant *lg = grant_find(b, q->grant);

	if (m == NULL || lg == NULL) {
		not_opened(c, lg, GW_ECLOSED, m != NULL ? m->seq : 0);
		return;
	}
	if (m->result != 0 || m->elements.len > sizeof(lg->elements)) {
		not_opened(c, lg, m->result != 0 ? -(int)m->result : GW_ELIMIT,
		    m->seq);
		return;
	}
	lg->seq = m->seq;
	memcpy(lg->mac, m->mac, sizeof(lg->mac));
	if (m->elements.len > 0)
		memcpy(lg->elements, m->elements.p, m->elements.len);
	lg->nelements = m->elements.len;
	c->seq = m->seq;
	if (c->mfa_step > 0)
		mfa_given(c);
	if (grant_still_given(lg))
		open_door(c, lg);
	else
		too_late(c, lg);
}

static void
write_intent(struct call *c)
{
	struct request *q = c->state;
	struct msg_nt_grant_open m = {.mfa_step = c->mfa_step};
	struct live_grant *lg = NULL;

	id_new(q->id, 'r');
	do {
		id_new(q->grant, 'g');
	} while (grant_find(c->b, q->grant) != NULL);
	fill_grant(&m.grant, c, q);
	if (!grant_ok(&m.grant)) {
		call_refuse(c, 503, "unavailable", NULL,
		    "the grant would not be whole: the gateway's "
		    "configuration is incomplete");
		return;
	}
	if (record_allowed(c, q) != 0 ||
	    (lg = grant_new(c->b, &m.grant, c->key_fp)) == NULL) {
		call_unavailable(c, "the log");
		return;
	}
	text_set(m.key_fp, sizeof(m.key_fp), c->key_fp);
	text_set(m.by, sizeof(m.by), c->user);
	text_set(m.idempotency, sizeof(m.idempotency), c->req.idempotency);
	m.payload.p = c->env.payload;
	m.payload.len = (uint32_t)c->env.payload_len;
	m.signature.p = (const uint8_t *)c->env.signature;
	m.signature.len = (uint32_t)strlen(c->env.signature);
	if (ask(c->b, PROC_NOTARY, MSG_NT_GRANT_OPEN, &m, MSG_NT_GRANT_OPENED,
		nt_opened, c) != 0)
		not_opened(c, lg, GW_ECLOSED, 0);
}

/* Nobody fills the tables of all: each grant takes places in the kernel. */
static bool
has_room(const struct call *c)
{
	unsigned all = 0, own = 0;

	for (const struct live_grant *lg = c->b->grants; lg != NULL;
	     lg = lg->next) {
		all++;
		own += strcmp(lg->g.user, c->user) == 0;
	}
	return all < LIMIT_GRANTS && own < LIMIT_GRANTS_PER_USER;
}

/* ---- the verb */

void
verb_request(struct call *c)
{
	struct request *q = call_state(c, sizeof(*q), free);
	struct problem p = {0};
	int r;

	if (q == NULL)
		return;
	if (parse(&q->asked, c->req.body, &p) != 0) {
		call_problem(c, &p);
		return;
	}
	if ((r = load(c, q)) != 0) {
		call_store_failed(c, r);
		return;
	}
	decide(c, q);
	if (q->verdict.verdict == POLICY_DENY) {
		id_new(q->id, 'r');
		deny(c);
		return;
	}
	if (q->verdict.verdict == POLICY_CODE) {
		call_refuse(c, 401, "code-needed", "code",
		    "role %s wants a code from your authenticator app",
		    q->verdict.role);
		return;
	}
	if (!has_room(c)) {
		call_refuse(c, 429, "too-many", NULL,
		    "you may have %d grants open at a time: jitctl release "
		    "ends one",
		    (int)LIMIT_GRANTS_PER_USER);
		return;
	}
	if (mfa_check(c, &p) != 0) {
		call_problem(c, &p);
		return;
	}
	write_intent(c);
}
