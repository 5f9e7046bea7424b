/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process: a process made of the shared skeleton, from its configuration to its
 * exit, with the test as supervisor, notary and broker. The child is a recorder
 * that records nothing: it answers, appends, arms a timer, and reports which of
 * its callbacks were called.
 */
#include "tests/unit/support/test.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "process/process.h"
#include "wire/ipc.h"

enum { WAIT_MS = 10000 };

/* What the broker asks the child to do: "read so many bytes" is the message
 * that carries it. */
enum ask {
	ASK_ECHO = 1,
	ASK_APPEND,
	ASK_TIMER,
	ASK_FAIL,
	ASK_UPS,
	ASK_FLOOD,
	ASK_FLOODED,
	ASK_MFA_AGE, /* of the configuration in force, and reloads */
};

/* ---- the child */

struct child {
	struct peer *broker;
	uint32_t rid;
	const struct conf *conf;
	unsigned reloads;
	unsigned ups;
	unsigned downs;
	unsigned downs_in_send; /* called while a send was on the stack */
	int flooded;
	int fail_start;
	struct timer *timer;
};

/* The child's answer: a number. */
static void
reply(struct child *c, uint64_t size)
{
	struct msg_rec_bytes m = {.rid = c->rid, .size = size};

	(void)peer_send(c->broker, MSG_REC_BYTES, &m, -1);
}

static void
durable(void *arg, int result, uint64_t seq)
{
	reply(arg, result == 0 ? seq : 1000 + (uint64_t)-result);
}

static void
fired(struct process *r, void *arg)
{
	struct child *c = arg;

	(void)r;
	timer_free(c->timer);
	c->timer = NULL;
	reply(c, ASK_TIMER);
}

/* Sends more than the broker reads. */
static void
flood(struct child *c)
{
	static const uint8_t some[64 * 1024];
	struct msg_rec_bytes m = {.data = {some, sizeof(some)}};
	const unsigned downs = c->downs;

	for (int i = 0; i < 1000 && c->flooded == 0; i++)
		c->flooded = peer_send(c->broker, MSG_REC_BYTES, &m, -1);
	c->downs_in_send = c->downs - downs;
}

static int
on_read(struct process *r, struct peer *p, const struct ipc_msg *msg)
{
	const struct msg_rec_read *m = msg->body;
	struct child *c = process_ctx(r);

	c->broker = p;
	c->rid = m->rid;
	switch (m->max) {
	case ASK_ECHO:
		reply(c, m->offset);
		return 0;
	case ASK_APPEND:
		return process_append(r, EV_RECORDING_START, NULL, durable, c);
	case ASK_TIMER:
		c->timer = timer_new(r, fired, c);
		timer_set(c->timer, 30);
		return c->timer == NULL ? GW_ENOMEM : 0;
	case ASK_FLOOD:
		flood(c);
		return 0;
	case ASK_FLOODED:
		reply(c, (uint64_t)-c->flooded * 100 + c->downs * 10 +
			     c->downs_in_send);
		return 0;
	case ASK_UPS:
		reply(c, c->ups * 100 + c->downs);
		return 0;
	case ASK_MFA_AGE:
		reply(c, c->conf->mfa_age_s * 10 + c->reloads);
		return 0;
	default:
		return GW_EINVAL;
	}
}

static void
on_reload(struct process *r, const struct conf *old)
{
	struct child *c = process_ctx(r);

	if (old->mfa_age_s == 0 && c->conf->mfa_age_s != 0)
		c->reloads++;
}

static int
on_start(struct process *r, const struct conf *conf)
{
	struct child *c = process_ctx(r);

	if (strcmp(conf->server_id, "gw-1") != 0)
		return GW_EINVAL;
	c->conf = conf;
	return c->fail_start ? GW_ECORRUPT : 0;
}

static void
on_up(struct process *r, struct peer *p)
{
	(void)p;
	((struct child *)process_ctx(r))->ups++;
}

static void
on_down(struct process *r, struct peer *p)
{
	(void)p;
	((struct child *)process_ctx(r))->downs++;
}

static void
child_main(int control, enum proc proc, int fail_start)
{
	static const struct process_handler handlers[] = {
	    {MSG_REC_READ, on_read}};
	static char name[] = "recorder";
	const struct process_def def = {.proc = proc,
	    .name = "recorder",
	    .needs = PROC_BIT(PROC_BROKER),
	    .handlers = handlers,
	    .nhandlers = ARRAY_LEN(handlers),
	    .start = on_start,
	    .reload = on_reload,
	    .peer_up = on_up,
	    .peer_down = on_down};
	struct child c = {.fail_start = fail_start};
	char *argv[] = {name, NULL};

	if (control != 3 && dup2(control, 3) != 3)
		_exit(99);
	closefrom(4);
	_exit(process_main(&def, &c, 1, argv));
}

/* ---- the test's side */

struct kid {
	pid_t pid;
	enum proc proc;
	struct ipc control;
	struct ipc_msg m;
};

static void
kid_start_as(struct kid *k, enum proc proc, int fail_start)
{
	struct msg_sup_config *config = calloc(1, sizeof(*config));
	int fd[2];

	assert_non_null(config);
	memset(k, 0, sizeof(*k));
	k->proc = proc;
	k->m.body = ipc_room();
	assert_non_null(k->m.body);
	assert_int_equal(ipc_pair(fd), 0);
	k->pid = fork();
	assert_true(k->pid >= 0);
	if (k->pid == 0)
		child_main(fd[1], proc, fail_start);
	(void)close(fd[1]);
	ipc_init(&k->control, fd[0], PROC_SUPERVISOR, proc);
	strcpy(config->conf.server_id, "gw-1");
	assert_int_equal(
	    ipc_send(&k->control, MSG_SUP_CONFIG, config, NULL, 0), 0);
	free(config);
}

static void
kid_start(struct kid *k, int fail_start)
{
	kid_start_as(k, PROC_RECORDER, fail_start);
}

static void
kid_link(struct kid *k, struct ipc *ret, enum proc proc)
{
	struct msg_sup_link m = {.proc = (uint8_t)proc};
	int fd[2];

	assert_int_equal(ipc_pair(fd), 0);
	assert_int_equal(ipc_send(&k->control, MSG_SUP_LINK, &m, &fd[1], 1), 0);
	(void)close(fd[1]);
	ipc_init(ret, fd[0], proc, k->proc);
}

static void
kid_ready(struct kid *k)
{
	assert_int_equal(ipc_recv_wait(&k->control, &k->m, WAIT_MS), 0);
	assert_int_equal(k->m.type, MSG_SUP_READY);
}

/* The child's exit status; it must end by itself. */
static int
kid_end(struct kid *k)
{
	int status = 0;

	for (int i = 0; i < WAIT_MS / 10; i++) {
		pid_t p = waitpid(k->pid, &status, WNOHANG);

		assert_true(p >= 0);
		if (p == k->pid) {
			ipc_done(&k->control);
			ipc_room_free(k->m.body);
			assert_true(WIFEXITED(status));
			return WEXITSTATUS(status);
		}
		(void)usleep(10000);
	}
	(void)kill(k->pid, SIGKILL);
	(void)waitpid(k->pid, &status, 0);
	fail_msg("the child did not end");
	return -1;
}

static int
kid_stop(struct kid *k)
{
	struct msg_empty m = {0};

	assert_int_equal(ipc_send(&k->control, MSG_SUP_STOP, &m, NULL, 0), 0);
	return kid_end(k);
}

static void
ask(struct ipc *broker, enum ask what, uint32_t rid, uint64_t offset)
{
	struct msg_rec_read m = {
	    .rid = rid, .max = (uint32_t)what, .offset = offset};

	assert_int_equal(ipc_send(broker, MSG_REC_READ, &m, NULL, 0), 0);
}

static uint64_t
answer(struct kid *k, struct ipc *broker, uint32_t rid)
{
	const struct msg_rec_bytes *m = k->m.body;

	assert_int_equal(ipc_recv_wait(broker, &k->m, WAIT_MS), 0);
	assert_int_equal(k->m.type, MSG_REC_BYTES);
	assert_int_equal(m->rid, rid);
	return m->size;
}

static const struct msg_log_append *
appended(struct kid *k, struct ipc *notary, unsigned event)
{
	const struct msg_log_append *m = k->m.body;

	assert_int_equal(ipc_recv_wait(notary, &k->m, WAIT_MS), 0);
	assert_int_equal(k->m.type, MSG_LOG_APPEND);
	assert_int_equal(m->event, event);
	return m;
}

static void
test_life(void **state)
{
	struct ipc broker;
	struct kid k;

	(void)state;
	kid_start(&k, 0);
	/* not ready before the link it needs is there */
	assert_int_equal(ipc_recv_wait(&k.control, &k.m, 100), GW_EAGAIN);
	kid_link(&k, &broker, PROC_BROKER);
	kid_ready(&k);
	for (uint32_t i = 1; i <= 200; i++)
		ask(&broker, ASK_ECHO, i, i * 3);
	for (uint32_t i = 1; i <= 200; i++) /* all, in order */
		assert_int_equal(answer(&k, &broker, i), i * 3);
	ask(&broker, ASK_TIMER, 7, 0);
	assert_int_equal(answer(&k, &broker, 7), ASK_TIMER);
	assert_int_equal(kid_stop(&k), 0);
	ipc_done(&broker);
}

/* Asked whether it lives, it says so: also before it is ready. */
static void
test_beat(void **state)
{
	const struct msg_empty beat = {0};
	struct ipc broker;
	struct kid k;

	(void)state;
	kid_start(&k, 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(
		    ipc_send(&k.control, MSG_SUP_BEAT, &beat, NULL, 0), 0);
		assert_int_equal(ipc_recv_wait(&k.control, &k.m, WAIT_MS), 0);
		assert_int_equal(k.m.type, MSG_SUP_ALIVE);
		if (i > 0)
			break;
		kid_link(&k, &broker, PROC_BROKER);
		kid_ready(&k);
	}
	assert_int_equal(kid_stop(&k), 0);
	ipc_done(&broker);
}

/* Who does not read loses the link, but not under the feet of the sender: it
 * may walk a list that the loss changes. */
static void
test_deaf_peer(void **state)
{
	struct ipc deaf, broker;
	struct kid k;
	uint64_t got;

	(void)state;
	kid_start(&k, 0);
	kid_link(&k, &deaf, PROC_BROKER);
	kid_ready(&k);
	ask(&deaf, ASK_FLOOD, 1, 0);
	for (int i = 0; i < WAIT_MS / 10; i++) {
		struct msg_rec_read m = {.rid = 2, .max = ASK_ECHO};

		if (ipc_send(&deaf, MSG_REC_READ, &m, NULL, 0) == GW_ECLOSED)
			break;
		(void)usleep(10000);
	}
	kid_link(&k, &broker, PROC_BROKER);
	ask(&broker, ASK_FLOODED, 3, 0);
	got = answer(&k, &broker, 3);
	assert_int_equal(got, (uint64_t)-GW_ELIMIT * 100 + 10);
	assert_int_equal(kid_stop(&k), 0);
	ipc_done(&deaf);
	ipc_done(&broker);
}

/* It ends by itself, and never says that it is ready. */
static void
test_start_fails(void **state)
{
	struct kid k;

	(void)state;
	kid_start(&k, 1);
	assert_int_equal(ipc_recv_wait(&k.control, &k.m, WAIT_MS), GW_ECLOSED);
	assert_int_equal(kid_end(&k), 1);
}

static void
test_supervisor_gone(void **state)
{
	struct ipc broker;
	struct kid k;

	(void)state;
	kid_start(&k, 0);
	kid_link(&k, &broker, PROC_BROKER);
	kid_ready(&k);
	ipc_done(&k.control);
	assert_int_not_equal(kid_end(&k), 0);
	ipc_done(&broker);
}

static void
test_configured_again(void **state)
{
	struct msg_sup_config *config = calloc(1, sizeof(*config));
	struct ipc broker;
	uint64_t got = 0;
	struct kid k;

	(void)state;
	assert_non_null(config);
	strcpy(config->conf.server_id, "gw-1");
	kid_start(&k, 0);
	kid_link(&k, &broker, PROC_BROKER);
	kid_ready(&k);
	ask(&broker, ASK_MFA_AGE, 1, 0);
	assert_int_equal(answer(&k, &broker, 1), 0);
	config->conf.mfa_age_s = 7;
	assert_int_equal(
	    ipc_send(&k.control, MSG_SUP_CONFIG, config, NULL, 0), 0);
	for (uint32_t rid = 2; got == 0 && rid < 1000; rid++) {
		ask(&broker, ASK_MFA_AGE, rid, 0);
		got = answer(&k, &broker, rid);
	}
	assert_int_equal(got, 71);
	assert_int_equal(kid_stop(&k), 0);
	ipc_done(&broker);
	free(config);
}

/* Evidence: the caller of append hears the notary's answer, and also that none
 * will come. */
static void
test_append(void **state)
{
	struct msg_log_durable d = {.seq = 41};
	struct ipc broker, notary;
	struct kid k;

	(void)state;
	kid_start(&k, 0);
	kid_link(&k, &broker, PROC_BROKER);
	kid_link(&k, &notary, PROC_NOTARY);
	kid_ready(&k);
	ask(&broker, ASK_APPEND, 1, 0);
	d.rid = appended(&k, &notary, EV_RECORDING_START)->rid;
	assert_int_not_equal(d.rid, 0);
	assert_int_equal(ipc_recv_wait(&broker, &k.m, 50), GW_EAGAIN);
	assert_int_equal(ipc_send(&notary, MSG_LOG_DURABLE, &d, NULL, 0), 0);
	assert_int_equal(answer(&k, &broker, 1), 41);

	ask(&broker, ASK_APPEND, 2, 0);
	d.rid = appended(&k, &notary, EV_RECORDING_START)->rid;
	d.result = msg_result(GW_EDENIED);
	assert_int_equal(ipc_send(&notary, MSG_LOG_DURABLE, &d, NULL, 0), 0);
	assert_int_equal(answer(&k, &broker, 2), 1000 + -GW_EDENIED);

	ask(&broker, ASK_APPEND, 3, 0);
	(void)appended(&k, &notary, EV_RECORDING_START);
	ipc_done(&notary); /* it dies before it answered */
	assert_int_equal(answer(&k, &broker, 3), 1000 + -GW_ECLOSED);
	assert_int_equal(kid_stop(&k), 0);
	ipc_done(&broker);
}

/* A message that is not allowed closes its link, is evidence (also when the
 * notary comes only later), and the others are served on. */
static void
test_protocol(void **state)
{
	struct msg_api_reply odd = {.rid = 1, .status = 200};
	struct ipc broker, notary, again;
	struct kid k;
	struct buf b;

	(void)state;
	kid_start(&k, 0);
	kid_link(&k, &broker, PROC_BROKER);
	kid_ready(&k);
	buf_init(&b, LIMIT_MSG_MAX);
	assert_int_equal(msg_encode(&b, MSG_API_REPLY, &odd), 0);
	assert_int_equal(ipc_send_raw(&broker, b.p, b.len, NULL, 0), 0);
	buf_done(&b);
	assert_int_equal(ipc_recv_wait(&broker, &k.m, WAIT_MS), GW_ECLOSED);
	kid_link(&k, &notary, PROC_NOTARY);
	assert_int_equal(appended(&k, &notary, EV_PEER_PROTOCOL)->rid, 0);
	kid_link(&k, &again, PROC_BROKER);
	ask(&again, ASK_UPS, 5, 0);
	assert_int_equal(answer(&k, &again, 5), 301); /* 3 up, 1 down */
	ask(&again, ASK_FAIL, 6, 0); /* a handler's refusal likewise */
	(void)appended(&k, &notary, EV_PEER_PROTOCOL);
	assert_int_equal(ipc_recv_wait(&again, &k.m, WAIT_MS), GW_ECLOSED);
	assert_int_equal(kid_stop(&k), 0);
	ipc_done(&broker);
	ipc_done(&again);
	ipc_done(&notary);
}

static void
test_relink(void **state)
{
	struct ipc old, new;
	struct kid k;

	(void)state;
	kid_start(&k, 0);
	kid_link(&k, &old, PROC_BROKER);
	kid_ready(&k);
	kid_link(&k, &new, PROC_BROKER);
	assert_int_equal(ipc_recv_wait(&old, &k.m, WAIT_MS), GW_ECLOSED);
	ask(&new, ASK_ECHO, 1, 77);
	assert_int_equal(answer(&k, &new, 1), 77);
	assert_int_equal(kid_stop(&k), 0);
	ipc_done(&old);
	ipc_done(&new);
}

/* One of the two asks for a link that was lost, until there is a new one. */
static void
test_asks_for_a_link(void **state)
{
	enum { QUIET_MS = 2500 }; /* more than it asks apart */
	const struct msg_sup_relink *m;
	struct ipc broker, recorder;
	struct kid k;
	int r;

	(void)state;
	kid_start_as(&k, PROC_NOTARY, 0);
	kid_link(&k, &broker, PROC_BROKER);
	kid_link(&k, &recorder, PROC_RECORDER);
	kid_ready(&k);
	m = k.m.body;
	ipc_done(&recorder);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(ipc_recv_wait(&k.control, &k.m, WAIT_MS), 0);
		assert_int_equal(k.m.type, MSG_SUP_RELINK);
		assert_int_equal(m->proc, PROC_RECORDER);
	}
	kid_link(&k, &recorder, PROC_RECORDER);
	/* one may have been on its way */
	if ((r = ipc_recv_wait(&k.control, &k.m, QUIET_MS)) == 0)
		r = ipc_recv_wait(&k.control, &k.m, QUIET_MS);
	assert_int_equal(r, GW_EAGAIN);
	ipc_done(&broker); /* the broker's to ask for */
	assert_int_equal(ipc_recv_wait(&k.control, &k.m, QUIET_MS), GW_EAGAIN);
	assert_int_equal(kid_stop(&k), 0);
	ipc_done(&recorder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_life),
	    cmocka_unit_test(test_beat),
	    cmocka_unit_test(test_deaf_peer),
	    cmocka_unit_test(test_start_fails),
	    cmocka_unit_test(test_supervisor_gone),
	    cmocka_unit_test(test_configured_again),
	    cmocka_unit_test(test_append),
	    cmocka_unit_test(test_protocol),
	    cmocka_unit_test(test_relink),
	    cmocka_unit_test(test_asks_for_a_link),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
