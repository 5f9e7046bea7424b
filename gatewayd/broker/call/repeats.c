/* SPDX-License-Identifier: Apache-2.0 */
/*
 * repeats - see the header.
 */
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/log.h"
#include "broker/broker.h"
#include "broker/call/call.h"
#include "broker/call/repeats.h"

enum { REFUSALS_KEPT = 1000 };

static bool
same_request(const struct call *a, const struct call *b)
{
	return a->verb == b->verb && strcmp(a->user, b->user) == 0 &&
	       strcmp(a->req.idempotency, b->req.idempotency) == 0;
}

enum repeat
repeats_find(struct call *c, uint16_t *retstatus, struct buf *ret, int *reterr)
{
	int r;

	if (c->local || c->req.idempotency[0] == '\0' ||
	    c->verb->answer != ANSWER_KEPT)
		return REPEAT_NO;
	for (struct call *x = c->b->calls; x != NULL; x = x->next)
		if (x != c && x->first && same_request(x, c)) {
			c->repeats = x->repeats;
			x->repeats = c;
			return REPEAT_WAITS;
		}
	r = store_answer_get(c->b->store, c->user, c->verb->name,
	    c->req.idempotency, retstatus, ret);
	if (r == GW_ENOENT) {
		c->first = true;
		return REPEAT_NO;
	}
	if (r == 0) {
		buf_u8(ret, 0);
		r = buf_err(ret);
	}
	*reterr = r;
	return r == 0 ? REPEAT_KEPT : REPEAT_FAILED;
}

/* A decision is kept, be it no; not what asks for a code, says "not now", or
 * would be said of the same body again. One user cannot fill the store with
 * refusals, and none takes of what is left on a full disk. */
static bool
is_decision(const struct call *c, unsigned status)
{
	unsigned n = 0;

	if (status < 300)
		return true;
	return (status == 403 || status == 404) && !FAULT(forget_refusals) &&
	       (store_has_room(c->b->store) || FAULT(keep_refusals)) &&
	       store_answer_count(c->b->store, c->user, &n) == 0 &&
	       n < REFUSALS_KEPT;
}

void
repeats_keep(struct call *c, unsigned status, const char *text)
{
	int r;

	if (!c->first || !is_decision(c, status))
		return;
	r = store_answer_put(c->b->store, c->user, c->verb->name,
	    c->req.idempotency, (uint16_t)status, text, broker_now(c->b).utc_ms,
	    c->seq);
	/* done is done: say so, even if a repeat will not be recognised */
	if (r != 0)
		log_err("the answer to %s was not kept: %s (%s)", c->verb->name,
		    err_str(r), store_error(c->b->store));
}

struct call *
repeats_next(struct call *c)
{
	struct call *x = c->repeats;

	if (x != NULL) {
		c->repeats = x->repeats;
		x->repeats = NULL;
	}
	return x;
}

char *
repeats_text(const char *text)
{
	json_t *o = json_loads(text, 0, NULL);
	char *s = NULL;

	if (o != NULL && json_object_set_new(o, "repeated", json_true()) == 0)
		s = json_text(o);
	json_decref(o);
	return s;
}
