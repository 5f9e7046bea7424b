#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: sessions are listed, ended and played; the grant outlives a killed session

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"
# shellcheck source=tests/functional/tools/stream.sh
. "$(dirname -- "$0")/../tools/stream.sh"

need_stage
LAB_HOSTS='client gateway web-01'
lab_up "$STAGE"
story
grant=$(request alice web-01)
expect_ok as alice sessions
expect_out 'No live sessions of yours'
expect_ok local_admin doctor web-01 # its probe is no session of anybody
stream_start alice web-01 -tt
sid=$(as alice sessions -o name)
expect_eq "$sid alice web-01 deploy $grant null" "$(as alice sessions -o json |
	jq -r '.items[] | "\(.sid) \(.user) \(.target) \(.login) \(.grant) \(.end)"')" 'the session'
expect_eq "$sid" "$(local_admin sessions ls --all -o name)" 'for an admin'
expect_fail any as alice sessions kill "$sid"
expect_out 'admin|may|allowed|forbidden'
stream_lives
expect_ok local_admin sessions kill "$sid"
rc=0
wait "$STREAM_PID" || rc=$?
expect_eq 255 "$rc" 'exit status of ssh'
grep -q 'sallyport: session ended: killed' "$TEST_DIR/stream.out" ||
	fail "the user was not told: $(tail -n 3 "$TEST_DIR/stream.out")"
capture_stop web-01 >/dev/null
has_record ".event == \"session.terminate\" and .sid == \"$sid\"" || fail 'no session.terminate'
has_record ".event == \"session.end\" and .sid == \"$sid\" and .reason == \"killed\"" || fail 'no session.end'
ended() {
	[ "$(local_admin sessions --all -o json | jq -r ".items[] | select(.sid == \"$sid\") | .reason")" = killed ]
}
wait_for 5 ended
expect_ok gw_ssh alice -- web-01 true
expect_ok local_admin sessions play "$sid" --speed 1000
expect_out tick
expect_fail 5 local_admin sessions kill s-ZZZZZZZZ
pass
