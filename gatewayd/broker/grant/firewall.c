/* SPDX-License-Identifier: Apache-2.0 */
/*
 * firewall - see the header.
 */
#include "broker/grant/firewall.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/str.h"
#include "broker/call/wait.h"

enum { LOOK_MS = 200 };

static int64_t
left_ms(const struct shut *x)
{
	const struct now now = broker_now(x->b);

	return x->g.id[0] == '\0' ? INT64_MAX
				  : grant_left_ms(&x->g, &now, clock_boot_id());
}

static void
record(const struct shut *x, enum event_code ev, const char *outcome,
    const char *text)
{
	struct event_fields f;

	event_fields_init(&f);
	event_str(&f, EF_GRANT, x->g.id);
	if (strcmp(x->id, x->g.id) != 0)
		event_str(&f, EF_SID, x->id);
	event_str(&f, EF_USER, x->g.user);
	event_str(&f, EF_USER_ID, x->g.user_id);
	event_str(&f, EF_OWNER, x->g.owner);
	event_str(&f, EF_TARGET, x->g.target);
	event_str(&f, EF_TARGET_ID, x->g.target_id);
	event_str(&f, EF_REASON, end_reason_str(x->reason));
	event_str(&f, EF_OUTCOME, outcome);
	event_str(&f, EF_MSG, text);
	if (process_append(x->b->process, ev, &f, NULL, NULL) != 0)
		log_err("what became of %s could not be recorded", x->id);
	event_fields_done(&f);
}

static void
say_unconfirmed(struct shut *x)
{
	log_err("the firewall has not confirmed that %s is shut: it may be "
		"open",
	    x->id);
	record(x, EV_GRANT_NOT_SHUT, "failure",
	    "It was ended, and the firewall has not confirmed that it is shut: "
	    "it may still be open.");
	x->told = true;
	x->b->unshut++;
}

static void
over(struct shut *x)
{
	struct broker *b = x->b;

	for (struct shut **xp = &b->shuts; *xp != NULL; xp = &(*xp)->next)
		if (*xp == x) {
			*xp = x->next;
			break;
		}
	if (x->told) {
		b->unshut--;
		record(x, EV_GRANT_SHUT, "success", "It is shut now.");
	}
	x->over = true;
	(void)order_done(&x->order, 1);
	if (!x->asked)
		free(x);
}

static void
answered(struct broker *b, void *arg, const void *body)
{
	const struct msg_fw_closed *m = body;
	struct shut *x = arg;

	(void)b;
	x->asked = false;
	if (x->over)
		free(x);
	else if (m != NULL &&
		 (m->result == 0 || msg_error(m->result) == GW_ENOENT))
		over(x);
	else if (m != NULL)
		log_warn("the firewall could not shut %s yet: %s", x->id,
		    err_str(msg_error(m->result)));
}

static void
ask_close(struct shut *x)
{
	struct msg_fw_close m = {.reason = (uint8_t)x->reason};

	text_set(m.id, sizeof(m.id), x->id);
	x->asked = ask(x->b, PROC_FIREWALL, MSG_FW_CLOSE, &m, MSG_FW_CLOSED,
		       answered, x) == 0;
}

static void
on_look(struct process *r, void *arg)
{
	struct broker *b = arg;
	const int64_t now = broker_now(b).boot_ms;

	(void)r;
	for (struct shut *x = b->shuts, *next = NULL; x != NULL; x = next) {
		next = x->next;
		if (left_ms(x) <= 0) { /* the kernel's own timeout */
			over(x);
			continue;
		}
		if (!x->asked)
			ask_close(x);
		if (!x->told && now - x->ordered_ms >= LIMIT_CONFIRM_MS &&
		    !FAULT(not_shut))
			say_unconfirmed(x);
	}
	if (b->shuts != NULL)
		timer_set(b->shut_timer, LOOK_MS);
}

void
firewall_close(struct broker *b, const char *id, const struct grant *g,
    enum end_reason reason)
{
	const struct now now = broker_now(b);
	struct shut *x = calloc(1, sizeof(*x));

	if (b->shut_timer == NULL)
		b->shut_timer = timer_new(b->process, on_look, b);
	if (x == NULL || b->shut_timer == NULL) {
		log_err("out of memory: %s is shut by its timeout", id);
		free(x);
		return;
	}
	x->b = b;
	text_set(x->id, sizeof(x->id), id);
	if (g != NULL)
		x->g = *g;
	x->reason = reason;
	x->ordered_ms = now.boot_ms;
	x->ordered_utc_ms = now.utc_ms;
	if (b->shuts == NULL)
		timer_set(b->shut_timer, LOOK_MS);
	x->next = b->shuts;
	b->shuts = x;
	order_add(b, &x->order, ORDER_SHUT, 1);
	ask_close(x);
	if (!x->asked)
		log_warn("the firewall process is away: %s is shut by its "
			 "timeout or when it is back",
		    id);
}

bool
firewall_is_ending(const struct broker *b, const char *id)
{
	for (const struct shut *x = b->shuts; x != NULL; x = x->next)
		if (strcmp(x->id, id) == 0)
			return true;
	return false;
}

uint64_t
firewall_mark(const struct broker *b)
{
	return b->order_seq;
}

void
firewall_synced(struct broker *b, uint64_t mark)
{
	for (struct shut *x = b->shuts, *next = NULL; x != NULL; x = next) {
		next = x->next;
		if (x->order.seq <= mark)
			over(x);
	}
}
