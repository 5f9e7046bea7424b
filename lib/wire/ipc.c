/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ipc - frames over SOCK_SEQPACKET with SCM_RIGHTS. Every receive is checked
 * against the message table before anybody sees the message.
 */
#include "wire/ipc.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/limits.h"

union control {
	struct cmsghdr align;
	char space[CMSG_SPACE(sizeof(int) * MSG_FDS_MAX)];
};

int
ipc_pair(int ret[2])
{
	/* a datagram must fit whole; the kernel doubles what is asked for */
	const int size = 2 * LIMIT_MSG_MAX;
	int fd[2] = {-1, -1};

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
		0, fd) != 0)
		return GW_ESYS;
	for (int i = 0; i < 2; i++) {
		if (setsockopt(fd[i], SOL_SOCKET, SO_SNDBUFFORCE, &size,
			sizeof(size)) != 0)
			(void)setsockopt(
			    fd[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	}
	ret[0] = fd[0];
	ret[1] = fd[1];
	return 0;
}

void
ipc_init(struct ipc *c, int fd, enum proc self, enum proc peer)
{
	memset(c, 0, sizeof(*c));
	c->fd = fd;
	c->self = self;
	c->peer = peer;
	c->state = MST_NEW;
}

void
ipc_done(struct ipc *c)
{
	if (c->fd >= 0)
		(void)close(c->fd);
	c->fd = -1;
}

/* The frame lies before the body, so that no decoding reaches it. Not cleared:
 * what no message was long enough for never costs memory. */
static uint8_t *
frame_of(void *room)
{
	return (uint8_t *)room - LIMIT_MSG_MAX;
}

void *
ipc_room(void)
{
	uint8_t *p = malloc(LIMIT_MSG_MAX + msg_size_max());

	/* cppcheck-suppress memleak; ipc_room_free() goes back to p */
	return p != NULL ? p + LIMIT_MSG_MAX : NULL;
}

void
ipc_room_free(void *room)
{
	if (room == NULL)
		return;
	explicit_bzero(frame_of(room), LIMIT_MSG_MAX + msg_size_max());
	free(frame_of(room));
}

static int
send_frame(int fd, const void *frame, size_t len, const int *fds, unsigned nfds)
{
	struct iovec iov = {.iov_len = len};
	struct msghdr mh = {.msg_iov = &iov, .msg_iovlen = 1};
	union control ctl;
	struct cmsghdr *cm;
	ssize_t n;

	/* sendmsg only reads, but struct iovec knows no const */
	memcpy(&iov.iov_base, &frame, sizeof(frame));
	if (nfds > 0) {
		memset(&ctl, 0, sizeof(ctl));
		mh.msg_control = ctl.space;
		mh.msg_controllen = CMSG_SPACE(sizeof(int) * nfds);
		cm = CMSG_FIRSTHDR(&mh);
		cm->cmsg_level = SOL_SOCKET;
		cm->cmsg_type = SCM_RIGHTS;
		cm->cmsg_len = CMSG_LEN(sizeof(int) * nfds);
		memcpy(CMSG_DATA(cm), fds, sizeof(int) * nfds);
	}
	/* a session may not call sendmsg: it would pass descriptors on */
	do
		n = nfds > 0
			? sendmsg(fd, &mh, MSG_NOSIGNAL | MSG_DONTWAIT)
			: send(fd, frame, len, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n == (ssize_t)len)
		return 0;
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return GW_EAGAIN;
	if (n < 0 &&
	    (errno == EPIPE || errno == ECONNRESET || errno == ENOTCONN))
		return GW_ECLOSED;
	return GW_ESYS;
}

int
ipc_send(struct ipc *c, unsigned type, const void *body, const int *fds,
    unsigned nfds)
{
	const struct msg_spec *spec = msg_spec(type);
	struct buf b;
	int r;

	if (spec == NULL || (spec->from & PROC_BIT(c->self)) == 0 ||
	    (spec->to & PROC_BIT(c->peer)) == 0 || spec->fds != nfds)
		return GW_EINVAL;
	if (c->fd < 0)
		return GW_ECLOSED;
	buf_init(&b, LIMIT_MSG_MAX);
	if ((r = msg_encode(&b, type, body)) == 0)
		r = send_frame(c->fd, b.p, b.len, fds, nfds);
	buf_done(&b);
	return r;
}

int
ipc_send_raw(
    struct ipc *c, const void *frame, size_t n, const int *fds, unsigned nfds)
{
	if (c->fd < 0)
		return GW_ECLOSED;
	return send_frame(c->fd, frame, n, fds, nfds);
}

static int
wait_fd(int fd, short what, int timeout_ms)
{
	struct pollfd pfd = {.fd = fd, .events = what};
	int64_t until = clock_mono_us() / 1000 + timeout_ms;
	int left = timeout_ms;
	int n;

	for (;;) {
		n = poll(&pfd, 1, left);
		if (n > 0)
			return 0;
		if (n == 0)
			return GW_EAGAIN;
		if (errno != EINTR)
			return GW_ESYS;
		if (timeout_ms >= 0) {
			left = (int)(until - clock_mono_us() / 1000);
			if (left <= 0)
				return GW_EAGAIN;
		}
	}
}

int
ipc_send_wait(struct ipc *c, unsigned type, const void *body, const int *fds,
    unsigned nfds, int timeout_ms)
{
	int r = ipc_send(c, type, body, fds, nfds);

	if (r != GW_EAGAIN)
		return r;
	if ((r = wait_fd(c->fd, POLLOUT, timeout_ms)) != 0)
		return r;
	return ipc_send(c, type, body, fds, nfds);
}

static void
take_fds(struct msghdr *mh, struct ipc_msg *m)
{
	for (struct cmsghdr *cm = CMSG_FIRSTHDR(mh); cm != NULL;
	     cm = CMSG_NXTHDR(mh, cm)) {
		size_t n;

		if (cm->cmsg_level != SOL_SOCKET || cm->cmsg_type != SCM_RIGHTS)
			continue;
		n = (cm->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n; i++) {
			int fd;

			memcpy(
			    &fd, CMSG_DATA(cm) + i * sizeof(int), sizeof(fd));
			if (m->nfds < MSG_FDS_MAX)
				m->fds[m->nfds++] = fd;
			else
				(void)close(fd);
		}
	}
}

void
ipc_msg_close(struct ipc_msg *m)
{
	for (unsigned i = 0; i < MSG_FDS_MAX; i++) {
		if (m->fds[i] >= 0)
			(void)close(m->fds[i]);
		m->fds[i] = -1;
	}
	m->nfds = 0;
}

int
ipc_recv(struct ipc *c, struct ipc_msg *m)
{
	struct iovec iov;
	struct msghdr mh = {.msg_iov = &iov, .msg_iovlen = 1};
	uint8_t *frame = frame_of(m->body);
	union control ctl;
	ssize_t n;
	int r;

	m->type = 0;
	m->nfds = 0;
	for (unsigned i = 0; i < MSG_FDS_MAX; i++)
		m->fds[i] = -1;
	if (c->fd < 0)
		return GW_ECLOSED;
	iov.iov_base = frame;
	iov.iov_len = LIMIT_MSG_MAX;
	mh.msg_control = ctl.space;
	mh.msg_controllen = sizeof(ctl.space);
	do
		n = recvmsg(c->fd, &mh, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return GW_EAGAIN;
	if (n < 0)
		return errno == ECONNRESET ? GW_ECLOSED : GW_ESYS;
	take_fds(&mh, m);
	if (n == 0) { /* the end, or an empty message with a gift */
		ipc_msg_close(m);
		return GW_ECLOSED;
	}
	r = GW_EPROTO;
	if ((mh.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0 &&
	    msg_decode(frame, (size_t)n, &m->type, m->body) == 0)
		r = msg_allowed(m->type, c->peer, c->self, c->state, m->nfds);
	if (r != 0)
		ipc_msg_close(m);
	return r;
}

int
ipc_recv_wait(struct ipc *c, struct ipc_msg *m, int timeout_ms)
{
	int r = ipc_recv(c, m);

	if (r != GW_EAGAIN)
		return r;
	if ((r = wait_fd(c->fd, POLLIN, timeout_ms)) != 0)
		return r;
	return ipc_recv(c, m);
}
