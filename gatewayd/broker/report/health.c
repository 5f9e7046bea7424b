/* SPDX-License-Identifier: Apache-2.0 */
/*
 * health - see the header.
 */
#include "broker/report/health.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/log.h"
#include "base/str.h"

static void
record(struct broker *b, enum proc of, const char *text)
{
	struct event_fields f;

	event_fields_init(&f);
	event_str(&f, EF_PROCESS, proc_name(of));
	event_str(&f, EF_MSG, text);
	if (process_append(b->process, EV_PROCESS_FAILED, &f, NULL, NULL) != 0)
		log_warn("that could not be recorded");
	event_fields_done(&f);
}

void
health_store_dead(void *arg, const char *why)
{
	struct broker *b = arg;
	char text[LIMIT_TEXT_SIZE];

	if (b->store_is == MEDIUM_DEAD)
		return;
	b->store_is = MEDIUM_DEAD;
	(void)snprintf(text, sizeof(text),
	    "the store cannot be used any more: %.200s: starting anew; until "
	    "it can be, everything is refused",
	    why);
	log_err("%s", text);
	record(b, PROC_BROKER, text);
	if (!FAULT(dead_store))
		process_exit(b->process, 1);
}

/* Its files live on in our descriptors, and nowhere else: not even starting
 * anew would help, and would lose them. */
static void
store_gone(struct broker *b, const char *text)
{
	if (b->store_is == MEDIUM_GONE)
		return;
	b->store_is = MEDIUM_GONE;
	log_err("%s", text);
	record(b, PROC_BROKER, text);
}

bool
health_store(struct broker *b, char ret[static LIMIT_TEXT_SIZE])
{
	char why[LIMIT_TEXT_SIZE];

	switch (store_look(b->store, why)) {
	case MEDIUM_WELL:
		b->store_is = MEDIUM_WELL;
		text_set(ret, LIMIT_TEXT_SIZE, "reads and writes");
		return true;
	case MEDIUM_FULL:
		(void)snprintf(ret, LIMIT_TEXT_SIZE,
		    "has no room: %.200s; what takes access away is stored all "
		    "the same",
		    why);
		return false;
	case MEDIUM_GONE:
		(void)snprintf(ret, LIMIT_TEXT_SIZE,
		    "%.300s: what the broker still has open is lost when it "
		    "ends. Copy /proc/%d/fd/* that lead to it and to its -wal "
		    "to their places, then kill -9 %d",
		    why, (int)getpid(), (int)getpid());
		store_gone(b, ret);
		return false;
	case MEDIUM_DEAD:
	default:
		(void)snprintf(ret, LIMIT_TEXT_SIZE,
		    "cannot be used: %.200s; the broker starts anew, and says "
		    "at \"broker\" why it does not: mend the disk",
		    why);
		return false;
	}
}

int
on_sup_fails(struct process *r, struct peer *p, const struct ipc_msg *msg)
{
	const struct msg_sup_fails *m = msg->body;
	struct broker *b = process_ctx(r);

	(void)p;
	if (m->proc < PROC_COUNT)
		text_set(b->fails[m->proc], sizeof(b->fails[0]), m->text);
	return 0;
}

int
on_disk(struct process *r, struct peer *p, const struct ipc_msg *msg)
{
	const struct msg_disk *m = msg->body;
	struct broker *b = process_ctx(r);
	char *is = b->disks[peer_proc(p)];

	if (m->text[0] != '\0' && strcmp(is, m->text) != 0)
		record(b, peer_proc(p), m->text);
	text_set(is, sizeof(b->disks[0]), m->text);
	return 0;
}
