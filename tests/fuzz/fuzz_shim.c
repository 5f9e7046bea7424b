/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_shim: the descriptor that libssh reads and writes, in any order of
 * events. An input is steps: a byte of what, two of how much. Both streams are
 * numbered bytes, so a lost, doubled or moved one is noticed; nothing grows
 * past its limit or stays behind; poll says what recv and send will do.
 */
#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/limits.h"
#include "session/shim.h"
#include "tests/fuzz/fuzz.h"

enum step {
	PEER_WRITES = 0,
	FILL,
	RECEIVE,
	SEND,
	FLUSH,
	PEER_READS,
	PEER_SHUTS,
	POLL,
	ANEW,
	CORK,
	STEP_COUNT
};

enum { CHUNK = 1024 * 1024, STEPS_MAX = 256 };

struct stream {
	size_t in, out; /* bytes put so far, and taken */
};

struct scene {
	int fd, peer;
	struct stream up;   /* peer to us */
	struct stream down; /* us to peer */
	bool shut, broken;
	uint8_t bytes[CHUNK];
};

/* A prime period: no power of two, where buffers end. */
enum { PERIOD = 251 };
static uint8_t pattern[CHUNK + PERIOD];

static void
check(const struct scene *x, size_t at, size_t n)
{
	must(memcmp(x->bytes, pattern + at % PERIOD, n) == 0);
}

static void
begin(struct scene *x)
{
	int fd[2];

	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
		 fd) == 0);
	x->fd = fd[0];
	x->peer = fd[1];
	x->up = x->down = (struct stream){0, 0};
	x->shut = x->broken = false;
	must(shim_add(x->fd) == 0);
}

static void
end(struct scene *x)
{
	shim_del(x->fd);
	must(shim_rx(x->fd) == 0 && shim_tx(x->fd) == 0 && shim_eof(x->fd));
	(void)close(x->fd);
	(void)close(x->peer);
}

static void
peer_writes(struct scene *x, size_t n)
{
	ssize_t r;

	if (x->shut)
		return;
	r = write(x->peer, pattern + x->up.in % PERIOD, n);
	if (r > 0)
		x->up.in += (size_t)r;
}

static void
peer_reads(struct scene *x, size_t n)
{
	ssize_t r = read(x->peer, x->bytes, n);

	if (r <= 0)
		return;
	check(x, x->down.out, (size_t)r);
	x->down.out += (size_t)r;
	must(x->down.out <= x->down.in);
}

static void
fill(struct scene *x)
{
	const size_t before = shim_rx(x->fd);
	const int r = shim_fill(x->fd);

	must(r == 0 || r == GW_EAGAIN || r == GW_ECLOSED);
	must(r == 0 ? shim_rx(x->fd) > before : shim_rx(x->fd) == before);
	must(shim_rx(x->fd) <= SHIM_RX_SIZE);
	if (r == GW_ECLOSED)
		must(x->shut && shim_eof(x->fd));
}

static void
receive(struct scene *x, size_t n)
{
	const size_t have = shim_rx(x->fd);
	ssize_t r;

	if (n == 0)
		return;
	r = recv(x->fd, x->bytes, n, 0);
	if (have == 0) {
		must(r == 0 ? shim_eof(x->fd) : r == -1 && errno == EAGAIN);
		return;
	}
	must(r == (ssize_t)(n < have ? n : have));
	check(x, x->up.out, (size_t)r);
	x->up.out += (size_t)r;
	must(x->up.out <= x->up.in && shim_rx(x->fd) == have - (size_t)r);
}

static void
send_on(struct scene *x, size_t n)
{
	ssize_t r;

	if (n == 0)
		return;
	r = send(x->fd, pattern + x->down.in % PERIOD, n, 0);
	must(shim_tx(x->fd) <= LIMIT_SSH_UNSENT);
	if (r < 0) {
		x->broken = true;
		must(shim_eof(x->fd));
		return;
	}
	must(r == (ssize_t)n && !x->broken);
	x->down.in += n;
}

static void
flush(struct scene *x)
{
	const int r = shim_flush(x->fd);

	must(r == 0 || r == GW_EAGAIN || r == GW_ECLOSED);
	must(r != 0 || shim_tx(x->fd) == 0);
	if (r == GW_ECLOSED)
		x->broken = true;
	must(!x->broken || r == GW_ECLOSED);
}

static void
ask(const struct scene *x, bool in, bool out)
{
	struct pollfd p[2] = {
	    {.fd = x->fd,
		.events = (short)((in ? POLLIN : 0) | (out ? POLLOUT : 0))},
	    {.fd = -1, .events = POLLIN}};
	const int r = poll(p, 2, 0);
	const bool readable = shim_rx(x->fd) > 0 || shim_eof(x->fd);

	must((p[0].revents & POLLOUT) == (out ? POLLOUT : 0));
	if (!x->broken) /* else shim_eof says so, whatever may be read */
		must((p[0].revents & POLLIN) == (in && readable ? POLLIN : 0));
	must(r == (p[0].revents != 0 ? 1 : 0) && p[1].revents == 0);
}

static void
step(struct scene *x, enum step what, size_t n)
{
	switch (what) {
	case PEER_WRITES:
		peer_writes(x, n);
		break;
	case FILL:
		fill(x);
		break;
	case RECEIVE:
		receive(x, n);
		break;
	case SEND:
		send_on(x, n);
		break;
	case FLUSH:
		flush(x);
		break;
	case PEER_READS:
		peer_reads(x, n);
		break;
	case PEER_SHUTS:
		x->shut = true;
		(void)shutdown(x->peer, n % 2 == 0 ? SHUT_WR : SHUT_RDWR);
		break;
	case POLL:
		ask(x, (n & 1) != 0, (n & 2) != 0);
		break;
	case ANEW:
		end(x);
		begin(x);
		break;
	case CORK:
		shim_cork(x->fd, (n & 1) != 0);
		break;
	default:
		break;
	}
	must(!shim_waits(x->fd) || shim_tx(x->fd) > 0);
}

/* What is under way arrives, whole. */
static void
finish(struct scene *x)
{
	size_t before;

	shim_cork(x->fd, false);
	do {
		before = x->down.out;
		flush(x);
		peer_reads(x, CHUNK);
	} while (x->down.out > before);
	if (!x->broken)
		must(x->down.out == x->down.in && shim_tx(x->fd) == 0);
	do {
		before = x->up.out;
		fill(x);
		receive(x, CHUNK);
	} while (x->up.out > before);
	must(x->up.out == x->up.in);
}

/* glibc's count; 0 under ASan, which finds a leak itself. What a thread keeps
 * for the next of its size counts as held. */
static size_t
held(void)
{
	return mallinfo2().uordblks;
}

static void
play(struct scene *x, const uint8_t *data, size_t size)
{
	size_t at = 0;

	begin(x);
	for (unsigned i = 0; size - at >= 3 && i < STEPS_MAX; i++, at += 3) {
		size_t n = data[at + 1] | (size_t)data[at + 2] << 8;

		/* small amounts, and some that fill buffers */
		step(x, (enum step)(data[at] % STEP_COUNT),
		    data[at] >= 0xf0 ? n * 16 : n % 4096);
	}
	finish(x);
	end(x);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct scene x; /* it is large */
	size_t before;

	for (size_t i = 0; pattern[sizeof(pattern) - 1] == 0; i++)
		pattern[i] = (uint8_t)(1 + i % PERIOD);
	play(&x, data, size);
	before = held();
	play(&x, data, size); /* by now it has kept what it will keep */
	must(held() == before);
	return 0;
}
