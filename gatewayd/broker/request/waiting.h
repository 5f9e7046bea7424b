/* SPDX-License-Identifier: Apache-2.0 */
/*
 * waiting - a request that waits, as a verb works on it: the row, and what
 * policy says of it now.
 */
#ifndef BROKER_REQUEST_WAITING_H
#define BROKER_REQUEST_WAITING_H

#include "broker/call/call.h"
#include "broker/grant/intent.h"
#include "core/request.h"

struct waiting {
	struct request r;
	struct intent *in;            /* of whoever asked; judged */
	char note[LIMIT_REASON_SIZE]; /* of whoever decides */
	/* The lock that holds it, in words: it goes on waiting, and nobody can
	 * approve or open it. "" = none does. */
	char held[LOCK_TEXT_SIZE];
};

enum waiting_of { WAITING_OWN, WAITING_OTHERS };
/* The state of a verb: the request that its body names. keys are those that the
 * body may have, of "request", "revision", "note"; the revision, if it is one
 * of them, has to be the row's. NULL: the call is answered; of one that the
 * caller has nothing to do with as of none. */
struct waiting *waiting_named(
    struct call *c, enum waiting_of whose, const char *const *keys);
/* Reads it again: after a wait, or for the first time. */
MUST_CHECK int waiting_read(
    struct broker *b, const char *id, struct waiting *w);
/* Reads who asked, for what, and who approved, and judges it as of now, from
 * where it was asked. An error of the store. */
MUST_CHECK int waiting_judge(struct broker *b, struct waiting *w);
/* As judged, all who had to approve it did, and it is what they approved: a
 * role that wants approval no more, or of others, makes nothing approved. */
bool waiting_met(const struct waiting *w);
/* As judged, all who had to have approved it: it is APPROVED then, which *w and
 * the store have. Approvals may count again that did not when the last one
 * came. GW_ESTATE: it was decided meanwhile. */
MUST_CHECK int waiting_settle(struct broker *b, struct waiting *w);
/* False: it waits no more, for that state; the call is answered. */
bool waiting_is(
    struct call *c, const struct waiting *w, enum request_state state);
/* Ends it by this caller's word, in whichever state it waits by now: one who
 * says no is not overtaken by a yes. GW_ESTATE: it waits no more. */
MUST_CHECK int waiting_end(
    struct call *c, struct waiting *w, enum request_state to);
/* False: it waits no more, for anybody; the call is answered. */
bool waiting_still(struct call *c, const struct waiting *w);
/* As of now: also that its grant has ended. */
const char *waiting_state(const struct broker *b, const struct request *r);
/* May this user approve it at its present level, so far as groups say, and is
 * it still what would be granted? */
bool waiting_may_approve(const struct call *c, const struct waiting *w);
/* Is it theirs to approve, at whichever level, so far as groups say? */
bool waiting_asks(const struct call *c, const struct waiting *w);
/* An admin, or in a group that is asked at whichever level; not their own. */
bool waiting_may_deny(const struct call *c, const struct waiting *w);
/* Is it any business of theirs: their own, theirs to approve, an auditor's? */
bool waiting_concerns(const struct call *c, const struct waiting *w);
/* Fields of a record about it, by the one who calls. */
void waiting_fields(
    const struct call *c, const struct waiting *w, struct event_fields *f);
void waiting_free(void *p); /* struct waiting; NULL is a no-op */

#endif
