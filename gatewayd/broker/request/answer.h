/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answer - what is said of a request: to its user when a door opens or does
 * not, and in lists; and what is recorded of it.
 */
#ifndef BROKER_REQUEST_ANSWER_H
#define BROKER_REQUEST_ANSWER_H

#include "broker/call/call.h"
#include "broker/grant/intent.h"
#include "broker/grant/live.h"
#include "broker/grant/open.h"
#include "core/request.h"
#include "core/trial.h"

json_t *caps_json(uint32_t caps);
/* A list for each set of templates; of each, one has to match. */
json_t *commands_json(const struct command_list *l);
/* ["1 of sre"] */
json_t *needs_json(const struct quorum_list *l);
/* All that is wanted from that level on: "1 of sre and 1 of dba, then 2 of
 * leads". */
json_t *wants_json(const struct quorum_list *l, unsigned level);
/* [{"field","text"}] */
json_t *refused_json(const struct policy_result *v);
/* What would be allowed to who names that role ("": none); "..." where reason
 * or ticket are up to the person. */
json_t *would_pass_json(const char *target, const char *role,
    const struct policy_result *v, const char *reason);

/* [{"role","field","text"}]: what roles that are tried would refuse of it. */
json_t *would_refuse_json(const struct trial *t);
/* Records each of that; g says of what. An error: it is not on record. */
MUST_CHECK int answer_would_refuse(
    const struct call *c, const struct trial *t, const struct grant *g);
/* Fields of a record about what is asked: by whom, what, why. */
void asked_fields(
    const struct call *c, const struct intent *in, struct event_fields *f);
/* Records that policy refuses it, as ev, and answers so. Takes in: it becomes
 * the call's state, in the place of what that was. */
void answer_denied(struct call *c, struct intent *in, enum event_code ev);
/* It is open; already: it was before. trial: what is told of those; or NULL. */
void answer_open(struct call *c, const struct live_grant *lg, bool already,
    const struct trial *trial);
/* How opening went; records what was allowed and did not open. */
open_fn answer_opened;
/* False: the user may have one more grant. Else the call is answered. */
bool answer_no_place(struct call *c);
/* That the disk of the log has no room, or cannot be looked at, and what that
 * means; returns the word for the record. */
const char *answer_room(const struct call *c, struct problem *p);
/* False: it has room for what is asked, which would wait for others or for its
 * time. Else that is recorded, and the call is answered. */
bool answer_no_room(struct call *c, const struct intent *in);

#endif
