/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_sets - the exact bytes of element keys, and that nothing a set
 * cannot hold becomes a key.
 */
#include "tests/unit/support/test.h"

#include <netinet/in.h>
#include <string.h>

#include "base/attr.h"
#include "base/err.h"
#include "firewall/sets.h"

static struct addr
ip(const char *s)
{
	struct addr a;

	memset(&a, 0, sizeof(a));
	if (s != NULL && addr_parse(&a, s) != 0)
		fail_msg("bad address in the test: %s", s);
	return a;
}

static const struct {
	const char *name;
	uint8_t kind, proto;
	const char *source, *target;
	uint16_t sport, port;
	int set; /* SET_NONE: refused */
	uint8_t n;
	uint8_t b[SET_KEY_MAX];
} rows[] = {
    {"entry v4", ELEMENT_ENTRY, IPPROTO_TCP, "10.1.0.2", NULL, 0, 2222,
	SET_ENTRY4, 8, {10, 1, 0, 2, 0x08, 0xae, 0, 0}},
    {"entry v6", ELEMENT_ENTRY, IPPROTO_TCP, "2001:db8::1", NULL, 0, 22,
	SET_ENTRY6, 20, {0x20, 0x01, 0x0d, 0xb8, [15] = 1, [16] = 0, 22, 0, 0}},
    {"path v4", ELEMENT_PATH, IPPROTO_UDP, "10.1.0.2", "10.2.0.3", 0, 161,
	SET_PATH4, 16, {10, 1, 0, 2, 10, 2, 0, 3, 17, 0, 0, 0, 0, 161, 0, 0}},
    {"path v6", ELEMENT_PATH, IPPROTO_TCP, "2001:db8::1", "2001:db8::2", 0, 22,
	SET_PATH6, 40,
	{0x20, 0x01, 0x0d, 0xb8, [15] = 1, [16] = 0x20, 0x01, 0x0d,
	    0xb8, [31] = 2, [32] = 6, [37] = 22}},
    {"leg v4", ELEMENT_LEG, IPPROTO_TCP, "10.2.0.1", "10.2.0.3", 40000, 22,
	SET_LEG4, 16,
	{10, 2, 0, 1, 0x9c, 0x40, 0, 0, 10, 2, 0, 3, 0, 22, 0, 0}},
    {"leg v6", ELEMENT_LEG, IPPROTO_TCP, "2001:db8::1", "2001:db8::2", 1, 2,
	SET_LEG6, 40,
	{0x20, 0x01, 0x0d, 0xb8, [15] = 1, [16] = 0, 1, 0, 0, 0x20, 0x01, 0x0d,
	    0xb8, [35] = 2, [37] = 2}},
    {"leg without the gateway's address", ELEMENT_LEG, IPPROTO_TCP, NULL,
	"10.2.0.3", 40000, 22, SET_NONE, 0, {0}},
    {"no kind", ELEMENT_NONE, IPPROTO_TCP, "10.1.0.2", NULL, 0, 22, SET_NONE, 0,
	{0}},
    {"unknown kind", 9, IPPROTO_TCP, "10.1.0.2", NULL, 0, 22, SET_NONE, 0, {0}},
    {"port 0", ELEMENT_ENTRY, IPPROTO_TCP, "10.1.0.2", NULL, 0, 0, SET_NONE, 0,
	{0}},
    {"no source", ELEMENT_ENTRY, IPPROTO_TCP, NULL, NULL, 0, 22, SET_NONE, 0,
	{0}},
    {"no target", ELEMENT_PATH, IPPROTO_TCP, "10.1.0.2", NULL, 0, 22, SET_NONE,
	0, {0}},
    {"two families", ELEMENT_PATH, IPPROTO_TCP, "10.1.0.2", "2001:db8::2", 0,
	22, SET_NONE, 0, {0}},
    {"path icmp", ELEMENT_PATH, IPPROTO_ICMP, "10.1.0.2", "10.2.0.3", 0, 22,
	SET_NONE, 0, {0}},
    {"leg udp", ELEMENT_LEG, IPPROTO_UDP, "10.2.0.1", "10.2.0.3", 1, 22,
	SET_NONE, 0, {0}},
    {"leg without source port", ELEMENT_LEG, IPPROTO_TCP, "10.2.0.1",
	"10.2.0.3", 0, 22, SET_NONE, 0, {0}},
};

static void
keys_are_exact(void **state)
{
	struct element e, back;
	struct set_key k;
	size_t i = 0;
	int r = 0;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		memset(&e, 0, sizeof(e));
		e.kind = rows[i].kind;
		e.proto = rows[i].proto;
		e.sport = rows[i].sport;
		e.port = rows[i].port;
		e.source = ip(rows[i].source);
		e.target = ip(rows[i].target);
		r = set_key_of(&k, &e);
		if (rows[i].set == SET_NONE) {
			CHECK_ROW(r == GW_EINVAL, rows[i].name);
			continue;
		}
		CHECK_ROW(r == 0, rows[i].name);
		CHECK_ROW(k.set == rows[i].set, rows[i].name);
		CHECK_ROW(k.n == rows[i].n, rows[i].name);
		CHECK_ROW(k.n == set_key_size(k.set), rows[i].name);
		CHECK_ROW(memcmp(k.b, rows[i].b, k.n) == 0, rows[i].name);
		CHECK_ROW(set_key_element(&back, &k), rows[i].name);
		CHECK_ROW(back.kind == e.kind && back.port == e.port &&
			      back.sport == e.sport,
		    rows[i].name);
		CHECK_ROW(e.kind == ELEMENT_ENTRY ||
			      addr_equal(&back.target, &e.target),
		    rows[i].name);
		CHECK_ROW(addr_equal(&back.source, &e.source), rows[i].name);
	}
}

static void
protected_round_trip(void **state)
{
	struct addr a = ip("2001:db8::7"), b;
	struct element e;
	struct set_key k;
	uint16_t port = 0;
	uint8_t proto = 0;

	(void)state;
	assert_int_equal(set_key_protected(&k, &a, IPPROTO_TCP, 22), 0);
	assert_int_equal(k.set, SET_PROTECTED6);
	assert_true(set_key_triple(&b, &proto, &port, &k));
	assert_true(addr_equal(&a, &b));
	assert_int_equal(proto, IPPROTO_TCP);
	assert_int_equal(port, 22);
	assert_false(set_key_element(&e, &k)); /* it opens nothing */
	assert_int_equal(
	    set_key_protected(&k, &a, IPPROTO_ICMP, 22), GW_EINVAL);
	assert_int_equal(set_key_protected(&k, &a, IPPROTO_TCP, 0), GW_EINVAL);
	memset(&a, 0, sizeof(a));
	assert_int_equal(set_key_protected(&k, &a, IPPROTO_TCP, 22), GW_EINVAL);
}

/* A timeout is what makes an opening end: no set of openings may lack it. */
static void
openings_have_timeouts(void **state)
{
	enum set_id s = SET_NONE;

	(void)state;
	for (s = SET_ENTRY4; s <= SET_CUT6; s++)
		CHECK_ROW(set_def(s)->timeout, set_def(s)->name);
	for (s = SET_NONE + 1; s < SET_COUNT; s++) {
		CHECK_ROW(set_def(s)->size > 0, set_def(s)->name);
		CHECK_ROW(set_key_size(s) <= SET_KEY_MAX, set_def(s)->name);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(keys_are_exact),
	    cmocka_unit_test(protected_round_trip),
	    cmocka_unit_test(openings_have_timeouts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
