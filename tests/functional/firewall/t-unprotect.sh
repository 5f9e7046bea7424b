#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: a port stays shut when its target is removed, until root on the gateway opens it on record

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client gateway web-01'
lab_up "$STAGE"
target_sshd_start web-01
gw_init
gw_start
add_target web-01
a=10.20.0.11
tells() { # ANSWERS: what the command says to them
	OUT=$(printf '%b' "$1" | on gateway gatewayd unprotect "$a" 22 2>&1)
}
shut() { gw_elements protected4 | grep -F "\"$a\",\"tcp\",22" >/dev/null; }

echo '- removed: it stays shut, and the command that opens it is told'
expect_ok local_admin target rm web-01 --yes
expect_out "^  gatewayd unprotect $a 22$"
shut || fail 'the port is open'
expect_eq silent "$(tcp_probe client "$a" 22)" 'the port'

echo '- it is listed, as no target names it; what is not protected is told before anything is asked'
for list in '' --list; do
	# shellcheck disable=SC2086 # words
	expect_ok on gateway gatewayd unprotect $list
	expect_out "^gatewayd unprotect $a 22$"
done
! OUT=$(on gateway gatewayd unprotect "$a" 2222 </dev/null 2>&1) || fail "it did: $OUT"
expect_out "TCP port 2222 of $a is not protected"
expect_no_out 'Why'

echo '- not without a reason, not without a yes, not by another user'
! tells '\n' || fail "it did: $OUT"
long=$(printf 'x%.0s' {1..300})
for answers in "$long\ny\nn\n" "$long\ny\n" "$long"; do
	! tells "$answers" || fail "a reason that would be cut: $OUT"
	expect_out 'is 300 bytes long, and may be at most 256: nothing was done'
done
! tells 'a mistake\nn\n' || fail "it did: $OUT"
! tells 'a mistake\n\n' || fail "it did: $OUT"
expect_fail any on_as nobody gateway gatewayd unprotect "$a" 22 <<<$'why\ny'
expect_fail any on_as sallyport-broker gateway python3 -I -S -c 'if 1:
	import socket
	socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET).connect(
	    "/var/lib/sallyport/gatewayd.sock")'
shut || fail 'the port is open'
expect_eq 0 "$(record_count '.event == "port.unprotect"')" 'records of nothing'

echo '- root, with a reason: on record first, then open'
gw_freeze notary
tells 'it was a mistake\ny\n' &
asker=$!
sleep 1 # nothing happens: nothing can be waited for
shut || fail 'the port was opened before the record of it: before anything is opened'
gw_thaw notary
wait "$asker" || fail 'it did not'
! shut || fail 'the port is still shut'
has_record ".event == \"port.unprotect\" and .uid == 0 and (.why | contains(\"mistake\")) and .dst == \"$a\"" ||
	fail 'no record of who and why'
has_record ".event == \"port.unprotected\" and .dst == \"$a\" and .outcome == \"success\"" ||
	fail 'no record that it is open'
corrections() { record_count '.event == "port.unprotect" and .corrects != null'; }
expect_eq 0 "$(corrections)" 'corrections of what was done'
expect_eq 1 "$(records 'select(.event | startswith("port.unprotect")) | .event' | sed -n 1p | grep -c 'unprotect"')" 'why comes first'
! tells 'again\ny\n' || fail "it did: $OUT"
expect_out 'not protected'

echo "- a target's still: nothing is changed, and it is said whose; a restart keeps what was opened"
add_target web-01
wait_for 5 shut
in_list() { [ -n "$(on gateway gatewayd unprotect --list 2>/dev/null)" ]; }
! in_list || fail 'a port of a target is listed'
! tells 'a test\ny\n' || fail "a target's still: it says that it is open: $OUT"
expect_out 'target web-01 still names it.*nothing was changed.*jitctl --socket /run/sallyport/admin.sock target rm web-01$'
expect_no_out '^Open'
shut || fail 'the port is open'
expect_ok local_admin target add again "$a" --host-key /etc/lab/web-01.hostkey --login deploy --yes
expect_ok local_admin target rm web-01 --yes
expect_out "^$a port 22 is target again's as well\.$"
expect_no_out "unprotect $a 22"
expect_out '^  gatewayd unprotect fd00:20::11 22$'
expect_ok local_admin target rm again --yes
expect_out "^  gatewayd unprotect $a 22$"
echo '- moved: what it had stays shut, and is told as well'
add_target web-01
wait_for 5 shut
expect_ok local_admin target set web-01 fd00:20::99 --host-key /etc/lab/web-01.hostkey --login deploy --yes
expect_out 'What it had before stays shut'
expect_out "^  gatewayd unprotect $a 22$"
shut || fail 'the port is open'
expect_ok local_admin target rm web-01 --yes
echo '- what nobody confirms is on record as that'
gw_freeze firewall
! tells 'a test\ny\n' || fail "it says that it is open: $OUT"
corrected() {
	has_record '.event == "port.unprotect" and .outcome == "failure" and .reason == "unconfirmed" and (.corrects | type) == "number"'
}
wait_for 20 corrected
expect_eq 1 "$(corrections)" 'corrections of what was not done'
shut || fail 'the port is open'
echo '- while the broker hangs nobody knows whether a target names it: nothing is done, and what to do is told'
gw_freeze broker
! tells 'a test\ny\n' || fail "though nobody knew: it says that it is open: $OUT"
expect_out 'cannot be told.*nothing was changed.*try again'
shut || fail 'though nobody knew: the port is open'
later() { tells 'a test\ny\n'; }
wait_for 30 later
! shut || fail 'the port is still shut'
gw_stop
! tells 'a test\ny\n' || fail "nobody is there: $OUT"
expect_out 'Does it run'
expect_no_out 'Why'
gw_start
! shut || fail 'shut again by the restart'
pass
