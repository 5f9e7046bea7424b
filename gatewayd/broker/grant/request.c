/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request - one request for access, top to bottom:
 *
 *   check    who asked is known (identity/caller.c); now: may they, for how
 *            long, from where (core/policy, pure); is it open already; then
 *            the code
 *   reserve, intent, open: grant/open.c
 *   reply
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/str.h"
#include "broker/call/call.h"
#include "broker/call/put.h"
#include "broker/grant/intent.h"
#include "broker/grant/live.h"
#include "broker/grant/open.h"
#include "broker/grant/request.h"
#include "broker/grant/verbs.h"
#include "broker/identity/mfa.h"

static void
state_free(void *p)
{
	intent_free(p);
}

static int
parse(struct intent *in, const json_t *o, struct problem *p)
{
	static const char *const keys[] = {
	    "target", "login", "port", "for", "reason", NULL};
	const char *target = NULL, *login = NULL, *reason = NULL;
	int64_t port = 0, seconds = 0;
	int r;

	if ((r = json_only(o, keys, p)) != 0 ||
	    (r = json_get_name(o, "target", true, &target, p)) != 0 ||
	    (r = json_get_name(o, "login", false, &login, p)) != 0 ||
	    (r = json_get_int(o, "port", false, 1, 65535, &port, p)) != 0 ||
	    (r = json_get_int(o, "for", false, 1, 10000000, &seconds, p)) !=
		0 ||
	    (r = json_get_str(
		 o, "reason", false, LIMIT_REASON_MAX, &reason, p)) != 0)
		return r;
	name_set(in->target, target);
	if (login != NULL)
		name_set(in->login, login);
	if (reason != NULL)
		text_set(in->reason, sizeof(in->reason), reason);
	in->port = (uint16_t)port;
	in->seconds = (uint32_t)seconds;
	return 0;
}

/* ---- check */

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
would_pass_json(const struct intent *in)
{
	const struct policy_result *v = &in->verdict;
	json_t *o = json_object();

	put_str(o, "target", in->target);
	put_str(o, "login", v->login);
	put_num(o, "port", v->port);
	put_num(o, "for", v->seconds);
	if (in->reason[strspn(in->reason, " ")] != '\0')
		put_str(o, "reason", in->reason);
	else if (v->reason)
		put_str(o, "reason", "...");
	return o;
}

/* The record is durable; now the person hears of it. */
static void
reply_denied(struct call *c)
{
	const struct intent *in = c->state;
	const struct policy_result *v = &in->verdict;
	struct problem p = {0};
	json_t *o = NULL;

	problem_set(&p, 403, "denied", v->refused[0].field, "%s",
	    v->nrefused > 0 ? v->refused[0].text : "refused by policy");
	if ((o = problem_json(&p)) == NULL) {
		call_problem(c, &p);
		return;
	}
	(void)json_object_set_new(o, "refused", refused_json(v));
	if (v->would_pass)
		(void)json_object_set_new(o, "would_pass", would_pass_json(in));
	if (v->role[0] != '\0')
		put_str(o, "rule", v->role);
	if (c->seq != 0) /* else it was one of many, which are counted */
		put_num(o, "event", (int64_t)c->seq);
	call_reply(c, 403, o);
}

static void
request_fields(
    const struct call *c, const struct intent *in, struct event_fields *f)
{
	call_fields(c, f);
	event_str(f, EF_USER, c->user);
	event_str(f, EF_USER_ID, in->subject.user.id);
	event_str(f, EF_REQ, in->req);
	event_str(f, EF_TARGET, in->target);
	event_str(f, EF_TARGET_ID, in->subject.target.id);
	event_str(f, EF_ROLE, in->verdict.role);
	event_str(f, EF_ROLE_ID, in->verdict.role_id);
	event_str(f, EF_WHY, in->reason);
}

static void
deny(struct call *c, const struct intent *in)
{
	const struct policy_result *v = &in->verdict;
	struct event_fields f;
	struct buf text;

	buf_init(&text, LIMIT_FIELD_MAX);
	for (unsigned i = 0; i < v->nrefused; i++)
		buf_printf(&text, "%s%s: %s", i > 0 ? "; " : "",
		    v->refused[i].field, v->refused[i].text);
	request_fields(c, in, &f);
	event_str(&f, EF_LOGIN, in->login);
	if (in->seconds > 0)
		event_num(&f, EF_SECONDS, in->seconds);
	event_str(&f, EF_OUTCOME, "failure");
	event_str(&f, EF_REASON, "policy");
	event_strn(&f, EF_MSG, text.p, text.len);
	call_append(c, EV_REQUEST_DENIED, &f, reply_denied);
	event_fields_done(&f);
	buf_done(&text);
}

/* Nobody fills the tables of all: each grant takes places in the kernel. */
static bool
has_place(const struct call *c)
{
	unsigned all = 0, own = 0;

	for (const struct live_grant *lg = c->b->grants; lg != NULL;
	     lg = lg->next) {
		all++;
		own += strcmp(lg->g.user, c->user) == 0;
	}
	return all < LIMIT_GRANTS && own < LIMIT_GRANTS_PER_USER;
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
reply(struct call *c, const struct live_grant *lg, bool already)
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
	put_bool(o, "already", already);
	if (o != NULL)
		(void)json_object_set_new(o, "open", grant_others_json(lg));
	call_reply(c, already ? 200 : 201, o);
}

/* It was allowed, which is on record, and nothing was opened, which is too
 * then. */
static void
record_unopened(const struct call *c, const struct intent *in, const char *why)
{
	struct event_fields f;

	request_fields(c, in, &f);
	event_str(&f, EF_LOGIN, in->verdict.login);
	event_str(&f, EF_GRANT, in->grant);
	event_str(&f, EF_OUTCOME, "failure");
	event_str(&f, EF_REASON, why);
	if (process_append(c->b->process, EV_REQUEST_DENIED, &f, NULL, NULL) !=
	    0)
		log_err("not on record: %s was allowed and not opened (%s)",
		    in->grant, why);
	event_fields_done(&f);
}

static void
opened(void *arg, const struct intent *in, const struct opened *o)
{
	struct call *c = arg;

	if (o->seq != 0)
		c->seq = o->seq;
	switch (o->result) {
	case OPEN_DONE:
		reply(c, o->grant, false);
		break;
	case OPEN_CODE_USED:
		record_unopened(c, in, "used");
		mfa_used(c);
		break;
	case OPEN_DISK_FULL:
		record_unopened(c, in, "disk-full");
		call_refuse(c, 503, "unavailable", NULL,
		    "less than %d MiB of the disk of the log are free: new "
		    "access is refused until there is room (root on the "
		    "gateway: jitctl --socket %s doctor)",
		    LIMIT_DISK_OPEN_MIN >> 20, c->b->conf->admin_socket);
		break;
	case OPEN_NOT_WHOLE:
		record_unopened(c, in, "incomplete");
		call_refuse(c, 503, "unavailable", NULL,
		    "the grant would not be whole: the gateway's "
		    "configuration is incomplete");
		break;
	case OPEN_TAKEN_AWAY:
		call_refuse(c, 403, "forbidden", NULL,
		    "your permissions changed meanwhile: the grant was closed "
		    "again");
		break;
	case OPEN_NO_DOOR:
		call_refuse(c, 503, "unavailable", NULL,
		    "the door could not be opened (%s): the grant was closed "
		    "again",
		    o->error == GW_ECLOSED ? "the firewall process went away"
					   : err_str(o->error));
		break;
	case OPEN_OVER:
		call_refuse(c, 503, "unavailable", NULL,
		    "the grant was over before the door was open: ask for a "
		    "longer one");
		break;
	default:
		call_not_written(c, o->error);
		break;
	}
}

/* The verdict and its rule; in the log before grant.open, which waits. */
static int
record_allowed(const struct call *c, const struct intent *in)
{
	struct event_fields f;
	int r;

	request_fields(c, in, &f);
	event_str(&f, EF_LOGIN, in->verdict.login);
	event_str(&f, EF_GRANT, in->grant);
	event_num(&f, EF_SECONDS, in->verdict.seconds);
	event_str(&f, EF_OUTCOME, "success");
	r = process_append(c->b->process, EV_REQUEST_CREATE, &f, NULL, NULL);
	event_fields_done(&f);
	return r;
}

/* ---- the verb */

/* What is open already needs no second grant, and no code: nothing opens, and
 * nothing is written. */
static const struct live_grant *
open_already(const struct call *c, const struct intent *in)
{
	struct grant want;

	if (in->verdict.verdict == POLICY_DENY || FAULT(open_again))
		return NULL;
	intent_grant(c->b, in, &want);
	return grant_given(c->b, &want, in->key_fp);
}

/* True: allowed. Else the call is answered. */
static bool
decide(struct call *c, struct intent *in)
{
	const struct live_grant *open = NULL;

	intent_judge(c->b, in);
	if (in->verdict.verdict == POLICY_DENY && !FAULT(no_policy)) {
		deny(c, in);
		return false;
	}
	if ((open = open_already(c, in)) != NULL) {
		reply(c, open, true);
		return false;
	}
	if (in->verdict.verdict == POLICY_CODE) {
		call_refuse(c, 401, "code-needed", "code",
		    "role %s wants a code from your authenticator app",
		    in->verdict.role);
		return false;
	}
	return true;
}

void
verb_request(struct call *c)
{
	struct intent *in = intent_new(c);
	struct problem p = {0};
	int r;

	if (in == NULL) {
		call_unavailable(c, "memory");
		return;
	}
	c->state = in;
	c->state_free = state_free;
	if (parse(in, c->req.body, &p) != 0) {
		call_problem(c, &p);
		return;
	}
	if ((r = intent_load(c->b, in)) != 0) {
		call_store_failed(c, r);
		return;
	}
	if (!decide(c, in))
		return;
	if (!has_place(c)) {
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
	in->mfa_step = c->mfa_step;
	memcpy(in->factor, c->factor, sizeof(in->factor));
	if (record_allowed(c, in) != 0) {
		call_unavailable(c, "the log");
		return;
	}
	c->state = NULL; /* it may outlive the call */
	open_start(c->b, in, opened, c);
}
