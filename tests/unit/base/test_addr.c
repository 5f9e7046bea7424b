/* SPDX-License-Identifier: Apache-2.0 */
/* test_addr - addresses and prefixes, by tables. */
#include "tests/unit/support/test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>

#include "base/addr.h"
#include "base/attr.h"
#include "base/err.h"

static void
addresses(void **state)
{
	static const struct {
		const char *in;
		uint8_t family; /* 0 = refused */
		const char *out;
		bool loopback;
	} rows[] = {
	    {"192.0.2.1", 4, "192.0.2.1", false},
	    {"0.0.0.0", 4, "0.0.0.0", false},
	    {"127.0.0.1", 4, "127.0.0.1", true},
	    {"127.255.1.2", 4, "127.255.1.2", true},
	    {"::1", 6, "::1", true},
	    {"::", 6, "::", false},
	    {"2001:DB8::1", 6, "2001:db8::1", false},
	    {"2001:db8:0:0:0:0:0:1", 6, "2001:db8::1", false},
	    {"::ffff:192.0.2.1", 4, "192.0.2.1", false},
	    {"::ffff:c000:201", 4, "192.0.2.1", false},
	    {"::ffff:127.0.0.1", 4, "127.0.0.1", true},
	    {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 6,
		"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false},
	    {"", 0, NULL, false},
	    {"192.0.2", 0, NULL, false},
	    {"192.0.2.256", 0, NULL, false},
	    {"192.0.2.01", 0, NULL, false},
	    {"0300.0.2.1", 0, NULL, false},
	    {"3221225985", 0, NULL, false},
	    {" 192.0.2.1", 0, NULL, false},
	    {"192.0.2.1 ", 0, NULL, false},
	    {"fe80::1%eth0", 0, NULL, false},
	    {"[::1]", 0, NULL, false},
	    {":::", 0, NULL, false},
	    {"localhost", 0, NULL, false},
	};
	char t[ADDR_TEXT_SIZE] = "";

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct addr a = {0};
		const int r = addr_parse(&a, rows[i].in);

		CHECK_ROW(
		    r == (rows[i].family != 0 ? 0 : GW_EINVAL), rows[i].in);
		CHECK_ROW(a.family == rows[i].family, rows[i].in);
		CHECK_ROW(addr_is_loopback(&a) == rows[i].loopback, rows[i].in);
		addr_format(t, &a);
		CHECK_ROW(
		    strcmp(t, r == 0 ? rows[i].out : "none") == 0, rows[i].in);
		/* No address equals nothing, not even another none. */
		CHECK_ROW(addr_equal(&a, &a) == (r == 0), rows[i].in);
	}
}

static void
prefixes(void **state)
{
	static const struct {
		const char *in;
		int bits; /* -1 = refused */
		const char *inside;
		const char *outside;
	} rows[] = {
	    {"10.0.0.0/8", 8, "10.255.255.255", "11.0.0.0"},
	    {"192.0.2.128/25", 25, "192.0.2.128", "192.0.2.127"},
	    {"192.0.2.4/31", 31, "192.0.2.5", "192.0.2.6"},
	    {"192.0.2.7", 32, "192.0.2.7", "192.0.2.6"},
	    {"192.0.2.7/32", 32, "::ffff:192.0.2.7", "::192.0.2.7"},
	    {"0.0.0.0/0", 0, "255.255.255.255", "::1"},
	    {"::/0", 0, "2001:db8::1", "192.0.2.1"},
	    {"2001:db8::/32", 32, "2001:db8:ffff::1", "2001:db9::"},
	    {"2001:db8::/33", 33, "2001:db8:7fff::", "2001:db8:8000::"},
	    {"2001:db8::1", 128, "2001:db8::1", "2001:db8::"},
	    {"::ffff:192.0.2.0/120", 24, "192.0.2.9", "192.0.3.9"},
	    {"::ffff:0.0.0.0/96", 0, "9.9.9.9", "::9"},
	    {"::ffff:192.0.2.0/24", -1, NULL, NULL},
	    {"192.0.2.1/24", -1, NULL, NULL},
	    {"192.0.2.1/31", -1, NULL, NULL},
	    {"2001:db8::1/64", -1, NULL, NULL},
	    {"128.0.0.0/0", -1, NULL, NULL},
	    {"10.0.0.0/33", -1, NULL, NULL},
	    {"::/129", -1, NULL, NULL},
	    {"10.0.0.0/", -1, NULL, NULL},
	    {"10.0.0.0/08", -1, NULL, NULL},
	    {"10.0.0.0/+8", -1, NULL, NULL},
	    {"10.0.0.0/8/8", -1, NULL, NULL},
	    {"10.0.0.0/255.0.0.0", -1, NULL, NULL},
	    {"/8", -1, NULL, NULL},
	    {"", -1, NULL, NULL},
	    {"10/8", -1, NULL, NULL},
	    {"1111111111111111111111111111111111111111111111111111/8", -1, NULL,
		NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct prefix p = {0};
		struct addr a = {0};
		const int r = prefix_parse(&p, rows[i].in);

		CHECK_ROW(r == (rows[i].bits >= 0 ? 0 : GW_EINVAL), rows[i].in);
		/* A prefix that was never set holds nobody. */
		CHECK_ROW(!prefix_has(&p, &a), rows[i].in);
		if (r != 0)
			continue;
		CHECK_ROW(p.bits == rows[i].bits, rows[i].in);
		CHECK_ROW(prefix_has(&p, &p.addr), rows[i].in);
		assert_int_equal(addr_parse(&a, rows[i].inside), 0);
		CHECK_ROW(prefix_has(&p, &a), rows[i].in);
		assert_int_equal(addr_parse(&a, rows[i].outside), 0);
		CHECK_ROW(!prefix_has(&p, &a), rows[i].in);
	}
}

static void
socket_addresses(void **state)
{
	static const char *const texts[] = {"192.0.2.1", "2001:db8::7"};
	struct sockaddr_storage ss;
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
	struct addr a = {0};
	struct addr b = {0};
	uint16_t port = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		assert_int_equal(addr_parse(&a, texts[i]), 0);
		CHECK_ROW(addr_to_sockaddr(&ss, &a, 2222) ==
			      (a.family == 4 ? sizeof(struct sockaddr_in)
					     : sizeof(struct sockaddr_in6)),
		    texts[i]);
		CHECK_ROW(addr_from_sockaddr(
			      &b, &port, (const struct sockaddr *)&ss) == 0,
		    texts[i]);
		CHECK_ROW(addr_equal(&a, &b) && port == 2222, texts[i]);
	}
	/* What a dual-stack listener reports for an IPv4 peer. */
	assert_int_equal(
	    inet_pton(AF_INET6, "::ffff:192.0.2.1", &in6.sin6_addr), 1);
	in6.sin6_port = htons(9);
	memcpy(&ss, &in6, sizeof(in6));
	assert_int_equal(
	    addr_from_sockaddr(&b, &port, (const struct sockaddr *)&ss), 0);
	assert_int_equal(addr_parse(&a, "192.0.2.1"), 0);
	assert_true(addr_equal(&a, &b));
	assert_int_equal(port, 9);

	ss.ss_family = AF_UNIX;
	assert_int_equal(
	    addr_from_sockaddr(&b, &port, (const struct sockaddr *)&ss),
	    GW_EINVAL);
	a.family = 0;
	assert_int_equal(addr_to_sockaddr(&ss, &a, 1), 0);
}

static void
one_encoding(void **state)
{
	static const struct addr good[] = {
	    {4, {192, 0, 2, 1}}, {6, {0x20, 1, [15] = 1}}, {4, {0}}, {6, {0}}};
	static const struct addr bad[] = {{0, {0}}, {5, {1}},
	    {4, {192, 0, 2, 1, 1}}, {4, {192, 0, 2, 1, [15] = 1}},
	    {6, {[10] = 0xff, 0xff, 192, 0, 2, 1}}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_true(addr_valid(&good[i]));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(addr_valid(&bad[i]));
}

/* One writing of an address; what is a name, and what only looks like one. */
static void
names(void **state)
{
	static const char *const other[] = {"010.20.0.13", "10.20.0.013",
	    "169148429", "10.20.13", "10.1310733", "0x0a.20.0.13", "0xa14000d",
	    "012.024.0.015", "10.20.0.13.", "10.20.0.0x0d", "0", "0x", "1.",
	    "10.20.0.256", "10.20.0.13.5", "x.1", "10.20.0.13 ", " 10.20.0.13",
	    "10.20.0.13%eth0", "fe80::1%eth0", "[::1]", "::1.2.3", "a..b", ".a",
	    "-a", "a b", "", ".", "\xc3\xa9", "a/b", "a:1"};
	static const char *const good[] = {"web-01", "web-01.example.net",
	    "web-01.example.net.", "10.20.0.13.in-addr.arpa", "1a", "x_y",
	    "0xg", "a.0b", "3com.com"};
	struct addr a;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(other); i++) {
		CHECK_ROW(addr_parse(&a, other[i]) == GW_EINVAL, other[i]);
		CHECK_ROW(!addr_is_name(other[i]), other[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		CHECK_ROW(addr_parse(&a, good[i]) == GW_EINVAL, good[i]);
		CHECK_ROW(addr_is_name(good[i]), good[i]);
	}
	assert_int_equal(addr_parse(&a, "10.20.0.13"), 0);
	assert_false(addr_is_name("10.20.0.13"));
}

static void
sources(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} rows[] = {
	    {"192.0.2.1", "192.0.2.1", true},
	    {"192.0.2.1", "192.0.2.2", false},
	    {"2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true},
	    {"2001:db8:1:2::1", "2001:db8:1:3::1", false},
	    {"2001:db8::1", "192.0.2.1", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct addr a, b;

		assert_int_equal(addr_parse(&a, rows[i].a), 0);
		assert_int_equal(addr_parse(&b, rows[i].b), 0);
		CHECK_ROW(addr_same_source(&a, &b) == rows[i].same, rows[i].b);
	}
}

static void
networks(void **state)
{
	static const struct {
		const char *of, *network;
	} rows[] = {
	    {"192.0.2.77", "192.0.2.77"},
	    {"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"},
	    {"2001:db8:1:2::", "2001:db8:1:2::"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct addr a, want, got;

		assert_int_equal(addr_parse(&a, rows[i].of), 0);
		assert_int_equal(addr_parse(&want, rows[i].network), 0);
		got = addr_network(&a);
		CHECK_ROW(addr_equal(&got, &want), rows[i].of);
	}
}

/* What a target may be called by; and if not, what is said. Most of what is
 * none of a target is no host's at all. */
static void
hosts(void **state)
{
	static const struct {
		const char *in;
		const char *why; /* NULL: it is one host's */
		bool is_host;
	} rows[] = {
	    {"10.20.0.13", NULL, true},
	    {"1.0.0.0", NULL, true},
	    {"126.255.255.255", NULL, true},
	    {"128.0.0.1", NULL, true},
	    {"169.253.255.255", NULL, true},
	    {"169.255.0.0", NULL, true},
	    {"223.255.255.255", NULL, true},
	    {"::ffff:10.20.0.13", NULL, true},
	    {"2001:db8::1", NULL, true},
	    {"2001:1::1", NULL, true},
	    {"fd00::13", NULL, true},
	    {"fe7f::1", NULL, true},
	    {"64:ff9b:2::1", NULL, true},
	    {"::1:0:0:1", NULL, true},
	    {"0.0.0.0", "0.0.0.0/8", false},
	    {"0.255.1.2", "0.0.0.0/8", false},
	    {"127.0.0.1", "loopback", false},
	    {"127.255.1.2", "loopback", false},
	    {"::ffff:127.0.0.1", "loopback", false},
	    {"169.254.0.1", "link-local", false},
	    {"224.0.0.1", "multicast", false},
	    {"239.255.255.255", "multicast", false},
	    {"240.0.0.1", "reserved", false},
	    {"255.255.255.254", "reserved", false},
	    {"255.255.255.255", "the broadcast address", false},
	    {"::", "any address", false},
	    {"::1", "loopback", false},
	    {"fe80::1", "link-local", false},
	    {"febf::1", "link-local", false},
	    {"ff02::1", "multicast", false},
	    {"::10.20.0.13", "writing of IPv4: name 10.20.0.13 itself", true},
	    {"::ffff:0:10.20.0.13", "name 10.20.0.13 itself", true},
	    {"64:ff9b::10.20.0.13", "(NAT64) to IPv4: name 10.20.0.13", true},
	    {"64:ff9b:1:2::1", "(NAT64)", true},
	    {"2002:a14:d::1", "(6to4) to IPv4: name 10.20.0.13 itself", true},
	    {"2001:0:1::1", "(Teredo)", true},
	};
	const struct addr none = {0};
	char why[ADDR_WHY_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct addr a;

		assert_int_equal(addr_parse(&a, rows[i].in), 0);
		CHECK_ROW(addr_is_host(&a) == rows[i].is_host, rows[i].in);
		CHECK_ROW(
		    addr_names_host(why, &a) == (rows[i].why == NULL), why);
		CHECK_ROW(
		    strstr(why, rows[i].why != NULL ? rows[i].why : "") != NULL,
		    rows[i].in);
		CHECK_ROW((why[0] == '\0') == (rows[i].why == NULL), why);
	}
	assert_false(addr_is_host(&none));
	assert_false(addr_names_host(why, &none));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(addresses),
	    cmocka_unit_test(prefixes),
	    cmocka_unit_test(socket_addresses),
	    cmocka_unit_test(one_encoding),
	    cmocka_unit_test(names),
	    cmocka_unit_test(sources),
	    cmocka_unit_test(networks),
	    cmocka_unit_test(hosts),
	};

	return cmocka_run_group_tests_name("addr", tests, NULL, NULL);
}
