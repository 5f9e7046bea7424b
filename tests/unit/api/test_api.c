/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api: the parts it reads itself (pure), then the real program behind both of
 * its doors: routes, refusals, caps, the broker's silence.
 */
#include "tests/unit/api/apiscene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "api/parse.h"
#include "base/err.h"
#include "wire/rollover.h"
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

#define HEALTH "GET /v1/healthz HTTP/1.1\r\n" HOST "\r\n"

static int
setup_https(void **state)
{
	static struct api_test t;
	int fd = listen_tcp(&t.port);

	api_state_new(&t.files);
	strcpy(t.files.conf.tls_next, "00 next key");
	api_start(&t, PROC_API, fd);
	*state = &t;
	return 0;
}

static int
setup_admin(void **state)
{
	static struct api_test t;
	struct sockaddr_un sa;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	api_state_new(&t.files);
	api_state_remove(&t.files, "api/tls.crt"); /* needed by https only */
	admin_path(&sa, &t);
	assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	assert_int_equal(listen(fd, 16), 0);
	api_start(&t, PROC_ADMIN, fd);
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
	    {HEALTH, 200, "{\"status\":\"ok\"}"},
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
		assert_non_null(
		    strstr(c.reply, ROLLOVER_HEADER ": 00 next key\r\n"));
		client_close(&c);
	}
}

/* Does a new connection tell so, soon? */
static bool
tells(const struct api_test *t, const char *what, bool yes)
{
	bool told = !yes;

	for (int i = 0; i < 500 && told != yes; i++) {
		struct client c;

		assert_int_equal(client_tls(&c, t->port, TLS1_3_VERSION), 1);
		assert_int_equal(ask(&c, HEALTH), 200);
		told = strstr(c.reply, what) != NULL;
		client_close(&c);
		(void)usleep(told != yes ? 10000 : 0);
	}
	return told == yes;
}

/* Once the next key is in use, a connection of the earlier one tells of it
 * still: a client that heard of none there would forget it, and not know the
 * gateway again. */
static void
test_earlier_key_announces(void **state)
{
	struct api_test *t = *state;
	EVP_PKEY *next = EVP_EC_gen("P-256");
	struct client c;

	assert_int_equal(client_tls(&c, t->port, TLS1_3_VERSION), 1);
	assert_int_equal(ask(&c, HEALTH), 200);
	api_state_write_key(&t->files, next, NULL);
	api_state_write_crt(&t->files, next, -60, 3600);
	assert_int_equal(rollover_spki(t->files.conf.tls_spki, next), 0);
	EVP_PKEY_free(next);
	t->files.conf.tls_next[0] = '\0';
	proc_harness_config(&t->p, &t->files.conf);
	assert_true(tells(t, ROLLOVER_HEADER, false));
	assert_int_equal(ask(&c, HEALTH), 200);
	assert_non_null(strstr(c.reply, ROLLOVER_HEADER ": 00 next key\r\n"));
	strcpy(t->files.conf.tls_next, "01 one more");
	proc_harness_config(&t->p, &t->files.conf);
	assert_true(tells(t, ROLLOVER_HEADER ": 01 one more\r\n", true));
	assert_int_equal(ask(&c, HEALTH), 200);
	assert_non_null(strstr(c.reply, ROLLOVER_HEADER ": 00 next key\r\n"));
	client_close(&c);
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
	assert_int_equal(ask(c, HEALTH), 200);
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
	assert_int_equal(ask(&c, HEALTH), 200);
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

/* A group without a wanted case is no failure; if all are, none ran. */
static void
add(int *sum, int bad)
{
	if (bad != TEST_NONE)
		*sum = bad + (*sum == TEST_NONE ? 0 : *sum);
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
	const struct CMUnitTest keys[] = {
	    cmocka_unit_test(test_earlier_key_announces)};
	const struct CMUnitTest small[] = {
	    cmocka_unit_test(test_silent),
	    cmocka_unit_test(test_known),
	};
	const struct CMUnitTest admin[] = {cmocka_unit_test(test_admin)};
	int sum = TEST_NONE;

	add(&sum, cmocka_run_group_tests(pure, NULL, NULL));
	add(&sum, cmocka_run_group_tests(https, setup_https, teardown));
	add(&sum, cmocka_run_group_tests(keys, setup_https, teardown));
	add(&sum, cmocka_run_group_tests(small, setup_small, teardown));
	add(&sum, cmocka_run_group_tests(admin, setup_admin, teardown));
	return sum != 0;
}
