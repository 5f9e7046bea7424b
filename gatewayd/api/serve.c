/* SPDX-License-Identifier: Apache-2.0 */
/*
 * serve - the listening sockets of http.h, and the turns of libmicrohttpd:
 * which connection is served by which daemon with which certificate. What a
 * request is, http.c knows.
 */
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

#include "api/conns.h"
#include "api/http_impl.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/str.h"

enum {
	MEMORY_PER_CONNECTION = 32 * 1024, /* internal: holds the headers */
	/* ours is the verdict (conns.h); those that gave way go a turn later */
	MHD_CONNECTIONS = LIMIT_API_CONNECTIONS + 256,
	SPINS_FREE = 16, /* turns MHD may ask for in a row */
	SPIN_MS = 20,    /* and the pace after that */
};

/* TLS 1.2 at the least, no CBC, no SHA-1. */
static const char tls_priority[] =
    "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-CIPHER-ALL:+AES-256-GCM:"
    "+CHACHA20-POLY1305:+AES-128-GCM:-KX-ALL:+ECDHE-ECDSA:+ECDHE-RSA:"
    "%SERVER_PRECEDENCE";

/* ---- the loop */

/*
 * MHD keeps asking for another turn while a TLS handshake waits for its peer,
 * who may be slow: that must not cost a processor. What arrives on a
 * socket makes the epoll descriptor ready and is served at once all the same.
 */
static int64_t
pace(struct http_daemon *d, uint64_t wait_ms)
{
	if (wait_ms > 0)
		return wait_ms < 60000 ? (int64_t)wait_ms : 60000;
	return d->spins++ < SPINS_FREE ? 0 : SPIN_MS;
}

static void daemon_free(struct http_daemon *d);

/* Has it served the last one it accepted? */
static bool
is_done(const struct http_daemon *d)
{
	const union MHD_DaemonInfo *i =
	    MHD_get_daemon_info(d->mhd, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);

	return d->fd < 0 && i != NULL && i->num_connections == 0;
}

static void
turn(struct http_daemon *d)
{
	MHD_UNSIGNED_LONG_LONG wait_ms = 0;

	(void)MHD_run(d->mhd);
	if (is_done(d)) {
		daemon_free(d);
		return;
	}
	if (MHD_get_timeout(d->mhd, &wait_ms) == MHD_YES)
		timer_set(d->timer, pace(d, wait_ms));
	else
		timer_stop(d->timer);
}

static void
on_readable(struct process *r, int fd, unsigned what, void *arg)
{
	struct http_daemon *d = arg;

	(void)r;
	(void)fd;
	(void)what;
	d->spins = 0;
	turn(d);
}

static void
on_timer(struct process *r, void *arg)
{
	(void)r;
	turn(arg);
}

/* ---- life */

int
http_new(struct http **ret, struct process *r, const struct conf_caps *caps,
    const struct http_hooks *hooks)
{
	struct http *h = calloc(1, sizeof(*h));
	int e;

	if (h == NULL)
		return GW_ENOMEM;
	h->process = r;
	h->hooks = *hooks;
	if ((e = conns_new(&h->conns, r, caps)) != 0) {
		free(h);
		return e;
	}
	*ret = h;
	return 0;
}

void
http_known(struct http *h, const struct addr *source, bool known)
{
	conns_known(h->conns, source, known);
}

static void
daemon_free(struct http_daemon *d)
{
	for (struct http_daemon **dp = &d->http->daemons; *dp != NULL;
	     dp = &(*dp)->next)
		if (*dp == d) {
			*dp = d->next;
			break;
		}
	if (d->watch != NULL)
		watch_free(d->watch);
	timer_free(d->timer);
	if (d->mhd != NULL)
		MHD_stop_daemon(d->mhd);
	free(d);
}

static struct MHD_Daemon *
start_mhd(struct http_daemon *d, int fd, const struct secret *cert,
    const struct secret *key)
{
	struct MHD_OptionItem tls[] = {
	    {MHD_OPTION_HTTPS_MEM_CERT, 0,
		cert != NULL ? (void *)cert->p : NULL},
	    {MHD_OPTION_HTTPS_MEM_KEY, 0, key != NULL ? (void *)key->p : NULL},
	    {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)tls_priority},
	    {MHD_OPTION_END, 0, NULL}};
	struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
	unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME |
			 MHD_USE_ERROR_LOG | (cert != NULL ? MHD_USE_TLS : 0);

	return MHD_start_daemon(flags, 0, http_on_accept, d, http_on_request, d,
	    MHD_OPTION_EXTERNAL_LOGGER, http_on_log, NULL,
	    MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_URI_LOG_CALLBACK,
	    http_on_uri, NULL, MHD_OPTION_NOTIFY_COMPLETED, http_on_completed,
	    NULL, MHD_OPTION_NOTIFY_CONNECTION, http_on_connection, d,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY_PER_CONNECTION,
	    MHD_OPTION_CONNECTION_LIMIT, (unsigned)MHD_CONNECTIONS,
	    MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)LIMIT_API_SILENCE_S,
	    MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_ARRAY,
	    cert != NULL ? tls : none, MHD_OPTION_END);
}

static int
add_daemon(
    struct http *h, int fd, const struct secret *cert, const struct secret *key)
{
	struct http_daemon *d = calloc(1, sizeof(*d));
	const union MHD_DaemonInfo *info = NULL;
	int e = GW_ENOMEM;

	if (d == NULL)
		return GW_ENOMEM;
	d->http = h;
	d->fd = fd;
	d->local = cert == NULL;
	memcpy(d->tls_next, h->tls_next, sizeof(d->tls_next));
	if ((d->timer = timer_new(h->process, on_timer, d)) == NULL)
		goto out;
	e = GW_EINVAL;
	if ((d->mhd = start_mhd(d, fd, cert, key)) == NULL ||
	    (info = MHD_get_daemon_info(d->mhd, MHD_DAEMON_INFO_EPOLL_FD)) ==
		NULL)
		goto out;
	e = GW_ENOMEM;
	if ((d->watch = watch_new(
		 h->process, info->epoll_fd, on_readable, d)) == NULL)
		goto out;
	watch_set(d->watch, WATCH_READ);
	d->next = h->daemons;
	h->daemons = d;
	turn(d);
	return 0;
out:
	daemon_free(d);
	return e;
}

int
http_listen(
    struct http *h, int fd, const struct secret *cert, const struct secret *key)
{
	return add_daemon(h, fd, cert, key);
}

/* For a moment two accept from one socket; at no time does nobody. */
int
http_renew(struct http *h, const struct secret *cert, const struct secret *key,
    bool other_key)
{
	struct http_daemon *next = NULL;
	int e;

	for (struct http_daemon *d = h->daemons; d != NULL; d = next) {
		const int fd = d->fd;

		next = d->next;
		d->earlier_key = d->earlier_key || other_key;
		if (d->local || fd < 0)
			continue;
		if ((e = add_daemon(h, fd, cert, key)) != 0)
			return e;
		(void)MHD_quiesce_daemon(d->mhd);
		d->fd = -1;
		turn(d); /* frees it if it has nobody */
	}
	return 0;
}

void
http_announce(struct http *h, const char *tls_next)
{
	text_set(h->tls_next, sizeof(h->tls_next), tls_next);
	for (struct http_daemon *d = h->daemons; d != NULL; d = d->next)
		if (!d->earlier_key)
			memcpy(d->tls_next, h->tls_next, sizeof(d->tls_next));
}

bool
http_settled(const struct http *h)
{
	for (const struct http_daemon *d = h->daemons; d != NULL; d = d->next)
		if (d->fd < 0)
			return false;
	return true;
}
