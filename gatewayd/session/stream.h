/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stream - one direction of a channel on its way through the gateway: bytes
 * that the relay has (the ring) and bytes that libssh keeps because the relay
 * did not accept them, which is what holds the sender up. The only file that
 * knows how libssh's receive window behaves. No number here is that of one
 * version of libssh.
 *
 * MUST: once bytes are left with libssh none are accepted in a callback until
 *	 all of them have been read: later bytes would overtake them.
 * MUST: what libssh keeps is read whole or not at all. After a part libssh
 *	 0.10 opens its whole window again, however much it still keeps, and
 *	 at 256 MiB drops data without a word.
 */
#ifndef SESSION_STREAM_H
#define SESSION_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "session/ring.h"
#include "session/ssh.h"

/* The ring a direction gets while its bytes pass on. One whose reader is slower
 * than libssh's window is wide gets a larger one when it is empty, so that all
 * that libssh keeps fits. */
enum { STREAM_RING = 1024 * 1024 };

struct stream {
	struct ring ring;
	size_t kept;      /* by libssh, as it last said */
	size_t kept_most; /* ever: libssh does not give that memory back */
	bool stalled;     /* libssh keeps bytes: none are accepted */
	bool broken;      /* out of memory, or more than LIMIT_SSH_UNREAD */
	bool rested;      /* the ring was empty at the last stream_rest() */
};

void stream_done(struct stream *st);
/* From libssh's data callback, which has the n bytes it keeps at p: how many
 * of them are accepted. */
size_t stream_take(struct stream *st, const void *p, uint32_t n);
/* Puts n bytes of ours before all that is on its way, of which no tap may have
 * accepted any. False: out of memory, and nothing has changed. */
MUST_CHECK bool stream_front(struct stream *st, const void *p, size_t n);
/* Reads what libssh keeps for a stalled stream, if all of it fits; with drop,
 * to nowhere. Adds what it reads to *count, if that is not NULL. True if
 * something has changed. */
bool stream_read(
    struct stream *st, ssh_channel ch, int is_err, uint64_t *count, bool drop);
/* Once a turn: the memory of a burst is not kept for a silent direction. */
void stream_rest(struct stream *st);
/* Nothing is on its way. */
bool stream_empty(const struct stream *st);
/* Bytes of memory it costs, libssh's included. */
size_t stream_cost(const struct stream *st);

#endif
