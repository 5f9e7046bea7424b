/* SPDX-License-Identifier: Apache-2.0 */
/*
 * failing - see the header.
 */
#include "supervisor/failing.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "base/fault.h"
#include "base/log.h"
#include "base/str.h"

static void
send_to(const struct child *to, const struct child *of)
{
	struct msg_sup_fails m = {.proc = (uint8_t)of->spec->proc};

	if (to->peer == NULL || to == of ||
	    (to->spec->proc != PROC_BROKER && to->spec->proc != PROC_API &&
		to->spec->proc != PROC_ADMIN))
		return;
	text_set(m.text, sizeof(m.text), of->fails);
	if (peer_send(to->peer, MSG_SUP_FAILS, &m, -1) != 0)
		log_debug("%s went before it heard of %s", to->spec->binary,
		    of->spec->binary);
}

static void
send_all(const struct supervisor *s, const struct child *of)
{
	for (int i = 0; i < CHILD_COUNT; i++)
		send_to(&s->child[i], of);
}

static void
record(struct supervisor *s, const struct child *c)
{
	char text[LIMIT_TEXT_SIZE];
	struct event_fields f;

	(void)snprintf(text, sizeof(text),
	    "It does not start, and is tried again: %.440s", c->fails);
	event_fields_init(&f);
	event_str(&f, EF_PROCESS, proc_name(c->spec->proc));
	event_str(&f, EF_MSG, text);
	if (process_append(s->process, EV_PROCESS_FAILED, &f, NULL, NULL) != 0)
		log_warn("that could not be recorded");
	event_fields_done(&f);
}

void
failing_exited(struct supervisor *s, struct child *c, int status)
{
	char text[LIMIT_TEXT_SIZE];

	/* one that has served just starts again */
	if (c->was_ready || !s->served || FAULT(failing_untold))
		return;
	if (c->said[0] != '\0')
		text_set(text, sizeof(text), c->said);
	else if (WIFSIGNALED(status))
		(void)snprintf(text, sizeof(text), "it is killed by signal %d",
		    WTERMSIG(status));
	else
		(void)snprintf(text, sizeof(text), "it ends with status %d",
		    WEXITSTATUS(status));
	if (strcmp(c->fails, text) == 0)
		return;
	text_set(c->fails, sizeof(c->fails), text);
	record(s, c);
	send_all(s, c);
}

void
failing_over(struct supervisor *s, struct child *c)
{
	c->was_ready = true;
	if (c->fails[0] == '\0')
		return;
	c->fails[0] = '\0';
	log_info("%s runs again", c->spec->binary);
	send_all(s, c);
}

void
failing_tell(const struct supervisor *s, const struct child *c)
{
	for (int i = 0; i < CHILD_COUNT; i++)
		if (s->child[i].spec != NULL && s->child[i].fails[0] != '\0')
			send_to(c, &s->child[i]);
}
