#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: a full disk gives no new access and says so; with room again everything goes on

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

on gateway sh -c 'cat /dev/zero >/var/lib/sallyport/filler 2>/dev/null; true'
# whatever room its reserve gives goes to the records of refusals; asking goes on
# until it says no, and never is a door opened that the log does not know
for ((i = 0; i < 20; i++)); do
	on gateway sh -c 'cat /dev/zero >>/var/lib/sallyport/filler 2>/dev/null; true'
	if ! OUT=$(jit alice request web-01 --for 5m --reason "full $i" 2>&1); then
		break
	fi
	live=$(as alice grants -o name | head -n 1)
	[ -z "$live" ] || local_admin revoke "$live" >/dev/null 2>&1 || true
done
[ "$i" -lt 20 ] || fail 'access is given on a full disk'
expect_out 'evidence|log|disk|unavailable|space'
expect_eq 0 "$(gw_elements entry4 | jq -r 'select(.elem.expires > 6)' | wc -l)" 'doors'
wait_for 10 door_is silent
expect_fail any gw_ssh alice -o ConnectTimeout=2 -- web-01 true
[ -n "$(gw_pid supervisor)" ] || fail 'gatewayd died of a full disk'

echo '- room again'
on gateway rm /var/lib/sallyport/filler
again() { as alice request web-01 --for 5m --reason again; }
wait_for 40 again
expect_ok gw_ssh alice -- web-01 true
has_record '.event == "audit.degraded"' || fail 'no audit.degraded record'
expect_ok local_admin audit verify
pass
