/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notary: grants and codes, and all that notaryscene names.
 */
#include "tests/unit/notary/notaryscene.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "core/element.h"

static void
test_grant(void **state)
{
	struct msg_nt_grant_open m;
	const struct msg_nt_grant_opened *r;
	struct element_list l;

	(void)state;
	grant_new(&m, 300000);
	r = grant_open(&m);
	assert_int_equal(r->result, 0);
	assert_true(
	    receipt_good(m.grant.id, m.grant.id, r->seq, r->mac, &r->elements));
	assert_false(receipt_good(
	    "g-22222222", m.grant.id, r->seq, r->mac, &r->elements));
	assert_false(receipt_good(
	    m.grant.id, "g-22222222", r->seq, r->mac, &r->elements));
	assert_int_equal(element_decode(&l, r->elements.p, r->elements.len), 0);
	assert_int_equal(l.n, 1);
	assert_int_equal(l.e[0].kind, ELEMENT_ENTRY);
	assert_true(addr_equal(&l.e[0].source, &nt.source));
	assert_true(logged("\"grant.open\"", m.grant.id));
	assert_true(logged("\"payload\":\"the signed bytes\"", m.grant.id));
	m.rid = ++nt.rid;
	assert_int_equal(grant_open(&m)->result, -GW_EEXIST);
	assert_int_equal(
	    close_by(MSG_NT_GRANT_CLOSE, MSG_NT_GRANT_CLOSED, m.grant.id), 0);
	assert_int_equal(
	    close_by(MSG_NT_GRANT_CLOSE, MSG_NT_GRANT_CLOSED, m.grant.id),
	    -GW_ENOENT);
	assert_true(logged("\"grant.close\"", "\"reason\":\"revoked\""));
	/* over already, of another boot, without an end */
	grant_new(&m, 300000);
	m.grant.end_boot_ms = 1;
	assert_int_equal(grant_open(&m)->result, -GW_ESTATE);
	grant_new(&m, 300000);
	strcpy(m.grant.boot_id, "another boot");
	assert_int_equal(grant_open(&m)->result, -GW_ESTATE);
	grant_new(&m, 0);
	assert_int_equal(grant_open(&m)->result, -GW_EINVAL);
}

static void
test_totp(void **state)
{
	int64_t step = clock_now().utc_ms / 30000;
	struct msg_nt_grant_open m[3];
	struct msg_nt_mfa_burn b = {.rid = ++nt.rid, .step = step};
	const struct msg_nt_mfa_burned *r;
	unsigned ok = 0;

	(void)state;
	/* twice in one batch: one passes */
	for (size_t i = 0; i < 3; i++) {
		grant_new(&m[i], 60000);
		m[i].mfa_step = step;
	}
	strcpy(m[2].grant.user, "carol"); /* steps of their own */
	for (size_t i = 0; i < 3; i++)
		testlink_send(&nt.broker, MSG_NT_GRANT_OPEN, &m[i]);
	for (size_t i = 0; i < 3; i++) {
		const struct msg_nt_grant_opened *o =
		    testlink_want(&nt.broker, MSG_NT_GRANT_OPENED);

		ok += o->result == 0;
		if (o->result != 0) {
			assert_int_equal(o->result, -GW_EDENIED);
			assert_int_equal(o->rid, m[1].rid);
			assert_int_equal(o->elements.len, 0);
		}
	}
	assert_int_equal(ok, 2);
	assert_true(logged("\"JG1001W\"", "replayed"));
	/* and by the other verb */
	strcpy(b.user, "alice");
	strcpy(b.verb, "role.set");
	testlink_send(&nt.broker, MSG_NT_MFA_BURN, &b);
	r = testlink_want(&nt.broker, MSG_NT_MFA_BURNED);
	assert_int_equal(r->result, -GW_EDENIED);
	b.step = step + 1;
	testlink_send(&nt.broker, MSG_NT_MFA_BURN, &b);
	r = testlink_want(&nt.broker, MSG_NT_MFA_BURNED);
	assert_int_equal(r->result, 0);
	/* another secret of hers has steps of its own */
	b.step = step;
	strcpy(b.factor, "00112233445566778899aabbccddeeff");
	testlink_send(&nt.broker, MSG_NT_MFA_BURN, &b);
	r = testlink_want(&nt.broker, MSG_NT_MFA_BURNED);
	assert_int_equal(r->result, -GW_EDENIED); /* a record without one */
	strcpy(b.user, "carla");
	for (unsigned i = 0; i < 4; i++) {
		b.factor[0] = (char)('0' + i / 2);
		testlink_send(&nt.broker, MSG_NT_MFA_BURN, &b);
		r = testlink_want(&nt.broker, MSG_NT_MFA_BURNED);
		assert_int_equal(r->result, i % 2 == 0 ? 0 : -GW_EDENIED);
	}
	/* nor is one of a longer period to come, though its number is low */
	strcpy(b.user, "cora");
	strcpy(b.factor, "00112233445566778899aabbccddeeff/60");
	b.step = step / 2 + 100;
	testlink_send(&nt.broker, MSG_NT_MFA_BURN, &b);
	r = testlink_want(&nt.broker, MSG_NT_MFA_BURNED);
	assert_int_equal(r->result, -GW_EDENIED);
	b.step = step / 2;
	testlink_send(&nt.broker, MSG_NT_MFA_BURN, &b);
	r = testlink_want(&nt.broker, MSG_NT_MFA_BURNED);
	assert_int_equal(r->result, 0);
	b.factor[33] = '4'; /* of a period that there is not */
	b.step = step / 2 + 4;
	testlink_send(&nt.broker, MSG_NT_MFA_BURN, &b);
	r = testlink_want(&nt.broker, MSG_NT_MFA_BURNED);
	assert_int_equal(r->result, -GW_EDENIED);
	strcpy(b.user, "alice");
	strcpy(b.factor, "00112233445566778899aabbccddeeff");
	b.step = step + 100000; /* that nobody can have seen */
	testlink_send(&nt.broker, MSG_NT_MFA_BURN, &b);
	r = testlink_want(&nt.broker, MSG_NT_MFA_BURNED);
	assert_int_equal(r->result, -GW_EDENIED);
}

static void
test_grant_ends_by_itself(void **state)
{
	struct msg_nt_grant_open g;
	struct msg_nt_leg_open l;
	struct testlink s;

	(void)state;
	grant_new(&g, 1200);
	assert_int_equal(grant_open(&g)->result, 0);
	session_link(&s, 1100, &nt.source);
	leg_new(&l, g.grant.id, 1100);
	assert_int_equal(leg_open(&l)->result, 0);
	assert_int_equal(cert(&s, g.grant.id, l.sid)->result, 0);
	(void)usleep(1300000);
	assert_int_equal(cert(&s, g.grant.id, l.sid)->result, -GW_EDENIED);
	assert_true(logged("\"cert.denied\"", "the grant is over"));
	testlink_close(&s);
}

/* Too much for one record is there in parts; more than parts can do is refused,
 * and whoever sent it goes on. */
static void
test_too_large(void **state)
{
	enum { HALF = 14 * 1024 };
	struct msg_nt_grant_open g;
	struct msg_log_append m = {.rid = ++nt.rid, .event = EV_API_DENIED};
	const struct msg_log_durable *d;
	struct event_fields f;
	uint8_t *wide = malloc(HALF);

	(void)state;
	assert_non_null(wide);
	memset(wide, 1, HALF); /* six characters each */
	grant_new(&g, 300000);
	g.payload.p = g.signature.p = wide;
	g.payload.len = g.signature.len = HALF;
	assert_int_equal(grant_open(&g)->result, 0);
	assert_true(logged(g.grant.id, "\"payload_size\":14336"));
	assert_true(logged(g.grant.id, "\"signature_size\":14336"));
	event_fields_init(&f);
	assert_true(EF_TOTAL - 1 > LIMIT_EVENT_FIELDS);
	for (unsigned id = 1; id < EF_TOTAL; id++)
		event_str(&f, (enum event_field_id)id, "1");
	m.fields.p = f.b.p;
	m.fields.len = (uint32_t)f.b.len;
	testlink_send(&nt.broker, MSG_LOG_APPEND, &m);
	d = testlink_want(&nt.broker, MSG_LOG_DURABLE);
	assert_int_equal(d->rid, m.rid);
	assert_int_equal(d->result, -GW_ELIMIT);
	event_fields_done(&f);
	grant_new(&g, 300000);
	assert_int_equal(grant_open(&g)->result, 0);
	assert_true(logged("\"peer.protocol\"", "too large"));
	free(wide);
}

/* A door waits for the disk once: the code's step and the intent are one. */
static void
test_cost_of_a_grant(void **state)
{
	struct msg_nt_grant_open g;
	struct buf trace;

	(void)state;
	buf_init(&trace, 64 * 1024);
	unlink_all();
	assert_int_equal(proc_harness_stop(&nt.proc), 0);
	start_program("tests/unit/notary/traced_notary");
	grant_new(&g, 300000);
	g.mfa_step = clock_now().utc_ms / 30000;
	strcpy(g.grant.user, "erin");
	proc_harness_trace(&nt.proc, &trace);
	assert_in_range(trace_count(&trace, "sync\n"), 1, 100);
	buf_reset(&trace);
	assert_int_equal(grant_open(&g)->result, 0);
	proc_harness_trace(&nt.proc, &trace);
	assert_int_equal(trace_count(&trace, "sync\n"), 1);
	unlink_all();
	assert_int_equal(proc_harness_stop(&nt.proc), 0);
	start();
	assert_true(logged(g.grant.id, "grant.open"));
	buf_done(&trace);
}

static void
file_size(rlim_t n)
{
	const struct rlimit r = {.rlim_cur = n, .rlim_max = RLIM_INFINITY};

	assert_int_equal(prlimit(nt.proc.pid, RLIMIT_FSIZE, &r, NULL), 0);
}

/* No receipt for what is not on disk. */
static void
test_not_durable(void **state)
{
	struct msg_nt_grant_open g;
	const struct msg_nt_grant_opened *r;

	(void)state;
	unlink_all();
	assert_int_equal(proc_harness_stop(&nt.proc), 0);
	assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
	start(); /* and it ignores it too */
	file_size(0);
	grant_new(&g, 300000);
	r = grant_open(&g);
	assert_int_not_equal(r->result, 0);
	assert_int_equal(r->elements.len, 0);
	file_size(RLIM_INFINITY);
	assert_false(logged(g.grant.id, "grant.open"));
	grant_new(&g, 300000);
	assert_int_equal(grant_open(&g)->result, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_grant), cmocka_unit_test(test_totp),
	    cmocka_unit_test(test_session),
	    cmocka_unit_test(test_signs_of_a_stranger),
	    cmocka_unit_test(test_certificate_of_a_short_grant),
	    cmocka_unit_test(test_grant_ends_by_itself),
	    cmocka_unit_test(test_extend),
	    cmocka_unit_test(test_extend_refused),
	    cmocka_unit_test(test_extend_killed), cmocka_unit_test(test_append),
	    cmocka_unit_test(test_refused_over_and_over),
	    cmocka_unit_test(test_whole_command),
	    cmocka_unit_test(test_too_large),
	    cmocka_unit_test(test_channel_ends),
	    cmocka_unit_test(test_recording), cmocka_unit_test(test_many),
	    cmocka_unit_test(test_cost_of_a_grant),
	    cmocka_unit_test(test_not_durable), cmocka_unit_test(test_restart),
	    cmocka_unit_test(test_hashes_of_before),
	    cmocka_unit_test(test_clock_was_ahead),
	    cmocka_unit_test(test_killed), cmocka_unit_test(test_verifies),
	    cmocka_unit_test(test_log_quota), /* it makes the log long */
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
