/* SPDX-License-Identifier: Apache-2.0 */
/*
 * revision - see the header.
 */
#include "broker/request/revision.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/str.h"
#include "broker/call/call.h"
#include "broker/call/put.h"
#include "broker/request/answer.h"

static json_t *
addresses_json(const struct target *t)
{
	json_t *list = json_array();

	put_addr(list, &t->addr4);
	put_addr(list, &t->addr6);
	return list;
}

/* For which addresses it opens by itself, and when. */
static void
put_at(json_t *o, const struct intent *in)
{
	json_t *list = json_array();

	put_time(o, "at", in->at_ms);
	for (int family = 4; family <= 6; family += 2)
		for (unsigned i = 0; i < in->nsources; i++)
			if (in->source[i].family == family)
				put_addr(list, &in->source[i]);
	if (o == NULL || json_object_set_new(o, "sources", list) != 0)
		return;
}

static json_t *
revision_json(const struct request *r, const struct intent *in)
{
	const struct policy_result *v = &in->verdict;
	const struct target *t = &in->subject.target;
	json_t *o = json_object();

	put_str(o, "request", r->id);
	put_str(o, "user", in->user);
	put_str(o, "user_id", in->subject.user.id);
	if (in->subject.behalf.owner[0] != '\0') {
		put_str(o, "owner", in->subject.behalf.owner);
		put_str(o, "owner_id", in->subject.behalf.owner_id);
	}
	put_str(o, "target", in->target);
	put_str(o, "target_id", t->id);
	put_str(o, "login", v->login);
	put_num(o, "port", v->port);
	put_num(o, "for", v->seconds);
	put_str(o, "why", in->reason);
	put_str(o, "ticket", in->ticket);
	put_str(o, "role", v->role);
	/* as of when it was asked: others that decide later, and change
	 * nothing of what is granted, are no reason to ask again */
	if (strchr(r->roles, ',') != NULL)
		put_str(o, "roles", r->roles);
	(void)json_object_set_new(o, "allow", caps_json(v->caps));
	if (o != NULL && v->commands.n > 0)
		(void)json_object_set_new(
		    o, "commands", commands_json(&v->commands));
	put_bool(o, "record", v->record);
	put_str(o, "reach", grant_reach_str((enum grant_reach)t->reach));
	(void)json_object_set_new(o, "addresses", addresses_json(t));
	(void)json_object_set_new(o, "needs", needs_json(&v->needs));
	put_time(o, "created", r->created_ms);
	if (in->at_ms != 0)
		put_at(o, in);
	return o;
}

int
revision_make(struct request *r, const struct intent *in)
{
	json_t *o = revision_json(r, in);
	char *text = o != NULL ? json_text(o) : NULL;
	int e = text != NULL ? str_copy(r->revision, sizeof(r->revision), text)
			     : GW_ENOMEM;

	if (e == 0)
		text_digest(r->digest, r->revision, strlen(r->revision));
	free(text);
	json_decref(o);
	return e;
}

bool
revision_same(const struct request *r, const struct intent *in)
{
	struct request now = {.created_ms = r->created_ms};

	memcpy(now.id, r->id, sizeof(now.id));
	memcpy(now.roles, r->roles, sizeof(now.roles));
	return FAULT(any_revision) || (revision_make(&now, in) == 0 &&
					  strcmp(now.digest, r->digest) == 0);
}
