/* SPDX-License-Identifier: Apache-2.0 */
/*
 * judge - what can be said of a request before its body is there: who may ask,
 * the headers, the path, the length.
 */
#include "api/http_impl.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "api/conns.h"
#include "api/parse.h"
#include "base/err.h"
#include "base/fault.h"
#include "base/limits.h"
#include "base/str.h"
#include "wire/verbs.h"

enum {
	DRAIN_MAX = 1024 * 1024, /* internal: of a refused body, to be polite */
};

static const char *
header(const struct http_req *q, const char *name)
{
	return MHD_lookup_connection_value(q->c, MHD_HEADER_KIND, name);
}

/* Said twice, two readers may each believe another one. */
static const char *const single[] = {
    "Authorization", "Content-Length", "Content-Type", "Host", "Last-Event-ID"};

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
	struct conn *k = http_conn(q->c);

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

/* What a browser has of a stream it says in a header; in a query it is last. */
static void
judge_last_event(struct http_req *q)
{
	const char *last = header(q, "Last-Event-ID");
	uint64_t n = 0;

	if (last != NULL && q->target.query[0] == '\0' &&
	    parse_length(&n, last, LIMIT_NUMBER_MAX) == 0)
		(void)snprintf(q->target.query, sizeof(q->target.query),
		    "last=%llu", (unsigned long long)n);
}

bool
http_judge(struct http_req *q, struct http_daemon *d, const char *method)
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
	judge_last_event(q);
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
