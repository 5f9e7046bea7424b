/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_bounds - how many connections there are, of whom, and how long one that
 * says nothing or little may stay; and who is told from whom on the admin
 * socket.
 */
#include "tests/unit/api/apiscene.h"

#include <stdlib.h>
#include <string.h>

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/event.h"
#include "wire/verbs.h"

static int
client_from(struct client *c, int port, unsigned last)
{
	return client_over(c, dial_from(port, last), TLS1_3_VERSION, NULL);
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

void
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

/* A source that has too many connections: those that have waited longest are
 * shut for the later ones, and when it lets go it is served again. */
void
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

int
setup_small(void **state)
{
	static struct api_test t;
	int fd = listen_tcp(&t.port);

	api_state_new(&t.files);
	t.files.conf.caps =
	    (struct conf_caps){.source = 2, .network = 3, .site = 3};
	api_start(&t, PROC_API, fd);
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
void
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
void
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

void
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
