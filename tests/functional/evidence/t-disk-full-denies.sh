#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: recordings stop before the log; a full disk gives no new access but ends what is open; with room all goes on

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
# whatever room its reserve gives goes to the records of refusals; asking goes on
# until it says no, and never is a door opened that the log does not know
for ((i = 0; i < 20; i++)); do
	on gateway sh -c 'cat /dev/zero >>/var/lib/sallyport/filler 2>/dev/null; true'
	if ! OUT=$(jit alice request web-01 --for 5m --reason "full $i" 2>&1); then
		break
	fi
	live=$(local_admin grants -o name | tail -n 1)
done
[ "$i" -lt 20 ] || fail 'access is given on a full disk'
expect_out 'evidence|log|disk|unavailable|space'

echo '- ends access all the same'
expect_ok local_admin revoke "$live"
has_record ".event == \"grant.close\" and .grant == \"$live\" and .reason == \"revoked\"" ||
	fail "the end of $live is not on record"
for live in $(local_admin grants -o name); do
	expect_ok local_admin revoke "$live"
done
wait_for 10 no_elements path4 leg4
expect_eq 0 "$(gw_elements entry4 | jq -r 'select(.elem.expires > 6)' | wc -l)" 'doors'
wait_for 10 door_is silent
expect_fail any gw_ssh alice -o ConnectTimeout=2 -- web-01 true
[ -n "$(gw_pid supervisor)" ] || fail 'gatewayd died of a full disk'

echo '- room again'
on gateway rm /var/lib/sallyport/filler
again() { as alice request web-01 --for 5m --reason again; }
wait_for 40 again
expect_ok gw_ssh alice -tt -- web-01 true
has_record '.event == "audit.degraded"' || fail 'no audit.degraded record'
expect_ok local_admin audit verify
pass
