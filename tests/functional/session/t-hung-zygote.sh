#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: a session that hangs is killed also when the process that forked it has retired and hangs too

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client gateway web-01'
lab_up "$STAGE"
story

begin() { # one more session, whose process is $NEW
	local out before

	out=$(mktemp "$TEST_DIR/out.XXXXXX")
	before=$(on gateway pgrep -P "$(gw_pid zygote)" -x sallyport-sessi || true)
	gw_ssh_bg alice -- web-01 'echo here; exec sleep 300' </dev/null >"$out" 2>&1
	wait_for 15 grep -q here "$out"
	NEW=$(comm -13 <(sort <<<"$before") \
		<(on gateway pgrep -P "$(gw_pid zygote)" -x sallyport-sessi | sort))
}
there() { on gateway kill -0 "$1" 2>/dev/null; } # a zombie is, too
hung_pair() { # a session that hangs, and its zygote, which has retired and hangs
	zygote=$(gw_pid zygote)
	begin
	session=$NEW
	begin
	on gateway kill -SEGV "$NEW"
	fresh() { [ -n "$(gw_pid zygote)" ] && [ "$(gw_pid zygote)" != "$zygote" ]; }
	wait_for 10 fresh
	on gateway kill -STOP "$zygote" "$session"
}

grant=$(request alice web-01 --for 20m)
echo '- while the gateway serves'
hung_pair
sid=$(local_admin sessions -o name)
expect_ok local_admin revoke "$grant"
both_gone() { ! there "$session" && ! there "$zygote"; }
wait_for 40 both_gone
for p in session zygote; do
	has_record ".event == \"process.hung\" and .process == \"$p\"" ||
		fail "no process.hung of the $p"
done
ended() {
	has_record ".event == \"session.channel_end\" and .sid == \"$sid\"" &&
		has_record ".event == \"session.end\" and .sid == \"$sid\""
}
wait_for 10 ended

echo '- in an orderly stop, which says killed of nobody who lives'
request alice web-01 --for 20m >/dev/null
hung_pair
gw_stop
! there "$session" || fail 'the session outlives the stop'
! there "$zygote" || fail 'its zygote outlives the stop'
! gw_said 'killed and are still there' || fail 'it says that somebody is there'

echo '- and when told to stop at once'
gw_start
hung_pair
sup=$(gw_pid supervisor)
on gateway kill -TERM "$sup"
stopping() { gw_said 'stopping: sessions end'; }
wait_for 5 stopping
on gateway kill -INT "$sup"
gw_stop
gone() { ! there "$session"; }
wait_for 5 gone
on gateway kill -KILL "$zygote" 2>/dev/null || true
pass
