#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: recordings stop before the log; a full disk gives no new access but ends what is open and takes away what was given; with room all goes on

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client gateway web-01'
lab_up "$STAGE"
on gateway mount -t tmpfs -o size=24m,mode=0755 small /var/lib/sallyport
story
add_role ops --user alice --label env=lab --login deploy --max 1h
request alice web-01 >/dev/null
expect_ok local_admin revoke "$(as alice grants -o name)"
wait_for 10 door_is silent

echo '- recordings stop first: who is recorded is told, other access goes on'
request alice web-01 >/dev/null
gw_ssh_bg alice -tt -- web-01 'while echo tick; do sleep 0.2; done' </dev/null >"$TEST_DIR/out" 2>&1
wait_for 10 grep -q tick "$TEST_DIR/out"
avail=$(on gateway df -k --output=avail /var/lib/sallyport | tail -n 1)
on gateway head -c "$(((avail - 3500) * 1024))" /dev/zero | on gateway tee /var/lib/sallyport/filler >/dev/null
wait_for 20 grep -q 'no room left for its recording' "$TEST_DIR/out"
has_record '.event == "recording.failed"' || fail 'a recording that stopped is not on record'
expect_fail any gw_ssh alice -tt -- web-01 true
expect_out 'no room left for its recording'
expect_ok gw_ssh alice -- web-01 true
expect_fail any local_admin doctor
expect_out 'disk of recordings.*make room'
live=$(local_admin grants -o name)

echo '- a full disk'
on gateway sh -c 'cat /dev/zero >>/var/lib/sallyport/filler 2>/dev/null; true'
OUT=$(jit alice request web-01 --for 5m --reason full 2>&1) && fail 'access is given on a full disk'
expect_out 'less than 1 MiB of the disk of the log are free: new access is refused'
has_record '.event == "request.create" and .outcome == "failure" and .reason == "disk-full"' ||
	fail 'what was refused is not on record'
expect_fail any local_admin doctor
expect_out 'disk of the log.*0 MiB of 24 are free: make room; new access is refused'
# refusals have taken the log's own room then: nothing but what ends access
for ((i = 0; i < 20; i++)); do
	on gateway sh -c 'cat /dev/zero >>/var/lib/sallyport/filler 2>/dev/null; true'
	expect_fail any jit alice request web-01 --for 5m --reason "full $i"
done
live=$(local_admin grants -o name | tail -n 1)

echo '- a process that dies then is started again'
gw_kill broker
gw_kill firewall
on gateway sh -c 'cat /dev/zero >>/var/lib/sallyport/filler 2>/dev/null; true'
back() { expect_eq "$live" "$(local_admin grants -o name | tail -n 1)" 'what is open'; }
wait_for 30 back

echo '- ends access all the same'
expect_ok local_admin revoke "$live"
has_record ".event == \"grant.close\" and .grant == \"$live\" and .reason == \"revoked\"" ||
	fail "the end of $live is not on record"
has_record '.event == "audit.degraded"' || fail 'no audit.degraded record'
expect_ok local_admin lock source 203.0.113.9
expect_ok local_admin user lock alice
has_record '.event == "user.update" and .user == "alice" and .outcome == null' ||
	fail 'the lock is not on record'
has_record '.corrects != null' && fail 'a record says that something was not done'
expect_eq disabled "$(local_admin users -o json | jq -r '.items[] | select(.user == "alice").state')" 'alice'
expect_eq '' "$(local_admin grants -o name)" 'what alice had open'
expect_fail any jit alice request web-01 --for 5m --reason locked
expect_out 'locked|disabled'
expect_ok local_admin role rm ops
wait_for 10 no_elements path4 leg4
expect_eq 0 "$(gw_elements entry4 | jq -r 'select(.elem.expires > 6)' | wc -l)" 'doors'
wait_for 10 door_is silent
expect_fail any gw_ssh alice -o ConnectTimeout=2 -- web-01 true
[ -n "$(gw_pid supervisor)" ] || fail 'gatewayd died of a full disk'
[ "$(gw_log | grep -c 'newly protected ports are open')" -le 2 ] ||
	fail 'the log says over and over that the state cannot be written'

echo '- each start then is on record'
starts=$(record_count '.event == "gateway.start"')
for ((i = 1; i <= 4; i++)); do
	gw_stop
	on gateway sh -c 'cat /dev/zero >>/var/lib/sallyport/filler 2>/dev/null; true'
	gw_start
	started() { [ "$(record_count '.event == "gateway.start"')" -eq $((starts + i)) ]; }
	wait_for 10 started
done

echo '- room again'
on gateway rm /var/lib/sallyport/filler
expect_ok local_admin user unlock alice
add_role ops --user alice --label env=lab --login deploy --max 1h
again() { as alice request web-01 --for 5m --reason again; }
wait_for 40 again
expect_ok gw_ssh alice -tt -- web-01 true
has_record '.event == "audit.degraded"' || fail 'no audit.degraded record'
expect_ok local_admin audit verify
pass
