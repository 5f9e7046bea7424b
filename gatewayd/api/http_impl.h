/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_impl - what the files of http share: a listening socket with its daemon
 * (serve.c), what libmicrohttpd calls (http.c), a request while it is judged
 * (judge.c) and answered (answer.c).
 */
#ifndef API_HTTP_IMPL_H
#define API_HTTP_IMPL_H

#include <microhttpd.h>
#include <stdarg.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "api/http.h"
#include "api/parse.h"
#include "base/buf.h"
#include "base/limits.h"

struct conn;
struct conns;
struct verb;

struct http_daemon {
	struct http_daemon *next;
	struct http *http;
	struct MHD_Daemon *mhd;
	struct watch *watch;
	struct timer *timer;
	int fd; /* it accepts on; -1 = no more (an earlier certificate's) */
	unsigned spins;
	bool local;
	bool earlier_key; /* than that of new connections */
	char tls_next[LIMIT_ROLLOVER_SIZE];
};

struct http {
	struct process *process;
	struct http_hooks hooks;
	struct conns *conns;
	struct http_daemon *daemons;
	char tls_next[LIMIT_ROLLOVER_SIZE];
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
	/* one that goes on */
	bool streaming, ended;
	struct buf out; /* not taken yet */
};

/* judge.c: all that can be said before the body is there, as a problem of q;
 * true = answer at once, the body is not read. */
bool http_judge(struct http_req *q, struct http_daemon *d, const char *method);

/* answer.c */

/* Queues the answer that q has. */
enum MHD_Result http_send(struct http_req *q);
struct conn *http_conn(struct MHD_Connection *c);

/* Libmicrohttpd's callbacks; cls is the daemon. */
enum MHD_Result http_on_accept(
    void *cls, const struct sockaddr *sa, socklen_t n);
enum MHD_Result http_on_request(void *cls, struct MHD_Connection *c,
    const char *url, const char *method, const char *version, const char *data,
    size_t *ndata, void **con_cls);
void *http_on_uri(void *cls, const char *uri, struct MHD_Connection *c);
void http_on_completed(void *cls, struct MHD_Connection *c, void **con_cls,
    enum MHD_RequestTerminationCode how);
void http_on_connection(void *cls, struct MHD_Connection *c, void **ctx,
    enum MHD_ConnectionNotificationCode what);
void http_on_log(void *cls, const char *fmt, va_list ap) PRINTF_LIKE(2, 0);

#endif
