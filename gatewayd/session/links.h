/* SPDX-License-Identifier: Apache-2.0 */
/*
 * links - the sockets to supervisor, broker, notary and recorder: sending, and
 * evidence. Receiving is in inbox.c. A link that is lost does not end the
 * session: the supervisor brings a new one when the process is back, and
 * deadline.c decides how long the session may wait for it.
 */
#ifndef SESSION_LINKS_H
#define SESSION_LINKS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "core/event.h"
#include "wire/ipc.h"
#include "wire/messages.h"

struct link {
	struct ipc ipc;
	bool up;
	uint32_t rid; /* of the last request */
};

/* A link that is not there yet. */
void link_init(struct link *l);
/* Takes fd, the socket to `peer`; closes the one before. */
void link_set(struct link *l, int fd, enum proc peer);
void link_lost(struct link *l); /* closes it; safe twice */

/* A number for a new request, never 0. */
uint32_t link_rid(struct link *l);
/* Waits up to 2 s for space in the socket. GW_ECLOSED when the link is down or
 * was lost now, GW_EINVAL for a body the table does not allow. */
MUST_CHECK int link_send(struct link *l, unsigned type, const void *body);
/* The same where nothing can be done about a failure: a lost link is noted,
 * and the session's deadlines run. */
void link_post(struct link *l, unsigned type, const void *body);

/* Empties f and adds the fields that every event of a session carries.
 * event_fields_done(f) is the caller's. */
void link_event_init(struct event_fields *f, const struct msg_ses_auth_ok *g);
/* Appends evidence; the notary answers with `rid` when it is durable. rid 0 =
 * no answer wanted. */
MUST_CHECK int link_append(struct link *notary, enum event_code ev,
    const struct event_fields *f, uint32_t rid);
/* The same for evidence that nothing waits for; a failure is logged. */
void link_note(
    struct link *notary, enum event_code ev, const struct event_fields *f);

#endif
