/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conns - see the header.
 */
#include "api/conns.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/limits.h"
#include "core/known.h"
#include "core/places.h"

enum { SWEEP_MS = 1000 };

struct conns {
	struct conn *first;
	struct timer *sweep;
	const struct conf_caps *caps;
	struct known known;
};

/* Has the client said nothing at all? TLS begins with its hello. */
static bool
silent(int fd)
{
	struct tcp_info i = {0};
	socklen_t n = sizeof(i);

	return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &i, &n) == 0 &&
	       n >= offsetof(struct tcp_info, tcpi_segs_out) &&
	       i.tcpi_bytes_received == 0 && !FAULT(patient_api);
}

static void
give_up(struct conn *c)
{
	c->deadline_ms = c->first_ms = 0;
	c->given_up = true;
	(void)shutdown(c->fd, SHUT_RDWR);
}

/* Whoever is too slow loses the socket; its owner notices and cleans up. */
static void
on_sweep(struct process *r, void *arg)
{
	struct conns *cs = arg;
	const int64_t now = clock_now().boot_ms;

	(void)r;
	for (struct conn *c = cs->first; c != NULL; c = c->next) {
		if (c->fd < 0 || c->given_up)
			continue;
		if (c->deadline_ms != 0 && now >= c->deadline_ms)
			give_up(c);
		else if (c->first_ms != 0 && now >= c->first_ms &&
			 silent(c->fd))
			give_up(c);
		else if (now >= c->first_ms)
			c->first_ms = 0;
	}
	if (cs->first != NULL)
		timer_set(cs->sweep, SWEEP_MS);
}

int
conns_new(struct conns **ret, struct process *r, const struct conf_caps *caps)
{
	struct conns *cs = calloc(1, sizeof(*cs));

	if (cs == NULL)
		return GW_ENOMEM;
	if ((cs->sweep = timer_new(r, on_sweep, cs)) == NULL) {
		free(cs);
		return GW_ENOMEM;
	}
	cs->caps = caps;
	*ret = cs;
	return 0;
}

void
conns_known(struct conns *cs, const struct addr *source, bool known)
{
	if (source->family == 0)
		known_clear(&cs->known);
	else if (!known)
		(void)known_drop(&cs->known, source);
	else if (!known_has(&cs->known, source) &&
		 known_add(&cs->known, source) < 0)
		return; /* it counts as a stranger */
}

static bool
counts(const struct conn *c)
{
	return c->peer.family != 0 && !c->given_up;
}

/* The newest are first: the last one found has waited longest. */
static bool
gave_way(struct conns *cs, const struct places *p, enum place kind)
{
	struct conn *who = NULL;

	for (struct conn *c = cs->first; c != NULL; c = c->next)
		if (counts(c) && !c->asked && c->fd >= 0 &&
		    places_shared(p, kind, &c->peer, c->known))
			who = c;
	if (who == NULL || FAULT(keep_silent))
		return false;
	give_up(who);
	return true;
}

bool
conns_allow(struct conns *cs, const struct sockaddr *sa)
{
	struct places p;
	enum place kind;
	struct addr a;
	uint16_t port;

	if (addr_from_sockaddr(&a, &port, sa) != 0)
		return true;
	places_begin(&p, &a, known_has(&cs->known, &a));
	for (const struct conn *c = cs->first; c != NULL; c = c->next)
		if (counts(c))
			places_count(&p, &c->peer, c->known);
	kind = places_judge(
	    &p, cs->caps, LIMIT_API_STRANGERS, LIMIT_API_CONNECTIONS);
	return kind == PLACE_FREE || gave_way(cs, &p, kind);
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
	c->known = c->peer.family != 0 && known_has(&cs->known, &c->peer);
	if (!local)
		c->first_ms = clock_now().boot_ms + LIMIT_API_FIRST_MS;
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
conn_asked(struct conn *c)
{
	if (c != NULL)
		c->asked = true;
}

void
conn_deadline(struct conn *c, int64_t in_ms)
{
	if (c != NULL)
		c->deadline_ms = in_ms > 0 ? clock_now().boot_ms + in_ms : 0;
}
