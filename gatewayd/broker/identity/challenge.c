/* SPDX-License-Identifier: Apache-2.0 */
/*
 * challenge - nonces: 60 s, one use, bound to the address they were given to.
 * Anybody may ask for one, so giving one costs no memory: a nonce is a serial
 * number (the time it was given at, made unique) and an HMAC over it and the
 * address, by a key that dies with this process. Only one that was used is
 * remembered, and only those who have proved a user's key or an invitation use
 * one: a stranger fills no table.
 *
 * MUST: spent at most once. MUST: of no use after a restart.
 */
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fault.h"
#include "base/secret.h"
#include "base/str.h"
#include "broker/broker.h"
#include "broker/call/call.h"
#include "broker/call/put.h"
#include "broker/identity/challenge.h"

enum {
	NONCE_BYTES = (LIMIT_NONCE_SIZE - 1) / 2,
	SERIAL_BYTES = 7, /* big-endian: milliseconds, then SUB_BITS more */
	SUB_BITS = 10,
	LIFE_MS = LIMIT_NONCE_LIFE_S * 1000,
	FIRST_SIZE = 256,
};

/* Serials used that were given in one LIFE_MS; 0 = a free place. */
struct used {
	int64_t part; /* which LIFE_MS */
	uint64_t *serial;
	size_t n, size; /* a power of two */
};

struct challenges {
	struct secret key;
	uint64_t last;       /* serial given */
	struct used used[2]; /* a nonce's part is this one or the one before */
};

int
challenges_new(struct challenges **ret)
{
	struct challenges *x = calloc(1, sizeof(*x));
	int r = GW_ENOMEM;

	if (x == NULL || (r = secret_random(&x->key, 32)) != 0) {
		free(x);
		return r;
	}
	*ret = x;
	return 0;
}

/* ---- what a nonce is */

static int
nonce_make(uint8_t ret[static NONCE_BYTES], const struct challenges *x,
    uint64_t serial, const struct addr *source)
{
	uint8_t in[SERIAL_BYTES + 1 + sizeof(source->b)] = {0};
	uint8_t mac[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	for (unsigned i = 0; i < SERIAL_BYTES; i++)
		in[i] = (uint8_t)(serial >> (8 * (SERIAL_BYTES - 1 - i)));
	in[SERIAL_BYTES] = source->family;
	memcpy(in + SERIAL_BYTES + 1, source->b,
	    source->family == 4 ? 4 : sizeof(source->b));
	if (HMAC(EVP_sha256(), x->key.p, (int)x->key.len, in, sizeof(in), mac,
		&n) == NULL ||
	    n < NONCE_BYTES)
		return GW_ECRYPTO;
	memcpy(ret, in, SERIAL_BYTES);
	memcpy(ret + SERIAL_BYTES, mac, NONCE_BYTES - SERIAL_BYTES);
	return 0;
}

void
verb_challenge(struct call *c)
{
	const struct now now = broker_now(c->b);
	struct challenges *x = c->b->challenges;
	uint64_t serial = (uint64_t)now.boot_ms << SUB_BITS;
	uint8_t bytes[NONCE_BYTES];
	char text[LIMIT_NONCE_SIZE], source[ADDR_TEXT_SIZE];
	json_t *o = NULL;

	if (c->peer.family == 0) {
		call_refuse(c, 403, "forbidden", NULL,
		    "a challenge belongs to an address: ask over HTTPS");
		return;
	}
	if (serial <= x->last)
		serial = x->last + 1;
	if (nonce_make(bytes, x, serial, &c->peer) != 0) {
		call_refuse(c, 503, "unavailable", NULL,
		    "the challenge could not be made");
		return;
	}
	x->last = serial;
	str_hex(text, bytes, sizeof(bytes));
	addr_format(source, &c->peer);
	o = json_object();
	put_str(o, "nonce", text);
	put_str(o, "server_id", c->b->conf->server_id);
	put_str(o, "source", source);
	put_time(o, "time", now.utc_ms);
	put_num(o, "expires_in", LIMIT_NONCE_LIFE_S);
	if (c->b->conf->tls_next[0] != '\0')
		put_str(o, "tls_next", c->b->conf->tls_next);
	call_reply(c, 200, o);
}

/* ---- what was used */

static int64_t
serial_ms(uint64_t serial)
{
	return (int64_t)(serial >> SUB_BITS);
}

/* Its place, or the free one where it would be. They were given in order: what
 * is chosen of them spreads by the multiplication. */
static size_t
place(const struct used *u, uint64_t serial)
{
	size_t i = (size_t)(serial * UINT64_C(0x9e3779b97f4a7c15) >> 32);

	for (i &= u->size - 1; u->serial[i] != 0 && u->serial[i] != serial;)
		i = (i + 1) & (u->size - 1);
	return i;
}

static bool
is_used(const struct challenges *x, uint64_t serial)
{
	const int64_t part = serial_ms(serial) / LIFE_MS;
	const struct used *u = &x->used[part & 1];

	return u->part == part && u->size > 0 &&
	       u->serial[place(u, serial)] != 0;
}

static int
grow(struct used *u)
{
	struct used big = {
	    .part = u->part, .size = u->size == 0 ? FIRST_SIZE : u->size * 2};

	if (u->n * 2 < u->size)
		return 0;
	if (u->n >= LIMIT_NONCES_USED)
		return GW_ELIMIT;
	if ((big.serial = calloc(big.size, sizeof(*big.serial))) == NULL)
		return GW_ENOMEM;
	for (size_t i = 0; i < u->size; i++)
		if (u->serial[i] != 0) {
			big.serial[place(&big, u->serial[i])] = u->serial[i];
			big.n++;
		}
	free(u->serial);
	*u = big;
	return 0;
}

static int
use(struct challenges *x, uint64_t serial)
{
	const int64_t part = serial_ms(serial) / LIFE_MS;
	struct used *u = &x->used[part & 1];
	int r;

	if (u->part != part) {
		free(u->serial);
		*u = (struct used){.part = part};
	}
	if ((r = grow(u)) != 0)
		return r;
	u->serial[place(u, serial)] = serial;
	u->n++;
	return 0;
}

/* ---- what came back */

/* Its serial; 0 when it is none of ours, over, or used. */
static uint64_t
check(const struct challenges *x, const struct signed_source *s, int64_t now)
{
	uint8_t got[NONCE_BYTES], want[NONCE_BYTES];
	uint64_t serial = 0;

	if (str_unhex(got, sizeof(got), s->nonce) != 0)
		return 0;
	for (unsigned i = 0; i < SERIAL_BYTES; i++)
		serial = serial << 8 | got[i];
	if (nonce_make(want, x, serial, &s->addr) != 0 ||
	    !secret_equal(got, want, sizeof(got)) || serial > x->last ||
	    serial_ms(serial) + LIFE_MS <= now || is_used(x, serial))
		return 0;
	return serial;
}

int
challenge_check(struct call *c)
{
	const int64_t now = broker_now(c->b).boot_ms;
	bool peer_seen = false;

	for (unsigned i = 0; i < c->req.nsources; i++) {
		c->serial[i] = check(c->b->challenges, &c->req.source[i], now);
		if (c->serial[i] == 0 && !FAULT(no_nonce_check))
			return GW_EDENIED;
		if (addr_equal(&c->req.source[i].addr, &c->peer))
			peer_seen = true;
	}
	return peer_seen ? 0 : GW_EDENIED;
}

int
challenge_spend(struct call *c)
{
	int r = 0;

	for (unsigned i = 0; i < c->req.nsources && r == 0; i++)
		if (c->serial[i] != 0)
			r = use(c->b->challenges, c->serial[i]);
	return r;
}
