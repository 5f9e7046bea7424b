# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# stream.sh - a live session whose end is watched from the target's side.
#
#   stream_start USER TARGET [SSH_OPTION...]   a program at the target that prints a
#                    line ten times a second; captures what arrives at the target
#   stream_lives     something more came through
#   extended_end GRANT   the end in its last grant.extend, likewise in ms
#   stream_ended END_MS REASON   the session ended for REASON: ssh exited 255, one
#                    line says why, and what reached the target after END_MS (UTC
#                    milliseconds): no data, and a second later only what tells of the end
#   late_packets END_MS   of a capture on stdin, what arrived too late
#   now_ms, grant_end_ms GRANT, sleep_until_ms MS

now_ms() {
	echo $((${EPOCHREALTIME/./} / 1000))
}

grant_end_ms() {
	local end

	end=$(records "select(.event == \"grant.open\" and .grant == \"$1\") | .end")
	[ -n "$end" ] || fail "no grant.open record of $1"
	printf '%s' "$end"
}

extended_end() {
	records "select(.event == \"grant.extend\" and .grant == \"$1\" and .outcome == \"success\") | .end" |
		tail -n 1
}

sleep_until_ms() {
	local left

	left=$(($1 - $(now_ms)))
	[ "$left" -le 0 ] || sleep "$((left / 1000)).$(printf %03d $((left % 1000)))"
}

stream_start() {
	local user=$1

	STREAM_TARGET=$2
	shift 2
	capture_start "$STREAM_TARGET" in0 tcp dst port 22
	gw_ssh_bg "$user" "$@" -- "$STREAM_TARGET" 'while echo tick; do sleep 0.1; done' \
		</dev/null >"$TEST_DIR/stream.out" 2>"$TEST_DIR/stream.err"
	STREAM_PID=$!
	wait_for 15 stream_speaks
}

stream_speaks() {
	grep -q tick "$TEST_DIR/stream.out" || {
		cat "$TEST_DIR/stream.err"
		return 1
	}
}

stream_lives() {
	local n

	n=$(wc -l <"$TEST_DIR/stream.out")
	wait_for 5 stream_longer "$n"
}

stream_longer() {
	[ "$(wc -l <"$TEST_DIR/stream.out")" -gt "$1" ]
}

# Of the capture on stdin, what arrived too late. A reset carries nothing: it is the
# gateway telling the target of the end; nor does a poke (firewall/poke.h), two
# empty ACKs with a window of its own, sent twice at most.
late_packets() { # END_MS
	awk -v end="$1" '$0 !~ /Flags \[R/ {
		t = $1 * 1000
		if (t > end + 1000 && /Flags \[[.]\], ack [0-9]+, win 1024, length 0$/ && pokes++ < 4)
			next
		if (t > end + 1000 || (t > end + 100 && /length [1-9]/))
			print
	}'
}

# Data a little later than the end is data that was on its way: 100 ms are given.
stream_ended() {
	local end=$1 why=$2 rc=0 cap late

	for ((rc = 0; rc < 200; rc++)); do
		kill -0 "$STREAM_PID" 2>/dev/null || break
		sleep 0.05
	done
	! kill -0 "$STREAM_PID" 2>/dev/null || fail 'the session did not end within 10 s'
	rc=0
	wait "$STREAM_PID" || rc=$?
	sleep_until_ms $((end + 1500))
	cap=$(capture_stop "$STREAM_TARGET")
	late=$(late_packets "$end" <<<"$cap")
	expect_eq '' "$late" 'packets that reached the target after the end'
	[ -n "$cap" ] || fail 'the capture saw nothing at all'
	expect_eq 255 "$rc" 'exit status of ssh'
	# shellcheck disable=SC2034 # expect_out reads it
	OUT=$(cat "$TEST_DIR/stream.err")
	expect_out "^sallyport: session ended: $why"
	expect_eq "${STREAM_LINES:-1}" "$(grep -c '^sallyport: ' "$TEST_DIR/stream.err")" \
		'lines that say why'
}
