/* SPDX-License-Identifier: Apache-2.0 */
/*
 * review - reviews of who holds which role (core/review.h): what they find is
 * kept as it was when they began; reviewers answer it, line by line; their end
 * carries out what was answered, or only says so.
 */
#ifndef BROKER_ADMIN_REVIEW_H
#define BROKER_ADMIN_REVIEW_H

#include "broker/call/call.h"

/* review.c */
void verb_review_start(struct call *c);
void verb_reviews(struct call *c);
void verb_review_show(struct call *c);
/* review_answer.c */
void verb_review_answer(struct call *c);
/* review_end.c */
void verb_review_end(struct call *c);

/* Is the caller in a group that is to answer? */
bool review_is_reviewer(const struct call *c, const struct review *r);
/* The one that the body's "review" names; 404 in *p. */
MUST_CHECK int review_named(
    const struct call *c, struct review *ret, struct problem *p);
/* 409 in *p: it has ended. */
MUST_CHECK int review_is_open(const struct review *r, struct problem *p);
json_t *review_json(const struct review *r);

#endif
