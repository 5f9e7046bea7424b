/* SPDX-License-Identifier: Apache-2.0 */
/*
 * knock - see knock.h.
 */
#include "broker/session/knock.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "broker/broker.h"
#include "broker/call/call.h"

enum { KNOCK_MS = 1000 };

struct knocker {
	struct knocks *all;
	int fd; /* -1 = done with */
	struct watch *watch;
};

struct knocks {
	struct call *c;
	knocked_fn *fn;
	struct timer *timer;
	size_t n, waiting;
	struct knocker one[KNOCK_MAX];
	bool answered[KNOCK_MAX];
};

static void
put_away(struct knocker *k)
{
	if (k->fd < 0)
		return;
	watch_free(k->watch);
	(void)close(k->fd);
	k->fd = -1;
	k->all->waiting--;
}

static void
finish(struct knocks *all)
{
	for (size_t i = 0; i < all->n; i++)
		put_away(&all->one[i]);
	timer_free(all->timer);
	all->fn(all->c, all->answered);
	free(all);
}

static void
on_timer(struct process *r, void *arg)
{
	(void)r;
	finish(arg);
}

static void
on_connect(struct process *r, int fd, unsigned what, void *arg)
{
	struct knocker *k = arg;
	struct knocks *all = k->all;
	int err = 0;
	socklen_t len = sizeof(err);

	(void)r;
	(void)what;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) == 0 && err == 0)
		all->answered[k - all->one] = true;
	put_away(k);
	if (all->waiting == 0)
		finish(all);
}

static void
begin(
    struct knocks *all, struct knocker *k, const struct addr *a, uint16_t port)
{
	struct sockaddr_storage ss;
	const socklen_t len = addr_to_sockaddr(&ss, a, port);

	k->all = all;
	k->fd =
	    socket(ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (k->fd < 0)
		return;
	all->waiting++;
	if ((connect(k->fd, (const struct sockaddr *)&ss, len) != 0 &&
		errno != EINPROGRESS) ||
	    (k->watch = watch_new(all->c->b->process, k->fd, on_connect, k)) ==
		NULL) {
		put_away(k);
		return;
	}
	watch_set(k->watch, WATCH_WRITE);
}

void
knock(struct call *c, const struct addr *a, size_t n, uint16_t port,
    knocked_fn *fn)
{
	static const bool none[KNOCK_MAX];
	struct knocks *all = calloc(1, sizeof(*all));

	if (all == NULL ||
	    (all->timer = timer_new(c->b->process, on_timer, all)) == NULL) {
		free(all);
		fn(c, none);
		return;
	}
	all->c = c;
	all->fn = fn;
	for (; all->n < n && all->n < KNOCK_MAX; all->n++)
		begin(all, &all->one[all->n], &a[all->n], port);
	/* not from in here: the caller is not done */
	timer_set(all->timer, all->waiting > 0 ? KNOCK_MS : 0);
}
