/* SPDX-License-Identifier: Apache-2.0 */
/*
 * firewall - what grants ask of the firewall process: to shut. It is shut once
 * that process says so, or has come into step with the log without it; until
 * then it is asked again, and everybody who looks is told.
 */
#ifndef BROKER_GRANT_FIREWALL_H
#define BROKER_GRANT_FIREWALL_H

#include <stdbool.h>

#include "broker/broker.h"
#include "broker/call/order.h"
#include "core/grant.h"

/* What was ended, and is not confirmed. */
struct shut {
	struct shut *next;
	struct order order;
	struct broker *b;
	char id[LIMIT_ID_SIZE]; /* the grant's, or of a session's leg */
	struct grant g;         /* its grant; id "" = not known */
	enum end_reason reason;
	int64_t ordered_ms, ordered_utc_ms; /* boottime, UTC */
	bool asked;                         /* an answer is under way */
	bool told; /* a record says that it may be open */
	bool over; /* confirmed; freed when the answer has come */
};

/* Shuts all that was opened under this id (a grant's or a session's leg's); g
 * is the grant it is of, NULL = not known. */
void firewall_close(struct broker *b, const char *id, const struct grant *g,
    enum end_reason reason);
/* A grant that was ended and may still be open. */
bool firewall_is_ending(const struct broker *b, const char *id);
/* What was ordered by now is not in the synchronisation that ends here; once
 * the firewall has confirmed that, it is shut. */
uint64_t firewall_mark(const struct broker *b);
void firewall_synced(struct broker *b, uint64_t mark);

#endif
