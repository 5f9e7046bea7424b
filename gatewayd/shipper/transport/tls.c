/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls - see the header.
 */
#include "shipper/transport/tls.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "shipper/transport/conn.h"

struct tls {
	struct transport t; /* the head */
	struct transport_hooks hooks;
	struct conn *conn;
	uint64_t next; /* all records put are below */
};

static struct tls *
tls_of(struct transport *t)
{
	return (struct tls *)t;
}

static void
on_up(void *ctx)
{
	const struct tls *x = ctx;

	x->hooks.up(x->hooks.ctx);
}

static void
on_drained(void *ctx)
{
	const struct tls *x = ctx;

	x->hooks.sent(x->hooks.ctx);
}

static void
on_ended(void *ctx)
{
	const struct tls *x = ctx;

	x->hooks.read(x->hooks.ctx, x->next);
	x->hooks.ended(x->hooks.ctx);
}

static void
on_broken(void *ctx, const char *why)
{
	const struct tls *x = ctx;

	x->hooks.broken(x->hooks.ctx, why);
}

static int
tls_make(struct transport **ret, struct process *p,
    const struct conf_sink *conf, const struct transport_hooks *hooks,
    const char **why)
{
	struct tls *x = calloc(1, sizeof(*x));
	const struct conn_hooks on = {.up = on_up,
	    .drained = on_drained,
	    .ended = on_ended,
	    .broken = on_broken,
	    .ctx = x};
	int e = GW_ENOMEM;

	if (x == NULL)
		return e;
	x->t.ops = &transport_tls;
	x->hooks = *hooks;
	if ((e = conn_new(&x->conn, p, conf, &on, why)) == 0)
		*ret = &x->t;
	else
		free(x);
	return e;
}

static void
tls_open(struct transport *t)
{
	tls_of(t)->next = 0;
	conn_open(tls_of(t)->conn);
}

static int
tls_put(struct transport *t, uint64_t seq, const void *message, size_t n)
{
	struct tls *x = tls_of(t);
	char length[24];
	int e;

	if ((e = str_fmt(length, sizeof(length), "%zu ", n)) != 0 ||
	    (e = conn_put(x->conn, length, strlen(length))) != 0 ||
	    (e = conn_put(x->conn, message, n)) != 0)
		return e;
	x->next = seq + 1;
	return 0;
}

static void
tls_send(struct transport *t)
{
	conn_send(tls_of(t)->conn);
}

static void
tls_end(struct transport *t)
{
	conn_end(tls_of(t)->conn);
}

static void
tls_close(struct transport *t)
{
	conn_close(tls_of(t)->conn);
}

static void
tls_give_up(struct transport *t, const char *why)
{
	conn_break(tls_of(t)->conn, why);
}

const struct transport_ops transport_tls = {.name = "TLS",
    .ask_ms = 30 * 1000,
    .kept_ms = 30 * 1000,
    .pause_max_ms = 30 * 1000,
    .make = tls_make,
    .open = tls_open,
    .put = tls_put,
    .send = tls_send,
    .end = tls_end,
    .close = tls_close,
    .give_up = tls_give_up};
