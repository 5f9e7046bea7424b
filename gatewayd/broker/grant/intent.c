/* SPDX-License-Identifier: Apache-2.0 */
/*
 * intent - see the header.
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/ids.h"
#include "base/str.h"
#include "broker/broker.h"
#include "broker/call/call.h"
#include "broker/call/subject.h"
#include "broker/grant/intent.h"
#include "broker/grant/live.h"
#include "broker/identity/mfa.h"

enum { PROBE_GRANT_S = 60 };

static int
copy_proof(struct intent *in, const struct call *c)
{
	if (c->env.payload == NULL)
		return 0;
	if ((in->payload = malloc(c->env.payload_len + 1)) == NULL ||
	    (in->signature = strdup(c->env.signature)) == NULL)
		return GW_ENOMEM;
	memcpy(in->payload, c->env.payload, c->env.payload_len);
	in->payload_len = c->env.payload_len;
	return 0;
}

struct intent *
intent_new(const struct call *c)
{
	struct intent *in = calloc(1, sizeof(*in));

	if (in == NULL || copy_proof(in, c) != 0) {
		intent_free(in);
		return NULL;
	}
	id_new(in->req, 'r');
	do {
		id_new(in->grant, 'g');
	} while (grant_find(c->b, in->grant) != NULL);
	name_set(in->user, c->user);
	text_set(in->key_fp, sizeof(in->key_fp), c->key_fp);
	text_set(in->idempotency, sizeof(in->idempotency), c->req.idempotency);
	for (unsigned i = 0; i < c->req.nsources; i++)
		in->source[in->nsources++] = c->req.source[i].addr;
	in->peer = c->peer;
	in->late_boot_ms = c->late_boot_ms;
	in->local = c->local;
	in->hardware = sshkey_hardware(c->key.type, c->key.sk_flags);
	in->fido = mfa_by_fido(c);
	in->mfa_age_s = c->env.code[0] != '\0' || c->coded ? 0 : mfa_age_s(c);
	if (c->subject != NULL)
		in->subject = *c->subject;
	return in;
}

void
intent_free(struct intent *in)
{
	if (in == NULL)
		return;
	free(in->payload);
	free(in->signature);
	subject_clear(&in->subject);
	free(in->approvals);
	free(in);
}

int
intent_load(struct broker *b, struct intent *in)
{
	int r = subject_user(b, &in->subject, in->user);

	if (r != 0)
		return r;
	r = subject_target(b, &in->subject, in->target);
	return r == GW_ENOENT ? 0 : r;
}

static unsigned
count_open(const struct broker *b, const char *user)
{
	unsigned n = 0;

	for (const struct live_grant *lg = b->grants; lg != NULL; lg = lg->next)
		n +=
		    lg->g.reach != REACH_PROBE && strcmp(lg->g.user, user) == 0;
	return n;
}

/* What cannot be read is owed. */
static void
judge_glass(const struct broker *b, struct policy_result *ret,
    const struct policy_facts *f)
{
	struct glass_use owed;
	const bool any = store_glass_owed(b->store, &owed) != GW_ENOENT;

	glass_decide(ret, f, b->roles, b->nroles, any ? &owed : NULL);
}

void
intent_judge(const struct broker *b, struct intent *in)
{
	const struct target *t = &in->subject.target;
	struct policy_facts f = {.user = in->user,
	    .kind = in->subject.user.kind,
	    .from = &in->subject.user.sources,
	    .behalf = &in->subject.behalf,
	    .groups = &in->subject.user.groups,
	    .target_name = in->target,
	    .target = t->name[0] != '\0' ? t : NULL,
	    .login = in->login,
	    .role = in->role,
	    .port = in->port,
	    .seconds = in->seconds,
	    .reason = in->reason,
	    .ticket = in->ticket,
	    .nsources = in->nsources,
	    .hardware = in->hardware,
	    .fido = in->fido,
	    .mfa_age_s = in->mfa_age_s,
	    .max_s = b->conf->max_grant_s,
	    .mfa_max_s = b->conf->mfa_age_s,
	    .user_id = in->subject.user.id,
	    .open = count_open(b, in->user),
	    .locks = b->locks,
	    .nlocks = in->unlocked ? 0 : b->nlocks,
	    .key_fp = in->key_fp,
	    .utc_ms = broker_now(b).utc_ms,
	    .when_ms = in->asked_ms != 0 ? in->asked_ms : broker_now(b).utc_ms,
	    .zones = b->zones};

	if (in->approvals != NULL) {
		f.approvals = in->approvals->fact;
		f.napprovals = in->approvals->n;
	}
	for (unsigned i = 0; i < in->nsources; i++)
		f.sources[i] = in->source[i];
	if (in->glass) {
		judge_glass(b, &in->verdict, &f);
	} else {
		policy_decide(&in->verdict, &f, b->roles, b->nroles);
		trial_judge(&in->trial, &f, &in->verdict, b->roles, b->nroles);
	}
	if (in->verdict.fido)
		text_set(in->factor, sizeof(in->factor), FACTOR_FIDO);
	in->judged_ms = f.when_ms;
}

static void
set_duration(struct grant *g, const struct broker *b, int64_t seconds)
{
	const struct now now = broker_now(b);

	g->start_ms = now.utc_ms;
	g->end_ms = now.utc_ms + seconds * 1000;
	g->end_boot_ms = now.boot_ms + seconds * 1000;
	text_set(g->boot_id, sizeof(g->boot_id), clock_boot_id());
}

/* No longer than the roles' hours, however long it took to get here. */
static void
end_with_hours(struct grant *g, int64_t until_ms)
{
	if (g->end_ms <= until_ms)
		return;
	g->end_boot_ms -= g->end_ms - until_ms;
	g->end_ms = until_ms;
}

static void
probe_grant(const struct broker *b, const struct intent *in, struct grant *g)
{
	name_set(g->login, in->login);
	*(in->addr.family == 4 ? &g->addr4 : &g->addr6) = in->addr;
	g->port = in->port;
	g->reach = REACH_PROBE;
	g->caps = CAP_EXEC;
	set_duration(g, b, PROBE_GRANT_S);
}

static void
set_sources(struct grant *g, const struct intent *in)
{
	memset(&g->source4, 0, sizeof(g->source4));
	memset(&g->source6, 0, sizeof(g->source6));
	for (unsigned i = 0; i < in->nsources; i++) {
		const struct addr *a = &in->source[i];

		*(a->family == 4 ? &g->source4 : &g->source6) = *a;
	}
}

/* The same for another address: no longer, by either clock, and no wider. */
static void
moved_grant(const struct broker *b, const struct intent *in, struct grant *g)
{
	const struct now now = broker_now(b);

	*g = in->from;
	text_set(g->id, sizeof(g->id), in->grant);
	set_sources(g, in);
	g->own_port = b->conf->ssh[0].port;
	g->end_boot_ms =
	    now.boot_ms + grant_left_ms(&in->from, &now, clock_boot_id());
	text_set(g->boot_id, sizeof(g->boot_id), clock_boot_id());
}

void
intent_grant(const struct broker *b, const struct intent *in, struct grant *ret)
{
	const struct policy_result *v = &in->verdict;
	const struct target *t = &in->subject.target;
	const struct user *u = &in->subject.user;

	if (in->from.id[0] != '\0') {
		moved_grant(b, in, ret);
		return;
	}
	memset(ret, 0, sizeof(*ret));
	text_set(ret->id, sizeof(ret->id), in->grant);
	name_set(ret->user, in->user);
	name_set(ret->target, in->target);
	if (strcmp(u->name, in->user) == 0) {
		memcpy(ret->user_id, u->id, sizeof(ret->user_id));
		memcpy(ret->owner, u->owner, sizeof(ret->owner));
	}
	if (strcmp(t->name, in->target) == 0)
		memcpy(ret->target_id, t->id, sizeof(ret->target_id));
	text_set(ret->reason, sizeof(ret->reason), in->reason);
	if (in->probe) {
		probe_grant(b, in, ret);
		return;
	}
	text_set(ret->req, sizeof(ret->req), in->req);
	name_set(ret->login, v->login);
	name_set(ret->role, v->role);
	policy_roles_text(ret->roles, v);
	memcpy(ret->role_id, v->role_id, sizeof(ret->role_id));
	ret->role_named = in->role[0] != '\0' ? 1 : 0;
	set_sources(ret, in);
	ret->addr4 = t->addr4;
	ret->addr6 = t->addr6;
	ret->port = v->port;
	ret->own_port = b->conf->ssh[0].port;
	ret->reach = t->reach;
	ret->caps = v->caps;
	ret->record = v->record ? 1 : 0;
	ret->glass = in->glass ? 1 : 0;
	command_digest(ret->commands, &v->commands);
	set_duration(ret, b, v->seconds);
	end_with_hours(ret, v->until_ms);
}
