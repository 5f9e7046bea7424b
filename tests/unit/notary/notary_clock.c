/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notary_clock - a log of when the clock was far ahead, then a boot with the
 * clock as it should be: what was open has ended, time goes on, and an admin's
 * word brings the log back to the host.
 */
#include "tests/unit/notary/notaryscene.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/safefile.h"
#include "base/str.h"
#include "notary/fold.h"
#include "notary/foldrecord.h"
#include "notary/ledger.h"

static const int64_t ahead_ms = 400LL * 86400 * 1000;
static const char old_boot[] = "99999999-9999-4999-8999-999999999999";

static int
no_record(void *arg, const struct record *r, const void *line, size_t n)
{
	(void)arg;
	(void)r;
	(void)line;
	(void)n;
	return 0;
}

/* What an earlier boot wrote: one record, ahead by so much. */
static void
write_ahead(enum event_code event, const struct event_fields *f)
{
	const struct now now = clock_now();
	const struct logtime t = {
	    .utc_ms = now.utc_ms + ahead_ms, .boot_ms = now.boot_ms};
	struct ledger_def def = {.dir = NULL,
	    .node = "gw-test",
	    .boot = old_boot,
	    .vkey = nt.conf.log_key,
	    .on_record = no_record};
	struct ledger_entry e = {.event = event, .origin = PROC_BROKER};
	char dir[128], path[128], why[LIMIT_TEXT_SIZE];
	struct secret seed = {0};
	struct ledger *l = NULL;
	struct buf json;
	uint64_t cut = 0;

	path_of(dir, sizeof(dir), "notary/log");
	path_of(path, sizeof(path), "notary/log.seed");
	assert_int_equal(safefile_read(&seed, path, 32, SAFEFILE_PRIVATE), 0);
	def.dir = dir;
	def.log_seed = &seed;
	assert_int_equal(ledger_open(&l, &def, &cut, why, sizeof(why)), 0);
	buf_init(&json, LIMIT_RECORD_MAX);
	assert_int_equal(event_fields_json(&json, f->b.p, f->b.len), 0);
	e.fields = json.p;
	e.len = json.len;
	assert_int_equal(ledger_commit(l, &e, 1, true, &t), 0);
	ledger_free(l);
	buf_done(&json);
	secret_free(&seed);
}

/* That grant as the fold has it; true: there is something to open. */
static bool
opens(const char *grant)
{
	struct msg_nt_fold_get m = {.rid = ++nt.rid};
	bool hit = false;

	testlink_send(&nt.broker, MSG_NT_FOLD_GET, &m);
	while (testlink_next(&nt.broker, 10000) == 1) {
		const struct msg_nt_fold_grant *g = nt.broker.m.body;

		if (nt.broker.m.type == MSG_NT_FOLD_END)
			return hit;
		if (nt.broker.m.type == MSG_NT_FOLD_GRANT &&
		    strcmp(g->grant.id, grant) == 0)
			hit = g->elements.len > 0;
	}
	fail();
	return false;
}

static int64_t
behind(uint8_t accept, int64_t *rettime)
{
	struct msg_nt_clock m = {.rid = ++nt.rid, .accept = accept};
	const struct msg_nt_clocked *r;

	testlink_send(&nt.broker, MSG_NT_CLOCK, &m);
	do
		r = testlink_want(&nt.broker, MSG_NT_CLOCKED);
	while (r->rid != m.rid);
	assert_int_equal(r->result, 0);
	*rettime = r->time_ms;
	return r->behind_ms;
}

/* Unasked. */
static int64_t
told_behind(void)
{
	const struct msg_nt_clocked *r;

	do
		r = testlink_want(&nt.broker, MSG_NT_CLOCKED);
	while (r->rid != 0);
	return r->behind_ms;
}

static bool
near(int64_t a, int64_t b)
{
	return a - b < 60000 && b - a < 60000;
}

static void
again(void)
{
	unlink_all();
	assert_int_equal(proc_harness_stop(&nt.proc), 0);
	start();
}

void
test_clock_was_ahead(void **state)
{
	struct msg_nt_grant_open old, own;
	struct event_fields f;
	int64_t time = 0;

	(void)state;
	unlink_all();
	assert_int_equal(proc_harness_stop(&nt.proc), 0);
	grant_new(&old, 3600000);
	old.grant.start_ms += ahead_ms;
	old.grant.end_ms += ahead_ms;
	strcpy(old.grant.boot_id, old_boot);
	event_fields_init(&f);
	fold_grant_fields(&f, &old.grant);
	write_ahead(EV_GRANT_OPEN, &f);
	event_fields_done(&f);

	start();
	assert_true(near(told_behind(), ahead_ms));
	assert_true(logged("\"JG5010W\"", "\"behind_ms\":"));
	assert_false(opens(old.grant.id));
	assert_true(near(behind(0, &time), 0)); /* asked is not accepted */
	assert_true(near(time, clock_now().utc_ms + ahead_ms));
	grant_new(&own, 300000);
	assert_int_equal(grant_open(&own)->result, 0);
	assert_true(opens(own.grant.id));
	again();
	assert_true(near(told_behind(), ahead_ms));
	assert_false(opens(old.grant.id)); /* nor by any later start */
	assert_true(opens(own.grant.id));

	/* an admin's word */
	assert_true(near(behind(1, &time), ahead_ms));
	assert_true(near(time, clock_now().utc_ms));
	assert_true(logged("\"clock.set\"", "\"moved_ms\":-"));
	assert_int_equal(told_behind(), 0);
	assert_int_equal(behind(1, &time), 0); /* nothing is left to accept */
	again();
	assert_int_equal(told_behind(), 0);
	assert_true(opens(own.grant.id));
	assert_false(opens(old.grant.id));
	assert_int_equal(
	    close_by(MSG_NT_GRANT_CLOSE, MSG_NT_GRANT_CLOSED, own.grant.id), 0);
}
