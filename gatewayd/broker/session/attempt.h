/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attempt - what a connection tried before it was let in: names, keys, and why
 * each was refused. A connection that ends without a login is one record that
 * says all of it; who has proved nothing fills no log (denials.h).
 */
#ifndef BROKER_SESSION_ATTEMPT_H
#define BROKER_SESSION_ATTEMPT_H

#include <stdbool.h>

struct msg_ses_end;
struct session;

/* How much a refused try says, from least to most. */
enum attempt_rank {
	ATTEMPT_OFFER = 0, /* of a key, without a signature */
	ATTEMPT_SIGNED,
	ATTEMPT_PROVED, /* and it was good: this is that user */
};

/* Borrowed; "" = not known. */
struct attempt {
	enum attempt_rank rank;
	const char *reason; /* a constant: why it was refused */
	const char *name;   /* as the client gave it */
	const char *user, *user_id, *owner, *login, *target;
	const char *key_fp, *key_type; /* the type: if we do not know it */
	const char *client;            /* its version */
};

/* Keeps a refused try; the one that says most, the last of these, gives the
 * record its reason. */
void attempt_note(struct session *s, const struct attempt *a);
/* The connection is in, or over. m: what the session said of its end; NULL =
 * nothing. Writes the record if there is to be one, once. */
void attempts_end(struct session *s, const struct msg_ses_end *m);
void attempts_free(struct session *s);

#endif
