/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http - the only part that knows libmicrohttpd (its TLS is GnuTLS): turns an
 * HTTP request into a struct msg_api_call and a reply into a response. It has
 * no thread of its own; the process's loop drives it. It decides nothing beyond
 * "is this a well-formed call of a known route".
 */
#ifndef API_HTTP_H
#define API_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/attr.h"
#include "base/secret.h"
#include "core/conf.h"
#include "process/process.h"
#include "wire/messages.h"

struct http;     /* all listening sockets of this process */
struct http_req; /* one request that waits for its answer */

/*
 * A well-formed call: everything in call but rid is set; its bytes live until
 * this returns. Must lead to exactly one http_reply* on q, now or later.
 */
typedef void http_call_fn(
    void *ctx, struct http_req *q, const struct msg_api_call *call);
/* Somebody who is not root spoke to the admin socket. */
typedef void http_intruder_fn(
    void *ctx, int64_t uid, int64_t loginuid, int64_t pid);

/* Whose answer is a stream has gone: nothing more may be said to q. */
typedef void http_gone_fn(void *ctx, struct http_req *q);

struct http_hooks {
	http_call_fn *call;
	http_gone_fn *gone;
	http_intruder_fn *intruder;
	void *ctx;
};

/* caps lives on. */
MUST_CHECK int http_new(struct http **ret, struct process *r,
    const struct conf_caps *caps, const struct http_hooks *hooks);
/* See conns_known. */
void http_known(struct http *h, const struct addr *source, bool known);
/*
 * Serves a bound, listening socket. cert and key are PEM text, NULL for the
 * plain admin socket, where only uid 0 is answered; both must outlive h. fd
 * belongs to h on success.
 */
MUST_CHECK int http_listen(struct http *h, int fd, const struct secret *cert,
    const struct secret *key);

/* From now on new connections are served with this certificate and key; those
 * there are go on with theirs. Both must outlive h, and the ones before until
 * http_settled(). After a failure some sockets are served by nobody. other_key:
 * it is not the key there was. */
MUST_CHECK int http_renew(struct http *h, const struct secret *cert,
    const struct secret *key, bool other_key);
/* What all answers tell of the next key (wire/rollover.h), "" while none is
 * announced; of those under an earlier key, what that one announced last: for
 * whoever hears of none there forgets it. */
void http_announce(struct http *h, const char *tls_next);
/* Nobody is served with earlier ones any more. */
bool http_settled(const struct http *h);

/* The next part of an answer that goes on; the first call begins it. It ends
 * with http_reply, whatever that says. False: it has ended, or its client takes
 * nothing: it ends here. */
MUST_CHECK bool http_part(
    struct http_req *q, const char *content_type, const void *body, size_t n);
/* Asks the same again, as "last=N" of its query. */
void http_ask_on(struct http_req *q, uint64_t last);
void http_reply(struct http_req *q, int status, const char *content_type,
    const void *body, size_t n);
/* An RFC 9457 problem; fmt as in problem_set(). */
void http_problem(struct http_req *q, int status, const char *code,
    const char *field, const char *fmt, ...) PRINTF_LIKE(5, 6);

#endif
