/* SPDX-License-Identifier: Apache-2.0 */
/*
 * denied - evidence of what a user asked for and did not get, with what it was
 * asked for. A client can ask without end: of each kind so many a minute have
 * records of their own, the rest is one record with their number, the first and
 * the last of them.
 */
#ifndef SESSION_DENIED_H
#define SESSION_DENIED_H

#include <stdbool.h>
#include <stdint.h>

#include "core/event.h"

struct chan;
struct session;

struct denial {
	const char *what;        /* a word of sallyport-audit(5): the kind */
	const struct chan *chan; /* NULL = it is about none */
	bool nul;                /* one was in what is not told */
	/* each NULL or of any length, as the client gave it, but for what
	 * nul.h knows of it: the record has that */
	const char *wanted;  /* a name */
	const char *command; /* a program */
	bool whole;          /* all of it goes on record, however long */
	const char *dst;     /* an address or host name */
	unsigned port;       /* with dst */
};

enum { DENIAL_KINDS = 24, DENIAL_SHOWN = 128, DENIALS_HELD = 32 };

struct denials {
	struct {
		const char *what; /* NULL = none of it */
		unsigned n;       /* with a record, this minute */
		unsigned left_out;
		char first[DENIAL_SHOWN], last[DENIAL_SHOWN]; /* of these */
	} kind[DENIAL_KINDS];
	int64_t since_ms; /* boot time the minute began; 0 = nothing counts */
	/* Records that wait until the notary knows whose they are: it writes
	 * nobody's claim of that. */
	struct event_fields held[DENIALS_HELD];
	unsigned nheld;
};

/* d->what must be a constant: it is kept. */
void denied(struct session *s, const struct denial *d);
/* Do records wait? */
bool denied_waits(const struct session *s);
/* Once per turn: is the minute over? */
void denied_turn(struct session *s);
/* Writes what was only counted so far. */
void denied_end(struct session *s);

#endif
