/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http - requests, as libmicrohttpd hands them over: judged (judge.c), given to
 * the broker, answered (answer.c). It has no threads here; a connection is
 * suspended while the broker works.
 *
 * Bounds: header memory per connection, body, connections in all and per
 * source, silence (MHD's timeout) and, against the patient, a deadline for
 * every request's arrival and every answer's departure.
 */
#include "api/http_impl.h"

#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "api/conns.h"
#include "api/parse.h"
#include "base/limits.h"
#include "base/log.h"
#include "wire/verbs.h"

static void
dispatch(struct http_req *q, struct http_daemon *d)
{
	static const char ok[] = "{\"status\":\"ok\"}";

	if (q->verb->served == SERVED_BY_API) {
		/* This process lives: that is all healthz says. */
		http_reply(q, 200, "application/json", ok, sizeof(ok) - 1);
		return;
	}
	if (buf_err(&q->body) != 0) {
		http_problem(q, 413, "too-large", NULL,
		    "the body may have %d bytes", LIMIT_BODY_MAX);
		return;
	}
	q->call.verb = (uint16_t)q->verb->id;
	q->call.query.p = (const uint8_t *)q->target.query;
	q->call.query.len = (uint32_t)strlen(q->target.query);
	q->call.body.p = q->body.p;
	q->call.body.len = (uint32_t)q->body.len;
	d->http->hooks.call(d->http->hooks.ctx, q, &q->call);
}

/* ---- libmicrohttpd's callbacks */

enum MHD_Result
http_on_request(void *cls, struct MHD_Connection *c, const char *url,
    const char *method, const char *version, const char *data, size_t *ndata,
    void **con_cls)
{
	struct http_req *q = *con_cls;

	(void)url;
	(void)version;
	if (q == NULL)
		return MHD_NO; /* no memory at on_uri */
	if (!q->seen) {
		q->daemon = cls;
		q->seen = true;
		return http_judge(q, cls, method) ? http_send(q) : MHD_YES;
	}
	if (*ndata > 0) {
		if (q->status == 0)
			buf_put(&q->body, data, *ndata);
		*ndata = 0;
		return MHD_YES;
	}
	if (q->status == 0) {
		conn_deadline(http_conn(c), 0);
		conn_asked(http_conn(c));
		dispatch(q, cls);
	}
	if (q->status != 0)
		return http_send(q);
	q->suspended = true;
	MHD_suspend_connection(c);
	return MHD_YES;
}

/* The request line, before anything was decoded. */
void *
http_on_uri(void *cls, const char *uri, struct MHD_Connection *c)
{
	struct http_req *q = calloc(1, sizeof(*q));

	(void)cls;
	if (q == NULL)
		return NULL;
	q->c = c;
	buf_init(&q->body, LIMIT_BODY_MAX);
	buf_init(&q->out, LIMIT_BODY_MAX);
	q->target_err = parse_target(&q->target, uri);
	return q;
}

void
http_on_completed(void *cls, struct MHD_Connection *c, void **con_cls,
    enum MHD_RequestTerminationCode how)
{
	struct http_req *q = *con_cls;

	(void)cls;
	(void)how;
	if (q == NULL)
		return;
	conn_deadline(http_conn(c), LIMIT_API_ARRIVE_MS);
	if (q->streaming)
		q->daemon->http->hooks.gone(q->daemon->http->hooks.ctx, q);
	buf_done(&q->out);
	buf_done(&q->body);
	explicit_bzero(q->call.token, sizeof(q->call.token));
	free(q->reply);
	free(q);
	*con_cls = NULL;
}

enum MHD_Result
http_on_accept(void *cls, const struct sockaddr *sa, socklen_t n)
{
	const struct http_daemon *d = cls;

	(void)n;
	return conns_allow(d->http->conns, sa) ? MHD_YES : MHD_NO;
}

void
http_on_connection(void *cls, struct MHD_Connection *c, void **ctx,
    enum MHD_ConnectionNotificationCode what)
{
	const struct http_daemon *d = cls;
	const union MHD_ConnectionInfo *i;
	const struct sockaddr *sa = NULL;

	if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
		conn_close(*ctx);
		*ctx = NULL;
		return;
	}
	i = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	if (i != NULL)
		sa = i->client_addr;
	i = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
	*ctx = conn_open(
	    d->http->conns, i != NULL ? i->connect_fd : -1, sa, d->local);
	conn_deadline(*ctx, LIMIT_API_ARRIVE_MS);
}

void
http_on_log(void *cls, const char *fmt, va_list ap)
{
	char text[256];

	(void)cls;
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	text[strcspn(text, "\n")] = '\0';
	log_debug("http: %s", text);
}
