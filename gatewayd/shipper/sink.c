/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sink - see the header. When to connect, when to try again, and the account
 * of what the receiver has; the connection itself is conn.c's.
 */
#include "shipper/sink.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <openssl/ssl.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/secret.h"
#include "shipper/transport/conn.h"
#include "shipper/transport/trust.h"

enum {
	TICK_MS = 1000,
	CONNECT_MS = 10 * 1000,      /* TCP and TLS together */
	KEPT_MS = 30 * 1000,         /* read, but perhaps in its memory only */
	RENEW_MS = 30 * 1000,        /* written: time to ask what was read */
	MUTE_MS = 10 * 1000,         /* no answer to that: somebody is told */
	GIVE_UP_MS = 10 * 60 * 1000, /* it may have much to read before us */
	SAMPLES = 128,               /* one a second */
	BACKOFF_MIN_MS = 500,
	BACKOFF_MAX_MS = 30 * 1000, /* internal: tries are this far apart */
	STEADY_MS = 30 * 1000,      /* up so long: failures are forgotten */
	CLOSE_MS = 2000,            /* for the answer to the last goodbye */
};

/* At t everything below next had been written. */
struct sample {
	int64_t t_ms;
	uint64_t next;
	bool read; /* by the receiver */
};

struct sink {
	struct process *process;
	const struct conf_sink *conf;
	struct sink_hooks hooks;
	struct addr addrs[LIMIT_SINK_ADDRS];
	unsigned naddrs, which;
	SSL_CTX *ctx;
	struct conn *conn;
	struct timer *retry, *tick;
	int64_t up_ms; /* since when, of this connection */
	unsigned failures;
	bool told, told_up; /* what the owner knows */
	bool stopping, stopped;
	uint64_t arrived; /* first record not known to be there */
	uint64_t sent;    /* first record not written whole */
	uint64_t given;   /* first record not given to conn */
	bool asked;       /* want() is not answered */
	struct sample samples[SAMPLES];
	unsigned nsamples;
};

static int64_t
now_ms(void)
{
	return clock_now().boot_ms;
}

/* ---- the account */

static void
sample_add(struct sink *s)
{
	const int64_t t = now_ms();
	struct sample *last =
	    s->nsamples > 0 ? &s->samples[s->nsamples - 1] : NULL;

	/* Within one second, or when there is no room, the later time counts:
	 * late is safe. */
	if (last == NULL || (s->nsamples < SAMPLES &&
				(last->t_ms / 1000 != t / 1000 || last->read)))
		last = &s->samples[s->nsamples++];
	*last = (struct sample){.t_ms = t, .next = s->sent};
}

static void
samples_settle(struct sink *s)
{
	const int64_t t = now_ms();
	unsigned n = 0;

	while (n < s->nsamples && s->samples[n].t_ms + KEPT_MS <= t &&
	       (s->samples[n].read || FAULT(sink_unread)))
		n++;
	if (n == 0)
		return;
	s->arrived = s->samples[n - 1].next;
	s->nsamples -= n;
	memmove(
	    s->samples, s->samples + n, s->nsamples * sizeof(s->samples[0]));
	s->hooks.arrived(s->hooks.ctx, s, s->arrived);
}

/* The first write the receiver has not been asked about is that old. */
static bool
renewal_due(const struct sink *s)
{
	for (unsigned i = 0; i < s->nsamples; i++)
		if (!s->samples[i].read)
			return now_ms() - s->samples[i].t_ms >= RENEW_MS;
	return false;
}

/* What is not known to be there is sent again. */
static void
forget(struct sink *s)
{
	s->nsamples = 0;
	s->sent = s->given = s->arrived;
}

/* ---- the connection's ends */

static void
begin(struct sink *s)
{
	s->asked = false;
	if (s->conn != NULL)
		conn_open(s->conn, &s->addrs[s->which], s->conf->port);
}

static int64_t
backoff_ms(unsigned failures)
{
	int64_t ms = BACKOFF_MIN_MS;
	uint32_t rnd = 0;

	for (unsigned i = 1; i < failures && ms < BACKOFF_MAX_MS; i++)
		ms *= 2;
	if (ms > BACKOFF_MAX_MS)
		ms = BACKOFF_MAX_MS;
	secret_fill(&rnd, sizeof(rnd));
	return ms / 2 + (int64_t)(rnd % (uint32_t)(ms / 2 + 1));
}

static void
tell(struct sink *s, bool up, const char *why)
{
	if (s->told && s->told_up == up)
		return;
	s->told = true;
	s->told_up = up;
	s->hooks.changed(s->hooks.ctx, s, up, why);
}

static void
on_broken(void *ctx, const char *why)
{
	struct sink *s = ctx;

	forget(s);
	s->asked = false;
	if (s->stopping) {
		s->stopped = true;
		return;
	}
	if (s->up_ms != 0 && now_ms() - s->up_ms >= STEADY_MS)
		s->failures = 0;
	s->up_ms = 0;
	s->failures++;
	s->which = (s->which + 1) % s->naddrs;
	tell(s, false, why);
	timer_set(s->retry, backoff_ms(s->failures));
}

static void
on_ended(void *ctx)
{
	struct sink *s = ctx;

	if (s->stopping) {
		s->stopped = true;
		s->arrived = s->sent;
		s->hooks.arrived(s->hooks.ctx, s, s->arrived);
		return;
	}
	for (unsigned i = 0; i < s->nsamples; i++)
		s->samples[i].read = true;
	samples_settle(s);
	begin(s);
}

static void
on_up(void *ctx)
{
	struct sink *s = ctx;

	if (s->up_ms == 0)
		s->up_ms = now_ms();
	tell(s, true, "");
}

static void
ask(struct sink *s)
{
	if (conn_state(s->conn) != CONN_UP || s->asked || s->stopping ||
	    conn_unsent(s->conn) > 0)
		return;
	s->asked = true;
	s->hooks.want(s->hooks.ctx, s, s->sent);
}

static void
on_drained(void *ctx)
{
	struct sink *s = ctx;

	if (s->sent != s->given) {
		s->sent = s->given;
		sample_add(s);
	}
	ask(s);
}

/* ---- time */

static void
on_tick(struct process *r, void *arg)
{
	struct sink *s = arg;
	const int64_t age = conn_age_ms(s->conn);

	(void)r;
	timer_set(s->tick, TICK_MS);
	samples_settle(s);
	switch (conn_state(s->conn)) {
	case CONN_CONNECT:
		if (age >= CONNECT_MS)
			conn_break(s->conn, "no answer to the connection");
		break;
	case CONN_HANDSHAKE:
		if (age >= CONNECT_MS)
			conn_break(s->conn, "no answer to the TLS handshake");
		break;
	case CONN_UP:
		if (conn_unsent(s->conn) == 0 && renewal_due(s))
			conn_end(s->conn);
		break;
	case CONN_ENDING:
		if (age >= (s->stopping ? CLOSE_MS : GIVE_UP_MS))
			conn_break(s->conn, "the receiver reads nothing");
		else if (age >= MUTE_MS)
			tell(s, false, "the receiver reads nothing");
		break;
	case CONN_NONE:
		break;
	}
}

static void
on_retry(struct process *r, void *arg)
{
	struct sink *s = arg;

	(void)r;
	begin(s);
}

/* ---- what the owner calls */

int
sink_give(
    struct sink *s, const struct buf *frames, uint64_t from, uint64_t next)
{
	if (!sink_waits(s) || from != s->sent || next == from)
		return 0;
	s->asked = false;
	s->given = next;
	return conn_write(s->conn, frames->p, frames->len);
}

bool
sink_waits(const struct sink *s)
{
	return s->asked && conn_state(s->conn) == CONN_UP;
}

void
sink_start(struct sink *s)
{
	if (s->naddrs == 0)
		tell(s, false, "the host name could not be resolved");
	else if (s->conn == NULL)
		tell(s, false, "ca_file could not be read");
	else {
		timer_set(s->tick, TICK_MS);
		timer_set(s->retry, 0);
	}
}

void
sink_stop(struct sink *s)
{
	s->stopping = true;
	timer_stop(s->retry);
	if (s->conn != NULL && conn_state(s->conn) == CONN_ENDING)
		return;
	if (s->conn != NULL && conn_state(s->conn) == CONN_UP &&
	    conn_unsent(s->conn) == 0) {
		conn_end(s->conn);
		return;
	}
	if (s->conn != NULL)
		conn_close(s->conn);
	s->stopped = true;
}

bool
sink_stopped(const struct sink *s)
{
	return s->stopped;
}

const char *
sink_name(const struct sink *s)
{
	return s->conf->name;
}

bool
sink_up(const struct sink *s)
{
	return s->told_up;
}

bool
sink_usable(const struct sink *s)
{
	return s->conn != NULL;
}

uint64_t
sink_next(const struct sink *s)
{
	return s->arrived;
}

void
sink_rewind(struct sink *s)
{
	s->arrived = 0;
	forget(s);
	s->asked = false;
	ask(s);
}

/* ---- setting up */

static int
resolve(struct sink *s)
{
	const struct addrinfo want = {
	    .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
	struct addrinfo *list = NULL;
	uint16_t port;

	if (addr_parse(&s->addrs[0], s->conf->host) == 0) {
		s->naddrs = 1;
		return 0;
	}
	if (getaddrinfo(s->conf->host, NULL, &want, &list) != 0)
		return GW_ENOENT;
	for (const struct addrinfo *a = list;
	     a != NULL && s->naddrs < LIMIT_SINK_ADDRS; a = a->ai_next)
		if (addr_from_sockaddr(
			&s->addrs[s->naddrs], &port, a->ai_addr) == 0)
			s->naddrs++;
	freeaddrinfo(list);
	return s->naddrs > 0 ? 0 : GW_ENOENT;
}

int
sink_new(struct sink **ret, struct process *r, const struct conf_sink *conf,
    uint64_t next, const struct sink_hooks *hooks)
{
	struct sink *s = calloc(1, sizeof(*s));
	const struct conn_hooks on = {.up = on_up,
	    .drained = on_drained,
	    .ended = on_ended,
	    .broken = on_broken,
	    .ctx = s};
	int e = GW_ENOMEM;

	if (s == NULL)
		return e;
	s->process = r;
	s->conf = conf;
	s->hooks = *hooks;
	s->arrived = s->sent = s->given = next;
	s->retry = timer_new(r, on_retry, s);
	s->tick = timer_new(r, on_tick, s);
	if (s->retry == NULL || s->tick == NULL)
		goto out;
	/* Either failing is the sink's state, not this process's end. */
	if (resolve(s) != 0)
		s->naddrs = 0;
	if (tls_context(&s->ctx, conf->ca_file) != 0)
		s->ctx = NULL;
	if (s->naddrs > 0 && s->ctx != NULL &&
	    (e = conn_new(&s->conn, r, s->ctx, conf->host, &on)) != 0)
		goto out;
	*ret = s;
	s = NULL;
	e = 0;
out:
	sink_free(s);
	return e;
}

void
sink_free(struct sink *s)
{
	if (s == NULL)
		return;
	conn_free(s->conn);
	timer_free(s->retry);
	timer_free(s->tick);
	SSL_CTX_free(s->ctx);
	free(s);
}
