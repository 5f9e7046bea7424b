/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http - see the header. A message that was not taken is kept over the pause,
 * and the next try begins with it: the receiver is up again when it takes that,
 * not when it lets itself be connected to.
 */
#include "shipper/transport/http.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/ids.h"
#include "shipper/transport/post.h"

enum {
	QUEUE_MAX = 4 * 1024 * 1024, /* internal: of 64 KiB of records */
};

/* Before each message of the queue. */
struct head {
	uint64_t seq;
	size_t len;
};

struct http {
	struct transport t; /* the head */
	struct transport_hooks hooks;
	struct post *post;
	struct buf queue;
	char id[ID_UUID_SIZE]; /* of the first, while it is on its way */
	bool opening;          /* nothing is taken yet */
	int64_t kept_since_ms; /* the first was not taken; 0 = nothing kept */
};

static struct http *
http_of(struct transport *t)
{
	return (struct http *)t;
}

static struct head
first(const struct http *x)
{
	struct head h;

	memcpy(&h, x->queue.p, sizeof(h));
	return h;
}

static void
forget(struct http *x)
{
	buf_reset(&x->queue);
	x->kept_since_ms = 0;
}

/* All but the first, which is asked for again from the log. */
static void
keep_first(struct http *x)
{
	if (x->queue.len == 0)
		return;
	x->queue.len = sizeof(struct head) + first(x).len;
	if (x->kept_since_ms == 0)
		x->kept_since_ms = clock_now().boot_ms;
}

static void
post_first(struct http *x)
{
	const char *p = (const char *)x->queue.p + sizeof(struct head);
	const size_t n = first(x).len;
	const char *lf = memchr(p, '\n', n);
	const size_t idlen = lf != NULL ? (size_t)(lf - p) : 0;

	if (lf == NULL || idlen >= sizeof(x->id)) {
		forget(x);
		x->hooks.broken(x->hooks.ctx, "a message without an id");
		return;
	}
	memcpy(x->id, p, idlen);
	x->id[idlen] = '\0';
	post_send(x->post, x->id, lf + 1, n - idlen - 1);
}

static void
go_on(struct http *x)
{
	if (x->queue.len > 0)
		post_first(x);
	else
		x->hooks.sent(x->hooks.ctx);
}

static void
on_done(void *ctx, const char *why)
{
	struct http *x = ctx;
	const bool opening = x->opening;

	x->opening = false;
	if (why != NULL) {
		keep_first(x);
		x->hooks.broken(x->hooks.ctx, why);
		return;
	}
	x->kept_since_ms = 0;
	if (x->queue.len > 0) { /* not a probe */
		const struct head h = first(x);

		buf_shift(&x->queue, sizeof(h) + h.len);
		x->hooks.read(x->hooks.ctx, h.seq + 1);
	}
	if (opening)
		x->hooks.up(x->hooks.ctx);
	go_on(x);
}

static int
http_make(struct transport **ret, struct process *p,
    const struct conf_sink *conf, const struct transport_hooks *hooks,
    const char **why)
{
	struct http *x = calloc(1, sizeof(*x));
	int e = GW_ENOMEM;

	if (x == NULL)
		return e;
	x->t.ops = &transport_http;
	x->hooks = *hooks;
	buf_init(&x->queue, QUEUE_MAX);
	if ((e = post_new(&x->post, p, conf, on_done, x, why)) == 0)
		*ret = &x->t;
	else
		free(x);
	return e;
}

static void
http_open(struct transport *t)
{
	struct http *x = http_of(t);

	/* by now the log would not give it any more (encode/webhook.h) */
	if (x->kept_since_ms != 0 && clock_now().boot_ms - x->kept_since_ms >
					 (int64_t)LIMIT_HOOK_AGE_S * 1000)
		forget(x);
	x->opening = true;
	if (x->queue.len > 0)
		post_first(x);
	else
		post_probe(x->post);
}

static int
http_put(struct transport *t, uint64_t seq, const void *message, size_t n)
{
	struct http *x = http_of(t);
	const struct head h = {.seq = seq, .len = n};

	if (n == 0)
		return 0;
	buf_put(&x->queue, &h, sizeof(h));
	buf_put(&x->queue, message, n);
	return buf_err(&x->queue);
}

static void
http_send(struct transport *t)
{
	go_on(http_of(t));
}

/* Each message was answered for: there is nothing to ask. */
static void
http_end(struct transport *t)
{
	struct http *x = http_of(t);

	x->hooks.ended(x->hooks.ctx);
}

static void
http_close(struct transport *t)
{
	struct http *x = http_of(t);

	post_stop(x->post);
	x->opening = false;
	forget(x);
}

static int64_t
http_asked_ms(const struct transport *t)
{
	return post_after_ms(((const struct http *)t)->post);
}

static void
http_give_up(struct transport *t, const char *why)
{
	struct http *x = http_of(t);

	http_close(t);
	x->hooks.broken(x->hooks.ctx, why);
}

const struct transport_ops transport_http = {.name = "HTTPS",
    .answers = true,
    .pause_max_ms = 5 * 60 * 1000,
    .asked_ms = http_asked_ms,
    .make = http_make,
    .open = http_open,
    .put = http_put,
    .send = http_send,
    .end = http_end,
    .close = http_close,
    .give_up = http_give_up};
