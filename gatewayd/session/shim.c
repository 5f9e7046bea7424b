/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shim - see shim.h. Nothing here knows SSH. Fortification would turn poll and
 * recv into inline wrappers that cannot be defined, so this file is without.
 */
#undef _FORTIFY_SOURCE
#include "session/shim.h" /* and with it <poll.h> */

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/limits.h"

enum { SHIM_FDS = 4 };

struct shimfd {
	int fd; /* -1 = free */
	uint8_t *rx;
	size_t head, len;
	bool eof;
	int error;              /* why it ended; 0: in order */
	char first[SHIM_FIRST]; /* of the stream */
	size_t nfirst;
	struct buf tx;
	size_t sent; /* bytes of tx already gone */
	bool broken;
	bool corked;
};

/* libssh names descriptors, not contexts: the table must be the process's. */
static struct shimfd table[SHIM_FDS] = {
    {.fd = -1}, {.fd = -1}, {.fd = -1}, {.fd = -1}};

static struct shimfd *
find(int fd)
{
	for (size_t i = 0; fd >= 0 && i < SHIM_FDS; i++)
		if (table[i].fd == fd)
			return &table[i];
	return NULL;
}

int
shim_add(int fd)
{
	struct shimfd *s = NULL;

	for (size_t i = 0; s == NULL && i < SHIM_FDS; i++)
		if (table[i].fd < 0)
			s = &table[i];
	if (fd < 0 || s == NULL)
		return GW_ELIMIT;
	memset(s, 0, sizeof(*s));
	s->fd = -1;
	if ((s->rx = malloc(SHIM_RX_SIZE)) == NULL)
		return GW_ENOMEM;
	buf_init(&s->tx, LIMIT_SSH_UNSENT);
	s->fd = fd;
	return 0;
}

void
shim_del(int fd)
{
	struct shimfd *s = find(fd);

	if (s == NULL)
		return;
	free(s->rx);
	buf_done(&s->tx);
	memset(s, 0, sizeof(*s));
	s->fd = -1;
}

static ssize_t
kernel_recv(int fd, void *p, size_t n, int flags)
{
	return (ssize_t)syscall(SYS_recvfrom, fd, p, n, flags, NULL, NULL);
}

static ssize_t
kernel_send(int fd, const void *p, size_t n, int flags)
{
	return (ssize_t)syscall(SYS_sendto, fd, p, n, flags, NULL, 0);
}

static void
keep_first(struct shimfd *s, const uint8_t *p, size_t n)
{
	const size_t left = sizeof(s->first) - s->nfirst;

	n = n < left ? n : left;
	memcpy(s->first + s->nfirst, p, n);
	s->nfirst += n;
}

int
shim_fill(int fd)
{
	struct shimfd *s = find(fd);
	ssize_t n;

	if (s == NULL || s->eof)
		return GW_ECLOSED;
	if (s->head > 0 && s->len > 0)
		memmove(s->rx, s->rx + s->head, s->len);
	s->head = 0;
	if (s->len == SHIM_RX_SIZE)
		return GW_EAGAIN;
	do
		n = kernel_recv(
		    fd, s->rx + s->len, SHIM_RX_SIZE - s->len, MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return GW_EAGAIN;
	if (n <= 0) {
		s->eof = true;
		s->error = n < 0 ? errno : 0;
		return GW_ECLOSED;
	}
	keep_first(s, s->rx + s->len, (size_t)n);
	s->len += (size_t)n;
	return 0;
}

int
shim_flush(int fd)
{
	struct shimfd *s = find(fd);
	ssize_t n;

	if (s == NULL || s->broken)
		return GW_ECLOSED;
	if (s->corked)
		return s->sent < s->tx.len ? GW_EAGAIN : 0;
	while (s->sent < s->tx.len) {
		n = kernel_send(fd, s->tx.p + s->sent, s->tx.len - s->sent,
		    MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return GW_EAGAIN;
		if (n < 0) {
			s->broken = true;
			return GW_ECLOSED;
		}
		s->sent += (size_t)n;
	}
	if (s->sent > 0) {
		/* the memory of a burst is not kept for an idle session */
		if (s->tx.cap > 64 * 1024)
			buf_done(&s->tx);
		buf_reset(&s->tx);
		s->sent = 0;
	}
	return 0;
}

size_t
shim_rx(int fd)
{
	const struct shimfd *s = find(fd);

	return s == NULL ? 0 : s->len;
}

size_t
shim_tx(int fd)
{
	const struct shimfd *s = find(fd);

	return s == NULL ? 0 : s->tx.len - s->sent;
}

void
shim_cork(int fd, bool on)
{
	struct shimfd *s = find(fd);

	if (s != NULL)
		s->corked = on;
}

bool
shim_waits(int fd)
{
	const struct shimfd *s = find(fd);

	return s != NULL && !s->corked && s->tx.len > s->sent;
}

bool
shim_eof(int fd)
{
	const struct shimfd *s = find(fd);

	return s == NULL || s->eof || s->broken;
}

size_t
shim_first(int fd, char ret[static SHIM_FIRST])
{
	const struct shimfd *s = find(fd);

	if (s == NULL)
		return 0;
	memcpy(ret, s->first, s->nfirst);
	return s->nfirst;
}

/* ---- what libssh calls */
ssize_t
recv(int fd, void *p, size_t n, int flags)
{
	struct shimfd *s = find(fd);

	if (s == NULL)
		return kernel_recv(fd, p, n, flags);
	if (s->len == 0) {
		if (s->eof) {
			/* libssh reads it at an end, too: not that of another
			 * call */
			if (!FAULT(stale_errno))
				errno = s->error;
			return 0;
		}
		errno = EAGAIN;
		return -1;
	}
	if (n > s->len)
		n = s->len;
	memcpy(p, s->rx + s->head, n);
	s->len -= n;
	s->head = s->len == 0 ? 0 : s->head + n;
	return (ssize_t)n;
}

ssize_t
send(int fd, const void *p, size_t n, int flags)
{
	struct shimfd *s = find(fd);
	ssize_t done = 0;

	if (s == NULL)
		return kernel_send(fd, p, n, flags);
	if (s->broken) {
		errno = EPIPE;
		return -1;
	}
	if (s->tx.len == s->sent && !s->corked) {
		do
			done =
			    kernel_send(fd, p, n, MSG_DONTWAIT | MSG_NOSIGNAL);
		while (done < 0 && errno == EINTR);
		if (done < 0 && errno != EAGAIN && errno != EWOULDBLOCK) {
			s->broken = true;
			return -1;
		}
		if (done < 0)
			done = 0;
	}
	if ((size_t)done < n) {
		if (s->sent > LIMIT_SSH_UNSENT / 2) {
			buf_shift(&s->tx, s->sent);
			s->sent = 0;
		}
		buf_put(&s->tx, (const uint8_t *)p + done, n - (size_t)done);
	}
	if (buf_err(&s->tx) != 0) {
		s->broken = true;
		errno = ENOBUFS;
		return -1;
	}
	return (ssize_t)n;
}

int
shim_wait(struct pollfd *p, nfds_t n, int timeout_ms)
{
	struct timespec ts = {.tv_sec = timeout_ms / 1000,
	    .tv_nsec = (long)(timeout_ms % 1000) * 1000000L};

	return (int)syscall(
	    SYS_ppoll, p, n, timeout_ms < 0 ? NULL : &ts, NULL, 0);
}

int
poll(struct pollfd *p, nfds_t n, int timeout_ms)
{
	int ready = 0;
	bool managed = false;

	for (nfds_t i = 0; i < n; i++)
		managed = managed || find(p[i].fd) != NULL;
	if (!managed)
		return shim_wait(p, n, timeout_ms);
	for (nfds_t i = 0; i < n; i++) {
		const struct shimfd *s = find(p[i].fd);

		p[i].revents = 0;
		if (s == NULL)
			continue;
		if (s->len > 0 || s->eof)
			p[i].revents |= p[i].events & POLLIN;
		p[i].revents |= p[i].events & POLLOUT;
		if (p[i].revents != 0)
			ready++;
	}
	return ready;
}
