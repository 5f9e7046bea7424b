/* SPDX-License-Identifier: Apache-2.0 */
/*
 * change - how a change of users, targets, roles or locks is made: weighed as
 * if it were there (that is all of a dry run), recorded, stored as one, and
 * told: what changed, and what it ended.
 */
#ifndef BROKER_ADMIN_CHANGE_H
#define BROKER_ADMIN_CHANGE_H

#include "broker/admin/lacks.h"
#include "broker/call/call.h"
#include "broker/grant/ended.h"
#include "core/own.h"

/* Adds what each target that it puts gives its author, by these roles that they
 * have: own_power_target(). Within the transaction, before it is put. */
typedef int change_targets_fn(
    struct call *c, const struct own *roles, struct buf *ret);

struct change {
	bool dry_run;
	bool keep_admin; /* not even root takes the last one away by it */
	bool last_may; /* the last admin: who locks themself closes all the same
			*/
	bool
	    own_keys; /* by a key and a code that they had: nobody else's say */
	bool waits;   /* for a second admin */
	char *widens; /* power, how: power_widening(); NULL = not at all */
	void (*waiting)(struct call *c); /* is to wait; may be NULL */
	lacks_written_fn *writes;        /* roles; NULL: none */
	change_targets_fn *targets;      /* NULL: none */
	json_t *lacks;              /* lacks_told(); NULL = not weighed yet */
	json_t *ended;              /* ended_done(); NULL = not counted yet */
	struct ended count;         /* from change_make() to change_end() */
	struct change_trial *trial; /* what was before, while it is put */
};

/* Puts what c->state says into the store: 0, or an error; GW_EINVAL and *p for
 * what is true no more. Called within a transaction, more than once. */
typedef int change_put_fn(struct call *c, struct problem *p);

/* Takes "dry_run" out of the body; whoever only looks makes nothing either. */
MUST_CHECK int change_read(
    struct change *x, const struct call *c, struct problem *p);
/* The same; false: the call is answered. */
MUST_CHECK bool change_begin(struct change *x, struct call *c);
/* Is it still the one whose id the record names? Else 409 in *p: of that name
 * there is another by now, or none. */
MUST_CHECK int change_same(struct call *c, enum store_kind k, const char *name,
    const char *id, struct problem *p);
/* Is there room for what takes no access away? False: that of the store's disk
 * or of the log's is kept for what does, and the call is answered. */
MUST_CHECK bool change_has_room(struct call *c, const struct change *x);
/* Tries it and takes it back. False: it cannot be made, and the call is
 * answered; so is one that would leave no active admin, unless root ordered it,
 * and one that does not take access away while there is no room for it. */
MUST_CHECK bool change_weigh(
    struct call *c, struct change *x, change_put_fn *put);
/* Each of both in two steps, between which most of it is put: in the store's
 * transaction that the first one opens. It may be begun again after that gave
 * way (store_pause()). */
MUST_CHECK bool change_weigh_begin(struct call *c, struct change *x);
MUST_CHECK bool change_weigh_end(
    struct call *c, struct change *x, change_put_fn *put);
MUST_CHECK bool change_make_begin(struct call *c, struct change *x);
MUST_CHECK bool change_make_end(
    struct call *c, struct change *x, change_put_fn *put);
/* Between them, before any target is put: what its author gets by this one, as
 * a change_targets_fn says of all. */
MUST_CHECK int change_target(
    struct call *c, struct change *x, const struct target *t);
/* In place of the second: what was put is taken back, and the call is answered
 * with *p, or r. */
void change_fail(struct call *c, int r, struct problem *p);
/* Of one that changes nothing: what is told of it all the same. */
MUST_CHECK int change_look(struct call *c, struct change *x);
/* Stores it, once its record is durable; roles and locks are read anew. Nothing
 * has ended yet: what does from here to change_end(), in this turn, is counted.
 * False as above, and a record says that what the first told was not done. */
MUST_CHECK bool change_make(
    struct call *c, struct change *x, change_put_fn *put);
/* Ends what policy would not give any more, as grants_reconsider(). */
void change_end(
    struct call *c, struct change *x, const char *user, const char *target);
/* [{"field","before","after"}] of the members of both that differ; a new
 * reference. */
json_t *change_difference(const json_t *before, json_t *now);
/* The answer: now, with "changes" against before (NULL: it is new), "ended" and
 * "dry_run". Takes both. */
json_t *change_json(struct change *x, json_t *before, json_t *now);
/* Of these "widens" and "waits": a second admin has to sign for it. */
void change_put_wait(json_t *o, const struct change *x);
void change_done(struct change *x);

#endif
