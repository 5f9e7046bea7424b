#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: an extension that somebody dies in leaves the old end in force everywhere

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"
# shellcheck source=tests/functional/tools/stream.sh
. "$(dirname -- "$0")/../tools/stream.sh"

need_stage
LAB_HOSTS='client gateway web-01'
lab_up "$STAGE"
story
grant=$(request alice web-01 --for 100s)
stream_start alice web-01
old=$(grant_end_ms "$grant")
asked=0

asked_again() {
	[ "$(record_count '.event == "grant.extend" and .outcome == "success"')" -gt "$asked" ]
}
longest() { # SET: seconds that the kernel has for it
	gw_elements "$1" | jq -s 'map(.elem.expires) | max // 0'
}
old_end() {
	local left=$(((old - $(now_ms)) / 1000))

	[ "$(date -d "$(as alice grants -o json | jq -r '.items[0].end')" +%s)" -eq $((old / 1000)) ] &&
		[ "$(longest entry4)" -le $((left + 6)) ] && [ "$(longest leg4)" -le $((left + 1)) ] &&
		[ "$(longest leg4)" -gt 0 ]
}

# The firewall does not answer: it is on record that it is to last longer, and
# nobody has confirmed that it does.
for p in firewall broker notary; do
	echo "- $p dies in between"
	f=$(code_file alice)
	gw_hold firewall
	rc=0
	jit alice extend web-01 --for 10m --code-file "$f" >"$TEST_DIR/out" 2>&1 &
	pid=$!
	wait_for 10 asked_again
	asked=$((asked + 1))
	gw_kill "$p"
	gw_release firewall
	wait "$pid" || rc=$?
	[ "$rc" -ne 0 ] || fail 'it says that it is extended'
	wait_for 20 gw_lives "$p"
	wait_for 20 old_end
	stream_lives
done
expect_eq 3 "$asked" 'that were asked for'
! grep -q extended "$TEST_DIR/stream.err" || fail 'its user was told so'
sleep_until_ms $((old - 1000))
stream_ended "$old" expired
wait_for 10 door_is silent
pass
