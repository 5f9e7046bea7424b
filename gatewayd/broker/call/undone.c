/* SPDX-License-Identifier: Apache-2.0 */
/*
 * undone - see the header.
 */
#include "broker/call/undone.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/fault.h"
#include "base/log.h"
#include "base/str.h"

struct correction {
	struct call *c;
	struct problem p;
	undone_fn *answer;
};

static int
keep(void *arg, const struct event_value *v)
{
	switch (v->id) {
	case EF_USER:
	case EF_USER_ID:
	case EF_TARGET:
	case EF_TARGET_ID:
	case EF_ROLE:
	case EF_ROLES:
	case EF_ROLE_ID:
	case EF_LOCK:
	case EF_SID:
	case EF_CHANNEL:
		event_copy(arg, v->id, v->cut, v->p, v->n);
		break;
	default:
		break;
	}
	return 0;
}

void
undone_keep(struct call *c, enum event_code ev, const struct event_fields *f)
{
	event_fields_done(&c->whose);
	event_fields_init(&c->whose);
	c->event = ev;
	/* what is not kept the number of the first record tells */
	(void)!event_each(f->b.p, f->b.len, keep, &c->whose);
}

static void
say(struct correction *x, bool written, uint64_t seq)
{
	struct call *c = x->c;
	char text[sizeof(x->p.text)];

	text_set(text, sizeof(text), x->p.text);
	if (written)
		(void)snprintf(x->p.text, sizeof(x->p.text),
		    "%.300s; record %llu, which says that it was done, is "
		    "corrected by record %llu",
		    text, (unsigned long long)c->seq, (unsigned long long)seq);
	else
		(void)snprintf(x->p.text, sizeof(x->p.text),
		    "%.300s; record %llu says that it was done, and no record "
		    "could be written that corrects it",
		    text, (unsigned long long)c->seq);
	if (!written)
		log_err("record %llu says what was not done, and could not be "
			"corrected",
		    (unsigned long long)c->seq);
	x->answer(c, &x->p);
	free(x);
}

static void
appended(void *arg, int result, uint64_t seq)
{
	say(arg, result == 0, seq);
}

void
undone_fields(struct event_fields *f, const char *why, uint64_t seq)
{
	event_str(f, EF_OUTCOME, "failure");
	event_str(f, EF_REASON, why);
	event_num(f, EF_CORRECTS, (int64_t)seq);
}

void
undone(struct call *c, const struct problem *p, struct event_fields *f,
    undone_fn *answer)
{
	struct correction *x = NULL;
	int r;

	if (c->seq == 0 || c->event == EV_NONE || FAULT(uncorrected) ||
	    (x = calloc(1, sizeof(*x))) == NULL) {
		event_fields_done(f);
		answer(c, p);
		return;
	}
	*x = (struct correction){.c = c, .p = *p, .answer = answer};
	(void)!event_each(c->whose.b.p, c->whose.b.len, keep, f);
	undone_fields(f, p->code, c->seq);
	r = process_append(c->b->process, c->event, f, appended, x);
	event_fields_done(f);
	if (r != 0)
		say(x, false, 0);
}
