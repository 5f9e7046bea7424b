#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: with the newer kernel features off: door, end on time, and a flushed table comes back in 1 s

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"
# shellcheck source=tests/functional/tools/stream.sh
. "$(dirname -- "$0")/../tools/stream.sh"

need_stage
LAB_HOSTS='client gateway web-01'
lab_up "$STAGE"
target_sshd_start web-01
gw_init
gw_config 'kernel: "6.1"'
gw_start
add_target web-01
add_role ops --user alice --label env=lab --login deploy --max 1h
add_user alice
expect_eq silent "$(tcp_probe client 198.51.100.1 2222)" 'the door'
expect_eq silent "$(tcp_probe client 10.20.0.11 22)" 'the target'
grant=$(request alice web-01 --for 8s)
expect_eq open "$(tcp_probe client 198.51.100.1 2222)" 'the door'
stream_start alice web-01
stream_ended "$(grant_end_ms "$grant")" expired
wait_for 10 door_is silent

echo '- somebody flushes the whole ruleset'
grant=$(request alice web-01)
expect_ok gw_ssh alice -- web-01 true
start=$(now_ms)
on gateway nft flush ruleset
shut() { on gateway nft list set inet sallyport protected4 2>/dev/null | grep 10.20.0.11 >/dev/null; }
wait_for 5 shut
took=$(($(now_ms) - start))
[ "$took" -le 1500 ] || fail "the table was back after $took ms"
expect_eq silent "$(tcp_probe client 10.20.0.11 22)" 'the target'
expect_eq silent "$(tcp_probe client 198.51.100.1 2222 198.51.100.8)" 'the door to others'
wait_for 5 door_is open
expect_ok gw_ssh alice -- web-01 true
has_record '.event == "firewall.tamper"' || fail 'no firewall.tamper record'
expect_ok local_admin revoke "$grant"
wait_for 10 door_is silent
pass
