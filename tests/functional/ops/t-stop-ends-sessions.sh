#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: an orderly stop ends sessions first, says so, and the grants wait for the next start

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"
# shellcheck source=tests/functional/tools/stream.sh
. "$(dirname -- "$0")/../tools/stream.sh"

need_stage
LAB_HOSTS='client gateway web-01'
lab_up "$STAGE"
story
grant=$(request alice web-01)
stream_start alice web-01
sid=$(as alice sessions -o name)
start=$(now_ms)
gw_stop
took=$(($(now_ms) - start))
stream_ended "$(now_ms)" shutdown
[ "$took" -lt 15000 ] || fail "the stop took $took ms"
has_record ".event == \"session.end\" and .sid == \"$sid\" and .reason == \"shutdown\"" ||
	fail 'no session.end record'
has_record '.event == "gateway.stop"' || fail 'no gateway.stop record'
expect_eq audit.checkpoint "$(records .event | tail -n 1 | tr -d '"')" 'the last record'
expect_eq silent "$(tcp_probe client 10.20.0.11 22)" 'the target while nothing runs'
expect_eq silent "$(tcp_probe client 198.51.100.1 2222)" 'the door'
expect_eq '' "$(gw_elements entry4)$(gw_elements leg4)$(gw_elements path4)" 'what is open'

gw_start
expect_eq "$grant" "$(as alice grants -o name)" 'the grant after the start'
expect_ok gw_ssh alice -- web-01 true
expect_eq 0 "$(record_count '.event == "gateway.crash_recovered"')" 'crashes on record'
gw_kill supervisor
wait_for 15 gw_gone
gw_start
expect_eq 1 "$(record_count '.event == "gateway.crash_recovered"')" 'crashes on record'

echo '- a firewall that hangs, or does not run, leaves no door open either'
open_now() { echo "$(gw_elements entry4)$(gw_elements leg4)$(gw_elements path4)"; }
[ -n "$(open_now)" ] || fail 'nothing is open'
gw_freeze firewall
gw_stop
expect_eq '' "$(open_now)" 'what is open after the firewall hung'
has_record '.event == "process.hung" and .process == "firewall"' || fail 'no process.hung'
gw_start
[ -n "$(open_now)" ] || fail 'nothing is open again'
gw_kill firewall
gw_stop
expect_eq '' "$(open_now)" 'what is open after the firewall was killed'

echo '- what no firewall process can shut is said to be open'
gw_start
[ -n "$(open_now)" ] || fail 'nothing is open again'
on gateway mount --bind /bin/false /usr/local/libexec/sallyport/sallyport-firewall
gw_freeze firewall
gw_stop
[ -n "$(open_now)" ] || fail 'who shut it?'
gw_said 'no firewall process has said that every door is shut' || fail 'nothing in the log'
has_record '.event == "process.hung" and (.msg | test("every door is shut"))' ||
	fail 'nothing on record'
pass
