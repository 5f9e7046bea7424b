/* SPDX-License-Identifier: Apache-2.0 */
/*
 * follow - see the header.
 *
 * MUST NOT pass over a hole: what follows it would count as read.
 */
#include "process/follow.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"

enum {
	READ_BYTES = 64 * 1024, /* of records at a time */
	AGAIN_MS = 1000,        /* a question that could not be asked, or that
				 * the notary could not answer */
};

struct follower {
	struct follower *next;
	struct follow *log;
	struct follower_hooks hooks;
	uint64_t from;
	uint32_t rid; /* the question under way, 0 = none */
	bool wants;
};

struct follow {
	struct process *process;
	struct follower *followers;
	struct timer *again;
	uint64_t end; /* durable records are 0 .. end-1 */
	bool end_known;
};

static void
ask(struct follower *f)
{
	const struct follow *log = f->log;
	struct msg_nt_read m = {.from = f->from, .max = READ_BYTES};

	if (!f->wants || f->rid != 0)
		return;
	if (log->end_known && f->from > log->end) {
		f->wants = false;
		f->hooks.shorter(f->hooks.ctx, log->end);
		return;
	}
	if (log->end_known && f->from == log->end)
		return;
	m.rid = process_rid(log->process);
	if (peer_send(process_peer(log->process, PROC_NOTARY), MSG_NT_READ, &m,
		-1) == 0)
		f->rid = m.rid;
}

static void
ask_all(struct follow *f)
{
	for (struct follower *r = f->followers; r != NULL; r = r->next)
		ask(r);
}

static void
on_again(struct process *p, void *arg)
{
	struct follow *f = arg;

	(void)p;
	ask_all(f);
	timer_set(f->again, AGAIN_MS);
}

/* Whole lines, as many as it says, from where they were wanted. */
static bool
lines_ok(const struct follower *f, const struct msg_nt_lines *m)
{
	const uint8_t *p = m->lines.p;
	size_t left = m->lines.len;
	uint64_t n = 0;

	if (FAULT(follow_hole))
		return true;
	while (left > 0) {
		const uint8_t *lf = memchr(p, '\n', left);

		if (lf == NULL)
			return false;
		left -= (size_t)(lf - p) + 1;
		p = lf + 1;
		n++;
	}
	return m->first == f->from && m->next > f->from && m->next <= m->end &&
	       m->next - f->from == n;
}

int
follow_lines(struct follow *f, const struct msg_nt_lines *m)
{
	struct follower *r = f->followers;

	while (r != NULL && (r->rid == 0 || r->rid != m->rid))
		r = r->next;
	if (r == NULL)
		return 0; /* asked before the notary was restarted */
	r->rid = 0;
	f->end = m->end;
	f->end_known = true;
	if (m->lines.len == 0) {
		if (r->from > m->end)
			ask(r);
		return 0; /* on_again asks again */
	}
	if (!lines_ok(r, m))
		return GW_EPROTO;
	r->wants = false;
	r->hooks.records(r->hooks.ctx, &m->lines, r->from, m->next);
	return 0;
}

void
follow_tail(struct follow *f, const struct msg_nt_tail *m)
{
	f->end = m->end;
	f->end_known = true;
	ask_all(f);
}

void
follow_linked(struct follow *f)
{
	f->end_known = false;
	for (struct follower *r = f->followers; r != NULL; r = r->next)
		r->rid = 0;
	timer_set(f->again, 0);
}

int
follow_new(struct follow **ret, struct process *p)
{
	struct follow *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return GW_ENOMEM;
	f->process = p;
	if ((f->again = timer_new(p, on_again, f)) == NULL) {
		free(f);
		return GW_ENOMEM;
	}
	*ret = f;
	return 0;
}

int
follower_new(
    struct follower **ret, struct follow *f, const struct follower_hooks *hooks)
{
	struct follower *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return GW_ENOMEM;
	r->log = f;
	r->hooks = *hooks;
	r->next = f->followers;
	f->followers = r;
	*ret = r;
	return 0;
}

void
follower_want(struct follower *f, uint64_t from)
{
	f->rid = 0; /* an answer to an older question is nobody's */
	f->from = from;
	f->wants = true;
	ask(f);
}

void
follower_stop(struct follower *f)
{
	f->rid = 0;
	f->wants = false;
}

bool
follower_at_end(const struct follower *f)
{
	return f->wants && f->log->end_known && f->from == f->log->end;
}
