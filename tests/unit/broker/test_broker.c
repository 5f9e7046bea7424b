/* SPDX-License-Identifier: Apache-2.0 */
/*
 * broker: the real program, sandbox included, with the test in the place of
 * supervisor, notary, firewall and of sessions that were taken over: what one
 * of them says about its end is believed only where it can know it.
 */
#include "tests/unit/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/ids.h"
#include "base/safefile.h"
#include "broker/store/store.h"
#include "core/event.h"
#include "sys/seal.h"
#include "tests/unit/support/proc_harness.h"

static char state_dir[64];
static struct conf conf;
static struct proc_harness proc;
static struct testlink notary, firewall;

/* What a session says, and what is written down. */
static const struct row {
	enum end_reason said, recorded;
} rows[] = {
    {END_LOGOUT, END_LOGOUT}, {END_IDLE, END_IDLE},
    {END_TARGET_GONE, END_TARGET_GONE}, {END_CLIENT_GONE, END_CLIENT_GONE},
    {END_TARGET_REFUSED, END_TARGET_REFUSED},
    {END_HOSTKEY_CHANGED, END_HOSTKEY_CHANGED}, {END_PROTOCOL, END_PROTOCOL},
    {END_AUDIT_FAILED, END_AUDIT_FAILED}, {END_SHUTDOWN, END_SHUTDOWN},
    {END_ABORTED, END_ABORTED},
    /* others decide these */
    {END_REVOKED, END_ABORTED}, {END_RELEASED, END_ABORTED},
    {END_LOCKED, END_ABORTED}, {END_KILLED, END_ABORTED},
    {END_EXPIRED, END_ABORTED}, /* it has an hour */
};

static void
path_of(char *ret, size_t size, const char *name)
{
	(void)snprintf(ret, size, "%s/%s", state_dir, name);
}

static void
must(int r)
{
	assert_int_equal(r, 0);
}

static struct user alice;
static struct target web;
static struct policy_role ops;

/* Whose grant it is, what for, and why: what policy does not give now ends at
 * the start. */
static void
store_fill(void)
{
	struct store *s = NULL;
	char path[128], text[LIMIT_TEXT_SIZE];

	path_of(path, sizeof(path), "broker/store.db");
	must(store_open(&s, path, text));
	name_set(alice.name, "alice");
	id_new(alice.id, 'u');
	alice.state = USER_ACTIVE;
	alice.kind = KIND_PERSON;
	alice.nkeys = 1;
	strcpy(alice.keys[0].fp, "SHA256:hers");
	alice.keys[0].blob[0] = 1;
	alice.keys[0].len = 1;
	must(store_user_put(s, &alice, 1));
	name_set(web.name, "web-01");
	id_new(web.id, 't');
	must(addr_parse(&web.addr4, "198.51.100.1"));
	web.port = 22;
	web.reach = REACH_PROXY;
	must(name_list_add(&web.logins, "deploy"));
	must(target_add_key(&web, (const uint8_t *)"\0\0\0\1x", 5));
	must(store_target_put(s, &web, 1));
	name_set(ops.name, "ops");
	id_new(ops.id, 'p');
	must(member_add(&ops.users, "alice", ""));
	must(name_list_add(&ops.targets, "web-01"));
	must(name_list_add(&ops.logins, "deploy"));
	must(port_list_add(&ops.ports, "22"));
	ops.max_s = 3600;
	for (size_t i = 0; i < ROLE_FIELD_COUNT; i++)
		if ((rolefields()[i].bits & ROLE_LATER) != 0)
			rolefield_absent(&rolefields()[i], &ops);
	ops.caps = CAP_DEFAULT;
	must(store_role_put(s, &ops, 1));
	store_close(s);
}

static int
setup(void **state)
{
	struct secret key = {0};
	char path[128];

	(void)state;
	strcpy(state_dir, "/tmp/sallyport-br.XXXXXX");
	assert_non_null(mkdtemp(state_dir));
	strcpy(conf.server_id, "gw-test");
	strcpy(conf.state_dir, state_dir);
	path_of(path, sizeof(path), "broker");
	assert_int_equal(mkdir(path, 0700), 0);
	path_of(path, sizeof(path), "broker/seal.key");
	assert_int_equal(secret_random(&key, SEAL_KEY_SIZE), 0);
	assert_int_equal(
	    safefile_write(path, key.p, key.len, 0600, (uid_t)-1, (gid_t)-1),
	    0);
	secret_free(&key);
	conf.max_grant_s = 3600;
	store_fill();
	return 0;
}

static int
teardown(void **state)
{
	char cmd[128];

	(void)state;
	(void)snprintf(cmd, sizeof(cmd), "rm -r %s", state_dir);
	return system(cmd);
}

static void
grant_make(struct grant *g)
{
	const struct now now = clock_now();

	id_new(g->id, 'g');
	id_new(g->req, 'r');
	strcpy(g->user, "alice");
	strcpy(g->target, "web-01");
	strcpy(g->login, "deploy");
	strcpy(g->role, "ops");
	strcpy(g->reason, "INC-4711");
	assert_int_equal(addr_parse(&g->source4, "192.0.2.7"), 0);
	assert_int_equal(addr_parse(&g->addr4, "198.51.100.1"), 0);
	g->port = 22;
	g->own_port = 2222;
	g->reach = REACH_PROXY;
	g->caps = CAP_DEFAULT;
	g->start_ms = now.utc_ms;
	g->end_ms = now.utc_ms + 3600000;
	g->end_boot_ms = now.boot_ms + 3600000;
	strcpy(g->boot_id, clock_boot_id());
}

static void
sid_of(char ret[static LIMIT_ID_SIZE], size_t i)
{
	(void)snprintf(ret, LIMIT_ID_SIZE, "s-2222222%c", (char)('A' + i));
}

/* The log has one grant, and a leg of it per row. */
static void
tell_fold(void)
{
	struct msg_nt_fold_grant g = {.state = GRANT_ACTIVE, .seq = 5};
	struct msg_nt_fold_leg l = {.seq = 6};
	struct msg_nt_fold_end end = {.seq = 10};
	const struct msg_nt_fold_get *get =
	    testlink_want(&notary, MSG_NT_FOLD_GET);

	g.rid = l.rid = end.rid = get->rid;
	grant_make(&g.grant);
	strcpy(g.key_fp, alice.keys[0].fp);
	testlink_send(&notary, MSG_NT_FOLD_GRANT, &g);
	memcpy(l.grant, g.grant.id, sizeof(l.grant));
	strcpy(l.key_fp, alice.keys[0].fp);
	for (size_t i = 0; i <= ARRAY_LEN(rows); i++) { /* one more is killed */
		l.conn = 100 + i;
		sid_of(l.sid, i);
		testlink_send(&notary, MSG_NT_FOLD_LEG, &l);
	}
	end.time_ms = clock_now().utc_ms;
	testlink_send(&notary, MSG_NT_FOLD_END, &end);
}

static void
start(void)
{
	struct msg_fw_synced synced = {0};
	const struct msg_fw_sync *sync;

	proc_harness_start(&proc, PROC_BROKER, "sallyport-broker", "", &conf);
	proc_harness_link(&proc, &notary, PROC_NOTARY, 0);
	proc_harness_link(&proc, &firewall, PROC_FIREWALL, 0);
	tell_fold();
	sync = testlink_want(&firewall, MSG_FW_SYNC_END);
	synced.rid = sync->rid;
	testlink_send(&firewall, MSG_FW_SYNCED, &synced);
	proc_harness_ready(&proc);
}

static void
test_own_reasons(void **state)
{
	const struct msg_nt_close *killed;
	struct testlink s;
	char sid[LIMIT_ID_SIZE];

	(void)state;
	start();
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct msg_ses_end end = {
		    .reason = (uint8_t)rows[i].said, .bytes_in = 7, .exit = -1};
		const struct msg_nt_close *m;

		proc_harness_link(&proc, &s, PROC_SESSION, 100 + i);
		s.ipc.state = MST_LIVE;
		testlink_send(&s, MSG_SES_END, &end);
		m = testlink_want(&notary, MSG_NT_LEG_CLOSE);
		sid_of(sid, i);
		assert_string_equal(m->id, sid);
		CHECK_ROW(m->reason == rows[i].recorded,
		    end_reason_str(rows[i].said));
		CHECK_ROW(m->bytes_in == 7 && m->bytes_out == 0,
		    end_reason_str(rows[i].said));
		testlink_close(&s);
	}
	/* killed: what it passed on nobody knows, and it is not 0 */
	proc_harness_link(&proc, &s, PROC_SESSION, 100 + ARRAY_LEN(rows));
	testlink_close(&s);
	killed = testlink_want(&notary, MSG_NT_LEG_CLOSE);
	assert_int_equal(killed->reason, END_ABORTED);
	assert_true(killed->bytes_in == EVENT_COUNT_UNKNOWN &&
		    killed->bytes_out == EVENT_COUNT_UNKNOWN);
	testlink_close(&notary);
	testlink_close(&firewall);
	assert_int_equal(proc_harness_stop(&proc), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_own_reasons),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
