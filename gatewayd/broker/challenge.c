/* SPDX-License-Identifier: Apache-2.0 */
/*
 * challenge - nonces: 60 s, one use, bound to the address they were given to.
 * Anybody may ask for one, so the table is small and no address can fill it;
 * a nonce is spent only by a request whose signature was good.
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/secret.h"
#include "base/str.h"
#include "broker/broker.h"

struct nonce {
	char text[LIMIT_NONCE_SIZE]; /* "" = free */
	struct addr source;
	int64_t end_boot_ms;
};

struct challenges {
	struct nonce nonce[LIMIT_NONCES];
};

int
challenges_new(struct challenges **ret)
{
	*ret = calloc(1, sizeof(**ret));
	return *ret != NULL ? 0 : GW_ENOMEM;
}

void
challenges_free(struct challenges *x)
{
	free(x);
}

/* A host has a whole /64 of IPv6 addresses: they count as one. */
struct addr
addr_network(const struct addr *a)
{
	struct addr n = *a;

	if (n.family == 6)
		memset(n.b + 8, 0, 8);
	return n;
}

/* A free or outdated place; NULL when the source or the table is full. */
static struct nonce *
place_for(struct challenges *x, const struct addr *source, int64_t now)
{
	const struct addr net = addr_network(source);
	struct nonce *place = NULL;
	unsigned own = 0;

	for (unsigned i = 0; i < LIMIT_NONCES; i++) {
		struct nonce *n = &x->nonce[i];
		const struct addr from = addr_network(&n->source);

		if (n->text[0] == '\0' || n->end_boot_ms <= now)
			place = n;
		else if (addr_equal(&from, &net))
			own++;
	}
	return own < LIMIT_NONCES_PER_SOURCE ? place : NULL;
}

void
verb_challenge(struct call *c)
{
	const struct now now = broker_now(c->b);
	struct nonce *n = place_for(c->b->challenges, &c->peer, now.boot_ms);
	uint8_t bytes[(LIMIT_NONCE_SIZE - 1) / 2];
	char source[ADDR_TEXT_SIZE];
	json_t *o = NULL;

	if (c->peer.family == 0) {
		call_refuse(c, 403, "forbidden", NULL,
		    "a challenge belongs to an address: ask over HTTPS");
		return;
	}
	if (n == NULL) {
		call_refuse(c, 429, "too-many", NULL,
		    "too many challenges are open; each lives for %d s",
		    (int)LIMIT_NONCE_LIFE_S);
		return;
	}
	secret_fill(bytes, sizeof(bytes));
	str_hex(n->text, bytes, sizeof(bytes));
	n->source = c->peer;
	n->end_boot_ms = now.boot_ms + (int64_t)LIMIT_NONCE_LIFE_S * 1000;
	addr_format(source, &c->peer);
	o = json_object();
	put_str(o, "nonce", n->text);
	put_str(o, "server_id", c->b->conf->server_id);
	put_str(o, "source", source);
	put_time(o, "time", now.utc_ms);
	put_num(o, "expires_in", LIMIT_NONCE_LIFE_S);
	call_reply(c, 200, o);
}

static struct nonce *
find(struct challenges *x, const struct signed_source *s, int64_t now)
{
	for (unsigned i = 0; i < LIMIT_NONCES; i++) {
		struct nonce *n = &x->nonce[i];

		if (n->text[0] != '\0' &&
		    secret_equal(n->text, s->nonce, LIMIT_NONCE_SIZE) &&
		    n->end_boot_ms > now && addr_equal(&n->source, &s->addr))
			return n;
	}
	return NULL;
}

int
challenge_spend(struct call *c)
{
	const int64_t now = broker_now(c->b).boot_ms;
	struct nonce *hit[LIMIT_SOURCES] = {NULL};
	bool peer_seen = false;

	for (unsigned i = 0; i < c->req.nsources; i++) {
		hit[i] = find(c->b->challenges, &c->req.source[i], now);
		if (hit[i] == NULL && !FAULT(no_nonce_check))
			return GW_EDENIED;
		if (addr_equal(&c->req.source[i].addr, &c->peer))
			peer_seen = true;
	}
	if (!peer_seen)
		return GW_EDENIED;
	for (unsigned i = 0; i < c->req.nsources; i++)
		if (hit[i] != NULL)
			memset(hit[i], 0, sizeof(*hit[i]));
	return 0;
}
