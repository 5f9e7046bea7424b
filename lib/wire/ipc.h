/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ipc - one frame in, one frame out, over a SOCK_SEQPACKET descriptor with
 * descriptor passing. No event loop and no queue: lib/process adds those, the
 * session and the zygote, which must stay small, use this directly.
 */
#ifndef WIRE_IPC_H
#define WIRE_IPC_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "core/proc.h"
#include "wire/msg.h"

struct ipc {
	int fd;         /* owned once ipc_init succeeded */
	enum proc self; /* who we are */
	enum proc peer; /* who is at the other end */
	unsigned state; /* enum msg_state, moved by the owner */
};

/* A decoded message; body is an ipc_room() of the caller's, one for all links
 * it reads in turn: a process with many links would hold a page for each. What
 * is in it, MF_BYTES as well, lives until the next ipc_recv into it. */
struct ipc_msg {
	unsigned type;
	void *body;
	int fds[MSG_FDS_MAX]; /* -1 = none; the receiver closes what it keeps
			       * not */
	unsigned nfds;
};

/* Space for one message decoded and its frame. NULL: out of memory. */
void *ipc_room(void);
void ipc_room_free(void *room); /* wipes it: codes and tokens went through */

/* A connected pair, CLOEXEC and non-blocking, with room for LIMIT_MSG_MAX. */
MUST_CHECK int ipc_pair(int ret[2]);
void ipc_init(struct ipc *c, int fd, enum proc self, enum proc peer);
void ipc_done(struct ipc *c); /* closes and frees; safe twice */

/* Sends one frame. GW_EAGAIN when the socket is full (nothing was sent),
 * GW_ECLOSED when the peer is gone, GW_EINVAL/GW_EPROTO when the table does
 * not let us send this here. fds stay the caller's. */
MUST_CHECK int ipc_send(struct ipc *c, unsigned type, const void *body,
    const int *fds, unsigned nfds);
/* Sends bytes msg_encode() made and the caller checked (lib/process's queue).
 */
MUST_CHECK int ipc_send_raw(
    struct ipc *c, const void *frame, size_t n, const int *fds, unsigned nfds);
/* The same as ipc_send, but waits (poll) up to timeout_ms for room. */
MUST_CHECK int ipc_send_wait(struct ipc *c, unsigned type, const void *body,
    const int *fds, unsigned nfds, int timeout_ms);

/* Receives one frame if there is one. GW_EAGAIN none, GW_ECLOSED peer gone,
 * GW_EPROTO unknown, malformed or not allowed now (descriptors are closed). */
MUST_CHECK int ipc_recv(struct ipc *c, struct ipc_msg *m);
/* Waits up to timeout_ms (-1 = for ever); GW_EAGAIN on timeout. */
MUST_CHECK int ipc_recv_wait(struct ipc *c, struct ipc_msg *m, int timeout_ms);
/* Closes every descriptor still >= 0 in m. */
void ipc_msg_close(struct ipc_msg *m);

#endif
