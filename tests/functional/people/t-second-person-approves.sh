#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: a request waits for a second person, over a restart, and opens for the address of its user then

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client client2 gateway web-01'
lab_up "$STAGE"
target_sshd_start web-01
gw_init
gw_start
add_target web-01
add_user alice
add_user bob --group sre
add_role ops --user alice --label env=lab --login deploy --max 1h --approvals '1 of sre'

state_of() { as "$1" requests show "$2" -o json | jq -r .state; }
rc_of() {
	local rc=0

	"$@" >"$TEST_DIR/out" 2>"$TEST_DIR/err" || rc=$?
	printf '%s' "$rc"
}

echo '- it waits, and opens nothing'
expect_eq 6 "$(rc_of request alice web-01)" 'a request that waits'
id=$(cat "$TEST_DIR/out")
grep -q 'Waiting for approval by 1 of sre (0 of 1' "$TEST_DIR/err" ||
	fail "what she is told:$(check_show "$(cat "$TEST_DIR/err")")"
expect_eq pending "$(state_of alice "$id")" 'the request'
no_elements entry4 || fail 'something is open'
has_record ".event == \"request.pending\" and .req == \"$id\" and (.revision | fromjson).login == \"deploy\"" ||
	fail 'it is not on record'
expect_eq 6 "$(rc_of request alice web-01)" 'asked again'
expect_eq "$id" "$(cat "$TEST_DIR/out")" 'asked again: the request'

echo '- nobody approves their own, nor activates it early'
expect_eq 3 "$(rc_of as alice approve "$id")" 'her own approval'
has_record '.event == "request.approve" and .outcome == "failure" and .reason == "own"' ||
	fail 'her own approval is not on record'
expect_eq 6 "$(rc_of as alice wait "$id")" 'wait'

echo '- it is there after a restart, for the one who may approve it'
gw_stop
gw_start
expect_eq "$id" "$(as bob requests -o name)" 'what waits for bob'
grep -qF "alice asks for web-01; to look and decide: jitctl approve $id" \
	<(as bob status 2>/dev/null) || fail 'the status of bob does not say so'
as bob status >/dev/null 2>&1 # a token, so that nothing is asked
on_as_bg bob client2 jitctl requests --watch >"$TEST_DIR/watch" 2>&1
watcher=$!
watched() { grep -qF "$1" "$TEST_DIR/watch"; }
wait_for 10 watched "jitctl approve $id"
kill "$watcher"
wait "$watcher" || true
as bob approve "$id" --note 'ok, keep the logs' >"$TEST_DIR/out" 2>&1 ||
	fail "bob's approval:$(check_show "$(cat "$TEST_DIR/out")")"
grep -q 'alice asks for web-01' "$TEST_DIR/out" ||
	fail "what bob is shown:$(check_show "$(cat "$TEST_DIR/out")")"
grep -q '^It wants 1 of sre[.]$' "$TEST_DIR/out" ||
	fail "what bob is shown:$(check_show "$(cat "$TEST_DIR/out")")"
expect_eq approved "$(state_of alice "$id")" 'the request'
no_elements entry4 || fail 'the approval opened something'
has_record '.event == "request.approve" and .outcome == "success" and .by == "bob" and .why == "ok, keep the logs" and (.signature | length) > 100' ||
	fail 'the approval is not on record'
gw_stop
gw_start

echo '- it opens for the address that she comes from then'
on client ip -4 addr flush dev out0
on client ip addr add 198.51.100.99/24 dev out0
grant=$(as alice wait "$id" -o name) || fail 'wait'
expect_eq 198.51.100.99 "$(as alice grants -o json | jq -r '.items[0].sources[] | select(test(":") | not)')" 'the source'
expect_eq "$grant" "$(as alice requests show "$id" -o json | jq -r .grant)" 'the grant of the request'
expect_eq bob "$(as alice requests ls --all -o json | jq -r --arg r "$id" '.items[] | select(.request == $r).approved_by')" 'who approved it, in the list'
expect_eq hello "$(gw_ssh alice -- web-01 echo hello)" 'ssh'
has_record ".event == \"request.activate\" and .grant == \"$grant\" and .approved_by == \"bob\"" ||
	fail 'the activation is not on record'
has_record ".event == \"session.start\" and .grant == \"$grant\" and .approved_by == \"bob\"" ||
	fail 'the session does not say who approved'
expect_eq active "$(state_of alice "$id")" 'the request'

echo '- and goes along with her to another one, by the same approval'
on client ip -4 addr flush dev out0
on client ip addr add 198.51.100.98/24 dev out0
moved=$(as alice move web-01 -o name) || fail 'move'
[ "$moved" != "$grant" ] || fail 'it is the same grant'
expect_eq "$moved" "$(as alice requests show "$id" -o json | jq -r .grant)" 'the grant of the request'
expect_eq hello "$(gw_ssh alice -- web-01 echo hello)" 'ssh'
has_record ".event == \"session.start\" and .grant == \"$moved\" and .approved_by == \"bob\"" ||
	fail 'the session does not say who approved'

echo '- once: what has ended is not opened again'
as alice release web-01 >/dev/null 2>&1
wait_for 10 no_elements entry4
expect_eq ended "$(state_of alice "$id")" 'the request'
expect_eq 7 "$(rc_of as alice wait "$id")" 'wait for what has ended'

echo '- a no is read by its user'
expect_eq 6 "$(rc_of request alice web-01)" 'another request'
id=$(cat "$TEST_DIR/out")
as bob deny "$id" --reason 'not in the freeze' >/dev/null 2>&1 || fail 'deny'
expect_eq 3 "$(rc_of as alice wait "$id")" 'wait for what was denied'
grep -q 'denied by bob: not in the freeze' "$TEST_DIR/err" ||
	fail "what she is told:$(check_show "$(cat "$TEST_DIR/err")")"
expect_eq 7 "$(rc_of as bob approve "$id")" 'approval of what was denied'

echo '- an approver who is none any more, a role that changes: nothing opens'
expect_eq 6 "$(rc_of request alice web-01)" 'a third request'
id=$(cat "$TEST_DIR/out")
as bob approve "$id" >/dev/null 2>&1 || fail 'approve'
local_admin user set bob --no-group sre >/dev/null 2>&1
expect_eq 7 "$(rc_of as alice wait "$id")" 'wait, approver gone'
has_record '.event == "request.activate" and .outcome == "failure" and .reason == "approvals"' ||
	fail 'that is not on record'
local_admin user set bob --group sre >/dev/null 2>&1
add_role ops --user alice --label env=lab --login deploy --max 1h --approvals '1 of sre' --allow shell
expect_eq 7 "$(rc_of as alice wait "$id")" 'wait, role changed'
has_record '.event == "request.activate" and .outcome == "failure" and .reason == "changed"' ||
	fail 'that is not on record'
no_elements entry4 || fail 'something is open'
as alice cancel "$id" >/dev/null 2>&1 || fail 'cancel'
expect_eq withdrawn "$(state_of alice "$id")" 'the request'
pass
