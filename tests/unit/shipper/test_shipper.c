/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shipper: the real program against a TLS receiver: delivery, sending again
 * after a break, the cursor, certificates.
 */
#include "tests/unit/shipper/shipperscene.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/x509v3.h>

static void
test_delivery(void **state)
{
	struct scene *t = *state;
	struct msg_nt_tail tail = {.end = 6};
	const struct msg_shp_status *st;
	char event[2048];
	pid_t pid;

	receiver(t, "IP:127.0.0.1", TRUST);
	start(t);
	assert_int_equal(take(t), 1);
	testlink_event(&t->notary, EV_SINK_UP, 0, event, sizeof(event));
	assert_non_null(strstr(event, "\"sink\":\"siem\""));
	do
		st = testlink_want(&t->broker, MSG_SHP_STATUS);
	while (!st->up);
	assert_string_equal(st->sink, "siem");
	give(t, 0, 3, 5);
	give(t, 3, 2, 5);
	for (uint64_t i = 0; i < 5; i++)
		assert_int_equal(message_seq(t), i);
	/* nothing more until the log grows */
	assert_int_equal(testlink_next(&t->notary, 1500), 0);
	testlink_send(&t->notary, MSG_NT_TAIL, &tail);
	give(t, 5, 1, 6);
	assert_int_equal(message_seq(t), 5);

	/* a break right after: nothing is known to have arrived */
	hang_up(t);
	testlink_event(&t->notary, EV_SINK_DOWN, 0, event, sizeof(event));
	assert_int_equal(take(t), 1);
	give(t, 0, 6, 6);
	for (uint64_t i = 0; i < 6; i++)
		assert_int_equal(message_seq(t), i);

	/* an orderly end that the receiver confirms: all has arrived */
	if ((pid = fork()) == 0) {
		char scrap[64];

		if (SSL_read(t->ssl, scrap, sizeof(scrap)) > 0)
			_exit(1);
		(void)SSL_shutdown(t->ssl);
		_exit(0);
	}
	stop(t);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	cursor_is(t, "6\n");

	/* and the next process goes on from there */
	hang_up(t);
	start(t);
	assert_int_equal(take(t), 1);
	give(t, 6, 1, 7);
	assert_int_equal(message_seq(t), 6);
	hang_up(t);
	stop(t);
	cursor_is(t, "6\n");
}

static void
test_untrusted(void **state)
{
	struct scene *t = *state;
	char event[2048];

	receiver(t, "IP:127.0.0.1", TRUST_NOT);
	start(t);
	assert_int_equal(take(t), 0);
	hang_up(t);
	testlink_event(&t->notary, EV_SINK_DOWN, 0, event, sizeof(event));
	assert_non_null(strstr(event, "is not trusted"));
	assert_non_null(strstr(event, "\"127.0.0.1 port "));
	/* it tries again, and says nothing twice */
	assert_int_equal(take(t), 0);
	hang_up(t);
	assert_int_equal(testlink_next(&t->notary, 300), 0);
	stop(t);
}

static void
test_wrong_host(void **state)
{
	struct scene *t = *state;
	char event[2048];

	receiver(t, "IP:127.0.0.2,DNS:siem.example", TRUST);
	start(t);
	assert_int_equal(take(t), 0);
	testlink_event(&t->notary, EV_SINK_DOWN, 0, event, sizeof(event));
	assert_non_null(strstr(event, "IP address mismatch"));
	stop(t);
}

static void
test_expired(void **state)
{
	struct scene *t = *state;
	char event[2048];

	receiver(t, "IP:127.0.0.1", TRUST_EXPIRED);
	start(t);
	assert_int_equal(take(t), 0);
	testlink_event(&t->notary, EV_SINK_DOWN, 0, event, sizeof(event));
	assert_non_null(strstr(event, "certificate has expired"));
	stop(t);
}

/* Ends the shipper while the receiver does with its goodbye as it likes. */
static void
stop_while(struct scene *t, void (*receiver_does)(struct scene *t))
{
	pid_t pid = fork();

	if (pid == 0) {
		receiver_does(t);
		_exit(0);
	}
	/* the descriptor is the child's alone: its end is the connection's */
	(void)close(t->fd);
	t->fd = -1;
	stop(t);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	hang_up(t);
}

static void
reads_and_closes(struct scene *t)
{
	char scrap[64];

	(void)SSL_read(t->ssl, scrap, sizeof(scrap));
}

static void
leaves_it_unread(struct scene *t)
{
	char scrap[1];

	/* until there is something, which stays */
	(void)recv(t->fd, scrap, sizeof(scrap), MSG_PEEK);
	(void)usleep(300000);
}

/* A goodbye that nobody read proves nothing. */
static void
test_goodbye(void **state)
{
	struct scene *t = *state;

	receiver(t, "IP:127.0.0.1", TRUST);
	start(t);
	assert_int_equal(take(t), 1);
	give(t, 0, 2, 2);
	assert_int_equal(message_seq(t), 0);
	assert_int_equal(message_seq(t), 1);
	stop_while(t, reads_and_closes); /* as rsyslog does: no close_notify */
	cursor_is(t, "2\n");

	start(t);
	assert_int_equal(take(t), 1);
	give(t, 2, 2, 4);
	assert_int_equal(message_seq(t), 2);
	stop_while(t, leaves_it_unread);
	cursor_is(t, "2\n");
}

/* A log shorter than the cursor is another log: all of it is sent. */
static void
test_rewind(void **state)
{
	struct scene *t = *state;

	receiver(t, "IP:127.0.0.1", TRUST);
	cursor_write(t, "50\n");
	start(t);
	assert_int_equal(take(t), 1);
	give(t, 50, 0, 2);
	give(t, 0, 2, 2);
	assert_int_equal(message_seq(t), 0);
	assert_int_equal(message_seq(t), 1);
	hang_up(t);
	stop(t);
	cursor_is(t, "0\n");
}

/* A chat that is new is told what happens from then on: also where it cannot be
 * reached yet, as this one, whose secret is not there. */
static void
test_news(void **state)
{
	struct scene *t = *state;

	t->conf.sinks[0].type = SINK_WEBHOOK;
	(void)snprintf(t->conf.sinks[0].path, LIMIT_PATH_SIZE, "/hook");
	(void)snprintf(
	    t->conf.sinks[0].secret_file, LIMIT_PATH_SIZE, "%s/secret", t->dir);
	start(t);
	give(t, LIMIT_NUMBER_MAX, 0, 7);
	stop(t);
	cursor_is(t, "7\n");
}

/* One that says nothing: too often is right, too seldom is not. */
static void
test_bad_cursor(void **state)
{
	struct scene *t = *state;

	receiver(t, "IP:127.0.0.1", TRUST);
	cursor_write(t, "7 or so\n");
	start(t);
	assert_int_equal(take(t), 1);
	give(t, 0, 1, 9);
	assert_int_equal(message_seq(t), 0);
	hang_up(t);
	stop(t);
}

/* A receiver that is down, then one nobody should believe: each is told, and on
 * record, and what is told when the broker comes back is the last. */
static void
test_causes(void **state)
{
	struct scene *t = *state;
	const struct msg_shp_status *st;
	char event[2048];

	receiver(t, "IP:127.0.0.1", TRUST_NOT);
	start(t);
	assert_int_equal(take(t), 0);
	hang_up(t);
	testlink_event(&t->notary, EV_SINK_DOWN, 0, event, sizeof(event));
	assert_non_null(strstr(event, "is not trusted"));
	/* the next one hangs up before it says who it is */
	take_and_drop(t);
	testlink_event(&t->notary, EV_SINK_DOWN, 0, event, sizeof(event));
	assert_null(strstr(event, "is not trusted"));
	testlink_close(&t->broker);
	proc_harness_link(&t->p, &t->broker, PROC_BROKER, 0);
	st = testlink_want(&t->broker, MSG_SHP_STATUS);
	assert_int_equal(st->up, 0);
	assert_true(st->text[0] != '\0');
	assert_null(strstr(st->text, "is not trusted"));
	/* as before: told, but no news for the log */
	assert_int_equal(take(t), 0);
	hang_up(t);
	do
		st = testlink_want(&t->broker, MSG_SHP_STATUS);
	while (strstr(st->text, "is not trusted") == NULL);
	assert_int_equal(testlink_next(&t->notary, 300), 0);
	stop(t);
}

/* A CA file that was renewed is read again, without a restart. */
static void
test_renewed_ca(void **state)
{
	struct scene *t = *state;
	char event[2048];

	receiver(t, "IP:127.0.0.1", TRUST_NOT);
	start(t);
	assert_int_equal(take(t), 0);
	hang_up(t);
	testlink_event(&t->notary, EV_SINK_DOWN, 0, event, sizeof(event));
	trust_now(t);
	for (int i = 0; i < 3 && take(t) == 0; i++)
		hang_up(t);
	testlink_event(&t->notary, EV_SINK_UP, 0, event, sizeof(event));
	hang_up(t);
	/* one that says nothing at all is a cause of its own */
	remove_ca(t);
	do
		testlink_event(
		    &t->notary, EV_SINK_DOWN, 0, event, sizeof(event));
	while (strstr(event, "No such file") == NULL);
	stop(t);
}

static void
client_is(const struct scene *t, const char *name)
{
	X509 *c = SSL_get1_peer_certificate(t->ssl);

	assert_non_null(c);
	assert_int_equal(X509_check_host(c, name, 0, 0, NULL), 1);
	X509_free(c);
}

/* A receiver that wants our certificate gets it; a key that others may read is
 * used for nothing, and a renewed one is read without a restart. */
static void
test_own_certificate(void **state)
{
	struct scene *t = *state;
	const char *key = t->conf.sinks[0].key_file;
	char event[2048];

	receiver(t, "IP:127.0.0.1", TRUST);
	credentials(t, "gw-1.test");
	assert_int_equal(chmod(key, 0644), 0);
	start(t);
	testlink_event(&t->notary, EV_SINK_DOWN, 0, event, sizeof(event));
	assert_non_null(strstr(event, "own.key cannot be used"));
	assert_non_null(strstr(event, "only its group read"));
	assert_int_equal(chmod(key, 0640), 0);
	assert_int_equal(take(t), 1);
	client_is(t, "gw-1.test");
	testlink_event(&t->notary, EV_SINK_UP, 0, event, sizeof(event));
	credentials(t, "gw-2.test");
	hang_up(t);
	assert_int_equal(take(t), 1);
	client_is(t, "gw-2.test");
	hang_up(t);
	stop(t);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_delivery),
	    T(test_untrusted),
	    T(test_wrong_host),
	    T(test_expired),
	    T(test_causes),
	    T(test_renewed_ca),
	    T(test_own_certificate),
	    T(test_goodbye),
	    T(test_rewind),
	    T(test_bad_cursor),
	    T(test_news),
	    T(test_rsyslog),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
