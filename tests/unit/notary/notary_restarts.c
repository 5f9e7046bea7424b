/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notary_restarts - a new broker hears of all that is open, and what was
 * acknowledged is there, also after the notary was killed.
 */
#include "tests/unit/notary/notaryscene.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "audit/verify.h"
#include "base/clock.h"
#include "base/err.h"

static unsigned
fold_count(const char *grant, uint8_t *retstate, bool *retelements)
{
	struct msg_nt_fold_get m = {.rid = ++nt.rid};
	unsigned n = 0;

	*retstate = 0;
	*retelements = false;
	testlink_send(&nt.broker, MSG_NT_FOLD_GET, &m);
	while (testlink_next(&nt.broker, 10000) == 1) {
		const struct msg_nt_fold_grant *g = nt.broker.m.body;

		if (nt.broker.m.type == MSG_NT_FOLD_END)
			return n;
		if (nt.broker.m.type != MSG_NT_FOLD_GRANT)
			continue;
		n++;
		if (strcmp(g->grant.id, grant) != 0)
			continue;
		*retstate = g->state;
		*retelements =
		    g->elements.len > 0 &&
		    receipt_good(grant, grant, g->seq, g->mac, &g->elements);
	}
	fail();
	return 0;
}

/* More than one peer's queue can take: sent in pieces, none left out. */
void
test_many(void **state)
{
	enum { MANY = 7000, AT_ONCE = 100 };
	struct msg_nt_grant_open g;
	uint8_t st = 0;
	bool elements = false;
	unsigned before;

	(void)state;
	before = fold_count("g-22222222", &st, &elements);
	for (unsigned i = 0; i < MANY; i += AT_ONCE) {
		for (unsigned k = 0; k < AT_ONCE; k++) {
			grant_new(&g, 300000);
			testlink_send(&nt.broker, MSG_NT_GRANT_OPEN, &g);
		}
		for (unsigned k = 0; k < AT_ONCE; k++) {
			const struct msg_nt_grant_opened *r =
			    testlink_want(&nt.broker, MSG_NT_GRANT_OPENED);

			assert_int_equal(r->result, 0);
		}
	}
	assert_int_equal(fold_count(g.grant.id, &st, &elements), before + MANY);
	assert_int_equal(st, GRANT_INTENT);
	assert_true(elements);
}

void
test_restart(void **state)
{
	struct msg_nt_grant_open g;
	struct event_fields f;
	uint8_t st = 0, old_key[RECEIPT_KEY_SIZE];
	bool elements = false;
	unsigned before, after;
	int status = 0;

	(void)state;
	grant_new(&g, 300000);
	g.mfa_step = clock_now().utc_ms / 30000;
	strcpy(g.grant.user, "dave");
	assert_int_equal(grant_open(&g)->result, 0);
	before = fold_count(g.grant.id, &st, &elements);
	assert_int_equal(st, GRANT_INTENT);
	assert_true(elements);
	event_fields_init(&f);
	event_str(&f, EF_GRANT, g.grant.id);
	append(&nt.firewall, EV_GRANT_APPLIED, &f, true);
	event_fields_done(&f);
	(void)fold_count(g.grant.id, &st, &elements);
	assert_int_equal(st, GRANT_ACTIVE);

	memcpy(old_key, nt.receipt_key, sizeof(old_key));
	assert_int_equal(kill(nt.proc.pid, SIGKILL), 0);
	assert_int_equal(waitpid(nt.proc.pid, &status, 0), nt.proc.pid);
	unlink_all();
	ipc_done(&nt.proc.control);
	start();
	assert_memory_not_equal(old_key, nt.receipt_key, sizeof(old_key));
	after = fold_count(g.grant.id, &st, &elements);
	assert_int_equal(before, after);
	assert_int_equal(st, GRANT_ACTIVE);
	assert_true(elements); /* with a receipt of the new key */
	/* a firewall started anew has forgotten what was closed */
	memcpy(old_key, nt.receipt_key, sizeof(old_key));
	testlink_close(&nt.firewall);
	proc_harness_link(&nt.proc, &nt.firewall, PROC_FIREWALL, 0);
	link_key();
	assert_memory_not_equal(old_key, nt.receipt_key, sizeof(old_key));
	(void)fold_count(g.grant.id, &st, &elements);
	assert_true(elements);
	/* the burned step is remembered */
	strcpy(g.grant.id, "g-33333333");
	g.rid = ++nt.rid;
	assert_int_equal(grant_open(&g)->result, -GW_EDENIED);
}

/* What the host key signed it signs for nobody else, whenever: a session id and
 * what a rekey signed. */
void
test_hashes_of_before(void **state)
{
	static const char sid[] = "a session id of thirty-two bytes";
	static const char rekey[] = "what was signed to a rekey of it";
	static const char fresh[] = "one that nobody has signed yet..";
	struct testlink s;
	int status = 0;

	(void)state;
	session_link(&s, 1301, &nt.source);
	assert_int_equal(hostsign(&s, sid), 0);
	assert_int_equal(hostsign(&s, rekey), 0);
	testlink_close(&s);
	session_link(&s, 1302, &nt.source);
	assert_int_equal(hostsign(&s, rekey), -GW_EDENIED);
	testlink_close(&s);
	assert_int_equal(kill(nt.proc.pid, SIGKILL), 0);
	assert_int_equal(waitpid(nt.proc.pid, &status, 0), nt.proc.pid);
	unlink_all();
	ipc_done(&nt.proc.control);
	start();
	session_link(&s, 1303, &nt.source);
	assert_int_equal(hostsign(&s, sid), -GW_EDENIED);
	assert_int_equal(hostsign(&s, rekey), -GW_EDENIED);
	assert_int_equal(hostsign(&s, fresh), 0);
	testlink_close(&s);
}

/* Killed while it writes, again and again: what was acknowledged is there. */
void
test_killed(void **state)
{
	struct event_fields f;
	int status = 0;

	(void)state;
	event_fields_init(&f);
	event_str(&f, EF_TARGET, "web-01");
	for (unsigned round = 0; round < 5; round++) {
		struct msg_nt_read m = {.rid = ++nt.rid, .max = 1};
		const struct msg_nt_lines *r;
		uint64_t acked = 0;
		unsigned n = 0;

		for (unsigned i = 0; i < 400; i++)
			append(&nt.firewall, EV_FLOW_END, &f, i % 40 == 39);
		for (unsigned i = 0; i < 60; i++) {
			struct msg_log_append a = {
			    .rid = ++nt.rid, .event = EV_FLOW_END};

			testlink_send(&nt.firewall, MSG_LOG_APPEND, &a);
			if (i == 10 * round + 5)
				assert_int_equal(kill(nt.proc.pid, SIGKILL), 0);
			if (i >= 10 * round + 5)
				break;
		}
		while (ipc_recv_wait(&nt.firewall.ipc, &nt.firewall.m, 5000) ==
		       0) {
			const struct msg_log_durable *d = nt.firewall.m.body;

			if (nt.firewall.m.type == MSG_LOG_DURABLE &&
			    d->result == 0) {
				acked = d->seq;
				n++;
			}
		}
		assert_int_equal(waitpid(nt.proc.pid, &status, 0), nt.proc.pid);
		unlink_all();
		ipc_done(&nt.proc.control);
		start();
		testlink_send(&nt.shipper, MSG_NT_READ, &m);
		r = testlink_want(&nt.shipper, MSG_NT_LINES);
		assert_true(n == 0 || r->end > acked);
	}
	event_fields_done(&f);
}

void
test_verifies(void **state)
{
	struct verify *a = NULL;
	char dir[128], *text, *p, *lf;

	struct msg_nt_grant_open g;

	(void)state;
	grant_new(&g, 60000);
	assert_int_equal(grant_open(&g)->result, 0);
	(void)usleep(1300000); /* a checkpoint is due within a second */
	text = read_log();
	assert_int_equal(verify_new(&a, nt.conf.log_key), 0);
	for (p = text; (lf = strchr(p, '\n')) != NULL; p = lf + 1)
		assert_true(verify_line(a, p, (size_t)(lf - p)));
	assert_int_equal(verify_result(a)->verdict, VERIFY_OK);
	assert_true(verify_result(a)->checkpoints > 2);
	verify_free(a);
	free(text);
	path_of(dir, sizeof(dir), "notary/log");
	assert_int_equal(verify_new(&a, nt.conf.log_key), 0);
	assert_int_equal(verify_dir(a, dir), 0);
	assert_int_equal(verify_result(a)->verdict, VERIFY_OK);
	verify_free(a);
}
