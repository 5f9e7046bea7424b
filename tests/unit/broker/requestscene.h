/* SPDX-License-Identifier: Apache-2.0 */
/*
 * requestscene - a request of alice's that others have to approve: bob and
 * carol of sre, dave of leads, eve an auditor of no group, and frank of none.
 */
#ifndef TESTS_BROKER_REQUESTSCENE_H
#define TESTS_BROKER_REQUESTSCENE_H

#include "tests/unit/broker/brokerscene.h"

enum person { BOB, CAROL, DAVE, EVE, FRANK, PERSONS };

struct waits {
	struct scene *x;
	struct key key[PERSONS];
	char id[LIMIT_ID_SIZE]; /* of the last request */
	char digest[65];        /* and of its revision */
	bool refused;           /* what is sent next will be: it has no code */
};

/* The role of the scene wants these, and the scene is started. */
void waits_start(
    struct waits *w, struct scene *x, const char *one, const char *two);
void waits_stop(struct waits *w);
/* Signed, with a code, which the notary burns. */
void send_coded(
    struct waits *w, const struct key *k, unsigned verb, const char *body);
/* Alice asks; it waits. */
void ask(struct waits *w);
/* What that person signs of the request, with its digest or a note or both. */
void send_word(struct waits *w, const struct key *k, unsigned verb,
    const char *digest, const char *note);
/* The same: the record that it leaves (EV_NONE: none), in x->text the last
 * reply, whose status it returns. */
unsigned word_of(struct waits *w, const struct key *k, unsigned verb,
    unsigned event, const char *part);
unsigned approve(
    struct waits *w, enum person p, unsigned event, const char *part);
/* Alice's activation, up to an open door. */
unsigned activate(struct waits *w);
/* The grant that comes after the record of an activation, opened. */
unsigned opens(struct waits *w);
/* A short token of theirs, for calls that read: VERB_EVENTS, if nothing else is
 * put into it. */
struct msg_api_call reader(struct scene *x, const struct key *k);
/* ops with other capabilities, and these approvals. */
void set_role(struct waits *w, const char *allow, const char *approvals);

#endif
