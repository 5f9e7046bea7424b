/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wait - questions to other processes and their answers, paired by rid.
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "broker/broker.h"
#include "broker/call/wait.h"

struct wait {
	struct wait *next;
	uint32_t rid;
	enum proc from;
	unsigned type;
	wait_fn *fn;
	void *arg;
};

int
ask(struct broker *b, enum proc to, unsigned type, void *body, unsigned answer,
    wait_fn *fn, void *arg)
{
	const uint32_t rid = process_rid(b->process);
	struct wait *w = NULL;
	int r;

	if ((w = calloc(1, sizeof(*w))) == NULL)
		return GW_ENOMEM;
	memcpy(body, &rid, sizeof(rid)); /* the first field of all of them */
	if ((r = peer_send(process_peer(b->process, to), type, body, -1)) !=
	    0) {
		free(w);
		return r;
	}
	w->rid = rid;
	w->from = to;
	w->type = answer;
	w->fn = fn;
	w->arg = arg;
	w->next = b->waits;
	b->waits = w;
	return 0;
}

void
wait_answer(struct broker *b, enum proc from, unsigned type, const void *body)
{
	uint32_t rid = 0;

	memcpy(&rid, body, sizeof(rid));
	for (struct wait **wp = &b->waits; *wp != NULL; wp = &(*wp)->next) {
		struct wait *w = *wp;

		if (w->rid != rid || w->from != from || w->type != type)
			continue;
		*wp = w->next;
		w->fn(b, w->arg, body);
		free(w);
		return;
	}
}

void
wait_lost(struct broker *b, enum proc from)
{
	struct wait *lost = NULL;

	/* take them out first: a callback may ask again */
	for (struct wait **wp = &b->waits; *wp != NULL;) {
		struct wait *w = *wp;

		if (w->from != from) {
			wp = &w->next;
			continue;
		}
		*wp = w->next;
		w->next = lost;
		lost = w;
	}
	while (lost != NULL) {
		struct wait *w = lost;

		lost = w->next;
		w->fn(b, w->arg, NULL);
		free(w);
	}
}
