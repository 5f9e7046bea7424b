#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: a role says how many grants and sessions at once, and when an unused door closes

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client gateway web-01'
lab_up "$STAGE"
story

held() { # a session that stays until it is told
	gw_ssh_bg alice -- web-01 "$1"
}

echo '- one session at a time, then another'
add_role ops --user alice --label env=lab --login deploy --max 1h --max-sessions 1 --max-grants 1
grant=$(request alice web-01)
held 'sleep 60'
wait_for 20 has_record '.event == "session.start"'
rc=0
out=$(gw_ssh alice -- web-01 true 2>&1) || rc=$?
expect_eq 255 "$rc" 'a second session'
grep -q 'has 1 session already' <<<"$out" || fail "what it says:$(check_show "$out")"

echo '- one grant at a time; the same again is the one that is open'
expect_eq "$grant" "$(request alice web-01)" 'asked again'
rc=0
out=$(as alice request web-01 --for 40m --reason 'longer' 2>&1) || rc=$?
expect_eq 3 "$rc" 'another grant'
grep -q 'you have 1 open, and role ops allows 1 at once' <<<"$out" ||
	fail "what it says:$(check_show "$out")"
as alice release web-01 >/dev/null 2>&1
wait_for 10 no_elements entry4

echo '- a door that nobody goes through closes, one that was used stays'
add_role ops --user alice --label env=lab --login deploy --max 1h --unused-after 5s
grant=$(request alice web-01)
wait_for 20 no_elements entry4
has_record ".event == \"grant.close\" and .grant == \"$grant\" and .reason == \"unused\"" ||
	fail 'its end does not say why'
grant=$(request alice web-01)
expect_eq hello "$(gw_ssh alice -- web-01 echo hello)" 'ssh'
used() { [ "$(as alice sessions --all -o json | jq '[.items[] | select(.end != null)] | length')" -ge 2 ]; }
wait_for 10 used
gw_kill broker # who saw the session
wait_for 20 gw_lives broker
sleep 7 # the time itself is what is promised
expect_eq "$grant" "$(as alice grants -o name)" 'the grant that was used'
pass
