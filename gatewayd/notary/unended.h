/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unended - what sessions have begun and not ended: programs on channels, and
 * recordings. A part of the fold: it changes only by records. A session stays
 * here beyond its session.end until each of them has its end, so that whoever
 * could write it, and did not, leaves no start without an end. No I/O, no
 * clock.
 */
#ifndef NOTARY_UNENDED_H
#define NOTARY_UNENDED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "notary/fold.h"

enum unended_kind { UNENDED_CHANNEL = 1, UNENDED_RECORDING };

enum { UNENDED_FILE_SIZE = 48 }; /* of a recording's name */

struct unended_item {
	struct unended_item *next;
	enum unended_kind kind;
	uint32_t channel;
	char file[UNENDED_FILE_SIZE]; /* of a recording, else "" */
	uint64_t size;                /* bytes of it with a digest */
};

/* A session with at least one of them. */
struct unended_session {
	struct unended_session *next;
	struct fold_leg leg; /* who it is; next means nothing */
	struct unended_item *items;
	unsigned nchannels;
	bool over;       /* it has its session.end */
	int64_t over_ms; /* UTC of that record */
	bool counted;    /* the kernel's count is in, of all its channels */
	uint64_t bytes_in, bytes_out;
};

struct unended;

MUST_CHECK int unended_new(struct unended **ret);
void unended_free(struct unended *u);

/* A program or a recording of leg's session begins; leg NULL: of a session that
 * is over, if it is here. What is here already stays, and so does the sum: past
 * LIMIT_UNENDED of a session nothing is added. file as above, or NULL.
 * GW_ENOMEM. */
MUST_CHECK int unended_begin(struct unended *u, const struct fold_leg *leg,
    const char *sid, enum unended_kind kind, uint32_t channel,
    const char *file);
/* It has its end; nothing if it is not here. */
void unended_end(struct unended *u, const char *sid, enum unended_kind kind,
    uint32_t channel, const char *file);
/* A recording.chunk: how far its digests reach. */
void unended_chunk(struct unended *u, const void *line, size_t n);
void unended_over(struct unended *u, const char *sid, int64_t time_ms);
void unended_counted(
    struct unended *u, const char *sid, uint64_t in, uint64_t out);

/* Borrowed until the next change; NULL = not here. A channel is found by its
 * number, a recording by its file. */
const struct unended_session *unended_session(
    const struct unended *u, const char *sid);
const struct unended_item *unended_item(const struct unended_session *s,
    enum unended_kind kind, uint32_t channel, const char *file);

/* The over session of a connection, as fold_leg_of_conn; NULL = none. */
const struct fold_leg *unended_leg_of_conn(const struct unended *u,
    uint64_t conn, const struct addr *client, uint16_t client_port);

typedef int unended_fn(void *arg, const struct unended_session *s);
/* Each session, until fn returns a negative number: it is passed on. */
MUST_CHECK int unended_each(const struct unended *u, unended_fn *fn, void *arg);

#endif
