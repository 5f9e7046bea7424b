#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: a client's keepalives are answered by the target, and by the gateway while it holds a session

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"
# shellcheck source=tests/functional/tools/session_lib.sh
. "$(dirname -- "$0")/../tools/session_lib.sh"
# shellcheck disable=SC2154 # key, D come from session_start

# A session that says nothing and ends when the file over is there; the sshd that
# serves it is in $D/serves.
silent() {
	rm -f "$D/serves" "$D/over"
	user_ssh "${alive[@]}" "$@" 127.0.0.1 \
		"echo \$PPID >$D/serves; until [ -e $D/over ]; do sleep 0.1; done; echo over" \
		>"$D/1" 2>"$D/2" </dev/null &
	silent_pid=$!
	until [ -s "$D/serves" ]; do sleep 0.05; done
}

ends_well() { # NAME
	local rc=0

	touch "$D/over"
	wait "$silent_pid" || rc=$?
	cat "$D/2" >&2
	want "$1: exit status" 0 "$rc"
	want "$1: output" over "$(cat "$D/1")"
}

keepalives() {
	alive=(-o ServerAliveInterval=1 -o ServerAliveCountMax=2)
	local serves rc=0 start

	# three times what the client waits for an answer
	silent
	sleep 6
	ends_well 'a target that says nothing'
	silent
	harness drop notary
	sleep 4
	harness link notary
	ends_well 'no notary for a while'
	silent -o LogLevel=INFO
	serves=$(cat "$D/serves")
	kill -STOP "$serves"
	start=$SECONDS
	wait "$silent_pid" || rc=$?
	kill -CONT "$serves"
	want 'a target that stopped: exit status' 255 "$rc"
	grep -q '^Timeout, server .* not responding' "$D/2"
	want 'a target that stopped: soon' yes \
		"$([ $((SECONDS - start)) -lt 20 ] && echo yes)"
	# many at once, and output between them
	want 'with output' 40 "$(user_ssh "${alive[@]}" 127.0.0.1 \
		'for i in $(seq 40); do echo $i; sleep 0.15; done' | wc -l)"
}

session_need
session_inside keepalives
pass
