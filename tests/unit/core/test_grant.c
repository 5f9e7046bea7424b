/* SPDX-License-Identifier: Apache-2.0 */
/*
 * grant: what is left of it on this boot and on another, which openings follow
 * from it, and that an empty one gives nothing.
 */
#include "tests/unit/support/test.h"

#include <netinet/in.h>
#include <string.h>

#include "core/grant.h"

#define BOOT "11111111-2222-4333-8444-555555555555"
#define OTHER "99999999-2222-4333-8444-555555555555"

/* Five minutes, from UTC 1,000,000 s and boottime 50 s on. */
static const struct grant base = {.id = "g-7Q2MXK4P",
    .req = "r-7Q2MXK4P",
    .user = "alice",
    .target = "web-01",
    .login = "deploy",
    .role = "web-deploy",
    .source4 = {4, {198, 51, 100, 7}},
    .source6 = {6, {0x20, 1, [15] = 7}},
    .addr4 = {4, {10, 20, 0, 11}},
    .addr6 = {6, {0xfd, 0, [15] = 0x11}},
    .port = 22,
    .own_port = 2222,
    .reach = REACH_PROXY,
    .caps = CAP_DEFAULT,
    .record = 1,
    .start_ms = 1000000000,
    .end_ms = 1000300000,
    .end_boot_ms = 350000,
    .boot_id = BOOT};

static const struct now at_start = {1000000000, 50000};

static void
test_left(void **state)
{
	static const struct {
		const char *name;
		struct now now;
		const char *boot;
		int64_t want;
	} rows[] = {{"at its start", {1000000000, 50000}, BOOT, 300000},
	    {"in its middle", {1000100000, 150000}, BOOT, 200000},
	    {"its last millisecond", {1000299999, 349999}, BOOT, 1},
	    {"over on the dot", {1000300000, 350000}, BOOT, 0},
	    {"long over", {2000000000, 9000000}, BOOT, 0},
	    {"wall clock set back", {1, 150000}, BOOT, 200000},
	    {"wall clock set forward", {4000000000, 150000}, BOOT, 200000},
	    {"boot clock before its start", {1000000000, 1}, BOOT, 300000},
	    {"another boot, by the wall", {1000100000, 5}, OTHER, 200000},
	    {"another boot, boot clock high", {1000100000, 999999}, OTHER,
		200000},
	    {"another boot, over", {1000300000, 5}, OTHER, 0},
	    {"another boot, wall set back", {5, 5}, OTHER, 300000},
	    {"no boot id to be had", {1000100000, 5}, "", 200000},
	    {"no boot id and over", {1000300000, 5}, "", 0}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		CHECK_ROW(grant_left_ms(&base, &rows[i].now, rows[i].boot) ==
			      rows[i].want,
		    rows[i].name);
}

static void
test_left_of_nothing(void **state)
{
	const struct now now = {0, 0};
	struct grant g = {0};

	(void)state;
	assert_int_equal(grant_left_ms(&g, &now, ""), 0);
	assert_int_equal(grant_left_ms(&g, &at_start, BOOT), 0);
	g = base;
	g.boot_id[0] = '\0'; /* "" equals no boot, not even another "" */
	g.end_ms = g.start_ms;
	assert_int_equal(grant_left_ms(&g, &at_start, ""), 0);
	g = base;
	g.end_ms = g.start_ms - 1; /* ends before it starts */
	assert_int_equal(grant_left_ms(&g, &at_start, BOOT), 0);
}

/* Break-glass is recorded, short, without files, and through the gateway. */
static void
test_ok_glass(void **state)
{
	struct grant g = base;
	struct grant bad[4];

	(void)state;
	g.glass = 1;
	g.caps = CAP_GLASS;
	g.end_ms = g.start_ms + LIMIT_GLASS_S * 1000LL;
	assert_true(grant_ok(&g));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		bad[i] = g;
	bad[0].end_ms++;
	bad[1].record = 0;
	bad[2].caps |= CAP_SFTP;
	bad[3].reach = REACH_DIRECT;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (grant_ok(&bad[i]))
			fail_msg("bad grant %zu was taken", i);
}

static void
test_ok(void **state)
{
	struct grant g = {0};
	struct grant bad[22];

	(void)state;
	assert_false(grant_ok(&g));
	assert_true(grant_ok(&base));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		bad[i] = base;
	bad[0].id[0] = 'r';
	bad[1].user[0] = '\0';
	strcpy(bad[2].target, "no spaces");
	strcpy(bad[3].login, "-oProxyCommand");
	bad[4].port = 0;
	bad[5].own_port = 0;
	bad[6].reach = REACH_NONE;
	bad[7].reach = REACH_PROBE + 1;
	bad[8].end_ms = bad[8].start_ms;
	bad[9].end_ms = bad[9].start_ms + LIMIT_GRANT_MAX_S * 1000LL + 1;
	bad[10].end_boot_ms = 0;
	bad[11].boot_id[0] = '\0';
	memset(&bad[12].source4, 0, sizeof(struct addr));
	memset(&bad[12].source6, 0, sizeof(struct addr));
	memset(&bad[13].addr4, 0, sizeof(struct addr));
	memset(&bad[13].addr6, 0, sizeof(struct addr));
	bad[14].source4.family = 6; /* in the wrong place */
	bad[15].addr6.family = 4;
	strcpy(bad[16].user_id, "t-22222222"); /* of another kind */
	strcpy(bad[17].target_id, "t-2222222");
	strcpy(bad[18].role_id, "p-2222222O");
	strcpy(bad[19].commands, "ab"); /* no digest */
	bad[19].caps = CAP_EXEC;
	memset(bad[20].commands, 'a', 64); /* and a shell beside them */
	bad[20].caps = CAP_EXEC | CAP_SHELL;
	bad[21] = bad[20]; /* and past the gateway */
	bad[21].caps = CAP_EXEC;
	bad[21].reach = REACH_DIRECT;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (grant_ok(&bad[i]))
			fail_msg("bad grant %zu was taken", i);
	g = base;
	g.caps = CAP_EXEC;
	memset(g.commands, 'a', 64);
	assert_true(grant_ok(&g));
	g = base; /* a probe has no client */
	g.reach = REACH_PROBE;
	g.own_port = 0;
	memset(&g.source4, 0, sizeof(g.source4));
	memset(&g.source6, 0, sizeof(g.source6));
	assert_true(grant_ok(&g));
}

static void
test_same_id(void **state)
{
	(void)state;
	assert_true(grant_same_id("u-22222222", "u-22222222"));
	assert_false(grant_same_id("u-22222222", "u-33333333"));
	/* older than ids: by its name alone */
	assert_true(grant_same_id("", "u-22222222"));
	assert_true(grant_same_id("u-22222222", ""));
}

static void
test_source(void **state)
{
	const struct addr other = {4, {198, 51, 100, 8}};
	const struct addr none = {0};
	struct grant g = base;

	(void)state;
	assert_true(grant_has_source(&g, &g.source4));
	assert_true(grant_has_source(&g, &g.source6));
	assert_false(grant_has_source(&g, &other));
	assert_false(grant_has_source(&g, &none));
	memset(&g.source4, 0, sizeof(g.source4));
	assert_false(grant_has_source(&g, &g.source4));
	assert_false(grant_has_source(&g, &none));
	assert_false(grant_has_source(&g, &base.source4));
}

static void
check_element(const struct element *e, uint8_t kind, const struct addr *source,
    const struct addr *target, uint16_t port, int64_t end)
{
	assert_int_equal(e->kind, kind);
	assert_int_equal(e->proto, IPPROTO_TCP);
	assert_int_equal(e->sport, 0);
	assert_int_equal(e->port, port);
	assert_true(addr_equal(&e->source, source));
	if (target != NULL)
		assert_true(addr_equal(&e->target, target));
	else
		assert_int_equal(e->target.family, 0);
	assert_int_equal(e->end_boot_ms, end);
}

static void
test_elements_proxy(void **state)
{
	struct element_list l, back;
	struct buf b;

	(void)state;
	grant_elements(&l, &base, &at_start, BOOT);
	assert_int_equal(l.n, 2);
	check_element(
	    &l.e[0], ELEMENT_ENTRY, &base.source4, NULL, 2222, 355000);
	check_element(
	    &l.e[1], ELEMENT_ENTRY, &base.source6, NULL, 2222, 355000);
	buf_init(&b, LIMIT_MSG_MAX);
	element_encode(&b, &l); /* and the firewall will take them */
	assert_int_equal(element_decode(&back, b.p, b.len), 0);
	buf_done(&b);
}

static void
test_elements_direct(void **state)
{
	struct element_list l;
	struct grant g = base;

	(void)state;
	g.reach = REACH_DIRECT;
	grant_elements(&l, &g, &at_start, BOOT);
	assert_int_equal(l.n, 4);
	check_element(&l.e[0], ELEMENT_ENTRY, &g.source4, NULL, 2222, 355000);
	check_element(&l.e[1], ELEMENT_PATH, &g.source4, &g.addr4, 22, 350000);
	check_element(&l.e[2], ELEMENT_ENTRY, &g.source6, NULL, 2222, 355000);
	check_element(&l.e[3], ELEMENT_PATH, &g.source6, &g.addr6, 22, 350000);
	memset(&g.addr6, 0, sizeof(g.addr6)); /* no path between families */
	grant_elements(&l, &g, &at_start, BOOT);
	assert_int_equal(l.n, 3);
	memset(&g.source4, 0, sizeof(g.source4));
	grant_elements(&l, &g, &at_start, BOOT);
	assert_int_equal(l.n, 1);
	assert_int_equal(l.e[0].kind, ELEMENT_ENTRY);
}

/* After a reboot the boottime of the end is another one. */
static void
test_elements_other_boot(void **state)
{
	const struct now now = {1000100000, 7000};
	struct element_list l;

	(void)state;
	grant_elements(&l, &base, &now, OTHER);
	assert_int_equal(l.n, 2);
	assert_int_equal(l.e[0].end_boot_ms, 7000 + 200000 + 5000);
}

static void
test_elements_none(void **state)
{
	const struct now over = {1000300000, 350000};
	struct element_list l = {.n = 5};
	struct grant g = base;

	(void)state;
	grant_elements(&l, &base, &over, BOOT);
	assert_int_equal(l.n, 0);
	g.reach = REACH_PROBE;
	l.n = 5;
	grant_elements(&l, &g, &at_start, BOOT);
	assert_int_equal(l.n, 0);
	memset(&g, 0, sizeof(g));
	l.n = 5;
	grant_elements(&l, &g, &at_start, "");
	assert_int_equal(l.n, 0);
}

static void
test_leg(void **state)
{
	const struct addr gateway = {4, {10, 20, 0, 1}};
	const struct now over = {1000300000, 350000};
	struct element_list l = {.n = 1};
	struct element_list back;
	struct buf b;

	(void)state;
	grant_leg(
	    &l.e[0], &base, &gateway, 40000, &base.addr4, &at_start, BOOT);
	assert_int_equal(l.e[0].kind, ELEMENT_LEG);
	assert_int_equal(l.e[0].sport, 40000);
	assert_int_equal(l.e[0].port, 22);
	assert_true(addr_equal(&l.e[0].source, &gateway));
	assert_true(addr_equal(&l.e[0].target, &base.addr4));
	assert_int_equal(l.e[0].end_boot_ms, 350000); /* no tail */
	buf_init(&b, LIMIT_MSG_MAX);
	element_encode(&b, &l);
	assert_int_equal(element_decode(&back, b.p, b.len), 0);
	buf_done(&b);
	/* of a grant that is over: ends now */
	grant_leg(&l.e[0], &base, &gateway, 40000, &base.addr4, &over, BOOT);
	assert_int_equal(l.e[0].end_boot_ms, 350000);
}

/* The same thing once more, or another one? */
static void
test_gives(void **state)
{
	struct grant w = base;

	(void)state;
	assert_true(grant_gives(&base, &w, 300000));
	assert_true(grant_gives(&base, &w, 150000));
	assert_false(grant_gives(&base, &w, 149999)); /* less than half */
	assert_false(grant_gives(&base, &w, 0));
	w.reason[0] = '\0';
	w.source6.family = 0; /* no longer asked for */
	assert_true(grant_gives(&base, &w, 300000));
#define OTHER_ONE(change)                                                      \
	do {                                                                   \
		w = base;                                                      \
		change;                                                        \
		CHECK_ROW(!grant_gives(&base, &w, 300000), #change);           \
	} while (0)
	OTHER_ONE(w.end_ms++);
	OTHER_ONE(strcpy(w.reason, "INC-1"));
	OTHER_ONE(strcpy(w.user, "bob"));
	OTHER_ONE(strcpy(w.target, "web-02"));
	OTHER_ONE(strcpy(w.login, "root"));
	OTHER_ONE(strcpy(w.role, "other"));
	OTHER_ONE(w.source4.b[3]++);
	OTHER_ONE(w.source6.b[0]++);
	OTHER_ONE(w.addr4.b[0]++);
	OTHER_ONE(w.addr6.family = 0);
	OTHER_ONE(w.port++);
	OTHER_ONE(w.own_port++);
	OTHER_ONE(w.reach = REACH_DIRECT);
	OTHER_ONE(w.caps &= ~(uint32_t)CAP_SFTP);
	OTHER_ONE(w.record = 0);
#undef OTHER_ONE
}

static void
test_words(void **state)
{
	static const char *const reasons[] = {NULL, "expired", "released",
	    "revoked", "locked", NULL, NULL, "idle", "target_gone",
	    "audit_failed", "aborted", NULL, "logout", "killed",
	    "hostkey_changed", "target_refused", "protocol", "shutdown",
	    "client_gone", "quota", "unused", "moved"};
	char text[64];

	(void)state;
	/* stores hold these numbers, logs and SIEMs these words */
	for (unsigned i = 0; i <= 0xff; i++) {
		const char *want = i < ARRAY_LEN(reasons) ? reasons[i] : NULL;

		assert_int_equal(end_reason_known(i), want != NULL);
		assert_string_equal(end_reason_str((enum end_reason)i),
		    want != NULL ? want : "none");
	}
	assert_string_equal(end_reason_str(END_NONE), "none");
	assert_string_equal(end_reason_str(END_REASON_COUNT), "none");
	assert_string_equal(grant_reach_str(REACH_NONE), "none");
	assert_string_equal(grant_reach_str(REACH_DIRECT), "direct");
	assert_string_equal(grant_reach_str((enum grant_reach)9), "none");

	grant_caps_str(text, sizeof(text), 0);
	assert_string_equal(text, "");
	grant_caps_str(text, sizeof(text), CAP_DEFAULT);
	assert_string_equal(text, "shell,exec,sftp,pty");
	grant_caps_str(text, sizeof(text), UINT32_MAX);
	assert_string_equal(text, "shell,exec,sftp,pty,forward,agent,x11");
	grant_caps_str(text, 8, CAP_DEFAULT); /* what fits, whole words */
	assert_string_equal(text, "shell");
	text[0] = 'x';
	grant_caps_str(text, 0, CAP_DEFAULT);
	assert_int_equal(text[0], 'x');
}

/* Of whom an admin has shut out no new request helps. */
static void
test_may_ask(void **state)
{
	(void)state;
	assert_false(end_may_ask(END_LOCKED));
	assert_false(end_may_ask(END_HOSTKEY_CHANGED));
	assert_true(end_may_ask(END_EXPIRED));
	assert_true(end_may_ask(END_RELEASED));
	assert_true(end_may_ask(END_IDLE));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_may_ask),
	    cmocka_unit_test(test_left),
	    cmocka_unit_test(test_left_of_nothing),
	    cmocka_unit_test(test_ok),
	    cmocka_unit_test(test_ok_glass),
	    cmocka_unit_test(test_same_id),
	    cmocka_unit_test(test_source),
	    cmocka_unit_test(test_elements_proxy),
	    cmocka_unit_test(test_elements_direct),
	    cmocka_unit_test(test_elements_other_boot),
	    cmocka_unit_test(test_elements_none),
	    cmocka_unit_test(test_leg),
	    cmocka_unit_test(test_gives),
	    cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
