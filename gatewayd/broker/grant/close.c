/* SPDX-License-Identifier: Apache-2.0 */
/*
 * close - ends that the log must hear of. What is cut is cut at once; the
 * record of it is repeated until the notary has confirmed it, so that a grant
 * revoked while the notary was away, or could not write, does not come back
 * with it. If we go before that, recover.c finds the end in the history.
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "broker/broker.h"
#include "broker/call/call.h"
#include "broker/call/order.h"
#include "broker/call/wait.h"
#include "broker/grant/close.h"
#include "broker/grant/history.h"

enum { AGAIN_MS = 1000 };

struct closing {
	struct closing *next;
	bool leg;
	bool asked;
	struct msg_nt_close m;
	struct call *c; /* waits for it, or NULL */
	call_fn *then;  /* goes on with it; NULL = it is answered */
	json_t *reply;
};

static void
drop(struct broker *b, struct closing *x)
{
	for (struct closing **xp = &b->closings; *xp != NULL; xp = &(*xp)->next)
		if (*xp == x) {
			*xp = x->next;
			break;
		}
	json_decref(x->reply);
	free(x);
}

static void
on_again(struct process *r, void *arg)
{
	(void)r;
	close_again(arg);
}

static void
refuse(struct call *c)
{
	call_refuse(c, 503, "unavailable", NULL,
	    order_left(c, ORDER_SHUT) > 0
		? "its end was ordered, but neither the firewall nor the log "
		  "has confirmed it: it may still be open; jitctl status tells"
		: "it is shut and its sessions were stopped, but the log "
		  "cannot be written now; the record follows when it can");
}

static void
not_recorded(struct broker *b, struct closing *x)
{
	struct call *c = x->c;

	x->asked = false;
	x->c = NULL;
	if (c == NULL)
		return;
	history_flush(b); /* all there is of it until then */
	order_wait(c, refuse);
}

static void
closed(struct broker *b, void *arg, const void *body)
{
	const struct msg_nt_closed *m = body;
	struct closing *x = arg;
	struct call *c = x->c;
	call_fn *then = x->then;
	json_t *reply = x->reply;

	if (m == NULL) {
		not_recorded(b, x);
		return;
	}
	if (m->result != 0 && msg_error(m->result) != GW_ENOENT) {
		log_err("the notary did not close %s: %s; trying again",
		    x->m.id, err_str(msg_error(m->result)));
		not_recorded(b, x);
		if (b->close_timer == NULL)
			b->close_timer = timer_new(b->process, on_again, b);
		if (b->close_timer != NULL)
			timer_set(b->close_timer, AGAIN_MS);
		return;
	}
	x->reply = NULL;
	drop(b, x);
	if (c == NULL) {
		json_decref(reply);
		return;
	}
	c->seq = m->seq;
	if (then != NULL)
		order_wait(c, then);
	else
		call_reply_end(c, reply);
}

static void
ask_close(struct broker *b, struct closing *x)
{
	struct msg_nt_close m = x->m;
	int r;

	x->asked = true;
	r = ask(b, PROC_NOTARY, x->leg ? MSG_NT_LEG_CLOSE : MSG_NT_GRANT_CLOSE,
	    &m, x->leg ? MSG_NT_LEG_CLOSED : MSG_NT_GRANT_CLOSED, closed, x);
	if (r != 0)
		not_recorded(b, x);
}

static void
add(struct broker *b, bool leg, const struct msg_nt_close *m, struct call *c,
    json_t *reply)
{
	struct closing *x = calloc(1, sizeof(*x));

	if (x == NULL) {
		log_err("out of memory: the end of %s is not recorded", m->id);
		json_decref(reply);
		if (c != NULL)
			call_refuse(
			    c, 503, "unavailable", NULL, "out of memory");
		return;
	}
	x->leg = leg;
	x->m = *m;
	x->c = c;
	x->reply = reply;
	x->next = b->closings;
	b->closings = x;
	ask_close(b, x);
}

void
close_grant(struct broker *b, const char *id, enum end_reason reason,
    const char *by, struct call *c, json_t *reply)
{
	struct msg_nt_close m = {.reason = (uint8_t)reason, .exit = -1};

	text_set(m.id, sizeof(m.id), id);
	text_set(m.by, sizeof(m.by), by);
	add(b, false, &m, c, reply);
}

void
close_leg(struct broker *b, const char *sid, enum end_reason reason,
    const char *by, uint64_t in, uint64_t out, int64_t status)
{
	struct msg_nt_close m = {.reason = (uint8_t)reason,
	    .bytes_in = in,
	    .bytes_out = out,
	    .exit = status};

	text_set(m.id, sizeof(m.id), sid);
	text_set(m.by, sizeof(m.by), by);
	add(b, true, &m, NULL, NULL);
}

void
close_then(struct broker *b, const char *id, struct call *c, call_fn *fn)
{
	struct closing *x = b->closings;

	while (x != NULL && strcmp(x->m.id, id) != 0)
		x = x->next;
	if (x == NULL || x->c != NULL) {
		call_unavailable(c, "the log");
		return;
	}
	x->c = c;
	x->then = fn;
	if (!x->asked)
		not_recorded(b, x);
}

enum end_reason
close_reason(const struct broker *b, const char *id)
{
	for (const struct closing *x = b->closings; x != NULL; x = x->next)
		if (strcmp(x->m.id, id) == 0)
			return (enum end_reason)x->m.reason;
	return END_NONE;
}

bool
close_pending(const struct broker *b, const char *id)
{
	return close_reason(b, id) != END_NONE;
}

void
close_again(struct broker *b)
{
	for (struct closing *x = b->closings; x != NULL; x = x->next)
		if (!x->asked)
			ask_close(b, x);
}
