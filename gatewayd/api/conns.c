/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conns - see the header.
 */
#include "api/conns.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/limits.h"

enum { SWEEP_MS = 1000 };

struct conns {
	struct conn *first;
	struct timer *sweep;
};

/* Whoever is too slow loses the socket; its owner notices and cleans up. */
static void
on_sweep(struct process *r, void *arg)
{
	struct conns *cs = arg;
	const int64_t now = clock_now().boot_ms;

	(void)r;
	for (struct conn *c = cs->first; c != NULL; c = c->next) {
		if (c->deadline_ms == 0 || now < c->deadline_ms || c->fd < 0)
			continue;
		c->deadline_ms = 0;
		(void)shutdown(c->fd, SHUT_RDWR);
	}
	if (cs->first != NULL)
		timer_set(cs->sweep, SWEEP_MS);
}

int
conns_new(struct conns **ret, struct process *r)
{
	struct conns *cs = calloc(1, sizeof(*cs));

	if (cs == NULL)
		return GW_ENOMEM;
	if ((cs->sweep = timer_new(r, on_sweep, cs)) == NULL) {
		free(cs);
		return GW_ENOMEM;
	}
	*ret = cs;
	return 0;
}

bool
conns_allow(const struct conns *cs, const struct sockaddr *sa)
{
	struct addr a;
	uint16_t port;
	unsigned n = 0;

	if (addr_from_sockaddr(&a, &port, sa) != 0)
		return true;
	for (const struct conn *c = cs->first; c != NULL; c = c->next)
		if (addr_same_source(&c->peer, &a))
			n++;
	return n < LIMIT_CONNECTIONS_PER_SOURCE;
}

struct conn *
conn_open(struct conns *cs, int fd, const struct sockaddr *sa, bool local)
{
	struct conn *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->fd = fd;
	c->who.uid = c->who.pid = c->who.loginuid = -1;
	if (local && fd >= 0)
		peercred_get(&c->who, fd);
	/* without an address it counts for nobody, and gets nothing */
	if (!local && sa != NULL &&
	    addr_from_sockaddr(&c->peer, &c->port, sa) != 0)
		c->peer.family = 0;
	c->next = cs->first;
	c->prev = &cs->first;
	if (c->next != NULL)
		c->next->prev = &c->next;
	else
		timer_set(cs->sweep, SWEEP_MS);
	cs->first = c;
	return c;
}

void
conn_close(struct conn *c)
{
	if (c == NULL)
		return;
	*c->prev = c->next;
	if (c->next != NULL)
		c->next->prev = c->prev;
	free(c);
}

void
conn_deadline(struct conn *c, int64_t in_ms)
{
	if (c != NULL)
		c->deadline_ms = in_ms > 0 ? clock_now().boot_ms + in_ms : 0;
}
