/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_foreign - what tables of others do with a connection to our ports, in a
 * network namespace with the kernel's own nf_tables and rules that nft loads.
 */
#include "tests/unit/support/test.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/err.h"
#include "firewall/foreign.h"

enum { RULES_MAX = 1024 };

static void
load(const char *rules)
{
	FILE *f = popen("nft -f -", "w");

	assert_non_null(f);
	(void)fprintf(f, "flush ruleset\n%s\n", rules);
	assert_int_equal(pclose(f), 0);
}

static struct foreign
look(void)
{
	static const uint16_t ports[] = {2222, 8443};
	struct foreign f = {.is = FOREIGN_UNKNOWN};
	struct nl *nl = NULL;

	assert_int_equal(nl_open(&nl, false), 0);
	assert_int_equal(foreign_look(&f, nl, ports, ARRAY_LEN(ports)), 0);
	nl_close(nl);
	return f;
}

#define IN(policy)                                                             \
	"chain in { type filter hook input priority 0; policy " policy "; "
#define SSH_AND_API "tcp dport { 22, 2222, 8443 } accept; "
#define USUAL                                                                  \
	"iif lo accept; iifname \"lo\" accept; ct state invalid drop; "        \
	"ct state established,related accept; "                                \
	"meta l4proto { icmp, ipv6-icmp } accept; "

static const struct {
	const char *what, *rules;
	enum foreign_is is;
	const char *text; /* in what is said */
} rows[] = {
    {"nothing", "", FOREIGN_PASSES, ""},
    {"ours is not meant", "table inet sallyport { " IN("drop") "}; }",
	FOREIGN_PASSES, ""},
    {"a usual one that lets in",
	"table inet filter { " IN("drop") USUAL SSH_AND_API "}; }",
	FOREIGN_PASSES, ""},
    {"a usual one that does not",
	"table inet filter { " IN("drop") USUAL "tcp dport 22 accept; }; }",
	FOREIGN_DROPS,
	"table inet filter, chain in drops TCP port 2222 over IPv4 (its policy "
	"is drop); TCP port 2222 over IPv6; TCP port 8443 over IPv4; TCP port "
	"8443 over IPv6"},
    {"the policy is said", "table inet a { " IN("drop") "}; }", FOREIGN_DROPS,
	"(its policy is drop)"},
    {"a rule before", "table ip x { " IN("accept") "tcp dport 8443 drop; }; }",
	FOREIGN_DROPS, "table ip x, chain in drops TCP port 8443 over IPv4"},
    {"IPv6 alone", "table ip6 x { " IN("accept") "tcp dport 2222 reject; }; }",
	FOREIGN_DROPS, "over IPv6"},
    {"another's port", "table ip x { " IN("accept") "tcp dport 22 drop; }; }",
	FOREIGN_PASSES, ""},
    {"a family within inet",
	"table inet x { " IN("accept") "meta nfproto ipv6 tcp dport 2222 drop; "
				       "}; }",
	FOREIGN_DROPS, "over IPv6"},
    {"UDP", "table inet x { " IN("accept") "udp dport 2222 drop; }; }",
	FOREIGN_PASSES, ""},
    {"a range", "table inet x { " IN("accept") "tcp dport 2000-3000 drop; }; }",
	FOREIGN_DROPS, "2222"},
    {"no range of ours",
	"table inet x { " IN("accept") "tcp dport 1-1024 drop; "
				       "tcp dport != 1-9000 drop; }; }",
	FOREIGN_PASSES, ""},
    {"a set of intervals",
	"table inet x { " IN(
	    "drop") "tcp dport { 22, 2000-2300, 8443 } accept; "
		    "}; }",
	FOREIGN_PASSES, ""},
    {"an interval beside",
	"table inet x { " IN(
	    "drop") "tcp dport { 22, 2223-2300, 8443 } accept; "
		    "}; }",
	FOREIGN_DROPS, "2222"},
    {"a named set",
	"table inet x { set s { type inet_service; elements = { 2222, 8443 }; "
	"}; " IN("drop") "tcp dport @s accept; }; }",
	FOREIGN_PASSES, ""},
    {"not in a set",
	"table inet x { " IN("accept") "tcp dport != { 2222, 8443 } drop; }; }",
	FOREIGN_PASSES, ""},
    {"a verdict map",
	"table inet x { " IN("drop") "tcp dport vmap { 2222 : accept, "
				     "8443 : accept }; }; }",
	FOREIGN_PASSES, ""},
    {"a verdict map that drops",
	"table inet x { " IN("accept") "tcp dport vmap { 8443 : drop }; }; }",
	FOREIGN_DROPS, "8443"},
    {"states as a map",
	"table inet x { " IN("drop") "ct state vmap { established : accept, "
				     "invalid : drop }; " SSH_AND_API "}; }",
	FOREIGN_PASSES, ""},
    {"new ones are dropped",
	"table inet x { " IN("accept") "ct state new drop; }; }", FOREIGN_DROPS,
	"2222"},
    {"from somewhere only",
	"table inet x { " IN("drop") "ip saddr 192.0.2.0/24 accept; "
				     "ip6 saddr fd00::/8 accept; }; }",
	FOREIGN_MAY_DROP, "may drop"},
    {"banned addresses",
	"table inet f2b { set bad { type ipv4_addr; }; " IN(
	    "accept") "tcp dport 2222 ip saddr @bad reject; }; }",
	FOREIGN_MAY_DROP, "chain in may drop TCP port 2222 over IPv4"},
    {"banned from another port",
	"table inet f2b { set bad { type ipv4_addr; }; " IN(
	    "accept") "tcp dport 22 ip saddr @bad reject; }; }",
	FOREIGN_PASSES, ""},
    {"too often",
	"table inet x { " IN(
	    "accept") "tcp dport 2222 limit rate over 5/second "
		      "drop; }; }",
	FOREIGN_MAY_DROP, "2222"},
    {"a jump",
	"table inet x { chain services { tcp dport { 2222, 8443 } accept; "
	"}; " IN("drop") "jump services; }; }",
	FOREIGN_PASSES, ""},
    {"a jump that comes back",
	"table inet x { chain services { tcp dport 2222 return; accept; }; " IN(
	    "drop") "jump services; }; }",
	FOREIGN_DROPS, "2222"},
    {"a goto",
	"table inet x { chain services { tcp dport 22 accept; }; " IN(
	    "drop") "goto services; accept; }; }",
	FOREIGN_DROPS, "2222"},
    {"a chain that nobody calls",
	"table inet x { chain services { drop; }; " IN("accept") "}; }",
	FOREIGN_PASSES, ""},
    {"before routing",
	"table ip raw { chain pre { type filter hook prerouting priority -300; "
	"tcp dport 2222 counter log drop; }; }",
	FOREIGN_DROPS, "chain pre"},
    {"another way",
	"table ip x { chain out { type filter hook output priority 0; "
	"policy drop; }; chain on { type filter hook forward priority 0; "
	"policy drop; }; }",
	FOREIGN_PASSES, ""},
    {"switched off", "table inet x { flags dormant; " IN("drop") "}; }",
	FOREIGN_PASSES, ""},
    {"a mark on the way",
	"table inet x { " IN(
	    "accept") "meta mark set 1; tcp flags syn "
		      "tcp dport 2222 counter accept; drop; }; }",
	FOREIGN_DROPS, "8443"},
};

static void
tables(void **state)
{
	(void)state;
	if (geteuid() != 0 || unshare(CLONE_NEWNET) != 0)
		SKIP_TEST("needs root for a network namespace");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct foreign f;

		load(rows[i].rules);
		f = look();
		CHECK_ROW(f.is == rows[i].is, rows[i].what);
		CHECK_ROW(strstr(f.text, rows[i].text) != NULL, f.text);
		CHECK_ROW((f.text[0] == '\0') == (f.is == FOREIGN_PASSES),
		    rows[i].what);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(tables),
	};

	return cmocka_run_group_tests_name("foreign", tests, NULL, NULL);
}
