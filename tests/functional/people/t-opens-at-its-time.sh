#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: a request for a time waits over a restart and opens by itself then, for its address

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client gateway web-01'
lab_up "$STAGE"
story

rc_of() {
	local rc=0

	"$@" >"$TEST_DIR/out" 2>"$TEST_DIR/err" || rc=$?
	printf '%s' "$rc"
}
soon() { date -u -d "+$1 seconds" '+%F %T Z'; }

echo '- it waits for its time, and nothing is open'
expect_eq 0 "$(rc_of as alice request web-01 --for 5m --reason x --at "$(soon 8)" --use-within 10m -o name)" \
	'a request for a time'
id=$(cat "$TEST_DIR/out")
grep -q 'web-01 opens by itself at .* alone' "$TEST_DIR/err" ||
	fail "what she is told:$(check_show "$(cat "$TEST_DIR/err")")"
no_elements entry4 || fail 'something is open'
expect_eq approved "$(as alice requests show "$id" -o json | jq -r .state)" 'the request'
source=$(as alice requests show "$id" -o json | jq -r '.sources[] | select(test(":") | not)')

echo '- after a restart, and whatever address she has then, it opens for that one'
gw_stop
gw_start
on client ip -4 addr add 198.51.100.99/24 dev out0
opened() { has_record ".event == \"grant.open\" and .req == \"$id\""; }
wait_for 30 opened
expect_eq "$source" "$(as alice grants -o json | jq -r '.items[0].sources[] | select(test(":") | not)')" 'the source'
has_record ".event == \"request.activate\" and .req == \"$id\" and .msg == \"by itself, at the time asked for\"" ||
	fail 'its record does not say that nobody called'
expect_eq hello "$(gw_ssh alice -- web-01 echo hello)" 'ssh'
as alice release web-01 >/dev/null 2>&1
wait_for 10 no_elements entry4

echo '- who waits for it is told once when it opens'
id=$(as alice request web-01 --for 5m --reason x --at "$(soon 3600)" -o name 2>/dev/null)
expect_eq 0 "$(rc_of as alice wait "$id")" 'wait'
expect_eq 1 "$(grep -c 'web-01 opens by itself at' "$TEST_DIR/err")" 'lines that say when it opens'
as alice cancel "$id" >/dev/null 2>&1

echo '- a time that is past, or far, is none'
expect_eq 2 "$(rc_of as alice request web-01 --reason x --at "$(soon -60)")" 'a time that is past'
expect_eq 2 "$(rc_of as alice request web-01 --reason x --at "$(soon 3000000)")" 'a time that is far'

echo '- what policy refuses at its time is denied, and she reads why'
expect_eq 0 "$(rc_of as alice request web-01 --for 5m --reason x --at "$(soon 4)" -o name)" 'another one'
id=$(cat "$TEST_DIR/out")
local_admin role rm ops --yes >/dev/null 2>&1 || fail 'role rm'
denied() { has_record ".event == \"request.activate\" and .req == \"$id\" and .outcome == \"failure\""; }
wait_for 30 denied
expect_eq 3 "$(rc_of as alice wait "$id")" 'wait'
grep -q 'is denied by policy: ' "$TEST_DIR/err" ||
	fail "what she reads:$(check_show "$(cat "$TEST_DIR/err")")"
no_elements entry4 || fail 'something is open'
pass
