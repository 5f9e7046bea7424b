/* SPDX-License-Identifier: Apache-2.0 */
/* fold: what is open is what the records say, and nothing else. */
#include "tests/unit/support/test.h"

#include <string.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"
#include "notary/fold.h"

static uint64_t seq;

static int
feed(struct fold *f, enum event_code ev, enum proc origin,
    const struct event_fields *fields)
{
	struct record r = {.seq = seq++,
	    .time_ms = 1794000000000,
	    .event = ev,
	    .origin = origin};
	struct record back;
	struct buf json, line;
	int e;

	strcpy(r.id, "01987654-aaaa-7bbb-8ccc-0123456789ab");
	strcpy(r.node, "gw");
	strcpy(r.boot, "b");
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

static struct grant
sample(const char *id)
{
	struct grant g = {.port = 22,
	    .own_port = 2222,
	    .reach = REACH_PROXY,
	    .caps = CAP_DEFAULT,
	    .record = 1,
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

/* After a reboot: what is left by UTC, whatever the clock does then. */
static void
test_rebase(void **state)
{
	static const char boot[] = "99999999-9999-9999-9999-999999999999";
	struct grant old = sample("g-7Q2MXK4P"), over = sample("g-7Q2MXK4Q");
	struct grant own = sample("g-7Q2MXK4R");
	struct now now = {.utc_ms = old.end_ms - 60000, .boot_ms = 5000};
	struct fold *f = NULL;

	(void)state;
	assert_int_equal(fold_new(&f), 0);
	over.end_ms = now.utc_ms - 1;
	strcpy(own.boot_id, boot);
	assert_int_equal(open_grant(f, &old), 0);
	assert_int_equal(open_grant(f, &over), 0);
	assert_int_equal(open_grant(f, &own), 0);
	fold_rebase(f, &now, boot);
	assert_int_equal(
	    grant_left_ms(&fold_grant(f, old.id)->grant, &now, boot), 60000);
	assert_int_equal(
	    grant_left_ms(&fold_grant(f, over.id)->grant, &now, boot), 0);
	assert_int_equal(
	    fold_grant(f, own.id)->grant.end_boot_ms, own.end_boot_ms);

	now.utc_ms -= 86400000; /* set back: time goes on all the same */
	now.boot_ms += 45000;
	assert_int_equal(
	    grant_left_ms(&fold_grant(f, old.id)->grant, &now, boot), 15000);
	assert_int_equal(
	    grant_left_ms(&fold_grant(f, over.id)->grant, &now, boot), 0);
	now.boot_ms += 15000;
	assert_int_equal(
	    grant_left_ms(&fold_grant(f, old.id)->grant, &now, boot), 0);
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

static void
test_steps(void **state)
{
	static const int64_t steps[] = {100, 105, 103};
	struct fold *f = NULL;

	(void)state;
	assert_int_equal(fold_new(&f), 0);
	assert_int_equal(fold_step(f, "alice"), -1);
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		struct event_fields e;

		event_fields_init(&e);
		event_str(&e, EF_USER, "alice");
		event_num(&e, EF_STEP, steps[i]);
		assert_int_equal(feed(f, EV_AUTH_MFA, PROC_BROKER, &e), 0);
		event_fields_done(&e);
	}
	assert_int_equal(fold_step(f, "alice"), 105); /* never goes back */
	assert_int_equal(fold_step(f, "bob"), -1);
	/* a refused code burns nothing */
	assert_int_equal(
	    about(f, EV_AUTH_MFA_DENIED, PROC_BROKER, EF_USER, "bob"), 0);
	assert_int_equal(fold_step(f, "bob"), -1);
	fold_free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_grant),
	    cmocka_unit_test(test_rebase),
	    cmocka_unit_test(test_without_ids),
	    cmocka_unit_test(test_bad_grant),
	    cmocka_unit_test(test_leg),
	    cmocka_unit_test(test_steps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
