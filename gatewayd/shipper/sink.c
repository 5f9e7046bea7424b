/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sink - see the header. OpenSSL without blocking, driven by the role's loop.
 */
#include "shipper/sink.h"

#include <errno.h>
#include <linux/tcp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/secret.h"
#include "base/str.h"
#include "shipper/tls.h"

enum {
	ADDRS_MAX = 8,
	OUT_MAX = 4 * 1024 * 1024,
	TICK_MS = 1000,
	CONNECT_MS = 10 * 1000, /* TCP and TLS together */
	UNACKED_MS = 30 * 1000, /* younger than this may be lost */
	SAMPLES = 64,           /* at most two a second */
	BACKOFF_MIN_MS = 500,
	BACKOFF_MAX_MS = 30 * 1000,
	STEADY_MS = 30 * 1000, /* up so long: failures are forgotten */
	CLOSE_MS = 2000,
	WHY_SIZE = 512,
};

enum state {
	ST_WAITING = 0,
	ST_CONNECT,
	ST_HANDSHAKE,
	ST_UP,
	ST_CLOSING,
	ST_STOPPED
};

/* At t everything below next had been written, as so many bytes of TCP. */
struct sample {
	int64_t t_ms;
	uint64_t next;
	uint64_t bytes;
};

struct sink {
	struct role *role;
	const struct conf_sink *conf;
	struct sink_hooks hooks;
	struct addr addrs[ADDRS_MAX];
	unsigned naddrs, which;
	SSL_CTX *ctx;
	SSL *ssl;
	int fd;
	struct watch *watch;
	struct timer *retry, *tick;
	enum state state;
	int64_t since_ms; /* this state began */
	unsigned failures;
	bool told, told_up; /* what the owner knows */
	struct buf out;
	uint64_t arrived; /* first record not known to be there */
	uint64_t sent;    /* first record not written whole */
	uint64_t given;   /* first record not in out */
	bool asked;       /* want() is not answered */
	struct sample samples[SAMPLES];
	unsigned nsamples;
};

static void drive(struct sink *s);
static void begin(struct sink *s);

static int64_t
now_ms(void)
{
	return clock_now().boot_ms;
}

static void
enter(struct sink *s, enum state st)
{
	s->state = st;
	s->since_ms = now_ms();
}

/* ---- ends of a connection */

static void
disconnect(struct sink *s)
{
	if (s->watch != NULL)
		watch_free(s->watch);
	s->watch = NULL;
	SSL_free(s->ssl);
	s->ssl = NULL;
	if (s->fd >= 0)
		(void)close(s->fd);
	s->fd = -1;
	buf_reset(&s->out);
	s->nsamples = 0;
	s->asked = false;
	/* What is not known to be there is sent again. */
	s->sent = s->given = s->arrived;
}

static int64_t
backoff_ms(unsigned failures)
{
	int64_t ms = BACKOFF_MIN_MS;
	uint32_t rnd = 0;

	for (unsigned i = 1; i < failures && ms < BACKOFF_MAX_MS; i++)
		ms *= 2;
	if (ms > BACKOFF_MAX_MS)
		ms = BACKOFF_MAX_MS;
	secret_fill(&rnd, sizeof(rnd));
	return ms / 2 + (int64_t)(rnd % (uint32_t)(ms / 2 + 1));
}

static void
tell(struct sink *s, bool up, const char *why)
{
	if (s->told && s->told_up == up)
		return;
	s->told = true;
	s->told_up = up;
	s->hooks.changed(s->hooks.ctx, s, up, why);
}

static void
broken(struct sink *s, const char *why)
{
	char text[WHY_SIZE];

	/* why may live in what is freed now */
	(void)snprintf(text, sizeof(text), "%s", why);
	if (s->state == ST_UP && now_ms() - s->since_ms >= STEADY_MS)
		s->failures = 0;
	disconnect(s);
	if (s->state == ST_CLOSING || s->state == ST_STOPPED) {
		enter(s, ST_STOPPED);
		return;
	}
	s->failures++;
	if (s->naddrs > 0)
		s->which = (s->which + 1) % s->naddrs;
	enter(s, ST_WAITING);
	tell(s, false, text);
	timer_set(s->retry, backoff_ms(s->failures));
}

/* The most telling sentence OpenSSL has for a failure. */
static void
ssl_why(struct sink *s, int r, char *ret, size_t size)
{
	const long v = SSL_get_verify_result(s->ssl);
	const int kind = SSL_get_error(s->ssl, r);
	const unsigned long e = ERR_get_error();
	char text[160] = "";

	if (v != X509_V_OK && !SSL_is_init_finished(s->ssl))
		(void)snprintf(ret, size,
		    "the certificate of %s is not trusted: %s", s->conf->host,
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
again(struct sink *s, int r)
{
	switch (SSL_get_error(s->ssl, r)) {
	case SSL_ERROR_WANT_READ:
		watch_set(s->watch, WATCH_READ);
		return true;
	case SSL_ERROR_WANT_WRITE:
		watch_set(s->watch, WATCH_READ | WATCH_WRITE);
		return true;
	default:
		return false;
	}
}

static void
broken_ssl(struct sink *s, int r)
{
	char why[WHY_SIZE];

	ssl_why(s, r, why, sizeof(why));
	broken(s, why);
}

/* ---- what reached it */

/* Bytes the peer's kernel has acknowledged on this connection. */
static uint64_t
acked(const struct sink *s)
{
	struct tcp_info i;
	socklen_t n = sizeof(i);

	memset(&i, 0, sizeof(i));
	if (getsockopt(s->fd, IPPROTO_TCP, TCP_INFO, &i, &n) != 0)
		return 0;
	return i.tcpi_bytes_acked;
}

static void
sample_add(struct sink *s)
{
	const int64_t t = now_ms();
	struct sample *last =
	    s->nsamples > 0 ? &s->samples[s->nsamples - 1] : NULL;

	/* Within one second, or when there is no room, the later time counts:
	 * late is safe. */
	if (last == NULL ||
	    (last->t_ms / 1000 != t / 1000 && s->nsamples < SAMPLES))
		last = &s->samples[s->nsamples++];
	last->t_ms = t;
	last->next = s->sent;
	last->bytes = BIO_number_written(SSL_get_wbio(s->ssl));
}

static void
samples_settle(struct sink *s)
{
	const int64_t t = now_ms();
	const uint64_t bytes = s->nsamples > 0 ? acked(s) : 0;
	unsigned n = 0;

	while (n < s->nsamples && s->samples[n].t_ms + UNACKED_MS <= t &&
	       s->samples[n].bytes <= bytes)
		n++;
	if (n == 0)
		return;
	s->arrived = s->samples[n - 1].next;
	s->nsamples -= n;
	memmove(
	    s->samples, s->samples + n, s->nsamples * sizeof(s->samples[0]));
	s->hooks.arrived(s->hooks.ctx, s, s->arrived);
}

/* ---- the steps of a connection */

static void
on_watch(struct role *r, int fd, unsigned what, void *arg)
{
	(void)r;
	(void)fd;
	(void)what;
	drive(arg);
}

static void
set_options(int fd)
{
	const int on = 1, idle = 15, interval = 5, count = 3;
	const unsigned timeout = 20 * 1000; /* below UNACKED_MS */

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

static void
begin(struct sink *s)
{
	struct sockaddr_storage sa;
	socklen_t n;

	if (s->naddrs == 0 || s->ctx == NULL)
		return;
	n = addr_to_sockaddr(&sa, &s->addrs[s->which], s->conf->port);
	s->fd =
	    socket(sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	enter(s, ST_CONNECT);
	if (s->fd < 0 ||
	    (s->watch = watch_new(s->role, s->fd, on_watch, s)) == NULL) {
		broken(s, strerror(errno));
		return;
	}
	set_options(s->fd);
	if (connect(s->fd, (const struct sockaddr *)&sa, n) != 0 &&
	    errno != EINPROGRESS) {
		broken(s, strerror(errno));
		return;
	}
	watch_set(s->watch, WATCH_WRITE);
}

static bool
ssl_begin(struct sink *s)
{
	struct addr a;
	X509_VERIFY_PARAM *p;

	if ((s->ssl = SSL_new(s->ctx)) == NULL ||
	    SSL_set_fd(s->ssl, s->fd) != 1)
		return false;
	p = SSL_get0_param(s->ssl);
	if (addr_parse(&a, s->conf->host) == 0)
		return X509_VERIFY_PARAM_set1_ip_asc(p, s->conf->host) == 1;
	return X509_VERIFY_PARAM_set1_host(p, s->conf->host, 0) == 1 &&
	       SSL_set_tlsext_host_name(s->ssl, s->conf->host) == 1;
}

static void
connected(struct sink *s)
{
	int err = 0;
	socklen_t n = sizeof(err);

	if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &err, &n) != 0)
		err = errno;
	if (err != 0) {
		broken(s, strerror(err));
		return;
	}
	if (!ssl_begin(s)) {
		broken(s, "TLS cannot be set up");
		return;
	}
	enter(s, ST_HANDSHAKE);
	drive(s);
}

static void
handshake(struct sink *s)
{
	int r;

	ERR_clear_error();
	errno = 0;
	if ((r = SSL_connect(s->ssl)) == 1) {
		enter(s, ST_UP);
		tell(s, true, "");
		drive(s);
	} else if (!again(s, r)) {
		broken_ssl(s, r);
	}
}

/* Receivers have nothing to say; reading is how their going is noticed. */
static bool
read_all(struct sink *s)
{
	char scrap[512];
	int r;

	do {
		ERR_clear_error();
		errno = 0;
		r = SSL_read(s->ssl, scrap, sizeof(scrap));
	} while (r > 0);
	if (again(s, r))
		return true;
	broken_ssl(s, r);
	return false;
}

static void
ask(struct sink *s)
{
	if (s->state != ST_UP || s->asked || s->out.len > 0)
		return;
	s->asked = true;
	s->hooks.want(s->hooks.ctx, s, s->sent);
}

static void
transfer(struct sink *s)
{
	if (!read_all(s))
		return;
	while (s->out.len > 0) {
		const int n = s->out.len < 65536 ? (int)s->out.len : 65536;
		int r;

		ERR_clear_error();
		errno = 0;
		if ((r = SSL_write(s->ssl, s->out.p, n)) > 0) {
			buf_shift(&s->out, (size_t)r);
			continue;
		}
		if (!again(s, r))
			broken_ssl(s, r);
		return;
	}
	if (s->sent != s->given) {
		s->sent = s->given;
		sample_add(s);
	}
	ask(s);
}

static void
closing(struct sink *s)
{
	int r;

	ERR_clear_error();
	errno = 0;
	if ((r = SSL_shutdown(s->ssl)) == 0)
		r = SSL_shutdown(s->ssl);
	if (r == 1) {
		/* It read our last word, so all before it. */
		s->arrived = s->sent;
		s->hooks.arrived(s->hooks.ctx, s, s->arrived);
		broken(s, "");
	} else if (!again(s, r)) {
		broken(s, "");
	}
}

static void
drive(struct sink *s)
{
	switch (s->state) {
	case ST_CONNECT:
		connected(s);
		break;
	case ST_HANDSHAKE:
		handshake(s);
		break;
	case ST_UP:
		transfer(s);
		break;
	case ST_CLOSING:
		closing(s);
		break;
	case ST_WAITING:
	case ST_STOPPED:
		break;
	}
}

static void
on_tick(struct role *r, void *arg)
{
	struct sink *s = arg;
	const int64_t age = now_ms() - s->since_ms;

	(void)r;
	if (s->state == ST_UP)
		samples_settle(s);
	else if ((s->state == ST_CONNECT || s->state == ST_HANDSHAKE) &&
		 age >= CONNECT_MS)
		broken(s, s->state == ST_CONNECT
			      ? "no answer to the connection"
			      : "no answer to the TLS handshake");
	else if (s->state == ST_CLOSING && age >= CLOSE_MS)
		broken(s, "");
	timer_set(s->tick, TICK_MS);
}

static void
on_retry(struct role *r, void *arg)
{
	struct sink *s = arg;

	(void)r;
	if (s->state == ST_WAITING)
		begin(s);
}

/* ---- what the owner calls */

int
sink_give(
    struct sink *s, const struct buf *frames, uint64_t from, uint64_t next)
{
	if (s->state != ST_UP || !s->asked || from != s->sent)
		return 0;
	if (next == from)
		return 0;
	s->asked = false;
	buf_put(&s->out, frames->p, frames->len);
	if (buf_err(&s->out) != 0)
		return buf_err(&s->out);
	s->given = next;
	drive(s);
	return 0;
}

bool
sink_waits(const struct sink *s)
{
	return s->state == ST_UP && s->asked;
}

void
sink_start(struct sink *s)
{
	timer_set(s->tick, TICK_MS);
	if (s->naddrs == 0)
		tell(s, false, "the host name could not be resolved");
	else if (s->ctx == NULL)
		tell(s, false, "ca_file could not be read");
	else
		timer_set(s->retry, 0);
}

void
sink_stop(struct sink *s)
{
	timer_stop(s->retry);
	if (s->state == ST_UP && s->out.len == 0) {
		enter(s, ST_CLOSING);
		drive(s);
		return;
	}
	disconnect(s);
	enter(s, ST_STOPPED);
}

bool
sink_stopped(const struct sink *s)
{
	return s->state == ST_STOPPED;
}

const char *
sink_name(const struct sink *s)
{
	return s->conf->name;
}

bool
sink_up(const struct sink *s)
{
	return s->state == ST_UP;
}

bool
sink_usable(const struct sink *s)
{
	return s->naddrs > 0 && s->ctx != NULL;
}

uint64_t
sink_next(const struct sink *s)
{
	return s->arrived;
}

void
sink_rewind(struct sink *s)
{
	s->arrived = s->sent = s->given = 0;
	s->nsamples = 0;
	s->asked = false;
	buf_reset(&s->out);
	ask(s);
}

/* ---- setting up */

static int
resolve(struct sink *s)
{
	const struct addrinfo want = {
	    .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
	struct addrinfo *list = NULL;
	uint16_t port;

	if (addr_parse(&s->addrs[0], s->conf->host) == 0) {
		s->naddrs = 1;
		return 0;
	}
	if (getaddrinfo(s->conf->host, NULL, &want, &list) != 0)
		return GW_ENOENT;
	for (const struct addrinfo *a = list;
	     a != NULL && s->naddrs < ADDRS_MAX; a = a->ai_next)
		if (addr_from_sockaddr(
			&s->addrs[s->naddrs], &port, a->ai_addr) == 0)
			s->naddrs++;
	freeaddrinfo(list);
	return s->naddrs > 0 ? 0 : GW_ENOENT;
}

int
sink_new(struct sink **ret, struct role *r, const struct conf_sink *conf,
    uint64_t next, const struct sink_hooks *hooks)
{
	struct sink *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return GW_ENOMEM;
	s->role = r;
	s->conf = conf;
	s->hooks = *hooks;
	s->fd = -1;
	s->arrived = s->sent = s->given = next;
	buf_init(&s->out, OUT_MAX);
	s->retry = timer_new(r, on_retry, s);
	s->tick = timer_new(r, on_tick, s);
	if (s->retry == NULL || s->tick == NULL) {
		sink_free(s);
		return GW_ENOMEM;
	}
	/* Either failing is the sink's state, not this process's end. */
	if (resolve(s) != 0)
		s->naddrs = 0;
	if (tls_context(&s->ctx, conf->ca_file) != 0)
		s->ctx = NULL;
	*ret = s;
	return 0;
}

void
sink_free(struct sink *s)
{
	if (s == NULL)
		return;
	disconnect(s);
	timer_free(s->retry);
	timer_free(s->tick);
	SSL_CTX_free(s->ctx);
	buf_done(&s->out);
	free(s);
}
