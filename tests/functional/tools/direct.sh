# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# direct.sh - a live TCP stream from client to a target behind the gateway as a
# router, on a port the target protects with reach direct. Needs stream.sh.
#
#   direct_target TARGET PORT   an echo server there, protected; alice may have it
#   direct_start ADDR PORT      opens a stream from the client, one echo to prove it
#   direct_says TEXT            speaks; succeeds if the echo comes back
#   direct_reset                the stream ends by a reset when it speaks

direct_target() {
	echo_start "$1" "$2"
	put_file gateway "/etc/lab/$1.hostkey" <<<"$(target_hostkey "$1")"
	expect_ok local_admin target add "$1-direct" "$(lab_address "$1")" --port "$2" \
		--login deploy --reach direct --host-key "/etc/lab/$1.hostkey" \
		--label env=direct
	add_role direct --user alice --label env=direct --login deploy --max 1h --port "$2"
}

# One line in, one line out; a stream that breaks says how, and that is the end.
direct_start() {
	rm -f "$TEST_DIR/direct.in"
	mkfifo "$TEST_DIR/direct.in"
	exec 8<>"$TEST_DIR/direct.in" # opening one end alone would wait
	on_bg client python3 -I -S -c 'if 1:
		import socket, sys
		s = socket.create_connection((sys.argv[1], int(sys.argv[2])), 5)
		s.settimeout(3)
		print("open", flush=True)
		for line in sys.stdin:
		    try:
		        s.sendall(line.encode())
		        got = s.recv(4096)
		        print("echo " + got.decode().strip() if got else "eof", flush=True)
		    except ConnectionResetError:
		        print("reset", flush=True)
		        break
		    except OSError as e:
		        print("error", e, flush=True)' \
		"$1" "$2" <"$TEST_DIR/direct.in" 8>&- >"$TEST_DIR/direct.out"
	DIRECT_PID=$!
	wait_for 10 grep -q open "$TEST_DIR/direct.out"
	direct_says hello || fail "no echo: $(cat "$TEST_DIR/direct.out")"
}

direct_says() {
	local i

	echo "$1" >&8
	for ((i = 0; i < 40; i++)); do
		! grep -qx "echo $1" "$TEST_DIR/direct.out" || return 0
		sleep 0.05
	done
	return 1
}

direct_reset() {
	echo late >&8 2>/dev/null || true
	wait_for 5 grep -qx reset "$TEST_DIR/direct.out"
	! grep -q 'echo late' "$TEST_DIR/direct.out" || fail 'an echo came after the end'
	exec 8>&-
	wait "$DIRECT_PID" || true
}
