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

void
http_reply(struct http_req *q, int status, const char *content_type,
    const void *body, size_t n)
{
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
	if (q->suspended) {
		q->suspended = false;
		MHD_resume_connection(q->c);
		/* MHD has no thread of its own that would notice: run it */
		q->daemon->spins = 0;
		timer_set(q->daemon->timer, 0);
	}
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

enum MHD_Result
http_send(struct http_req *q)
{
	struct MHD_Response *r = NULL;
	enum MHD_Result done = MHD_NO;

	/* The response owns the bytes from here on. */
	r = MHD_create_response_from_buffer(
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
