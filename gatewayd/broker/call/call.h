/* SPDX-License-Identifier: Apache-2.0 */
/*
 * call - one API call in flight. It is answered exactly once.
 */
#ifndef BROKER_CALL_CALL_H
#define BROKER_CALL_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "broker/broker.h"
#include "core/drift.h"
#include "core/event.h"
#include "ssh/sshkey.h"
#include "wire/json.h"
#include "wire/signed.h"
#include "wire/verbs.h"

typedef void call_fn(struct call *c);
typedef void call_answer_fn(struct call *c, const void *body);
/* What became of a part of a call (call_part); c ends after it. */
typedef void call_part_fn(
    void *arg, const struct call *c, unsigned status, const char *text);

struct call {
	struct call *next;
	struct broker *b;
	uint32_t rid;
	enum proc from;
	unsigned link; /* which link of the API it came by */
	const struct verb *verb;
	struct addr peer;
	char arg[LIMIT_NAME_SIZE];
	char query[1025];
	/* who: identity/caller.c */
	bool local;  /* root on the admin socket */
	bool proved; /* by a signature not seen before, or a token */
	int64_t uid, loginuid;
	char user[LIMIT_NAME_SIZE]; /* "local" there */
	uint8_t rights;             /* enum right */
	uint8_t user_state;
	uint8_t kind;            /* enum user_kind; of root none */
	struct subject *subject; /* read for it; NULL = nothing yet */
	struct sshkey key;
	char key_fp[SSHKEY_FP_SIZE];
	struct envelope env;
	struct signed_request req;      /* .body for both kinds */
	uint64_t serial[LIMIT_SOURCES]; /* of its nonces: challenge.c */
	int64_t token_end_boot_ms;
	/* from then on who asked may have been told that nothing is known to
	 * have changed; 0 = nobody waits */
	int64_t late_boot_ms;
	/* identity/mfa.c */
	int64_t mfa_step; /* 0 = no code came */
	/* of which secret; FACTOR_FIDO: it needed no code */
	char factor[LIMIT_FACTOR_SIZE];
	char code_clock[DRIFT_TEXT_SIZE]; /* how that is off; "" = not */
	bool coded; /* a part: a code came with the whole, and is burned */
	bool timed; /* the gateway's own, at the time that its user signed */
	/* of a part: who gets its answer */
	call_part_fn *part_fn;
	void *part_arg;
	/* it carries out what another one's call signed for: that call, whose
	 * part it is, and what that is; borrowed */
	struct call *outer;
	const struct proposal *proposal;
	bool look; /* only what it would do: nothing is made of it */
	/* what happens next */
	call_fn *then;
	call_answer_fn *answered;
	uint64_t seq;              /* of the last record appended for it, */
	enum event_code event;     /* what that is */
	struct event_fields whose; /* and whom it is about: undone.h */
	bool first;                /* its answer is kept for repeats */
	struct call *repeats;      /* waiting for the same answer */
	/* order.c: what it ordered, and who goes on once that is confirmed */
	uint64_t order_from, order_to;
	struct timer *order_timer;
	bool order_late; /* it has waited long enough */
	call_fn *ordered;
	json_t *answer;       /* until then */
	uint64_t stream_next; /* of a part of a stream; 0 = it is whole */
	unsigned answer_status;
	bool answer_ends; /* its "state" is that of what it ended */
	void *state;      /* of the verb */
	void (*state_free)(void *state);
};

/* NULL: out of memory, or a query that is too long. */
struct call *call_new(
    struct broker *b, struct peer *from, const struct msg_api_call *m);

/* A part of c, which asks for several things at once: by the same user and
 * proof, but for the code, with a body of its own, which is taken. It is
 * answered as any call is; fn gets that. c has to outlive it. NULL: out of
 * memory. */
struct call *call_part(
    const struct call *c, json_t *body, call_part_fn *fn, void *arg);

/* What the gateway does by itself in a user's name: who that is, is to be set,
 * and nothing of it is proved. NULL: out of memory. */
struct call *call_own(
    struct broker *b, const struct verb *verb, call_part_fn *fn, void *arg);

/* Each of these ends the call: do not touch it afterwards. The first waits for
 * what the call ordered of the firewall (order.h). */
void call_reply(struct call *c, unsigned status, json_t *o); /* takes o */
/* Of what it ended; adds "state": "ended", or "ending" while it may be open. */
void call_reply_end(struct call *c, json_t *o);
void call_raw(
    struct call *c, unsigned status, const char *type, const void *p, size_t n);
/* The API passes it on and asks again, with last=next, for what follows. */
void call_stream(
    struct call *c, const char *type, const void *p, size_t n, uint64_t next);
void call_problem(struct call *c, const struct problem *p);
void call_refuse(struct call *c, int status, const char *code,
    const char *field, const char *fmt, ...) PRINTF_LIKE(5, 6);
void call_unavailable(struct call *c, const char *what);
/* What the notary did not write: for their quota, or at all. */
void call_not_written(struct call *c, int error);
/* The id of the user who asks; "" for root and for strangers. */
const char *call_user_id(const struct call *c);
/* What its record said was not done, which is put right first (undone.h). */
void call_undone(struct call *c, const struct problem *p);
/* The store failed: logs why; 503. It was changed by another meanwhile
 * (GW_ESTATE of a put): 409. What its record said is put right (undone.h). */
void call_store_failed(struct call *c, int err);

/* Appends an event; then() runs when it is durable, else 503. f is not
 * consumed. */
void call_append(struct call *c, enum event_code ev,
    const struct event_fields *f, call_fn *then);
/* The same for a change: adds what it is now (NULL: removed), and of what it
 * was (NULL: new) the members that differ. Takes was, now and f. */
void call_append_change(struct call *c, enum event_code ev,
    struct event_fields *f, json_t *was, json_t *now, call_fn *then);
/* So late that nothing may open by it any more. */
bool call_late(const struct broker *b, int64_t late_boot_ms);
/* The body is {KEY: a name} and no more: that name, borrowed. NULL: it is not,
 * and the call is answered. */
const char *call_only_name(struct call *c, const char *key);
/* The user and target that the call is judged by; empty at first. NULL: out of
 * memory. */
struct subject *call_subject(struct call *c);
/* Zeroed memory for the verb, freed (by fn) with the call; NULL: the call
 * was answered. */
void *call_state(struct call *c, size_t size, void (*fn)(void *));
/* Asks a process; fn runs with its answer, never with NULL: else 503. */
void call_ask(struct call *c, enum proc to, unsigned type, void *body,
    unsigned answer, call_answer_fn *fn);
/* True: this text is whole in one field of a record, escapes and all. */
bool fits_field(const void *p, size_t n);
enum { DIGEST_SIZE = 65 };
/* SHA-256 in hex. */
void text_digest(char ret[static DIGEST_SIZE], const void *p, size_t n);
/* Starts fields with who did it. */
void call_who(const struct call *c, struct event_fields *f);
/* Of whom else it is about: whose agent that is. "" = it is none. */
void call_owner(
    const struct call *c, struct event_fields *f, const char *owner);
/* As call_who(), and what they signed, or the digest of that, where apply.c has
 * put it into records of its own. */
void call_fields(const struct call *c, struct event_fields *f);
/* True: it is a repeat, and was answered from the store or waits for the
 * first's answer: do not touch it. */
bool call_repeated(struct call *c);

#endif
