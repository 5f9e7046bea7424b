/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conn - see the header. OpenSSL without blocking, driven by the process's
 * loop.
 */
#include "shipper/transport/conn.h"

#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/err.h"
#include "shipper/transport/resolve.h"
#include "shipper/transport/trust.h"

enum {
	MAKE_MS = 10 * 1000,       /* for TCP, and again for TLS */
	OUT_MAX = 4 * 1024 * 1024, /* internal: then the log waits */
	WHY_SIZE = 512,
	HEARD_MAX = 64 * 1024, /* internal: of one with nothing to say */
};

enum state {
	CONN_NONE = 0,
	CONN_CONNECT,
	CONN_HANDSHAKE,
	CONN_UP,
	CONN_ENDING,
};

struct conn {
	struct process *process;
	const struct conf_sink *conf;
	struct conn_hooks hooks;
	struct addr addrs[LIMIT_SINK_ADDRS];
	unsigned naddrs, which;
	struct trust *trust;
	SSL *ssl;
	int fd;
	struct watch *watch;
	struct timer *patience; /* while it is being made */
	enum state state;
	struct buf out;
	size_t heard;
};

static void
enter(struct conn *c, enum state st)
{
	c->state = st;
	if (st == CONN_CONNECT || st == CONN_HANDSHAKE)
		timer_set(c->patience, MAKE_MS);
	else
		timer_stop(c->patience);
}

/* ---- ends */

void
conn_close(struct conn *c)
{
	if (c->watch != NULL)
		watch_free(c->watch);
	c->watch = NULL;
	SSL_free(c->ssl);
	c->ssl = NULL;
	if (c->fd >= 0)
		(void)close(c->fd);
	c->fd = -1;
	buf_reset(&c->out);
	enter(c, CONN_NONE);
}

void
conn_break(struct conn *c, const char *why)
{
	char text[LIMIT_HOST_SIZE + WHY_SIZE];

	/* why may live in what is freed now */
	(void)snprintf(text, sizeof(text), "%s port %u: %s", c->conf->host,
	    c->conf->port, why);
	conn_close(c);
	c->which = (c->which + 1) % c->naddrs;
	c->hooks.broken(c->hooks.ctx, text);
}

static void
on_patience(struct process *p, void *arg)
{
	struct conn *c = arg;

	(void)p;
	conn_break(c, c->state == CONN_CONNECT
			  ? "no answer to the connection"
			  : "no answer to the TLS handshake");
}

/* The most telling sentence OpenSSL has for a failure. */
static void
ssl_why(struct conn *c, int r, char *ret, size_t size)
{
	const long v = SSL_get_verify_result(c->ssl);
	const int kind = SSL_get_error(c->ssl, r);
	const unsigned long e = ERR_get_error();
	char text[160] = "";

	if (v != X509_V_OK && !SSL_is_init_finished(c->ssl))
		(void)snprintf(ret, size, "its certificate is not trusted: %s",
		    X509_verify_cert_error_string(v));
	else if (kind == SSL_ERROR_ZERO_RETURN)
		(void)snprintf(ret, size, "the receiver closed the connection");
	else if (ERR_GET_REASON(e) == SSL_R_UNEXPECTED_EOF_WHILE_READING)
		(void)snprintf(ret, size, "the receiver hung up");
	else if (e != 0) {
		ERR_error_string_n(e, text, sizeof(text));
		(void)snprintf(ret, size, "TLS: %s", text);
	} else
		(void)snprintf(ret, size, "connection lost: %s",
		    errno != 0 ? strerror(errno) : "end of file");
	ERR_clear_error();
}

/* True when the call may be tried again; the watch is set for that. */
static bool
again(struct conn *c, int r)
{
	switch (SSL_get_error(c->ssl, r)) {
	case SSL_ERROR_WANT_READ:
		watch_set(c->watch, WATCH_READ);
		return true;
	case SSL_ERROR_WANT_WRITE:
		watch_set(c->watch, WATCH_READ | WATCH_WRITE);
		return true;
	default:
		return false;
	}
}

static void
broken_ssl(struct conn *c, int r)
{
	char why[WHY_SIZE];

	ssl_why(c, r, why, sizeof(why));
	conn_break(c, why);
}

/* ---- the steps */

static bool
ssl_begin(struct conn *c)
{
	struct addr a;
	X509_VERIFY_PARAM *p;

	if ((c->ssl = SSL_new(trust_context(c->trust))) == NULL ||
	    SSL_set_fd(c->ssl, c->fd) != 1)
		return false;
	p = SSL_get0_param(c->ssl);
	if (addr_parse(&a, c->conf->host) == 0)
		return X509_VERIFY_PARAM_set1_ip_asc(p, c->conf->host) == 1;
	return X509_VERIFY_PARAM_set1_host(p, c->conf->host, 0) == 1 &&
	       SSL_set_tlsext_host_name(c->ssl, c->conf->host) == 1;
}

/* Receivers have nothing to say; reading is how their going is noticed. One
 * that never stops talking would keep us from everything else. */
static bool
read_all(struct conn *c)
{
	char scrap[512];
	int r;

	do {
		ERR_clear_error();
		errno = 0;
		r = SSL_read(c->ssl, scrap, sizeof(scrap));
		if (r > 0)
			c->heard += (size_t)r;
	} while (r > 0 && c->heard <= HEARD_MAX);
	if (r > 0) {
		conn_break(c, "it sends data: this is no syslog receiver");
		return false;
	}
	if (again(c, r))
		return true;
	broken_ssl(c, r);
	return false;
}

static void
transfer(struct conn *c)
{
	if (!read_all(c))
		return;
	while (c->out.len > 0) {
		const int n = c->out.len < 65536 ? (int)c->out.len : 65536;
		int r;

		ERR_clear_error();
		errno = 0;
		if ((r = SSL_write(c->ssl, c->out.p, n)) > 0) {
			buf_shift(&c->out, (size_t)r);
			continue;
		}
		if (!again(c, r))
			broken_ssl(c, r);
		return;
	}
	c->hooks.drained(c->hooks.ctx);
}

static void
handshake(struct conn *c)
{
	int r;

	ERR_clear_error();
	errno = 0;
	if ((r = SSL_connect(c->ssl)) == 1) {
		enter(c, CONN_UP);
		c->hooks.up(c->hooks.ctx);
		if (c->state == CONN_UP)
			transfer(c);
	} else if (!again(c, r)) {
		broken_ssl(c, r);
	}
}

static void
connected(struct conn *c)
{
	int err = 0;
	socklen_t n = sizeof(err);

	if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &err, &n) != 0)
		err = errno;
	if (err != 0) {
		conn_break(c, strerror(err));
		return;
	}
	if (!ssl_begin(c)) {
		conn_break(c, "TLS cannot be set up");
		return;
	}
	enter(c, CONN_HANDSHAKE);
	handshake(c);
}

/*
 * Our close_notify is the last it reads. Some answer with theirs, some just
 * close; a kernel closes like that (FIN) only when nothing was left unread,
 * and resets otherwise.
 */
static void
ending(struct conn *c)
{
	bool answered;
	int r;

	ERR_clear_error();
	errno = 0;
	if ((r = SSL_shutdown(c->ssl)) == 0)
		r = SSL_shutdown(c->ssl);
	if (r != 1 && again(c, r))
		return;
	answered = r == 1 || ERR_GET_REASON(ERR_peek_error()) ==
				 SSL_R_UNEXPECTED_EOF_WHILE_READING;
	if (!answered) {
		broken_ssl(c, r);
		return;
	}
	ERR_clear_error();
	conn_close(c);
	c->hooks.ended(c->hooks.ctx);
}

static void
on_watch(struct process *p, int fd, unsigned what, void *arg)
{
	struct conn *c = arg;

	(void)p;
	(void)fd;
	(void)what;
	switch (c->state) {
	case CONN_CONNECT:
		connected(c);
		break;
	case CONN_HANDSHAKE:
		handshake(c);
		break;
	case CONN_UP:
		transfer(c);
		break;
	case CONN_ENDING:
		ending(c);
		break;
	case CONN_NONE:
		break;
	}
}

/* ---- what the owner calls */

static void
set_options(int fd)
{
	const int on = 1, idle = 15, interval = 5, count = 3;
	const unsigned timeout = 20 * 1000;

	/* A kernel that knows one of these not still has the others. */
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
	(void)setsockopt(
	    fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof(interval));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof(count));
	(void)setsockopt(
	    fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout, sizeof(timeout));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

void
conn_open(struct conn *c)
{
	struct sockaddr_storage sa;
	socklen_t n = addr_to_sockaddr(&sa, &c->addrs[c->which], c->conf->port);

	char why[WHY_SIZE];

	enter(c, CONN_CONNECT);
	c->heard = 0;
	if (trust_read(c->trust, why, sizeof(why)) != 0) {
		conn_break(c, why);
		return;
	}
	c->fd =
	    socket(sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (c->fd < 0 ||
	    (c->watch = watch_new(c->process, c->fd, on_watch, c)) == NULL) {
		conn_break(c, strerror(errno));
		return;
	}
	set_options(c->fd);
	if (connect(c->fd, (const struct sockaddr *)&sa, n) != 0 &&
	    errno != EINPROGRESS) {
		conn_break(c, strerror(errno));
		return;
	}
	watch_set(c->watch, WATCH_WRITE);
}

int
conn_put(struct conn *c, const void *p, size_t n)
{
	if (c->state != CONN_UP)
		return GW_ECLOSED;
	buf_put(&c->out, p, n);
	return buf_err(&c->out);
}

void
conn_send(struct conn *c)
{
	if (c->state == CONN_UP)
		transfer(c);
}

void
conn_end(struct conn *c)
{
	if (c->state != CONN_UP)
		return;
	enter(c, CONN_ENDING);
	ending(c);
}

/* ---- setting up */

int
conn_new(struct conn **ret, struct process *p, const struct conf_sink *conf,
    const struct conn_hooks *hooks, const char **why)
{
	struct conn *c = calloc(1, sizeof(*c));
	int e = GW_ENOMEM;

	if (c == NULL)
		return e;
	c->process = p;
	c->conf = conf;
	c->hooks = *hooks;
	c->fd = -1;
	buf_init(&c->out, OUT_MAX);
	if ((c->patience = timer_new(p, on_patience, c)) == NULL)
		goto out;
	e = GW_ESTATE;
	if (resolve(c->addrs, &c->naddrs, conf->host) != 0) {
		*why = "the host name could not be resolved";
		goto out;
	}
	if ((e = trust_new(&c->trust, conf)) != 0)
		goto out;
	*ret = c;
	return 0;
out:
	timer_free(c->patience);
	free(c);
	return e;
}
