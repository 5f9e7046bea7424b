/* SPDX-License-Identifier: Apache-2.0 */
/*
 * propose - see the header.
 *
 * MUST: what is signed for is the very bytes of the call, whose it is, and how
 * it widens power at the time that it is made.
 */
#include "broker/admin/propose.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/ids.h"
#include "base/str.h"
#include "broker/call/put.h"
#include "broker/identity/permission.h"

struct proposing {
	struct proposal p;
	char *widens;
};

static void
proposing_free(void *v)
{
	struct proposing *x = v;

	proposal_done(&x->p);
	free(x->widens);
	free(x);
}

json_t *
propose_lines(const char *widens)
{
	json_t *list = json_array();

	while (*widens != '\0') {
		const size_t n = strcspn(widens, "\n");

		(void)json_array_append_new(list, json_stringn(widens, n));
		widens += n + (widens[n] == '\n');
	}
	return list;
}

/* The text that a second admin signs for; NULL: out of memory. */
static char *
revision(const struct proposal *p, const char *widens)
{
	json_t *o = json_object();
	char digest[DIGEST_SIZE];
	char *text = NULL;

	text_digest(digest, p->payload, strlen(p->payload));
	put_str(o, "change", p->id);
	put_str(o, "verb", p->verb);
	put_str(o, "user", p->user);
	put_str(o, "user_id", p->user_id);
	put_str(o, "payload_sha256", digest);
	if (o != NULL)
		(void)json_object_set_new(o, "widens", propose_lines(widens));
	text = o != NULL ? json_text(o) : NULL;
	json_decref(o);
	return text;
}

bool
propose_same(const struct call *c, const char *widens)
{
	char *now = revision(c->proposal, widens);
	const bool same =
	    now != NULL && strcmp(now, c->proposal->revision) == 0;

	free(now);
	return same || FAULT(any_widening);
}

int
propose_used(struct call *c)
{
	struct proposal p = *c->proposal;
	struct call *second = c->outer;

	if (c->look || (!permission_still(second) && !FAULT(second_demoted)) ||
	    broker_now(c->b).utc_ms >= p.until_ms)
		return GW_ESTATE;
	p.state = REQUEST_ACTIVE;
	name_set(p.by, second->user);
	p.note[0] = '\0';
	p.seq = c->seq;
	return store_proposal_move(c->b->store, &p, REQUEST_PENDING);
}

/* All but the texts. */
static void
fill(struct proposal *p, const struct call *c)
{
	id_new(p->id, 'c');
	text_set(p->verb, sizeof(p->verb), c->verb->name);
	name_set(p->user, c->user);
	text_set(p->user_id, sizeof(p->user_id), call_user_id(c));
	text_set(p->key_fp, sizeof(p->key_fp), c->key_fp);
	p->source = c->peer;
	p->state = REQUEST_PENDING;
	p->created_ms = broker_now(c->b).utc_ms;
	p->until_ms = p->created_ms + (int64_t)LIMIT_PROPOSAL_S * 1000;
}

static int
fill_texts(struct proposal *p, const struct call *c, const char *widens)
{
	p->payload =
	    c->env.payload != NULL
		? strndup((const char *)c->env.payload, c->env.payload_len)
		: strdup("");
	p->signature = strdup(c->env.signature != NULL ? c->env.signature : "");
	if (p->payload == NULL || p->signature == NULL ||
	    (p->revision = revision(p, widens)) == NULL)
		return GW_ENOMEM;
	text_digest(p->digest, p->revision, strlen(p->revision));
	return 0;
}

int
propose_root(struct call *c, const char *widens)
{
	struct proposal p = {0};
	int r;

	fill(&p, c);
	p.state = REQUEST_ACTIVE;
	p.seq = c->seq;
	name_set(p.by, c->user);
	if ((r = fill_texts(&p, c, widens)) == 0)
		r = store_proposal_put(c->b->store, &p);
	proposal_done(&p);
	return r;
}

/* ---- that waits */

static void
stored(struct call *c)
{
	struct proposing *x = c->state;
	struct problem p = {0};
	json_t *o = NULL;
	int r;

	if (!permission_still(c)) {
		problem_set(&p, 409, "conflict", NULL,
		    "your permissions changed meanwhile: nothing was done");
		call_undone(c, &p);
		return;
	}
	x->p.seq = c->seq;
	if ((r = store_proposal_put(c->b->store, &x->p)) != 0) {
		call_store_failed(c, r);
		return;
	}
	o = json_object();
	put_str(o, "change", x->p.id);
	put_str(o, "state", "pending");
	put_time(o, "until", x->p.until_ms);
	if (o != NULL)
		(void)json_object_set_new(
		    o, "widens", propose_lines(x->widens));
	call_reply(c, 202, o);
}

static void
record(struct call *c)
{
	struct proposing *x = c->state;
	struct event_fields f;

	call_who(c, &f);
	event_str(&f, EF_CHANGE, x->p.id);
	event_str(&f, EF_PATH, x->p.verb);
	event_str(&f, EF_USER_ID, x->p.user_id);
	event_str(&f, EF_REVISION, x->p.revision);
	event_str(&f, EF_SHA256, x->p.digest);
	if (fits_field(x->p.payload, strlen(x->p.payload)))
		event_str(&f, EF_PAYLOAD, x->p.payload);
	event_str(&f, EF_SIGNATURE, x->p.signature);
	call_append(c, EV_CHANGE_PENDING, &f, stored);
	event_fields_done(&f);
}

void
propose(struct call *c, const char *widens)
{
	struct proposing *x = NULL;
	char *copy = strdup(widens);
	unsigned n = 0;

	/* widens may be the old state's, which has done its part */
	if (c->state_free != NULL)
		c->state_free(c->state);
	c->state = NULL;
	c->state_free = NULL;
	if ((x = call_state(c, sizeof(*x), proposing_free)) == NULL) {
		free(copy);
		return;
	}
	x->widens = copy;
	fill(&x->p, c);
	if (copy == NULL || fill_texts(&x->p, c, copy) != 0)
		call_refuse(c, 503, "unavailable", NULL, "out of memory");
	else if (!fits_field(x->p.revision, strlen(x->p.revision)))
		call_refuse(c, 413, "too-large", NULL,
		    "so much would make power wider that no second admin can "
		    "read it: nothing was changed; ask for it in parts");
	else if (store_proposal_count(c->b->store, x->p.user_id, &n) != 0 ||
		 n >= LIMIT_PROPOSALS_PER_USER)
		call_refuse(c, 429, "too-many", NULL,
		    "%d changes of yours wait for a second admin already: "
		    "jitctl changes",
		    (int)LIMIT_PROPOSALS_PER_USER);
	else
		record(c);
}
