/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notary: a grant is to last longer.
 */
#include "tests/unit/notary/notaryscene.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/err.h"
#include "core/element.h"

static int64_t last_step;

static void
extend_new(struct msg_nt_grant_extend *m, const struct msg_nt_grant_open *g,
    uint32_t s)
{
	const int64_t step = clock_now().utc_ms / 30000;

	*m = (struct msg_nt_grant_extend){.rid = ++nt.rid, .seconds = s};
	strcpy(m->id, g->grant.id);
	strcpy(m->by, g->grant.user);
	strcpy(m->factor, "ee112233445566778899aabbccddeeff");
	m->mfa_step = last_step = last_step > 0 ? last_step + 2 : step - 20;
	m->payload.p = (const uint8_t *)"what was signed";
	m->payload.len = 15;
}

static const struct msg_nt_grant_extended *
extend(const struct msg_nt_grant_extend *m)
{
	const struct msg_nt_grant_extended *r;

	testlink_send(&nt.broker, MSG_NT_GRANT_EXTEND, m);
	r = testlink_want(&nt.broker, MSG_NT_GRANT_EXTENDED);
	assert_int_equal(r->rid, m->rid);
	return r;
}

/* The firewall's record of an end. */
static void
applied(const char *id, int64_t end_boot_ms)
{
	struct event_fields f;

	event_fields_init(&f);
	event_str(&f, EF_GRANT, id);
	event_num(
	    &f, EF_END_BOOT, end_boot_ms + (int64_t)LIMIT_CLIENT_TAIL_S * 1000);
	append(&nt.firewall, EV_GRANT_APPLIED, &f, true);
	event_fields_done(&f);
}

static uint8_t
renew(const char *sid, int64_t end_boot_ms, struct element_list *ret)
{
	struct msg_nt_leg_renew m = {
	    .rid = ++nt.rid, .end_boot_ms = end_boot_ms};
	const struct msg_nt_leg_opened *r;

	strcpy(m.sid, sid);
	testlink_send(&nt.broker, MSG_NT_LEG_RENEW, &m);
	r = testlink_want(&nt.broker, MSG_NT_LEG_OPENED);
	assert_int_equal(r->rid, m.rid);
	if (r->result == 0)
		assert_int_equal(
		    element_decode(ret, r->elements.p, r->elements.len), 0);
	return r->result;
}

/* As the fold has it, to whoever asks. */
static int64_t
end_of(const char *id)
{
	const struct msg_nt_fold_get m = {.rid = ++nt.rid};
	int64_t end = 0;

	testlink_send(&nt.broker, MSG_NT_FOLD_GET, &m);
	do {
		const struct msg_nt_fold_grant *g = nt.broker.m.body;

		assert_int_equal(testlink_next(&nt.broker, 10000), 1);
		if (nt.broker.m.type == MSG_NT_FOLD_GRANT &&
		    strcmp(g->grant.id, id) == 0)
			end = g->grant.end_boot_ms;
	} while (nt.broker.m.type != MSG_NT_FOLD_END);
	return end;
}

/* In force is what the firewall has confirmed, and what runs may last as long,
 * not longer. */
void
test_extend(void **state)
{
	struct msg_nt_grant_open g;
	struct msg_nt_grant_extend m;
	const struct msg_nt_grant_extended *r;
	struct msg_nt_leg_open leg;
	struct element_list l;
	struct testlink s;
	uint64_t seq;
	int64_t was;

	(void)state;
	grant_new(&g, 300000);
	seq = grant_open(&g)->seq;
	was = g.grant.end_boot_ms;
	extend_new(&m, &g, 60);
	assert_int_equal(extend(&m)->result, -GW_ESTATE); /* not open yet */
	applied(g.grant.id, was);
	session_link(&s, 1700, &nt.source);
	leg_new(&leg, g.grant.id, 1700);
	assert_int_equal(leg_open(&leg)->result, 0);
	assert_int_equal(renew(leg.sid, was + 60000, &l), -GW_EDENIED);

	extend_new(&m, &g, 60);
	r = extend(&m);
	assert_int_equal(r->result, 0);
	assert_true(r->seq > seq);
	assert_int_equal(r->end_boot_ms, was + 60000);
	assert_true(
	    receipt_good(g.grant.id, g.grant.id, seq, r->mac, &r->elements));
	assert_true(logged("\"grant.extend\"", g.grant.id));
	assert_true(logged("\"payload\":\"what was signed\"", g.grant.id));
	assert_int_equal(end_of(g.grant.id), was);
	assert_int_equal(renew(leg.sid, was + 60000, &l), 0);
	assert_int_equal(l.e[0].end_boot_ms, was + 60000);
	assert_int_equal(renew(leg.sid, was + 60001, &l), -GW_EDENIED);

	applied(g.grant.id, was); /* that is not it */
	assert_int_equal(end_of(g.grant.id), was);
	applied(g.grant.id, was + 60000);
	assert_int_equal(end_of(g.grant.id), was + 60000);
	assert_int_equal(renew(leg.sid, was + 60001, &l), -GW_EDENIED);
	testlink_close(&s);
}

/* Without a code, or with one that was used: nothing is written of it. */
void
test_extend_refused(void **state)
{
	struct msg_nt_grant_open g;
	struct msg_nt_grant_extend m;

	(void)state;
	grant_new(&g, 300000);
	assert_int_equal(grant_open(&g)->result, 0);
	applied(g.grant.id, g.grant.end_boot_ms);
	extend_new(&m, &g, 60);
	m.mfa_step = -1;
	assert_int_equal(extend(&m)->result, -GW_EINVAL);
	extend_new(&m, &g, 0);
	assert_int_equal(extend(&m)->result, -GW_EINVAL);
	extend_new(&m, &g, LIMIT_GRANT_MAX_S); /* with what it has */
	assert_int_equal(extend(&m)->result, -GW_EINVAL);
	assert_false(logged("\"grant.extend\"", g.grant.id));
	extend_new(&m, &g, 60);
	assert_int_equal(extend(&m)->result, 0);
	m.rid = ++nt.rid;
	assert_int_equal(extend(&m)->result, -GW_EDENIED);
	assert_true(logged("replayed", "\"command\":\"extend\""));
	assert_int_equal(
	    close_by(MSG_NT_GRANT_CLOSE, MSG_NT_GRANT_CLOSED, g.grant.id), 0);
	extend_new(&m, &g, 60);
	assert_int_equal(extend(&m)->result, -GW_ENOENT);
}

/* Killed before and after the firewall's word: the log says which end. */
void
test_extend_killed(void **state)
{
	struct msg_nt_grant_open g;
	struct msg_nt_grant_extend m;
	int64_t was;
	int status = 0;

	(void)state;
	grant_new(&g, 300000);
	assert_int_equal(grant_open(&g)->result, 0);
	was = g.grant.end_boot_ms;
	applied(g.grant.id, was);
	for (unsigned i = 0; i < 2; i++) {
		extend_new(&m, &g, 60);
		assert_int_equal(extend(&m)->result, 0);
		if (i > 0)
			applied(g.grant.id, was + 60000);
		assert_int_equal(kill(nt.proc.pid, SIGKILL), 0);
		assert_int_equal(waitpid(nt.proc.pid, &status, 0), nt.proc.pid);
		unlink_all();
		ipc_done(&nt.proc.control);
		start();
		assert_int_equal(end_of(g.grant.id), i > 0 ? was + 60000 : was);
	}
}
