/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_receiver: what comes back on the connection to a SIEM: TLS of a right or
 * a wrong receiver, its data, rubbish, silence, in any order. An input is a
 * byte (odd: nobody we trust) and steps: a byte of what, one of how much.
 *
 * Nothing is up but to whom the CA file vouches for, and nothing is read that
 * was not sent to it; a receiver gets whole frames in order; each attempt ends
 * once, for a reason that can be shown. The loop is the target's.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/attr.h"
#include "base/str.h"
#include "process/process.h"
#include "shipper/transport/tls.h"
#include "tests/fuzz/fuzz.h"

enum step {
	OURS = 0, /* our side looks, as the loop would have it do */
	ACCEPT,
	DATA,
	RUBBISH,
	READ,
	GOODBYE,
	HANG_UP,
	PUT,
	END,
	PATIENCE,
	CLOSE,
	OPEN,
	STEP_COUNT
};

enum { STEPS_MAX = 200, MESSAGES_MAX = 64, TEXT_MAX = 256 * 1024 };

enum { HEARD_MAX = 80 * 1024 }; /* then it is no receiver */

#define HOST "192.0.2.1"

/* ---- lib/process, as far as a connection uses it */

struct timer {
	process_timer_fn *fn;
	void *arg;
	bool set;
};

struct watch {
	process_watch_fn *fn;
	void *arg;
	int fd;
	unsigned what;
};

static struct timer *patience;
static struct watch *watching;

struct timer *
timer_new(struct process *r, process_timer_fn *fn, void *arg)
{
	(void)r;
	patience = calloc(1, sizeof(*patience));
	must(patience != NULL);
	*patience = (struct timer){.fn = fn, .arg = arg};
	return patience;
}

void
timer_set(struct timer *t, int64_t in_ms)
{
	t->set = in_ms > 0;
}

void
timer_stop(struct timer *t)
{
	t->set = false;
}

void
timer_free(struct timer *t)
{
	free(t);
}

struct watch *
watch_new(struct process *r, int fd, process_watch_fn *fn, void *arg)
{
	(void)r;
	must(watching == NULL &&
	     (watching = calloc(1, sizeof(*watching))) != NULL);
	*watching = (struct watch){.fn = fn, .arg = arg, .fd = fd};
	return watching;
}

void
watch_set(struct watch *w, unsigned what)
{
	w->what = what;
}

void
watch_free(struct watch *w)
{
	must(w == watching);
	watching = NULL;
	free(w);
}

/* ---- the network: one pair of sockets at a time */

static int far_end = -1;

int __wrap_socket(int family, int type, int protocol);
int __wrap_connect(int fd, const struct sockaddr *sa, socklen_t n);

int
__wrap_socket(int family, int type, int protocol)
{
	const int little = 16 * 1024; /* what fills up is met, and records in
				       * the middle of it */
	int fd[2];

	(void)family;
	(void)protocol;
	must(socketpair(AF_UNIX, type, 0, fd) == 0);
	(void)setsockopt(fd[0], SOL_SOCKET, SO_SNDBUF, &little, sizeof(little));
	if (far_end >= 0)
		(void)close(far_end);
	far_end = fd[1];
	return fd[0];
}

int
__wrap_connect(int fd, const struct sockaddr *sa, socklen_t n)
{
	(void)fd;
	(void)sa;
	(void)n;
	errno = EINPROGRESS;
	return -1;
}

/* ---- the receiver */

static SSL_CTX *right, *wrong, *other; /* the last one: of another address */

struct receiver {
	SSL_CTX *ctx;
	SSL *ssl; /* of this attempt */
	bool accepted;
	bool said;           /* goodbye, which it may before it has read all */
	size_t sent;         /* bytes of data */
	char text[TEXT_MAX]; /* what it has read */
	size_t n;
};

static X509 *
certificate(EVP_PKEY *key, const char *address)
{
	X509 *x = X509_new();
	X509_NAME *name = X509_get_subject_name(x);
	X509_EXTENSION *e =
	    X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, address);

	must(x != NULL && e != NULL && X509_set_version(x, 2) == 1);
	must(ASN1_INTEGER_set(X509_get_serialNumber(x), 1) == 1);
	must(X509_gmtime_adj(X509_getm_notBefore(x), -3600) != NULL);
	must(X509_gmtime_adj(X509_getm_notAfter(x), 86400 * 365L) != NULL);
	must(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
		 (const uint8_t *)address, -1, -1, 0) == 1);
	must(X509_set_issuer_name(x, name) == 1);
	must(X509_set_pubkey(x, key) == 1 && X509_add_ext(x, e, -1) == 1);
	must(X509_sign(x, key, NULL) > 0);
	X509_EXTENSION_free(e);
	return x;
}

/* A receiver of its own key; ca (may be NULL) gets its certificate. */
static SSL_CTX *
receiver_ctx(BIO *ca, const char *address)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	X509 *x = certificate(key, address);

	must(key != NULL && ctx != NULL);
	must(SSL_CTX_use_certificate(ctx, x) == 1);
	must(SSL_CTX_use_PrivateKey(ctx, key) == 1);
	(void)SSL_CTX_set_num_tickets(ctx, 1);
	if (ca != NULL)
		must(PEM_write_bio_X509(ca, x) == 1);
	X509_free(x);
	EVP_PKEY_free(key);
	return ctx;
}

static SSL *
ssl_of(struct receiver *x)
{
	if (x->ssl == NULL && far_end >= 0) {
		x->ssl = SSL_new(x->ctx);
		must(x->ssl != NULL && SSL_set_fd(x->ssl, far_end) == 1);
		SSL_set_accept_state(x->ssl);
	}
	return x->ssl;
}

static void
hang_up(struct receiver *x)
{
	SSL_free(x->ssl);
	x->ssl = NULL;
	x->accepted = false;
	if (far_end >= 0)
		(void)close(far_end);
	far_end = -1;
}

/* ---- our side */

struct scene {
	struct transport *t;
	struct receiver r;
	bool open, up; /* an attempt is under way; and it is up */
	bool ended;    /* end() was called */
	bool idle;     /* nothing is left to write */
	uint64_t put;  /* messages of this attempt */
	size_t bytes;  /* of their frames */
};

static void
on_up(void *ctx)
{
	struct scene *x = ctx;

	must(x->open && !x->up && x->r.ctx == right);
	x->up = true;
}

static void
on_sent(void *ctx)
{
	struct scene *x = ctx;

	must(x->open && x->up);
	x->idle = true;
}

static void
on_read(void *ctx, uint64_t next)
{
	const struct scene *x = ctx;

	must(x->up && x->ended && next == x->put);
	must(x->r.said || x->r.n == x->bytes);
}

static void
on_ended(void *ctx)
{
	struct scene *x = ctx;

	must(x->open && x->up && x->ended);
	x->open = x->up = false;
}

static void
on_broken(void *ctx, const char *why)
{
	struct scene *x = ctx;

	must(x->open && why[0] != '\0' && str_text_ok(why, strlen(why)));
	x->open = x->up = false;
}

static size_t
length_of(uint64_t i)
{
	return (size_t)(1 + i * 997 % 3000);
}

/* Whole frames of what was put, in order; the last one may be on its way. */
static void
check_frames(const struct scene *x)
{
	size_t at = 0;

	for (uint64_t i = 0; at < x->r.n; i++) {
		char frame[4096];
		const size_t len = length_of(i);
		const int head = snprintf(frame, sizeof(frame), "%zu ", len);
		size_t n = (size_t)head + len;

		must(i < x->put);
		memset(frame + head, 'a' + (int)(i % 26), len);
		if (n > x->r.n - at)
			n = x->r.n - at;
		must(memcmp(x->r.text + at, frame, n) == 0);
		at += n;
	}
}

static void
put(struct scene *x)
{
	char message[4096];
	const size_t len = length_of(x->put);

	if (!x->up || x->ended || x->put == MESSAGES_MAX)
		return;
	memset(message, 'a' + (int)(x->put % 26), len);
	x->idle = false;
	must(x->t->ops->put(x->t, x->put, message, len) == 0);
	x->put++;
	x->bytes += len + (len < 10 ? 2 : len < 100 ? 3 : len < 1000 ? 4 : 5);
	x->t->ops->send(x->t);
}

static void
open_again(struct scene *x)
{
	if (x->open)
		return;
	hang_up(&x->r);
	x->open = true;
	x->up = x->ended = x->idle = false;
	x->put = x->bytes = 0;
	x->r.n = x->r.sent = 0;
	x->r.said = false;
	x->t->ops->open(x->t);
}

static void
theirs(struct scene *x, enum step what, size_t n)
{
	static const char zero[64 * 1024];
	struct receiver *r = &x->r;
	SSL *ssl = ssl_of(r);
	int k;

	if (ssl == NULL)
		return;
	switch (what) {
	case ACCEPT:
		r->accepted = r->accepted || SSL_accept(ssl) == 1;
		break;
	case DATA:
		if (r->accepted &&
		    (k = SSL_write(ssl, zero, (int)(1 + n * 64))) > 0)
			r->sent += (size_t)k;
		break;
	case RUBBISH:
		(void)!write(far_end, zero + n, 1 + n);
		break;
	case READ:
		if (r->accepted && r->n < sizeof(r->text) &&
		    (k = SSL_read(ssl, r->text + r->n,
			 (int)(sizeof(r->text) - r->n))) > 0)
			r->n += (size_t)k;
		check_frames(x);
		break;
	case GOODBYE:
		r->said = r->said || r->accepted;
		if (r->accepted)
			(void)SSL_shutdown(ssl);
		break;
	default:
		hang_up(r);
		break;
	}
	ERR_clear_error();
}

static void
step(struct scene *x, enum step what, size_t n)
{
	switch (what) {
	case OURS:
		if (watching != NULL)
			watching->fn(
			    NULL, watching->fd, watching->what, watching->arg);
		must(!x->up || x->ended || x->r.sent <= HEARD_MAX);
		break;
	case PUT:
		put(x);
		break;
	case END:
		if (x->up && x->idle && !x->ended) {
			x->ended = true;
			x->t->ops->end(x->t);
		}
		break;
	case PATIENCE:
		if (patience->set) {
			patience->set = false;
			patience->fn(NULL, patience->arg);
		}
		break;
	case CLOSE:
		x->t->ops->close(x->t);
		x->open = x->up = false;
		break;
	case OPEN:
		open_again(x);
		break;
	default:
		theirs(x, what, n);
		break;
	}
	must((watching != NULL) == x->open);
}

static void
begin(struct scene *x)
{
	const struct transport_hooks hooks = {.up = on_up,
	    .sent = on_sent,
	    .read = on_read,
	    .ended = on_ended,
	    .broken = on_broken,
	    .ctx = x};
	static struct conf_sink conf = {
	    .name = "siem", .host = HOST, .port = 6514};
	char path[] = "/tmp/sallyport-fuzz.XXXXXX";
	const char *why = "";
	int fd = mkstemp(path);
	BIO *ca = BIO_new_fd(fd, BIO_CLOSE);

	(void)signal(SIGPIPE, SIG_IGN); /* as lib/process does */
	must(fd >= 0 && ca != NULL);
	right = receiver_ctx(ca, "IP:" HOST);
	wrong = receiver_ctx(NULL, "IP:" HOST);
	other = receiver_ctx(ca, "IP:192.0.2.2");
	BIO_free(ca);
	strcpy(conf.ca_file, path);
	must(transport_tls.make(&x->t, NULL, &conf, &hooks, &why) == 0);
	(void)unlink(path);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct scene x;

	if (x.t == NULL)
		begin(&x);
	if (size == 0)
		return 0;
	x.r.ctx = data[0] % 4 == 1 ? wrong : data[0] % 4 == 3 ? other : right;
	open_again(&x);
	for (size_t i = 1; i + 1 < size && i < 2 * STEPS_MAX; i += 2)
		step(&x, (enum step)(data[i] % STEP_COUNT), data[i + 1]);
	step(&x, CLOSE, 0);
	hang_up(&x.r);
	return 0;
}
