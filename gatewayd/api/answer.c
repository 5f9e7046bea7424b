/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answer - what a request is told: the broker's reply, or a problem found here.
 */
#include "api/http_impl.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/conns.h"
#include "base/limits.h"
#include "wire/json.h"
#include "wire/rollover.h"

enum { BLOCK = 4096 }; /* of a stream, at a time */

/* If it is suspended. */
static void
wake(struct http_req *q)
{
	if (!q->suspended)
		return;
	q->suspended = false;
	MHD_resume_connection(q->c);
	/* MHD has no thread of its own that would notice: run it */
	q->daemon->spins = 0;
	timer_set(q->daemon->timer, 0);
}

void
http_reply(struct http_req *q, int status, const char *content_type,
    const void *body, size_t n)
{
	if (q->streaming) {
		q->ended = true;
		wake(q);
		return;
	}
	if (q->status != 0)
		return; /* answered already; the first answer stands */
	q->status = status;
	(void)snprintf(q->content_type, sizeof(q->content_type), "%s",
	    content_type[0] != '\0' ? content_type
				    : "application/octet-stream");
	if (n > 0 && (q->reply = malloc(n)) != NULL) {
		memcpy(q->reply, body, n);
		q->nreply = n;
	} else if (n > 0) {
		q->status = 500;
	}
	wake(q);
}

void
http_problem(struct http_req *q, int status, const char *code,
    const char *field, const char *fmt, ...)
{
	struct problem p;
	char text[sizeof(p.text)];
	json_t *o = NULL;
	char *s = NULL;
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	problem_set(&p, status, code, field, "%s", text);
	if ((o = problem_json(&p)) != NULL)
		s = json_text(o);
	http_reply(q, status, "application/problem+json", s,
	    s != NULL ? strlen(s) : 0);
	free(s);
	json_decref(o);
}

struct conn *
http_conn(struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *i =
	    MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return i != NULL ? i->socket_context : NULL;
}

static bool
add_headers(struct MHD_Response *r, const struct http_req *q)
{
	const char *next = q->daemon->tls_next;
	bool ok;

	ok = MHD_add_response_header(r, "Content-Type", q->content_type) &&
	     MHD_add_response_header(r, "Cache-Control", "no-store") &&
	     MHD_add_response_header(r, "X-Content-Type-Options", "nosniff") &&
	     MHD_add_response_header(r, "Content-Security-Policy",
		 "default-src 'none'; frame-ancestors 'none'");
	/* Whoever only reads, with a token that lives, asks for no challenge.
	 */
	if (next[0] != '\0')
		ok = ok && MHD_add_response_header(r, ROLLOVER_HEADER, next);
	if (q->allow[0] != '\0')
		ok = ok && MHD_add_response_header(r, "Allow", q->allow);
	if (q->status == 401)
		ok = ok &&
		     MHD_add_response_header(r, "WWW-Authenticate", "Bearer");
	if (q->status == 429 || q->status == 503)
		ok = ok && MHD_add_response_header(r, "Retry-After", "2");
	return ok;
}

/* ---- an answer that goes on: its parts as they come, each asked for when the
 * one before it has come. Between them the connection is suspended.
 * Libmicrohttpd does not notice that the client of a suspended connection has
 * gone, but when it writes: the parts come often enough, with nothing in them
 * if need be. One that takes none for so long loses the socket, as with any
 * answer.
 */
/* MHD takes what there is; then waits for more, or hears that this was all. */
static ssize_t
on_read(void *cls, uint64_t pos, char *p, size_t max)
{
	struct http_req *q = cls;
	const size_t n = q->out.len < max ? q->out.len : max;

	(void)pos;
	if (n > 0) {
		memcpy(p, q->out.p, n);
		buf_shift(&q->out, n);
		return (ssize_t)n;
	}
	if (q->ended)
		return MHD_CONTENT_READER_END_OF_STREAM;
	conn_deadline(http_conn(q->c), 0);
	q->suspended = true;
	MHD_suspend_connection(q->c);
	return 0;
}

static struct MHD_Response *
stream_response(struct http_req *q)
{
	return MHD_create_response_from_callback(
	    MHD_SIZE_UNKNOWN, BLOCK, on_read, q, NULL);
}

bool
http_part(
    struct http_req *q, const char *content_type, const void *body, size_t n)
{
	if (q->status != 0 && !q->streaming)
		return false;
	if (!q->streaming) {
		q->streaming = true;
		q->status = 200;
		(void)snprintf(q->content_type, sizeof(q->content_type), "%s",
		    content_type);
	}
	buf_put(&q->out, body, n);
	/* under an earlier certificate: its client comes back to the new one */
	if (buf_err(&q->out) != 0 || q->daemon->fd < 0)
		q->ended = true;
	conn_deadline(http_conn(q->c), LIMIT_API_DEPART_MS);
	wake(q);
	return !q->ended;
}

void
http_ask_on(struct http_req *q, uint64_t last)
{
	const int n = snprintf(q->target.query, sizeof(q->target.query),
	    "last=%llu", (unsigned long long)last);

	q->call.query.p = (const uint8_t *)q->target.query;
	q->call.query.len = (uint32_t)n;
	q->daemon->http->hooks.call(q->daemon->http->hooks.ctx, q, &q->call);
}

enum MHD_Result
http_send(struct http_req *q)
{
	struct MHD_Response *r = NULL;
	enum MHD_Result done = MHD_NO;

	/* The response owns the bytes from here on. */
	r = q->streaming ? stream_response(q)
			 : MHD_create_response_from_buffer(
			       q->nreply, q->reply, MHD_RESPMEM_MUST_FREE);
	if (r == NULL)
		return MHD_NO;
	q->reply = NULL;
	if (add_headers(r, q))
		done = MHD_queue_response(q->c, (unsigned)q->status, r);
	MHD_destroy_response(r);
	conn_deadline(http_conn(q->c), LIMIT_API_DEPART_MS);
	return done;
}
