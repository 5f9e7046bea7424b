/* SPDX-License-Identifier: Apache-2.0 */
/*
 * beat - see the header.
 */
#include "supervisor/beat.h"

#include <stdlib.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/log.h"

void
beat_begin(struct beat *b, struct peer *p)
{
	*b = (struct beat){0};
	peer_set_data(p, b);
}

void
beat_answered(struct peer *p)
{
	struct beat *b = peer_data(p);

	if (b != NULL)
		*b = (struct beat){.once = true};
}

bool
beat_turn(struct beat *b, struct peer *p, unsigned most)
{
	const struct msg_empty m = {0};

	if (!b->asked) {
		/* one that cannot even be asked does not answer either */
		(void)peer_send(p, MSG_SUP_BEAT, &m, -1);
		b->asked = true;
		b->turns = 0;
		return false;
	}
	return ++b->turns == most && !FAULT(no_beat);
}

/* A record that the notary has not confirmed: it may be the one that hangs, and
 * what it was sent goes with it. */
struct hung {
	struct supervisor *s;
	enum proc proc;
	uint64_t conn;
};

static int
append(const struct hung *h, process_durable_fn *fn, void *arg)
{
	struct event_fields f;
	int r = 0;

	event_fields_init(&f);
	event_str(&f, EF_PROCESS, proc_name(h->proc));
	if (h->conn != 0)
		event_num(&f, EF_CONN, (int64_t)h->conn);
	event_str(&f, EF_MSG,
	    h->proc == PROC_FIREWALL
		? "It did not answer and is killed. What was revoked may be "
		  "open until the next one has compared the kernel with the "
		  "log."
		: "It did not answer and is killed.");
	r = process_append(h->s->process, EV_PROCESS_HUNG, &f, fn, arg);
	event_fields_done(&f);
	return r;
}

static void
recorded(void *arg, int result, uint64_t seq)
{
	struct hung *h = arg;

	(void)seq;
	/* without an answer it waits for the next notary */
	if (result != 0 && append(h, NULL, NULL) != 0)
		log_err("that a process hangs could not be recorded");
	free(h);
}

void
beat_report(struct supervisor *s, enum proc proc, uint64_t conn)
{
	struct hung *h = calloc(1, sizeof(*h));

	if (conn != 0)
		log_err("the session of connection %llu does not answer: "
			"it is killed",
		    (unsigned long long)conn);
	else
		log_err(
		    "the %s process does not answer: killed", proc_name(proc));
	if (h == NULL)
		return;
	*h = (struct hung){s, proc, conn};
	if (append(h, recorded, h) != 0)
		recorded(h, GW_ECLOSED, 0);
}
