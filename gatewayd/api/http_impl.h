/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_impl - what serve.c and http.c share: a listening socket with its
 * daemon, and what libmicrohttpd calls.
 */
#ifndef API_HTTP_IMPL_H
#define API_HTTP_IMPL_H

#include <microhttpd.h>
#include <stdarg.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "api/http.h"

struct conns;

struct http_daemon {
	struct http_daemon *next;
	struct http *http;
	struct MHD_Daemon *mhd;
	struct watch *watch;
	struct timer *timer;
	int fd; /* it accepts on; -1 = no more (an earlier certificate's) */
	unsigned spins;
	bool local;
};

struct http {
	struct process *process;
	struct http_hooks hooks;
	struct conns *conns;
	struct http_daemon *daemons;
};

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
