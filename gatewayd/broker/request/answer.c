/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answer - see the header.
 */
#include "broker/request/answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/disk.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/str.h"
#include "broker/call/put.h"
#include "broker/call/subject.h"
#include "broker/grant/recheck.h"
#include "broker/grant/verbs.h"
#include "broker/identity/mfa.h"

/* ---- refused by policy */

json_t *
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

json_t *
would_pass_json(const char *target, const char *role,
    const struct policy_result *v, const char *reason)
{
	json_t *o = json_object();

	put_str(o, "target", target);
	if (role[0] != '\0')
		put_str(o, "role", role);
	put_str(o, "login", v->login);
	put_num(o, "port", v->port);
	put_num(o, "for", v->seconds);
	if (reason[strspn(reason, " ")] != '\0')
		put_str(o, "reason", reason);
	else if (v->reason || v->reasons.n > 0)
		put_str(o, "reason", "...");
	if (v->tickets.n > 0)
		put_str(o, "ticket", "...");
	return o;
}

/* ---- allowed, and tried */

json_t *
would_refuse_json(const struct trial *t)
{
	json_t *a = json_array();

	for (unsigned i = 0; a != NULL && i < t->n; i++) {
		json_t *o = json_object();

		put_str(o, "role", t->item[i].role);
		put_str(o, "field", t->item[i].field);
		put_str(o, "text", t->item[i].text);
		(void)json_array_append_new(a, o);
	}
	return a;
}

int
answer_would_refuse(
    const struct call *c, const struct trial *t, const struct grant *g)
{
	struct event_fields f;
	char text[POLICY_TEXT_SIZE * 2];
	int r = 0;

	for (unsigned i = 0; r == 0 && i < t->n; i++) {
		(void)snprintf(text, sizeof(text), "%s: %s", t->item[i].field,
		    t->item[i].text);
		call_fields(c, &f);
		event_str(&f, EF_USER, g->user);
		event_str(&f, EF_USER_ID, g->user_id);
		call_owner(c, &f, g->owner);
		event_str(&f, EF_TARGET, g->target);
		event_str(&f, EF_TARGET_ID, g->target_id);
		event_str(&f, EF_LOGIN, g->login);
		event_str(&f, EF_REQ, g->req);
		event_str(&f, EF_GRANT, g->id);
		event_str(&f, EF_ROLE, t->item[i].role);
		event_str(&f, EF_ROLE_ID, t->item[i].role_id);
		event_str(&f, EF_MSG, text);
		if (t->more > 0)
			event_num(&f, EF_COUNT, t->n + t->more);
		r = process_append(
		    c->b->process, EV_REQUEST_WOULD_REFUSE, &f, NULL, NULL);
		event_fields_done(&f);
	}
	return r;
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
		(void)json_object_set_new(o, "would_pass",
		    would_pass_json(in->target, in->role, v, in->reason));
	if (v->role[0] != '\0')
		put_str(o, "rule", v->role);
	if (c->seq != 0) /* else it was one of many, which are counted */
		put_num(o, "event", (int64_t)c->seq);
	call_reply(c, 403, o);
}

void
asked_fields(
    const struct call *c, const struct intent *in, struct event_fields *f)
{
	char roles[LIMIT_ROLES_SIZE];

	call_fields(c, f);
	event_str(f, EF_USER, c->user);
	event_str(f, EF_USER_ID, in->subject.user.id);
	event_str(f, EF_REQ, in->req);
	event_str(f, EF_TARGET, in->target);
	event_str(f, EF_TARGET_ID, in->subject.target.id);
	event_str(f, EF_ROLE, in->verdict.role);
	policy_roles_text(roles, &in->verdict);
	event_roles(f, roles);
	event_str(f, EF_ROLE_ID, in->verdict.role_id);
	event_str(f, EF_WHY, in->reason);
	event_str(f, EF_TICKET, in->ticket);
	if (in->verdict.fido)
		event_str(f, EF_FACTOR, in->factor);
}

static void
state_free(void *p)
{
	intent_free(p);
}

void
answer_denied(struct call *c, struct intent *in, enum event_code ev)
{
	const struct policy_result *v = &in->verdict;
	struct event_fields f;
	struct buf text;

	if (c->state != in && c->state != NULL)
		c->state_free(c->state);
	c->state = in;
	c->state_free = state_free;
	buf_init(&text, LIMIT_FIELD_MAX);
	for (unsigned i = 0; i < v->nrefused; i++)
		buf_printf(&text, "%s%s: %s", i > 0 ? "; " : "",
		    v->refused[i].field, v->refused[i].text);
	asked_fields(c, in, &f);
	event_str(&f, EF_LOGIN, in->login);
	if (in->seconds > 0)
		event_num(&f, EF_SECONDS, in->seconds);
	event_str(&f, EF_OUTCOME, "failure");
	event_str(&f, EF_REASON, v->locked ? "locked" : "policy");
	event_str(&f, EF_LOCK, v->lock);
	event_strn(&f, EF_MSG, text.p, text.len);
	call_append(c, ev, &f, reply_denied);
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

bool
answer_no_place(struct call *c)
{
	if (has_place(c))
		return false;
	call_refuse(c, 429, "too-many", NULL,
	    "you may have %d grants open at a time: jitctl release ends one",
	    (int)LIMIT_GRANTS_PER_USER);
	return true;
}

/* ---- opened */

json_t *
needs_json(const struct quorum_list *l)
{
	json_t *a = json_array();
	char text[QUORUM_TEXT_SIZE];

	for (unsigned i = 0; a != NULL && i < l->n; i++) {
		quorum_text(text, &l->quorum[i]);
		(void)json_array_append_new(a, json_string(text));
	}
	return a;
}

json_t *
wants_json(const struct quorum_list *l, unsigned level)
{
	char text[QUORUM_TEXT_SIZE];
	unsigned last = 0;
	json_t *o = NULL;
	struct buf b;

	buf_init(&b, (size_t)LIMIT_QUORUMS * (QUORUM_TEXT_SIZE + 8));
	for (unsigned i = 0; i < l->n; i++) {
		const struct quorum *q = &l->quorum[i];

		if (q->level < level)
			continue;
		quorum_text(text, q);
		buf_printf(&b, "%s%s",
		    last == 0          ? ""
		    : last == q->level ? " and "
				       : ", then ",
		    text);
		last = q->level;
	}
	o = json_stringn((const char *)b.p, b.len);
	buf_done(&b);
	return o;
}

json_t *
commands_json(const struct command_list *l)
{
	json_t *all = json_array(), *set = NULL;

	for (uint32_t i = 0; all != NULL && i < l->n; i++) {
		if (i == 0 || l->command[i].set != l->command[i - 1].set) {
			set = json_array();
			(void)json_array_append_new(all, set);
		}
		(void)json_array_append_new(
		    set, json_string(l->command[i].text));
	}
	return all;
}

json_t *
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

/* What alone may run: the list of now, if it is the grant's still. */
static void
put_commands(json_t *o, const struct live_grant *lg)
{
	const struct grant *g = &lg->g;
	struct subject *s = NULL;
	struct policy_result v = {0};

	if (o == NULL || g->commands[0] == '\0' ||
	    (s = calloc(1, sizeof(*s))) == NULL)
		return;
	if (recheck_verdict(s, lg, &v) &&
	    policy_within(&v, g->caps, g->record != 0, g->commands))
		(void)json_object_set_new(
		    o, "commands", commands_json(&v.commands));
	subject_clear(s);
	free(s);
}

void
answer_open(struct call *c, const struct live_grant *lg, bool already,
    const struct trial *trial)
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
	put_commands(o, lg);
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
	if (o != NULL && trial != NULL && trial->n > 0)
		(void)json_object_set_new(
		    o, "would_refuse", would_refuse_json(trial));
	call_reply(c, already ? 200 : 201, o);
}

/* It was allowed, which is on record, and nothing was opened, which is too
 * then. */
static void
record_unopened(const struct call *c, const struct intent *in, const char *why)
{
	struct event_fields f;

	asked_fields(c, in, &f);
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

const char *
answer_room(const struct call *c, struct problem *p)
{
	char text[LIMIT_TEXT_SIZE];
	const char *word = open_no_room(c->b, text);

	problem_set(p, 503, "unavailable", NULL,
	    "%s (root on the gateway: jitctl --socket %s doctor)", text,
	    c->b->conf->admin_socket);
	return word;
}

bool
answer_no_room(struct call *c, const struct intent *in)
{
	struct problem p = {0};

	if (open_has_room(c->b) || FAULT(wait_when_full))
		return false;
	record_unopened(c, in, answer_room(c, &p));
	call_problem(c, &p);
	return true;
}

void
answer_opened(void *arg, const struct intent *in, const struct opened *o)
{
	struct call *c = arg;
	struct problem p = {0};

	if (o->seq != 0)
		c->seq = o->seq;
	switch (o->result) {
	case OPEN_DONE:
		answer_open(c, o->grant, false, &in->trial);
		break;
	case OPEN_CODE_USED:
		record_unopened(c, in, "used");
		mfa_used(c);
		break;
	case OPEN_DISK_FULL:
		record_unopened(c, in, answer_room(c, &p));
		call_problem(c, &p);
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
	case OPEN_LATE:
		call_refuse(c, 503, "unavailable", NULL,
		    "it took longer than you could wait: the grant was closed "
		    "again; ask again");
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
		record_unopened(
		    c, in, o->error == GW_EFULL ? "quota" : "not-written");
		call_not_written(c, o->error);
		break;
	}
}
