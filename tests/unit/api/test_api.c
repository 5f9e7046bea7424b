/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api: the parts it reads itself (pure), then the real program behind both of
 * its doors: routes, refusals, caps, the broker's silence.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "api/parse.h"
#include "base/err.h"
#include "base/str.h"
#include "core/event.h"
#include "tests/unit/api/api_state.h"
#include "tests/unit/support/proc_harness.h"
#include "wire/verbs.h"

/* ---- pure */

static void
test_target(void **state)
{
	struct parse_target t;
	char long_path[LIMIT_URL_PATH_SIZE + 2];

	(void)state;
	assert_int_equal(parse_target(&t, "/v1/audit?from=1&max=2"), 0);
	assert_string_equal(t.path, "/v1/audit");
	assert_string_equal(t.query, "from=1&max=2");
	assert_int_equal(parse_target(&t, "/"), 0);
	assert_string_equal(t.query, "");
	assert_int_equal(parse_target(&t, "v1"), GW_EINVAL);
	assert_int_equal(parse_target(&t, ""), GW_EINVAL);
	assert_int_equal(parse_target(&t, "/a\x01"), GW_EINVAL);
	assert_int_equal(parse_target(&t, "/\xc3\xa4"), GW_EINVAL);
	memset(long_path, '/', sizeof(long_path));
	long_path[sizeof(long_path) - 1] = '\0';
	assert_int_equal(parse_target(&t, long_path), GW_ELIMIT);
}

static void
test_bearer(void **state)
{
	char t[96];

	(void)state;
	assert_int_equal(parse_bearer(t, sizeof(t), NULL), 0);
	assert_string_equal(t, "");
	assert_int_equal(parse_bearer(t, sizeof(t), "bearer  aB9-._~+/="), 0);
	assert_string_equal(t, "aB9-._~+/=");
	assert_int_equal(parse_bearer(t, sizeof(t), "Bearer "), GW_EINVAL);
	assert_int_equal(parse_bearer(t, sizeof(t), "Basic eA=="), GW_EINVAL);
	assert_int_equal(parse_bearer(t, sizeof(t), "Bearer a b"), GW_EINVAL);
	assert_int_equal(parse_bearer(t, 5, "Bearer abcde"), GW_EINVAL);
	assert_string_equal(t, "");
}

static void
test_headers(void **state)
{
	uint64_t n;

	(void)state;
	assert_true(parse_is_json("application/json"));
	assert_true(parse_is_json("Application/JSON; charset=utf-8"));
	assert_false(parse_is_json("application/jsonx"));
	assert_false(parse_is_json("text/plain"));
	assert_false(parse_is_json(NULL));
	assert_int_equal(parse_length(&n, "0", 10), 0);
	assert_int_equal(parse_length(&n, "10", 10), 0);
	assert_int_equal(n, 10);
	assert_int_equal(parse_length(&n, "11", 10), GW_ELIMIT);
	assert_int_equal(
	    parse_length(&n, "99999999999999999999999", 10), GW_ELIMIT);
	assert_int_equal(parse_length(&n, "", 10), GW_EINVAL);
	assert_int_equal(parse_length(&n, "-1", 10), GW_EINVAL);
	assert_int_equal(parse_length(&n, "1 ", 10), GW_EINVAL);
}

/* ---- the program */

struct api_test {
	struct proc_harness p;
	struct testlink broker, notary;
	struct api_state files;
	int port;
};

/* A listening socket on a free port of 127.0.0.1. */
static int
listen_tcp(int *retport)
{
	struct sockaddr_in sa = {.sin_family = AF_INET};
	socklen_t n = sizeof(sa);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	assert_int_equal(listen(fd, 64), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &n), 0);
	*retport = ntohs(sa.sin_port);
	return fd;
}

static int
setup_https(void **state)
{
	static struct api_test t;
	struct msg_sup_listener l = {.tls = 1};
	int fd = listen_tcp(&t.port);

	api_state_new(&t.files);
	proc_harness_start(
	    &t.p, PROC_API, "sallyport-api", "https", &t.files.conf);
	proc_harness_fd(&t.p, MSG_SUP_LISTENER, &l, fd);
	(void)close(fd);
	proc_harness_link(&t.p, &t.broker, PROC_BROKER, 0);
	proc_harness_link(&t.p, &t.notary, PROC_NOTARY, 0);
	proc_harness_ready(&t.p);
	*state = &t;
	return 0;
}

static void
admin_path(struct sockaddr_un *ret, const struct api_test *t)
{
	char path[API_STATE_PATH_SIZE];

	api_state_path(path, &t->files, "admin.sock");
	ret->sun_family = AF_UNIX;
	assert_int_equal(
	    str_copy(ret->sun_path, sizeof(ret->sun_path), path), 0);
}

static int
setup_admin(void **state)
{
	static struct api_test t;
	struct sockaddr_un sa;
	struct msg_sup_listener l = {.tls = 0};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	api_state_new(&t.files);
	api_state_remove(&t.files, "api/tls.crt"); /* needed by https only */
	admin_path(&sa, &t);
	assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	assert_int_equal(listen(fd, 16), 0);
	proc_harness_start(
	    &t.p, PROC_ADMIN, "sallyport-api", "admin", &t.files.conf);
	proc_harness_fd(&t.p, MSG_SUP_LISTENER, &l, fd);
	(void)close(fd);
	proc_harness_link(&t.p, &t.broker, PROC_BROKER, 0);
	proc_harness_link(&t.p, &t.notary, PROC_NOTARY, 0);
	proc_harness_ready(&t.p);
	*state = &t;
	return 0;
}

static int
teardown(void **state)
{
	struct api_test *t = *state;
	int status = proc_harness_stop(&t->p);

	testlink_close(&t->broker);
	testlink_close(&t->notary);
	api_state_free(&t->files);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	return 0;
}

struct client {
	SSL_CTX *ctx;
	SSL *ssl;
	int fd;
	char reply[256 * 1024];
};

static int
dial_from(int port, unsigned last)
{
	struct sockaddr_in sa = {.sin_family = AF_INET};
	struct sockaddr_in own = {.sin_family = AF_INET};
	struct timeval tv = {.tv_sec = 10};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	sa.sin_port = htons((uint16_t)port);
	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	own.sin_addr.s_addr = htonl((127U << 24) + last);
	assert_int_equal(bind(fd, (struct sockaddr *)&own, sizeof(own)), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	assert_int_equal(
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)), 0);
	return fd;
}

static int
dial(int port)
{
	return dial_from(port, 1);
}

/* Returns 1 when a TLS session with at most this version was agreed. ciphers
 * are those of TLS 1.2, NULL = OpenSSL's choice. */
static int
client_over(struct client *c, int fd, int version_max, const char *ciphers)
{
	c->ctx = NULL;
	c->ssl = NULL;
	c->fd = fd;
	c->ctx = SSL_CTX_new(TLS_client_method());
	assert_non_null(c->ctx);
	SSL_CTX_set_security_level(c->ctx, 0);
	assert_int_equal(SSL_CTX_set_min_proto_version(c->ctx, 0), 1);
	assert_int_equal(SSL_CTX_set_max_proto_version(c->ctx, version_max), 1);
	if (ciphers != NULL)
		assert_int_equal(SSL_CTX_set_cipher_list(c->ctx, ciphers), 1);
	c->ssl = SSL_new(c->ctx);
	assert_non_null(c->ssl);
	assert_int_equal(SSL_set_fd(c->ssl, c->fd), 1);
	return SSL_connect(c->ssl) == 1;
}

static int
client_ciphers(struct client *c, int port, int version_max, const char *ciphers)
{
	return client_over(c, dial(port), version_max, ciphers);
}

static int
client_from(struct client *c, int port, unsigned last)
{
	return client_over(c, dial_from(port, last), TLS1_3_VERSION, NULL);
}

static int
client_tls(struct client *c, int port, int version_max)
{
	return client_ciphers(c, port, version_max, NULL);
}

static void
client_admin(struct client *c, const struct api_test *t)
{
	struct sockaddr_un sa;
	struct timeval tv = {.tv_sec = 10};

	memset(c, 0, sizeof(*c));
	admin_path(&sa, t);
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(c->fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	assert_int_equal(
	    setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)), 0);
}

static void
client_close(struct client *c)
{
	SSL_free(c->ssl);
	SSL_CTX_free(c->ctx);
	(void)close(c->fd);
}

static void
client_send(struct client *c, const char *text)
{
	const size_t n = strlen(text);

	if (c->ssl != NULL)
		assert_int_equal(SSL_write(c->ssl, text, (int)n), (int)n);
	else
		assert_int_equal(write(c->fd, text, n), (ssize_t)n);
}

/* Reads one whole response; its status. */
static int
client_status(struct client *c)
{
	size_t len = 0;
	size_t want = 0;
	int status = 0;

	c->reply[0] = '\0';
	while (want == 0 || len < want) {
		const size_t room = sizeof(c->reply) - 1 - len;
		ssize_t n = c->ssl != NULL
				? SSL_read(c->ssl, c->reply + len, (int)room)
				: read(c->fd, c->reply + len, room);
		const char *end, *cl;

		if (n <= 0)
			break;
		len += (size_t)n;
		c->reply[len] = '\0';
		if ((end = strstr(c->reply, "\r\n\r\n")) != NULL &&
		    (cl = strstr(c->reply, "Content-Length: ")) != NULL)
			want = (size_t)(end + 4 - c->reply) +
			       strtoul(cl + 16, NULL, 10);
	}
	if (sscanf(c->reply, "HTTP/1.1 %d", &status) != 1)
		return 0;
	return status;
}

static int
ask(struct client *c, const char *request)
{
	client_send(c, request);
	return client_status(c);
}

#define HOST "Host: gw\r\n"

static void
test_refusals(void **state)
{
	static const struct {
		const char *request;
		int status;
		const char *has;
	} cases[] = {
	    {"GET /v1/nothing HTTP/1.1\r\n" HOST "\r\n", 404,
		"\"code\":\"not-found\""},
	    {"GET /v1/%73erver HTTP/1.1\r\n" HOST "\r\n", 404, "not-found"},
	    {"GET /v1/../v1/server HTTP/1.1\r\n" HOST "\r\n", 404, "not-found"},
	    {"GET /v1/challenge HTTP/1.1\r\n" HOST "\r\n", 405,
		"Allow: POST\r\n"},
	    {"DELETE /v1/targets HTTP/1.1\r\n" HOST "\r\n", 405,
		"Allow: GET, POST\r\n"},
	    {"POST /v1/challenge HTTP/1.1\r\n" HOST
	     "Content-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}",
		415, "not-json"},
	    {"GET /v1/whoami HTTP/1.1\r\n" HOST
	     "Authorization: Basic eDp5\r\n\r\n",
		401, "bad-token"},
	    {"POST /v1/challenge HTTP/1.1\r\n" HOST
	     "Content-Type: application/json\r\nContent-Length: 2\r\n"
	     "Content-Length: 40\r\n\r\n{}",
		400, "bad-headers"},
	    {"GET /v1/whoami HTTP/1.1\r\n" HOST "Authorization: Bearer a\r\n"
	     "authorization: Bearer b\r\n\r\n",
		400, "bad-headers"},
	    {"GET /v1/server HTTP/1.1\r\n" HOST HOST "\r\n", 400,
		"bad-headers"},
	    {"GET /v1/healthz HTTP/1.1\r\n" HOST "\r\n", 200,
		"{\"status\":\"ok\"}"},
	};
	struct api_test *t = *state;
	struct client c;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(client_tls(&c, t->port, TLS1_3_VERSION), 1);
		assert_int_equal(ask(&c, cases[i].request), cases[i].status);
		if (strstr(c.reply, cases[i].has) == NULL)
			fail_msg("no %s in %s", cases[i].has, c.reply);
		assert_non_null(strstr(c.reply, "Cache-Control: no-store"));
		assert_non_null(
		    strstr(c.reply, "X-Content-Type-Options: nosniff"));
		client_close(&c);
	}
}

/* What follows such a request is not taken for another one. */
static void
test_two_lengths(void **state)
{
	struct api_test *t = *state;
	struct client c;
	char scrap[16];

	assert_int_equal(client_tls(&c, t->port, TLS1_3_VERSION), 1);
	assert_int_equal(
	    ask(&c, "POST /v1/challenge HTTP/1.1\r\n" HOST
		    "Content-Type: application/json\r\n"
		    "Content-Length: 2\r\nContent-Length: 40\r\n"
		    "\r\n{}GET /v1/healthz HTTP/1.1\r\n" HOST "\r\n"),
	    400);
	assert_true(SSL_read(c.ssl, scrap, sizeof(scrap)) <= 0);
	client_close(&c);
}

static void
test_caps(void **state)
{
	struct api_test *t = *state;
	struct client c;
	char *big = malloc(40000);

	assert_non_null(big);
	assert_int_equal(client_tls(&c, t->port, TLS1_3_VERSION), 1);
	assert_int_equal(ask(&c, "POST /v1/challenge HTTP/1.1\r\n" HOST
				 "Content-Type: application/json\r\n"
				 "Content-Length: 99999999\r\n\r\n"),
	    413);
	assert_non_null(strstr(c.reply, "too-large"));
	client_close(&c);
	assert_int_equal(client_tls(&c, t->port, TLS1_3_VERSION), 1);
	assert_int_equal(ask(&c, "POST /v1/challenge HTTP/1.1\r\n" HOST
				 "Content-Type: application/json\r\n"
				 "Transfer-Encoding: chunked\r\n\r\n"
				 "2\r\n{}\r\n0\r\n\r\n"),
	    411);
	client_close(&c);
	memset(big, 'x', 20000);
	big[20000] = '\0';
	assert_int_equal(client_tls(&c, t->port, TLS1_3_VERSION), 1);
	client_send(&c, "GET /v1/server HTTP/1.1\r\n" HOST "X-Big: ");
	client_send(&c, big);
	assert_int_equal(ask(&c, "\r\n\r\n"), 431);
	client_close(&c);
	free(big);
}

static void
test_call(void **state)
{
	struct api_test *t = *state;
	const struct msg_api_call *call;
	struct msg_api_reply r = {.status = 201};
	struct client c;
	static const char body[] = "{\"done\":true}";

	assert_int_equal(client_tls(&c, t->port, TLS1_2_VERSION), 1);
	client_send(&c,
	    "GET /v1/recordings/s-ABCD2345?offset=7 HTTP/1.1\r\n" HOST
	    "Authorization: Bearer tok-1\r\n\r\n");
	call = testlink_want(&t->broker, MSG_API_CALL);
	assert_int_equal(call->verb, VERB_RECORDING);
	assert_string_equal(call->arg, "s-ABCD2345");
	assert_string_equal(call->token, "tok-1");
	assert_int_equal(call->query.len, 8);
	assert_memory_equal(call->query.p, "offset=7", 8);
	assert_int_equal(call->peer.family, 4);
	assert_int_equal(call->uid, -1);
	r.rid = call->rid + 1; /* nobody's */
	testlink_send(&t->broker, MSG_API_REPLY, &r);
	r.rid = call->rid;
	(void)snprintf(
	    r.content_type, sizeof(r.content_type), "application/json");
	r.body.p = (const uint8_t *)body;
	r.body.len = sizeof(body) - 1;
	testlink_send(&t->broker, MSG_API_REPLY, &r);
	assert_int_equal(client_status(&c), 201);
	assert_non_null(strstr(c.reply, body));
	/* the same connection again, with a body */
	client_send(&c, "POST /v1/challenge HTTP/1.1\r\n" HOST
			"Content-Type: application/json\r\n"
			"Content-Length: 2\r\n\r\n{}");
	call = testlink_want(&t->broker, MSG_API_CALL);
	assert_int_equal(call->verb, VERB_CHALLENGE);
	assert_string_equal(call->token, "");
	assert_int_equal(call->body.len, 2);
	r.rid = call->rid;
	r.status = 200;
	testlink_send(&t->broker, MSG_API_REPLY, &r);
	assert_int_equal(client_status(&c), 200);
	client_close(&c);
}

/* As large as may be, both ways. */
static void
test_big(void **state)
{
	enum { N = LIMIT_BODY_MAX };
	struct api_test *t = *state;
	const struct msg_api_call *call;
	struct msg_api_reply r = {.status = 200};
	struct client *c = calloc(1, sizeof(*c));
	uint8_t *body = malloc(N);
	char head[256];
	const char *got;

	assert_non_null(c);
	assert_non_null(body);
	for (size_t i = 0; i < N; i++)
		body[i] = (uint8_t)('a' + (i * 7 + i / 1000) % 26);
	assert_int_equal(client_tls(c, t->port, TLS1_3_VERSION), 1);
	(void)snprintf(head, sizeof(head),
	    "POST /v1/policy HTTP/1.1\r\n" HOST
	    "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n",
	    N);
	client_send(c, head);
	assert_int_equal(SSL_write(c->ssl, body, N), N);
	call = testlink_want(&t->broker, MSG_API_CALL);
	assert_int_equal(call->body.len, N);
	assert_memory_equal(call->body.p, body, N);
	r.rid = call->rid;
	r.body.p = body;
	r.body.len = N;
	testlink_send(&t->broker, MSG_API_REPLY, &r);
	assert_int_equal(client_status(c), 200);
	got = strstr(c->reply, "\r\n\r\n");
	assert_non_null(got);
	assert_memory_equal(got + 4, body, N);
	/* a byte more is refused, politely: the connection lives */
	(void)snprintf(head, sizeof(head),
	    "POST /v1/policy HTTP/1.1\r\n" HOST
	    "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n",
	    N + 1);
	client_send(c, head);
	assert_int_equal(SSL_write(c->ssl, body, N), N);
	client_send(c, "x");
	assert_int_equal(client_status(c), 413);
	assert_int_equal(
	    ask(c, "GET /v1/healthz HTTP/1.1\r\n" HOST "\r\n"), 200);
	client_close(c);
	free(c);
	free(body);
}

static void
test_broker_lost(void **state)
{
	struct api_test *t = *state;
	struct client c;

	assert_int_equal(client_tls(&c, t->port, TLS1_3_VERSION), 1);
	client_send(&c, "GET /v1/server HTTP/1.1\r\n" HOST "\r\n");
	(void)testlink_want(&t->broker, MSG_API_CALL);
	testlink_close(&t->broker);
	assert_int_equal(client_status(&c), 503);
	assert_non_null(strstr(c.reply, "\"code\":\"unavailable\""));
	assert_non_null(strstr(c.reply, "Retry-After: "));
	assert_int_equal(
	    ask(&c, "GET /v1/server HTTP/1.1\r\n" HOST "\r\n"), 503);
	assert_int_equal(
	    ask(&c, "GET /v1/healthz HTTP/1.1\r\n" HOST "\r\n"), 200);
	client_close(&c);
	proc_harness_link(&t->p, &t->broker, PROC_BROKER, 0);
}

static void
test_old_tls(void **state)
{
	struct api_test *t = *state;
	struct client c;

	assert_int_equal(client_tls(&c, t->port, TLS1_1_VERSION), 0);
	client_close(&c);
}

/* No CBC, no SHA-1, no short tags, no key exchange without forward secrecy. */
static void
test_weak_ciphers(void **state)
{
	static const struct {
		const char *list;
		int ok;
	} rows[] = {{"ECDHE-ECDSA-AES128-GCM-SHA256", 1},
	    {"ECDHE-ECDSA-AES128-SHA", 0}, {"ECDHE-ECDSA-AES256-SHA384", 0},
	    {"ECDHE-ECDSA-AES128-CCM8", 0}, {"ECDHE-ECDSA-NULL-SHA", 0},
	    {"AES128-GCM-SHA256", 0}, {"ADH-AES128-GCM-SHA256", 0},
	    {"DHE-RSA-AES128-GCM-SHA256", 0}};
	struct api_test *t = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct client c;

		if (client_ciphers(&c, t->port, TLS1_2_VERSION, rows[i].list) !=
		    rows[i].ok)
			fail_msg("%s", rows[i].list);
		client_close(&c);
	}
}

/* A source that has too many connections: those that have waited longest are
 * shut for the later ones, and when it lets go it is served again. */
static void
test_per_source(void **state)
{
	enum { OVER = 8, N = LIMIT_PER_SOURCE + OVER };
	struct api_test *t = *state;
	struct pollfd p[N];
	struct client c;
	int fds[N];
	int shut = 0;
	int ok = 0;

	for (int i = 0; i < N; i++) {
		fds[i] = dial(t->port);
		p[i] = (struct pollfd){.fd = fds[i], .events = POLLIN};
	}
	while (shut < OVER) { /* a live one says nothing before the handshake */
		assert_true(poll(p, N, 10000) > 0);
		for (int i = 0; i < N; i++)
			if (p[i].revents != 0) {
				p[i].fd = -1;
				shut++;
			}
	}
	/* two of the tests before may still have counted */
	assert_in_range(shut, OVER, OVER + 2);
	for (int i = 0; i < N; i++)
		(void)close(fds[i]);
	for (int i = 0; i < 1000 && !ok; i++) {
		ok = client_tls(&c, t->port, TLS1_3_VERSION);
		client_close(&c);
		if (!ok)
			(void)usleep(10000);
	}
	assert_true(ok);
}

/* ---- caps of two, three and three: */

static int
setup_small(void **state)
{
	static struct api_test t;
	struct msg_sup_listener l = {.tls = 1};
	int fd = listen_tcp(&t.port);

	api_state_new(&t.files);
	t.files.conf.caps =
	    (struct conf_caps){.source = 2, .network = 3, .site = 3};
	proc_harness_start(
	    &t.p, PROC_API, "sallyport-api", "https", &t.files.conf);
	proc_harness_fd(&t.p, MSG_SUP_LISTENER, &l, fd);
	(void)close(fd);
	proc_harness_link(&t.p, &t.broker, PROC_BROKER, 0);
	proc_harness_link(&t.p, &t.notary, PROC_NOTARY, 0);
	proc_harness_ready(&t.p);
	*state = &t;
	return 0;
}

/* A client at 127.0.0.LAST that has asked, and waits for the broker. */
static int
waits_at(struct client *c, struct api_test *t, unsigned last)
{
	static const char ask[] = "GET /v1/server HTTP/1.1\r\n" HOST "\r\n";

	if (!client_from(c, t->port, last))
		return 0;
	client_send(c, ask);
	(void)testlink_want(&t->broker, MSG_API_CALL);
	return 1;
}

/* Neighbours fill their network's places, not those of who is known. */
static void
test_known(void **state)
{
	struct api_test *t = *state;
	struct msg_sup_known m = {.known = 1};
	struct client c[5];
	int ok = 0;

	assert_int_equal(waits_at(&c[0], t, 2), 1);
	assert_int_equal(waits_at(&c[1], t, 2), 1);
	assert_int_equal(client_from(&c[2], t->port, 2), 0);
	client_close(&c[2]);
	assert_int_equal(waits_at(&c[2], t, 3), 1);
	assert_int_equal(client_from(&c[3], t->port, 4), 0);
	client_close(&c[3]);
	assert_int_equal(addr_parse(&m.source, "127.0.0.4"), 0);
	testlink_send(&t->broker, MSG_SUP_KNOWN, &m);
	for (int i = 0; i < 1000 && !ok; i++) {
		ok = client_from(&c[3], t->port, 4);
		if (!ok) {
			client_close(&c[3]);
			(void)usleep(10000);
		}
	}
	assert_true(ok);
	/* and what the known one has is not their neighbours' */
	assert_int_equal(client_from(&c[4], t->port, 5), 0);
	client_close(&c[4]);
	for (int i = 0; i < 4; i++)
		client_close(&c[i]);
}

/* Who says nothing at all is not waited for, and gives way at once. */
static void
test_silent(void **state)
{
	struct api_test *t = *state;
	struct client c;
	int fd[2];
	char scrap;

	fd[0] = dial(t->port);
	fd[1] = dial(t->port);
	assert_int_equal(client_tls(&c, t->port, TLS1_3_VERSION), 1);
	assert_int_equal(recv(fd[0], &scrap, 1, 0), 0); /* the oldest */
	client_close(&c);
	assert_int_equal(recv(fd[1], &scrap, 1, 0), 0); /* in 3 s, not 15 */
	(void)close(fd[0]);
	(void)close(fd[1]);
}

static void
test_admin(void **state)
{
	struct api_test *t = *state;
	const struct msg_api_call *call;
	struct msg_api_reply r = {.status = 200};
	struct client c;
	struct sockaddr_un sa;
	char event[2048];

	client_admin(&c, t);
	client_send(&c, "POST /v1/grants/revoke HTTP/1.1\r\n" HOST
			"Content-Type: application/json\r\n"
			"Content-Length: 2\r\n\r\n{}");
	if (getuid() != 0) {
		assert_int_equal(client_status(&c), 403);
		testlink_event(
		    &t->notary, EV_API_DENIED, 1, event, sizeof(event));
		assert_non_null(strstr(event, "\"reason\":\"not-root\""));
		client_close(&c);
		return;
	}
	call = testlink_want(&t->broker, MSG_API_CALL);
	assert_int_equal(call->verb, VERB_REVOKE);
	assert_int_equal(call->uid, 0);
	assert_int_equal(call->pid, getpid());
	assert_int_equal(call->peer.family, 0);
	r.rid = call->rid;
	testlink_send(&t->broker, MSG_API_REPLY, &r);
	assert_int_equal(client_status(&c), 200);
	client_close(&c);
	/* somebody else: a child that gives root up */
	admin_path(&sa, t);
	if (fork() == 0) {
		if (chmod(t->files.conf.state_dir, 0755) != 0 ||
		    chmod(sa.sun_path, 0666) != 0 || setuid(65534) != 0)
			_exit(2);
		client_admin(&c, t);
		_exit(ask(&c, "GET /v1/server HTTP/1.1\r\n" HOST "\r\n") == 403
			  ? 0
			  : 1);
	} else {
		int status = 0;

		testlink_event(
		    &t->notary, EV_API_DENIED, 1, event, sizeof(event));
		assert_non_null(strstr(event, "\"uid\":65534"));
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
}

int
main(void)
{
	const struct CMUnitTest pure[] = {
	    cmocka_unit_test(test_target),
	    cmocka_unit_test(test_bearer),
	    cmocka_unit_test(test_headers),
	};
	const struct CMUnitTest https[] = {
	    cmocka_unit_test(test_refusals),
	    cmocka_unit_test(test_two_lengths),
	    cmocka_unit_test(test_caps),
	    cmocka_unit_test(test_call),
	    cmocka_unit_test(test_big),
	    cmocka_unit_test(test_broker_lost),
	    cmocka_unit_test(test_old_tls),
	    cmocka_unit_test(test_weak_ciphers),
	    cmocka_unit_test(test_per_source),
	};
	const struct CMUnitTest small[] = {
	    cmocka_unit_test(test_silent),
	    cmocka_unit_test(test_known),
	};
	const struct CMUnitTest admin[] = {cmocka_unit_test(test_admin)};
	int bad = cmocka_run_group_tests(pure, NULL, NULL);

	bad += cmocka_run_group_tests(https, setup_https, teardown);
	bad += cmocka_run_group_tests(small, setup_small, teardown);
	bad += cmocka_run_group_tests(admin, setup_admin, teardown);
	return bad != 0;
}
