#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: doctor on the gateway says when its API does not answer, or a table of somebody else drops what comes

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client gateway'
lab_up "$STAGE"
gw_init
gw_start

echo '- its API answers as this gateway does, over its own key'
expect_ok local_admin doctor
expect_out '^ok +api .*0\.0\.0\.0 port 8443: answers$'
expect_out '^ok +other firewalls '
expect_eq 1 "$(grep -c '^[a-z]* *clock ' <<<"$OUT")" 'lines about the clock'
api=$(gw_pid api)
gw_freeze api
expect_fail 1 local_admin doctor
expect_out '^fail +api .*port 8443: '
on gateway kill -CONT "$api" 2>/dev/null || true # else the supervisor has ended it
wait_for 20 local_admin doctor

echo '- a table of somebody else'
on gateway nft 'table inet filter { chain in { type filter hook input priority 0; policy drop;
	iif lo accept; ct state established accept; tcp dport 8443 accept; }; }'
other_firewall() { # STATUS
	OUT=$(local_admin doctor 2>&1) || true
	grep -E "^$1 +other firewalls" <<<"$OUT" >/dev/null
}
wait_for 10 other_firewall fail
other_firewall fail
expect_out 'table inet filter, chain in drops TCP port 2222 over IPv4 \(its policy is drop\); TCP port 2222 over IPv6'
on gateway nft add rule inet filter in ip saddr 198.51.100.0/24 tcp dport 2222 accept
wait_for 10 other_firewall fail # over IPv6 it still does
on gateway nft add rule inet filter in meta nfproto ipv6 tcp dport 2222 accept
wait_for 10 other_firewall warn
on gateway nft add rule inet filter in tcp dport 2222 accept
wait_for 10 other_firewall ok
on gateway nft delete table inet filter
pass
