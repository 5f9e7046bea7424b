/* SPDX-License-Identifier: Apache-2.0 */
/*
 * at - see the header.
 *
 * MUST: nothing opens before its time by either clock, nor for an address that
 * was not signed.
 */
#include "broker/request/at.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "broker/call/call.h"
#include "broker/identity/permission.h"
#include "broker/request/activate.h"
#include "core/request.h"

enum { LOOK_MS = 1000, LOOK_LATER_MS = 10000 };

struct at {
	struct broker *b;
	struct timer *timer;
	struct request r; /* the one that was looked at last */
};

/* Policy said no at its time: its user reads why. */
static void
deny(struct at *a, const struct call *c, const char *text)
{
	json_t *o = text != NULL ? json_loads(text, 0, NULL) : NULL;
	const char *why = json_string_value(json_object_get(o, "detail"));
	struct request r;
	int e = store_request_get(a->b->store, a->r.id, &r);

	if (e == 0 && r.state == REQUEST_APPROVED) {
		r.state = REQUEST_DENIED;
		r.seq = c->seq;
		name_set(r.by, "policy");
		text_set(r.note, sizeof(r.note), why != NULL ? why : "");
		e = store_request_move(a->b->store, &r, REQUEST_APPROVED);
	}
	if (e != 0 && e != GW_ESTATE)
		log_warn("request %s was refused at its time and is not stored "
			 "as such: %s",
		    a->r.id, err_str(e));
	json_decref(o);
}

static void
done(void *arg, const struct call *c, unsigned status, const char *text)
{
	struct at *a = arg;
	const bool refused = status == 403 || status == 404 || status == 409;

	if (refused)
		deny(a, c, text);
	else if (status >= 300)
		log_warn("request %s could not be opened at its time, and is "
			 "tried again",
		    a->r.id);
	timer_set(a->timer, refused || status < 300 ? 0 : LOOK_LATER_MS);
}

static int
start(struct at *a)
{
	const struct request *r = &a->r;
	struct call *c =
	    call_own(a->b, verb_named("request.activate"), done, a);

	if (c == NULL)
		return GW_ENOMEM;
	name_set(c->user, r->user);
	text_set(c->key_fp, sizeof(c->key_fp), r->key_fp);
	if (r->source4.family != 0)
		c->req.source[c->req.nsources++].addr = r->source4;
	if (r->source6.family != 0)
		c->req.source[c->req.nsources++].addr = r->source6;
	c->peer = c->req.source[0].addr;
	c->coded = true; /* when it was asked for, as the role wants it */
	c->timed = true;
	activate_timed(c, r);
	return 0;
}

static void
on_look(struct process *p, void *arg)
{
	struct at *a = arg;
	struct broker *b = a->b;
	const struct now now = broker_now(b);
	char after[LIMIT_ID_SIZE];
	int r = GW_ENOENT;

	(void)p;
	if (b->storing) {
		timer_set(a->timer, LOOK_MS);
		return;
	}
	memcpy(after, a->r.id, sizeof(after));
	if (b->recovered)
		r = store_request_timed(b->store, now.utc_ms, after, &a->r);
	else
		a->r.id[0] = '\0';
	if (r == 0 && request_is_due(&a->r, &now, clock_boot_id())) {
		if ((r = start(a)) == 0)
			return; /* done() goes on */
	} else if (r == 0) {
		timer_set(a->timer, 0);
		return;
	}
	if (r != GW_ENOENT)
		log_warn("requests for a time: %s", err_str(r));
	timer_set(a->timer, LOOK_MS);
}

int
at_new(struct broker *b)
{
	struct at *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return GW_ENOMEM;
	a->b = b;
	if ((a->timer = timer_new(b->process, on_look, a)) == NULL) {
		free(a);
		return GW_ENOMEM;
	}
	b->at = a;
	timer_set(a->timer, LOOK_MS);
	return 0;
}

void
at_free(struct broker *b)
{
	if (b->at != NULL)
		timer_free(b->at->timer);
	free(b->at);
	b->at = NULL;
}
