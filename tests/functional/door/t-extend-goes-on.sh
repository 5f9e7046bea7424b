#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# seconds: 400
# promise: what is open lasts longer by a code, what runs goes on, and whoever is killed then, it ends when the log says

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"
# shellcheck source=tests/functional/tools/stream.sh
. "$(dirname -- "$0")/../tools/stream.sh"

need_stage
LAB_HOSTS='client gateway web-01'
lab_up "$STAGE"
story
add_role ops --user alice --label env=lab --login deploy --max 3m
grant=$(request alice web-01 --for 75s)
stream_start alice web-01
old=$(grant_end_ms "$grant")

# The end that the kernel has for a set's element, within a second of that one.
kernel_ends_at() { # SET END_MS
	local left

	left=$(gw_elements "$1" | jq -s 'map(.elem.expires) | max')
	[ "$left" -ge $((($2 - $(now_ms)) / 1000 - 1)) ] &&
		[ "$left" -le $((($2 - $(now_ms)) / 1000 + 1)) ]
}
listed_end() {
	date -d "$(as alice grants -o json | jq -r '.items[0].end')" +%s%3N
}
# As everybody has it: list, door and leg (the door is open 5 s longer).
ends_at() {
	[ $(($(listed_end) / 1000)) -eq $(($1 / 1000)) ] &&
		kernel_ends_at entry4 $(($1 + 5000)) && kernel_ends_at leg4 "$1"
}
wait_for 10 ends_at "$old"

echo '- beyond the role: refused, on record, and nothing is changed'
rc=0
out=$(as alice extend web-01 --for 2m 2>&1) || rc=$?
expect_eq 3 "$rc" 'an extension beyond the role'
grep -q '3m15s is over the 3m that role ops allows: it counts from its start' <<<"$out" ||
	fail "what it says:$(check_show "$out")"
has_record ".event == \"grant.extend\" and .grant == \"$grant\" and .outcome == \"failure\" and .reason == \"policy\"" ||
	fail 'it is not on record'
ends_at "$old" || fail 'the end has moved'

echo '- it lasts longer, and the stream goes on'
out=$(as alice extend web-01 --for 1m 2>&1) || fail "extend:$(check_show "$out")"
new=$(extended_end "$grant")
expect_eq $((old + 60000)) "$new" 'the end on record'
ends_at "$new" || fail "not everybody has the new end:$(check_show "$(gw_elements entry4; gw_elements leg4)")"
stream_lives
grep -q "^sallyport: extended until $(date -u -d "@$((new / 1000))" '+%F %T') UTC" "$TEST_DIR/stream.err" ||
	fail "what its user reads:$(check_show "$(cat "$TEST_DIR/stream.err")")"
expect_eq 1 "$(record_count '.event == "session.start"')" 'sessions'
has_record ".event == \"grant.applied\" and .grant == \"$grant\" and .end_boot != null" ||
	fail 'the firewall has not said so'

echo '- who is killed then knows it again'
for p in notary firewall broker; do
	gw_kill "$p"
	wait_for 20 gw_lives "$p"
	wait_for 20 ends_at "$new"
	stream_lives
done

echo '- at the new end it is over'
sleep_until_ms $((new - 1000))
STREAM_LINES=2 stream_ended "$new" expired
wait_for 10 door_is silent
has_record ".event == \"grant.close\" and .grant == \"$grant\" and .reason == \"expired\"" ||
	fail 'no such grant.close'
pass
