#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: whatever process is killed: grants come back with the time they have left

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client gateway web-01'
lab_up "$STAGE"
story
grant=$(request alice web-01 --for 10m)
end=$(records 'select(.event == "grant.open") | .end')

back() { # the grant is live in the list, with the end it had
	[ "$(local_admin grants -o json 2>/dev/null | jq -r ".items[] |
		select(.grant == \"$grant\" and .state == \"active\" and .left_s > 0) |
		.grant")" = "$grant" ]
}
works() {
	gw_ssh alice -- web-01 true
}
exits=0
for p in broker notary firewall api admin recorder shipper zygote; do
	echo "- $p"
	old=$(gw_pid "$p")
	gw_kill "$p"
	exits=$((exits + 1))
	another() { [ -n "$(gw_pid "$p")" ] && [ "$(gw_pid "$p")" != "$old" ]; }
	wait_for 15 another
	wait_for 15 back
	wait_for 15 works
	wait_for 5 door_is open
	door_is silent 198.51.100.8 || fail 'the door is open to others'
	expect_eq "$end" "$(records 'select(.event == "grant.open") | .end')" 'the end'
	got() { [ "$(record_count ".event == \"process.exit\" and .status == -9")" -ge "$exits" ]; }
	wait_for 10 got
done

echo '- a session'
gw_ssh_bg alice -- web-01 'echo here; sleep 60' </dev/null >"$TEST_DIR/out" 2>&1
ssh=$!
wait_for 10 grep -q here "$TEST_DIR/out"
sid=$(local_admin sessions -o name)
on gateway kill -KILL "$(on gateway pgrep -P "$(gw_pid zygote)" -x sallyport-sessi)"
rc=0
wait "$ssh" || rc=$?
expect_eq 255 "$rc" 'exit status of ssh'
has_record ".event == \"session.end\" and .sid == \"$sid\" and .reason == \"aborted\"" ||
	fail "no end of session $sid on record"
wait_for 10 has_record ".event == \"session.channel_end\" and .sid == \"$sid\" and
	.reason == \"lost\" and .bytes_out > 0 and (has(\"exit\") | not)"
wait_for 5 no_elements leg4 leg6
works || fail 'ssh does not work'

echo '- supervisor, all of them at once'
gw_kill supervisor
wait_for 15 gw_gone
gw_start
back || fail 'the grant did not come back'
works || fail 'ssh does not work'
gw_kill supervisor notary broker firewall api admin recorder shipper
wait_for 15 gw_gone
expect_eq silent "$(tcp_probe client 198.51.100.1 2222 198.51.100.8)" 'the door to others'
gw_start
back || fail 'the grant did not come back'
works || fail 'ssh does not work'
left=$(gw_elements entry4 | jq '.elem.expires')
now=$(date +%s)
[ "$left" -le $((end / 1000 - now + 7)) ] || fail "the element has $left s, the grant less"

echo '- its end still holds, and everything is in order in the log'
expect_ok local_admin revoke "$grant"
wait_for 10 door_is silent
has_record '.event == "gateway.crash_recovered"' || fail 'no gateway.crash_recovered'
expect_ok local_admin audit verify
expect_eq 1 "$(record_count '.event == "grant.open"')" 'grants opened'

echo '- every program has one end, whatever was killed'
unpaired() { # starts without one, and ends too many
	records 'select(.event | IN("session.exec", "session.shell", "session.subsystem", "session.channel_end"))' |
		jq -sr '[group_by([.sid, .channel])[] | map(.event == "session.channel_end" | if . then 1 else 0 end) |
			add | select(. != 1)] | length'
}
paired() { [ "$(unpaired)" = 0 ]; }
wait_for 20 paired
pass
