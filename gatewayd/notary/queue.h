/* SPDX-License-Identifier: Apache-2.0 */
/*
 * queue - records that wait for the next commit, and who is called back. All
 * that arrives in one turn of the loop, and while the disk was busy, shares one
 * fdatasync. Whoever decides asks the fold and what is queued here.
 */
#ifndef NOTARY_QUEUE_H
#define NOTARY_QUEUE_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/limits.h"
#include "core/event.h"
#include "process/process.h"

enum {
	QUEUE_MAX = 1024, /* internal: then the batch is written */
	QUEUE_BYTES = 2 * 1024 * 1024,
};

struct notary;

/* What happens at the queue besides; the notary's hooks (notary.h). */
struct queue_hooks {
	/* before each commit; may add records */
	void (*commit)(struct notary *n);
	/* after it; likewise */
	void (*written)(struct notary *n);
};

/* Called once: result 0 and seq when durable. p is NULL when the peer is gone.
 * arg is freed by the queue afterwards. */
typedef void queue_done_fn(
    struct notary *n, struct peer *p, void *arg, int result, uint64_t seq);

struct queued {
	enum event_code event;
	enum proc origin;
	uint64_t conn;
	struct buf fields;         /* JSON */
	char key[LIMIT_NAME_SIZE]; /* grant, session or user it is about */
	int64_t step;              /* auth.mfa */
	struct peer *peer;
	queue_done_fn *fn;
	void *arg;
};

struct queue {
	struct queued *q;
	size_t n, cap;
	size_t bytes;
};

/*
 * Takes over arg (malloc'd or NULL) in every case; fields are copied, and what
 * is too long for one record becomes audit.part records before it. With peer
 * and fn the answer comes later. GW_EPROTO for bad fields, GW_ENOMEM,
 * GW_ELIMIT. key "" = nothing to look up.
 */
struct queue_item {
	enum event_code event;
	enum proc origin;
	uint64_t conn;
	const char *key;
	int64_t step;
	struct peer *peer;
	queue_done_fn *fn;
	void *arg;
};
MUST_CHECK int queue_add(struct notary *n, const struct queue_item *item,
    const struct event_fields *f);

/* Commits now if the queue is full, as queue_add does by itself: the next
 * record's number is certain then. */
void queue_make_room(struct notary *n);

/* Is such a record about this key waiting? */
bool queue_has(const struct notary *n, enum event_code event, const char *key);
/* Does a TOTP step of this user wait that this one may be the same as? */
bool queue_has_step(const struct notary *n, const char *user, int64_t step);
/* The number the next queued record will get if all goes well. */
uint64_t queue_next_seq(const struct notary *n);

/* Writes all that waits, and a checkpoint when one is due or forced. */
void queue_commit(struct notary *n, bool checkpoint);
void queue_forget(struct notary *n, const struct peer *p); /* p is gone */
void queue_done(struct notary *n);

#endif
