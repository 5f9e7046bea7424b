#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# seconds: 600
# promise: what stands still in a connection's channels costs bounded memory; beyond that the connection ends and says why

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"
# shellcheck source=tests/functional/tools/session_lib.sh
. "$(dirname -- "$0")/../tools/session_lib.sh"
# shellcheck disable=SC2154,SC2317 # key, D come from session_start; called by name

# What the largest session has had of memory at most, in kB.
rss_kb() {
	local p

	for p in $(pgrep -x sallyport-sessi); do
		# it may be gone by now
		awk '/^VmHWM/ { print $2 }' "/proc/$p/status" 2>/dev/null || true
	done | sort -n | tail -n 1
}

# standing_still N: N programs that neither read nor are read from, over the
# connection of $D/mux. Their clients are in $pids.
standing_still() {
	local i

	for i in $(seq "$1"); do
		user_ssh -S "$D/mux" -o ProxyCommand=false 127.0.0.1 \
			'cat /dev/zero & sleep 600' </dev/zero >"$D/unread" \
			2>"$D/said.$i" &
		pids+=("$!")
	done
}

buffers() {
	local pids=() most=0 kb i from SSH_BOUND=600

	mkfifo "$D/unread"
	sleep 600 <>"$D/unread" &
	pids=("$!")
	user_ssh -M -S "$D/mux" -o LogLevel=INFO -E "$D/told" -fN 127.0.0.1 </dev/null >/dev/null 2>&1
	# it has been sent nothing yet, so there is room to tell it why all ends
	user_ssh -S "$D/mux" -o ProxyCommand=false 127.0.0.1 'sleep 600' </dev/null 2>"$D/said" &
	pids+=("$!")
	standing_still 40
	for i in $(seq 60); do # it settles
		kb=$(rss_kb)
		[ "$kb" -gt "$most" ] || [ "$i" -lt 30 ] || break
		most=$kb
		sleep 0.1
	done
	want 'one more beside forty' yes \
		"$(user_ssh -S "$D/mux" 127.0.0.1 'echo yes' </dev/null)"
	standing_still 100
	from=$SECONDS
	until ! user_ssh -S "$D/mux" -O check 127.0.0.1 2>/dev/null; do
		kb=$(rss_kb)
		[ "${kb:-0}" -le "$most" ] || most=$kb
		[ $((SECONDS - from)) -lt 300 ] || { echo "FAIL: it lives, with $most kB" >&2; return 1; }
		sleep 0.5 # each look costs what a client's start does
	done
	[ "$most" -lt 600000 ] || { echo "FAIL: $most kB" >&2; return 1; }
	[ "$most" -gt 300000 ] || { echo "FAIL: it ended at $most kB" >&2; return 1; }
	wait "${pids[1]}" || true
	# in a channel with room, or as the last word of the connection
	grep -q 'sallyport: session ended: its channels hold more unread data' \
		"$D/said" "$D/told" || { cat "$D/said" "$D/told" >&2; return 1; }
	want_event '^end reason=aborted'
	want 'another connection' yes "$(user_ssh 127.0.0.1 'echo yes')"
	kill "${pids[@]}" 2>/dev/null || true
}

session_need
session_inside buffers
pass
