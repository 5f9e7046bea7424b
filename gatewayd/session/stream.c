/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stream - see stream.h.
 */
#include "session/stream.h"

#include <string.h>

#include "base/fault.h"
#include "base/limits.h"
#include "session/shim.h"

enum {
	READ_CHUNK = 32 * 1024,
	/* what may arrive while libssh is read: all of a leg that was read
	 * from the socket, and the rest of a packet */
	HEADROOM = SHIM_RX_SIZE + 64 * 1024,
};

void
stream_done(struct stream *st)
{
	ring_done(&st->ring);
	memset(st, 0, sizeof(*st));
}

static void
keep(struct stream *st, size_t n)
{
	st->kept = n;
	if (n > st->kept_most)
		st->kept_most = n;
	if (n > LIMIT_SSH_UNREAD)
		st->broken = true;
	st->stalled = n > 0;
}

size_t
stream_take(struct stream *st, const void *p, uint32_t n)
{
	const size_t left =
	    st->ring.len < STREAM_RING ? STREAM_RING - st->ring.len : 0;
	size_t fitted = n < left ? n : left;

	if (st->stalled) {
		keep(st, n);
		return 0;
	}
	/* without memory the bytes wait where they are */
	if (!ring_reserve(&st->ring, fitted))
		fitted = ring_space(&st->ring);
	fitted = ring_put(&st->ring, p, fitted);
	st->rested = false;
	keep(st, n - fitted);
	return fitted;
}

bool
stream_front(struct stream *st, const void *p, size_t n)
{
	struct ring whole = {.p = NULL};
	const uint8_t *run;
	size_t len;

	if (!ring_reserve(&whole, n + st->ring.len))
		return false;
	(void)ring_put(&whole, p, n);
	while ((run = ring_peek(&st->ring, &len)) != NULL) {
		(void)ring_put(&whole, run, len);
		ring_drop(&st->ring, len);
	}
	ring_done(&st->ring);
	st->ring = whole;
	st->rested = false;
	return true;
}

/* Space for all of what libssh keeps: now, or when the ring is empty. */
static bool
fits(struct stream *st, size_t have)
{
	const size_t need = have + HEADROOM;

	if (st->ring.len > 0 && st->ring.len + need > STREAM_RING)
		return false;
	if (ring_reserve(&st->ring, need))
		return true;
	st->broken = st->broken || st->ring.len == 0;
	return false;
}

bool
stream_read(
    struct stream *st, ssh_channel ch, int is_err, uint64_t *count, bool drop)
{
	uint8_t buf[READ_CHUNK];
	int have;
	int n = 0;

	if (!st->stalled || ch == NULL)
		return false;
	have = ssh_channel_poll(ch, is_err);
	if (have > 0 && !drop && !fits(st, (size_t)have) &&
	    !FAULT(stream_whole))
		return false;
	while (have > 0 && (drop || ring_space(&st->ring) >= sizeof(buf))) {
		n = ssh_channel_read_nonblocking(ch, buf, sizeof(buf), is_err);
		if (n <= 0)
			break;
		if (!drop) {
			(void)ring_put(&st->ring, buf, (size_t)n);
			if (count != NULL)
				*count += (unsigned)n;
		}
		have = ssh_channel_poll(ch, is_err);
	}
	st->rested = false;
	/* of a channel that we have closed libssh gives nothing any more */
	keep(st, have > 0 && n >= 0 ? (size_t)have : 0);
	return true;
}

void
stream_rest(struct stream *st)
{
	if (!stream_empty(st))
		return;
	if (st->rested && st->ring.size > RING_MIN)
		ring_done(&st->ring);
	st->rested = true;
}

bool
stream_empty(const struct stream *st)
{
	return st->ring.len == 0 && !st->stalled;
}

size_t
stream_cost(const struct stream *st)
{
	return st->ring.size + st->kept_most;
}
