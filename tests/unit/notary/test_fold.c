/* SPDX-License-Identifier: Apache-2.0 */
/* fold: what is open is what the records say, and nothing else. */
#include "tests/unit/support/test.h"

#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "notary/fold.h"
#include "notary/foldrecord.h"
#include "notary/steps.h"

static uint64_t seq;

static int
feed_at(struct fold *f, enum event_code ev, enum proc origin,
    const struct event_fields *fields, int64_t time_ms, const char *boot)
{
	struct record r = {
	    .seq = seq++, .time_ms = time_ms, .event = ev, .origin = origin};
	struct record back;
	struct buf json, line;
	int e;

	strcpy(r.id, "01987654-aaaa-7bbb-8ccc-0123456789ab");
	strcpy(r.node, "gw");
	strcpy(r.boot, boot);
	buf_init(&json, LIMIT_RECORD_MAX);
	buf_init(&line, LIMIT_RECORD_MAX);
	assert_int_equal(
	    event_fields_json(&json, fields->b.p, fields->b.len), 0);
	assert_int_equal(record_format(&line, &r, json.p, json.len), 0);
	assert_int_equal(record_parse(&back, line.p, line.len), 0);
	e = fold_record(f, &back, line.p, line.len);
	buf_done(&json);
	buf_done(&line);
	return e;
}

static int
feed(struct fold *f, enum event_code ev, enum proc origin,
    const struct event_fields *fields)
{
	return feed_at(f, ev, origin, fields, 1794000000000, "b");
}

static struct grant
sample(const char *id)
{
	struct grant g = {.port = 22,
	    .own_port = 2222,
	    .reach = REACH_PROXY,
	    .caps = CAP_DEFAULT,
	    .record = 1,
	    .role_named = 1,
	    .roles = "ops,prod",
	    .start_ms = 1794000000000,
	    .end_ms = 1794000300000,
	    .end_boot_ms = 999000};

	strcpy(g.id, id);
	strcpy(g.req, "r-7Q2MXK4P");
	strcpy(g.user, "alice");
	strcpy(g.target, "web-01");
	strcpy(g.login, "deploy");
	strcpy(g.role, "ops");
	strcpy(g.user_id, "u-22222222");
	strcpy(g.target_id, "t-22222222");
	strcpy(g.role_id, "p-22222222");
	strcpy(g.reason, "INC-4711 \"disk\" full \\ \xc3\xa4");
	strcpy(g.boot_id, "12345678-1234-1234-1234-123456789012");
	assert_int_equal(addr_parse(&g.source4, "192.0.2.7"), 0);
	assert_int_equal(addr_parse(&g.source6, "2001:db8::7"), 0);
	assert_int_equal(addr_parse(&g.addr4, "198.51.100.1"), 0);
	return g;
}

static int
open_grant(struct fold *f, const struct grant *g)
{
	struct event_fields e;
	int r;

	event_fields_init(&e);
	fold_grant_fields(&e, g);
	r = feed(f, EV_GRANT_OPEN, PROC_BROKER, &e);
	event_fields_done(&e);
	return r;
}

static int
about(struct fold *f, enum event_code ev, enum proc origin,
    enum event_field_id id, const char *value)
{
	struct event_fields e;
	int r;

	event_fields_init(&e);
	event_str(&e, id, value);
	r = feed(f, ev, origin, &e);
	event_fields_done(&e);
	return r;
}

static void
test_grant(void **state)
{
	struct grant g = sample("g-7Q2MXK4P");
	const struct fold_grant *got;
	struct fold *f = NULL;

	(void)state;
	g.glass = 1;
	g.caps = CAP_EXEC;
	memset(g.commands, 'a', sizeof(g.commands) - 1);
	assert_int_equal(fold_new(&f), 0);
	assert_null(fold_grant(f, g.id));
	seq = 10;
	assert_int_equal(open_grant(f, &g), 0);
	got = fold_grant(f, g.id);
	assert_non_null(got);
	assert_memory_equal(&got->grant, &g, sizeof(g)); /* nothing is lost */
	assert_int_equal(got->state, GRANT_INTENT);
	assert_int_equal(got->seq, 10);
	assert_int_equal(fold_store_seq(f), 10);
	assert_int_equal(open_grant(f, &g), GW_EPROTO); /* twice */

	assert_int_equal(
	    about(f, EV_GRANT_APPLY_FAILED, PROC_FIREWALL, EF_GRANT, g.id), 0);
	assert_int_equal(fold_grant(f, g.id)->state, GRANT_INTENT);
	assert_int_equal(
	    about(f, EV_GRANT_APPLIED, PROC_FIREWALL, EF_GRANT, g.id), 0);
	assert_int_equal(fold_grant(f, g.id)->state, GRANT_ACTIVE);
	assert_int_equal(
	    about(f, EV_GRANT_APPLIED, PROC_FIREWALL, EF_GRANT, "g-other"), 0);

	assert_int_equal(
	    about(f, EV_GRANT_CLOSE, PROC_BROKER, EF_GRANT, g.id), 0);
	assert_null(fold_grant(f, g.id));
	assert_int_equal(
	    about(f, EV_GRANT_CLOSE, PROC_BROKER, EF_GRANT, g.id), GW_EPROTO);
	fold_free(f);
}

static const char boot_a[] = "12345678-1234-1234-1234-123456789012";
static const char boot_b[] = "99999999-9999-9999-9999-999999999999";

/* A record of the notary's that says how the clocks were. */
static void
clocks(struct fold *f, enum event_code ev, const char *boot, int64_t utc_ms,
    int64_t uptime_ms, int64_t behind_ms)
{
	struct event_fields e;

	event_fields_init(&e);
	event_num(&e, EF_UPTIME, uptime_ms);
	if (behind_ms != 0)
		event_num(&e, EF_BEHIND, behind_ms);
	assert_int_equal(feed_at(f, ev, PROC_NOTARY, &e, utc_ms, boot), 0);
	event_fields_done(&e);
}

static int64_t
left(const struct fold *f, const char *id, int64_t utc_ms, int64_t boot_ms)
{
	const struct now now = {.utc_ms = utc_ms, .boot_ms = boot_ms};

	return grant_left_ms(&fold_grant(f, id)->grant, &now, boot_b);
}

/* The firewall's word of an end, as its report has it. */
static void
applied_until(struct fold *f, const struct grant *g)
{
	struct event_fields e;

	event_fields_init(&e);
	event_str(&e, EF_GRANT, g->id);
	event_num(&e, EF_END_BOOT, grant_shut_boot_ms(g));
	assert_int_equal(feed(f, EV_GRANT_APPLIED, PROC_FIREWALL, &e), 0);
	event_fields_done(&e);
}

static int
extend(struct fold *f, const struct grant *g, int64_t seconds)
{
	struct grant longer = *g;
	struct event_fields e;
	int r;

	grant_extend(&longer, seconds * 1000);
	event_fields_init(&e);
	fold_grant_fields(&e, &longer);
	event_num(&e, EF_SECONDS, seconds);
	r = feed(f, EV_GRANT_EXTEND, PROC_BROKER, &e);
	event_fields_done(&e);
	return r;
}

/* It lasts longer once the firewall says that it does, just so long; of several
 * wishes the last counts. */
static void
test_extended(void **state)
{
	struct grant g = sample("g-7Q2MXK4P"), longer = g;
	struct fold *f = NULL;

	(void)state;
	assert_int_equal(fold_new(&f), 0);
	seq = 10;
	assert_int_equal(extend(f, &g, 60), GW_EPROTO); /* not open */
	assert_int_equal(open_grant(f, &g), 0);
	applied_until(f, &g);
	assert_int_equal(extend(f, &g, 0), GW_EPROTO);
	assert_int_equal(extend(f, &g, LIMIT_GRANT_MAX_S), GW_EPROTO);
	assert_int_equal(extend(f, &g, 30), 0); /* it came to nothing */
	assert_int_equal(extend(f, &g, 60), 0);
	assert_int_equal(fold_grant(f, g.id)->grant.end_ms, g.end_ms);
	applied_until(f, &g); /* the old end, once more */
	assert_int_equal(fold_grant(f, g.id)->grant.end_ms, g.end_ms);
	grant_extend(&longer, 30000);
	applied_until(f, &longer);
	assert_int_equal(fold_grant(f, g.id)->grant.end_ms, g.end_ms);
	longer = g;
	grant_extend(&longer, 60000);
	applied_until(f, &longer);
	assert_memory_equal(
	    &fold_grant(f, g.id)->grant, &longer, sizeof(longer));
	assert_int_equal(fold_grant(f, g.id)->seq, 11); /* of grant.open */
	applied_until(f, &longer);                      /* not twice */
	assert_memory_equal(
	    &fold_grant(f, g.id)->grant, &longer, sizeof(longer));
	/* a boot between the wish and its end: nobody applies it any more */
	assert_int_equal(extend(f, &longer, 60), 0);
	clocks(f, EV_CLOCK_BOOT, boot_b, longer.start_ms + 1000, 5000, 0);
	assert_int_equal(fold_grant(f, g.id)->longer_ms, 0);
	assert_int_equal(fold_grant(f, g.id)->grant.end_ms, longer.end_ms);
	fold_free(f);
}

/* After a reboot: the least of what UTC says and of what was left when the log
 * last knew, whatever the clock does then; nothing with a clock behind. */
static void
test_rebase(void **state)
{
	static const struct {
		const char *name;
		int64_t utc_s;    /* after the grant's start, at the boot */
		int64_t known_s;  /* uptime in the last checkpoint */
		int64_t behind_s; /* the host's clock, at the boot */
		int64_t left_s;
	} table[] = {
	    /* it began at an uptime of 699 s and is for 300 s */
	    {"by UTC", 240, 0, 0, 60},
	    {"over", 301, 0, 0, 0},
	    {"by UTC, known before", 240, 759, 0, 60},
	    {"by what was known", 10, 959, 0, 40},
	    {"over by what was known", 10, 1000, 0, 0},
	    {"a clock behind", 240, 0, 1, 0},
	    {"a dead clock", 10, 759, 1794000000, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct grant g = sample("g-7Q2MXK4P");
		int64_t utc = g.start_ms + table[i].utc_s * 1000;
		struct fold *f = NULL;

		assert_int_equal(fold_new(&f), 0);
		assert_int_equal(open_grant(f, &g), 0);
		if (table[i].known_s > 0)
			clocks(f, EV_AUDIT_CHECKPOINT, boot_a, g.start_ms,
			    table[i].known_s * 1000, 0);
		clocks(f,
		    table[i].behind_s > 0 ? EV_CLOCK_BOOT_BEHIND
					  : EV_CLOCK_BOOT,
		    boot_b, utc, 5000, table[i].behind_s * 1000);
		CHECK_ROW(left(f, g.id, utc, 5000) == table[i].left_s * 1000,
		    table[i].name);
		/* set back: time goes on all the same */
		CHECK_ROW(
		    left(f, g.id, utc - 86400000, 15000) ==
			(table[i].left_s > 10 ? table[i].left_s - 10 : 0) *
			    1000,
		    table[i].name);
		/* and by the next boot */
		clocks(f, EV_AUDIT_CHECKPOINT, boot_b, utc, 25000, 0);
		clocks(f, EV_CLOCK_BOOT, boot_a, utc, 1000, 0);
		CHECK_ROW(
		    fold_grant(f, g.id)->grant.end_boot_ms - 1000 <=
			(table[i].left_s > 20 ? table[i].left_s - 20 : 0) *
			    1000,
		    table[i].name);
		CHECK_ROW(
		    (fold_clock(f)->doubt_seq != 0) == (table[i].behind_s > 0),
		    table[i].name);
		fold_free(f);
	}
}

/* The log was ahead, and follows the host again: what began then began now. */
static void
test_clock_set(void **state)
{
	static const int64_t ahead = 400LL * 86400 * 1000;
	struct grant g = sample("g-7Q2MXK4P"), old = sample("g-7Q2MXK4Q");
	const int64_t now = g.start_ms;
	struct fold *f = NULL;

	(void)state;
	assert_int_equal(fold_new(&f), 0);
	old.start_ms -= 1000;
	assert_int_equal(open_grant(f, &old), 0);
	g.start_ms += ahead;
	g.end_ms += ahead;
	assert_int_equal(open_grant(f, &g), 0);
	clocks(f, EV_CLOCK_STEP, boot_a, now + ahead, 700000, ahead);
	assert_int_equal(fold_clock(f)->at.behind_ms, ahead);
	clocks(f, EV_CLOCK_SET, boot_a, now, 800000, ahead);
	assert_int_equal(fold_clock(f)->at.behind_ms, 0);
	assert_int_equal(fold_clock(f)->at.utc_ms, now);
	assert_string_equal(fold_clock(f)->boot, boot_a);
	assert_int_equal(fold_grant(f, g.id)->grant.start_ms, now);
	assert_int_equal(fold_grant(f, g.id)->grant.end_ms, now + 300000);
	assert_int_equal(fold_grant(f, g.id)->grant.end_boot_ms, g.end_boot_ms);
	assert_int_equal(fold_grant(f, old.id)->grant.start_ms, old.start_ms);
	/* no word of another process's moves it */
	assert_int_equal(
	    about(f, EV_CLOCK_BOOT, PROC_BROKER, EF_MSG, "x"), GW_EPROTO);
	fold_free(f);
}

/* Records of before there were ids. */
static void
test_without_ids(void **state)
{
	struct grant g = sample("g-7Q2MXK4P");
	struct fold *f = NULL;

	(void)state;
	assert_int_equal(fold_new(&f), 0);
	memset(g.user_id, 0, sizeof(g.user_id));
	memset(g.target_id, 0, sizeof(g.target_id));
	memset(g.role_id, 0, sizeof(g.role_id));
	assert_int_equal(open_grant(f, &g), 0);
	assert_memory_equal(&fold_grant(f, g.id)->grant, &g, sizeof(g));
	fold_free(f);
}

static void
test_bad_grant(void **state)
{
	struct fold *f = NULL;
	struct grant g[6];

	(void)state;
	assert_int_equal(fold_new(&f), 0);
	for (size_t i = 0; i < ARRAY_LEN(g); i++)
		g[i] = sample("g-7Q2MXK4P");
	g[0].user[0] = '\0';
	g[1].end_ms = g[1].start_ms;
	g[2].reach = REACH_NONE;
	g[3].addr4.family = 0;
	g[4].port = 0;
	strcpy(g[5].user_id, "alice");
	for (size_t i = 0; i < ARRAY_LEN(g); i++)
		assert_int_equal(open_grant(f, &g[i]), GW_EPROTO);
	assert_null(fold_grant(f, "g-7Q2MXK4P"));
	fold_free(f);
}

static void
test_leg(void **state)
{
	struct fold_leg l = {.conn = 77,
	    .sport = 40001,
	    .port = 22,
	    .client_port = 5555,
	    .start_ms = 1794000000000};
	struct addr other;
	struct fold *f = NULL;
	struct event_fields e;
	const struct fold_leg *got;

	(void)state;
	strcpy(l.sid, "s-7Q2MXK4P");
	strcpy(l.grant, "g-7Q2MXK4P");
	strcpy(l.req, "r-7Q2MXK4P");
	strcpy(l.user, "alice");
	strcpy(l.target_name, "web-01");
	strcpy(l.login, "deploy");
	strcpy(l.user_id, "u-22222222");
	strcpy(l.target_id, "t-22222222");
	assert_int_equal(addr_parse(&l.gateway, "198.51.100.9"), 0);
	assert_int_equal(addr_parse(&l.target, "198.51.100.1"), 0);
	assert_int_equal(addr_parse(&l.client, "192.0.2.7"), 0);
	assert_int_equal(addr_parse(&other, "192.0.2.8"), 0);
	assert_int_equal(fold_new(&f), 0);
	event_fields_init(&e);
	fold_leg_fields(&e, &l);
	seq = 3;
	assert_int_equal(feed(f, EV_SESSION_START, PROC_BROKER, &e), 0);
	assert_int_equal(feed(f, EV_SESSION_START, PROC_BROKER, &e), GW_EPROTO);
	got = fold_leg(f, l.sid);
	assert_non_null(got);
	assert_int_equal(got->seq, 3);
	l.seq = 3;
	l.next = got->next;
	assert_memory_equal(got, &l, sizeof(l));
	assert_ptr_equal(fold_leg_of_conn(f, 77, &l.client, 5555), got);
	assert_null(fold_leg_of_conn(f, 77, &l.client, 5556));
	assert_null(fold_leg_of_conn(f, 77, &other, 5555));
	assert_null(fold_leg_of_conn(f, 78, &l.client, 5555));
	assert_int_equal(
	    about(f, EV_SESSION_END, PROC_BROKER, EF_SID, l.sid), 0);
	assert_null(fold_leg(f, l.sid));
	event_fields_done(&e);
	fold_free(f);
}

/* As an older version wrote it: a NUL that somebody sent stands in its record
 * as \u0000. It is read; in what names something it cannot be. */
static void
test_older_nul(void **state)
{
	static const char head[] =
	    "{\"v\":1,\"seq\":9,\"id\":\"01987654-aaaa-7bbb-8ccc-"
	    "0123456789ab\",\"time\":\"2026-11-18T11:06:40.123Z\","
	    "\"code\":\"JG3001I\",\"event\":\"session.start\",\"sev\":2,"
	    "\"origin\":\"broker\",\"node\":\"gw\",\"boot\":\"b\","
	    "\"user\":\"alice\",\"target\":\"web-01\",\"login\":"
	    "\"deploy\",\"grant\":\"g-7Q2MXK4P\",\"sid\":\"s-7Q2MXK4P";
	static const char tail[] =
	    "\",\"conn\":77,\"dst\":\"198.51.100.1\",\"dst_port\":22,"
	    "\"gateway\":\"198.51.100.9\",\"sport\":40001,"
	    "\"start\":1794000000000,\"client\":\"SSH-2.0-\\u0000x\"}";
	static const char *const nul[] = {"", "\\u0000x"};
	char line[1024];
	struct record r;
	struct fold *f = NULL;

	(void)state;
	assert_int_equal(fold_new(&f), 0);
	for (size_t i = ARRAY_LEN(nul); i-- > 0;) {
		(void)snprintf(
		    line, sizeof(line), "%s%s%s", head, nul[i], tail);
		assert_int_equal(record_parse(&r, line, strlen(line)), 0);
		assert_int_equal(fold_record(f, &r, line, strlen(line)),
		    i == 0 ? 0 : GW_EPROTO);
	}
	assert_non_null(fold_leg(f, "s-7Q2MXK4P"));
	fold_free(f);
}

static void
use_step(struct fold *f, const char *user, const char *factor, int64_t step)
{
	struct event_fields e;

	event_fields_init(&e);
	event_str(&e, EF_USER, user);
	event_num(&e, EF_STEP, step);
	event_str(&e, EF_FACTOR, factor);
	assert_int_equal(feed(f, EV_AUTH_MFA, PROC_BROKER, &e), 0);
	event_fields_done(&e);
}

/* Each code once. One used while the clock was an hour ahead shuts nobody out,
 * and a new secret begins anew. */
static void
test_steps(void **state)
{
	enum { HOUR = 120 };
	struct fold *f = NULL;

	(void)state;
	assert_int_equal(fold_new(&f), 0);
	assert_false(fold_step_used(f, "alice", "aa", 1000));
	use_step(f, "alice", "aa", 1000);
	assert_true(fold_step_used(f, "alice", "aa", 1000));
	/* on show at the same time */
	assert_true(fold_step_used(f, "alice", "aa", 999));
	assert_true(fold_step_used(f, "alice", "aa", 998));
	assert_false(fold_step_used(f, "alice", "aa", 1001));
	assert_false(fold_step_used(f, "bob", "aa", 1000));

	use_step(f, "alice", "aa", 1000 + HOUR);
	assert_false(fold_step_used(f, "alice", "aa", 1001));
	use_step(f, "alice", "aa", 1001);
	assert_true(fold_step_used(f, "alice", "aa", 1001));
	assert_true(fold_step_used(f, "alice", "aa", 1000 + HOUR));
	assert_false(fold_step_used(f, "alice", "bb", 1001));

	/* what is too old to be remembered was used */
	for (int64_t i = 0; i < STEPS_KEPT; i++)
		use_step(f, "alice", "aa", 2000 + 10 * i);
	assert_true(fold_step_used(f, "alice", "aa", 1000));
	assert_true(fold_step_used(f, "alice", "aa", 1500));
	assert_false(fold_step_used(f, "alice", "aa", 2005));
	assert_false(fold_step_used(f, "alice", "aa", 9999));
	/* a record of before there were digests counts for each secret */
	use_step(f, "carol", "", 1000);
	assert_true(fold_step_used(f, "carol", "aa", 1000));
	assert_true(fold_step_used(f, "carol", "aa", 999));
	/* which counts its steps in the same period: others are other numbers
	 */
	assert_false(fold_step_used(f, "carol", "aa/60", 1000));
	for (int64_t i = 0; i < STEPS_KEPT; i++)
		use_step(f, "carol", "", 2000 + i);
	assert_true(fold_step_used(f, "carol", "aa", 1500));
	assert_false(fold_step_used(f, "carol", "aa/60", 1500));
	use_step(f, "carol", "aa/60", 1500);
	assert_true(fold_step_used(f, "carol", "aa/60", 1499));
	assert_false(fold_step_used(f, "carol", "aa/60", 1501));
	/* a refused code burns nothing */
	assert_int_equal(
	    about(f, EV_AUTH_MFA_DENIED, PROC_BROKER, EF_USER, "bob"), 0);
	assert_false(fold_step_used(f, "bob", "", 1));
	fold_free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_grant),
	    cmocka_unit_test(test_extended),
	    cmocka_unit_test(test_rebase),
	    cmocka_unit_test(test_clock_set),
	    cmocka_unit_test(test_without_ids),
	    cmocka_unit_test(test_bad_grant),
	    cmocka_unit_test(test_leg),
	    cmocka_unit_test(test_older_nul),
	    cmocka_unit_test(test_steps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
