# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# kernel_ends.sh - the body of t-kernel-ends-killed and -frozen: with the daemons
# out of the way a session that still relays and a direct stream end on time. With
# STAGE_FAULTS the session's own deadline is switched off, so that the kernel alone
# can be what ended it.

here=$(dirname -- "${BASH_SOURCE[0]}")
# shellcheck source=tests/functional/tools/stream.sh
. "$here/stream.sh"
# shellcheck source=tests/functional/tools/direct.sh
. "$here/direct.sh"

kernel_ends() { # gw_kill | gw_freeze
	local how=$1 grant direct end end2

	if [ -n "${STAGE_FAULTS:-}" ]; then
		STAGE=$STAGE_FAULTS
		SALLYPORT_FAULTS=${SALLYPORT_FAULTS:+$SALLYPORT_FAULTS,}session_deadline
	fi
	need_stage
	LAB_HOSTS='client gateway web-01'
	lab_up "$STAGE"
	story
	direct_target web-01 5000
	grant=$(request alice web-01 --for 12s)
	direct=$(request alice web-01-direct --port 5000 --for 12s)
	end=$(grant_end_ms "$grant")
	end2=$(grant_end_ms "$direct")
	stream_start alice web-01
	direct_start 10.20.0.11 5000
	# as late as can be: a session without a notary freezes, and ends after 5 s
	sleep_until_ms $((end - 2500))
	stream_lives
	"$how" supervisor broker notary firewall
	[ "$how" = gw_kill ] || stream_lives
	sleep_until_ms $((end2 - 1000))
	direct_says almost || fail 'the stream ended before its time'
	[ -n "$(pids_of gateway sallyport-sessi)" ] || fail 'the session process is gone'
	sleep_until_ms $((end2 + 200))
	direct_reset

	echo '- and what the session sent after the end did not arrive'
	sleep_until_ms $((end + 2500))
	OUT=$(capture_stop web-01)
	[ -n "$OUT" ] || fail 'the capture saw nothing at all'
	expect_eq '' "$(late_packets "$end" <<<"$OUT")" 'packets that reached the target after the end'
	kill "$STREAM_PID" 2>/dev/null || true
	wait "$STREAM_PID" 2>/dev/null || true
	wait_for 10 door_is silent
	expect_eq silent "$(tcp_probe client 10.20.0.11 22)" 'the target'
	expect_eq silent "$(tcp_probe client 10.20.0.11 5000)" 'the direct port'
}
