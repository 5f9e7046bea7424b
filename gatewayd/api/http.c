/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http - requests, as libmicrohttpd hands them over: judged, given to the
 * broker, answered. It has no threads here; a connection is suspended while the
 * broker works.
 *
 * Bounds: header memory per connection, body, connections in all and per
 * source, silence (MHD's timeout) and, against the patient, a deadline for
 * every request's arrival and every answer's departure.
 */
#include "api/http_impl.h"

#include <microhttpd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/conns.h"
#include "api/parse.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/str.h"
#include "wire/json.h"
#include "wire/verbs.h"

enum {
	DRAIN_MAX = 1024 * 1024, /* internal: of a refused body, to be polite */
};

struct http_req {
	struct MHD_Connection *c;
	struct http_daemon *daemon;
	struct parse_target target;
	int target_err;
	struct buf body;
	struct msg_api_call call;
	const struct verb *verb;
	bool seen;      /* headers were judged */
	bool suspended; /* MHD waits for http_reply */
	/* the answer */
	int status; /* 0 = none yet */
	char content_type[64];
	char allow[64];
	uint8_t *reply;
	size_t nreply;
};

/* ---- answers */

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

static struct conn *
conn_of(struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *i =
	    MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return i != NULL ? i->socket_context : NULL;
}

static bool
add_headers(struct MHD_Response *r, const struct http_req *q)
{
	bool ok;

	ok = MHD_add_response_header(r, "Content-Type", q->content_type) &&
	     MHD_add_response_header(r, "Cache-Control", "no-store") &&
	     MHD_add_response_header(r, "X-Content-Type-Options", "nosniff") &&
	     MHD_add_response_header(r, "Content-Security-Policy",
		 "default-src 'none'; frame-ancestors 'none'");
	if (q->allow[0] != '\0')
		ok = ok && MHD_add_response_header(r, "Allow", q->allow);
	if (q->status == 401)
		ok = ok &&
		     MHD_add_response_header(r, "WWW-Authenticate", "Bearer");
	if (q->status == 429 || q->status == 503)
		ok = ok && MHD_add_response_header(r, "Retry-After", "2");
	return ok;
}

static enum MHD_Result
send_reply(struct http_req *q)
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
	conn_deadline(conn_of(q->c), LIMIT_API_DEPART_MS);
	return done;
}

/* ---- judging a request */

static const char *
header(const struct http_req *q, const char *name)
{
	return MHD_lookup_connection_value(q->c, MHD_HEADER_KIND, name);
}

/* Said twice, two readers may each believe another one. */
static const char *const single[] = {
    "Authorization", "Content-Length", "Content-Type", "Host"};

struct headers {
	size_t size;
	unsigned seen[ARRAY_LEN(single)];
};

static enum MHD_Result
count_header(
    void *cls, enum MHD_ValueKind kind, const char *key, const char *value)
{
	struct headers *h = cls;

	(void)kind;
	h->size += strlen(key) + (value != NULL ? strlen(value) : 0) + 4;
	for (size_t i = 0; i < ARRAY_LEN(single); i++)
		if (strcasecmp(key, single[i]) == 0)
			h->seen[i]++;
	return MHD_YES;
}

/* False: it is unknown where the body ends. */
static bool
judge_headers(struct http_req *q)
{
	struct headers h = {0};
	bool ok = true;

	(void)MHD_get_connection_values(
	    q->c, MHD_HEADER_KIND, count_header, &h);
	if (h.size > LIMIT_HEADERS_MAX)
		http_problem(q, 431, "headers-too-large", NULL,
		    "the request's headers may have %d bytes",
		    LIMIT_HEADERS_MAX);
	for (size_t i = 0; i < ARRAY_LEN(single); i++)
		if (h.seen[i] > 1) {
			http_problem(q, 400, "bad-headers", NULL,
			    "%s may be given once only", single[i]);
			ok = false;
		}
	return ok;
}

/* Bytes of body to come; refuses what we do not read. */
static uint64_t
judge_body(struct http_req *q, const char *method)
{
	const char *length = header(q, "Content-Length");
	uint64_t n = 0;
	int e = 0;

	if (header(q, "Transfer-Encoding") != NULL ||
	    (length == NULL && strcmp(method, "POST") == 0)) {
		http_problem(q, 411, "length-required", NULL,
		    "send the body with a Content-Length");
		/* how much is coming is not known */
		return length == NULL && strcmp(method, "POST") != 0
			   ? 0
			   : UINT64_MAX;
	}
	if (length != NULL)
		e = parse_length(&n, length, LIMIT_BODY_MAX);
	if (e == GW_EINVAL)
		http_problem(q, 400, "bad-length", NULL,
		    "Content-Length is not a number");
	else if (e == GW_ELIMIT)
		http_problem(q, 413, "too-large", NULL,
		    "the body may have %d bytes", LIMIT_BODY_MAX);
	return n;
}

static void
judge_route(struct http_req *q, const char *method)
{
	const char *arg = NULL;

	q->verb = verb_route(
	    method, q->target.path, &arg, q->allow, sizeof(q->allow));
	if (q->verb == NULL && q->allow[0] != '\0') {
		http_problem(q, 405, "method-not-allowed", NULL,
		    "%s answers to %s, not to %s", q->target.path, q->allow,
		    method);
		return;
	}
	q->allow[0] = '\0';
	if (q->verb == NULL ||
	    (arg != NULL &&
		str_copy(q->call.arg, sizeof(q->call.arg), arg) != 0))
		http_problem(q, 404, "not-found", NULL, "no such path: %s",
		    q->target.path);
}

static void
judge_peer(struct http_req *q, struct http_daemon *d)
{
	struct conn *k = conn_of(q->c);

	q->call.uid = q->call.loginuid = q->call.pid = -1;
	if (!d->local) {
		if (k != NULL) {
			q->call.peer = k->peer;
			q->call.peer_port = k->port;
		}
		if (q->call.peer.family == 0)
			http_problem(q, 403, "forbidden", NULL,
			    "your address is unknown");
		return;
	}
	if (k == NULL || (k->who.uid != 0 && !FAULT(admin_root))) {
		http_problem(q, 403, "forbidden", NULL,
		    "the admin socket answers root only");
		if (k != NULL && !k->intruder) {
			k->intruder = true;
			d->http->hooks.intruder(d->http->hooks.ctx, k->who.uid,
			    k->who.loginuid, k->who.pid);
		}
		return;
	}
	q->call.uid = k->who.uid;
	q->call.loginuid = k->who.loginuid;
	q->call.pid = k->who.pid;
}

/* All that can be said before the body is there; false = hang up at once. */
static bool
judge(struct http_req *q, struct http_daemon *d, const char *method)
{
	uint64_t coming;
	bool framed;

	judge_peer(q, d);
	framed = judge_headers(q);
	if (q->target_err == GW_ELIMIT)
		http_problem(q, 414, "uri-too-long", NULL,
		    "the path or the query is too long");
	else if (q->target_err != 0)
		http_problem(
		    q, 400, "bad-target", NULL, "not a path of this server");
	else
		judge_route(q, method);
	coming = judge_body(q, method);
	if (coming > 0 && q->status == 0 && strcmp(method, "POST") == 0 &&
	    !parse_is_json(header(q, "Content-Type")))
		http_problem(q, 415, "not-json", NULL,
		    "send Content-Type: application/json");
	if (q->status == 0 && q->verb->auth == AUTH_TOKEN && !d->local &&
	    parse_bearer(q->call.token, sizeof(q->call.token),
		header(q, "Authorization")) != 0)
		http_problem(q, 401, "bad-token", NULL,
		    "Authorization is not \"Bearer <token>\"");
	return q->status != 0 && (!framed || coming > DRAIN_MAX);
}

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
		return judge(q, cls, method) ? send_reply(q) : MHD_YES;
	}
	if (*ndata > 0) {
		if (q->status == 0)
			buf_put(&q->body, data, *ndata);
		*ndata = 0;
		return MHD_YES;
	}
	if (q->status == 0) {
		conn_deadline(conn_of(c), 0);
		conn_asked(conn_of(c));
		dispatch(q, cls);
	}
	if (q->status != 0)
		return send_reply(q);
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
	conn_deadline(conn_of(c), LIMIT_API_ARRIVE_MS);
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
