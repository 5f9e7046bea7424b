#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: no process of any uid on the gateway reaches a protected port without a leg

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client gateway web-01'
lab_up "$STAGE"
story

try() { # USER ADDR
	on_as "$1" gateway python3 -I -S -c 'if 1:
		import socket, sys
		try:
		    socket.create_connection((sys.argv[1], 22), 0.4)
		    print("open")
		except OSError:
		    print("shut")' "$2"
}
# Not one SYN of theirs may arrive; what comes back would be dropped anyhow.
all_shut() { # WHEN
	local u a

	capture_start web-01 in0 \
		'dst port 22 and (tcp[13] & 2 != 0 or (ip6 and ip6[53] & 2 != 0))'
	for u in root nobody sallyport-broker sallyport-session sallyport-firewall sallyport-api; do
		for a in 10.20.0.11 fd00:20::11; do
			expect_eq shut "$(try "$u" "$a")" "$u to $a $1"
		done
	done
	expect_eq '' "$(capture_stop web-01)" "SYNs that reached the target $1"
}
all_shut 'without a grant'
expect_ok on gateway ping -n -c 1 -W 2 10.20.0.11

echo '- while somebody has a grant, and a session'
request alice web-01 >/dev/null
all_shut 'with a grant'
gw_ssh_bg alice -- web-01 'echo here; sleep 60' </dev/null >"$TEST_DIR/out" 2>&1
ssh=$!
wait_for 10 grep -q here "$TEST_DIR/out"
all_shut 'beside a session'

echo '- also from the port of its leg: at another address of the gateway, meanwhile'
sport=$(gw_elements leg4 | jq -r '.elem.val.concat[] | numbers | select(. != 22)')
[ -n "$sport" ] || fail "no leg: $(gw_elements leg4)"
capture_start web-01 in0 'dst port 22 and (tcp[13] & 2 != 0)'
expect_ok on_as nobody gateway python3 -I -S -c 'if 1:
	import socket, sys
	s = socket.socket()
	s.settimeout(1)
	s.bind(("198.51.100.1", int(sys.argv[1])))
	try:
	    s.connect(("10.20.0.11", 22))
	    print("open")
	except OSError:
	    print("shut")' "$sport"
expect_eq shut "$OUT" "from the other address and port $sport"
expect_eq '' "$(capture_stop web-01)" 'SYNs that reached the target'

echo '- and at its own, once that is free: its leg still open, as nobody can shut it'
gw_freeze broker
on web-01 pkill -9 sshd
wait_for 10 on gateway python3 -I -S -c 'if 1:
	import socket, sys
	socket.socket().bind(("10.20.0.1", int(sys.argv[1])))' "$sport"
wait "$ssh" || true
target_sshd_start web-01
[ -n "$(gw_elements leg4)" ] || fail 'the leg is gone'
capture_start web-01 in0 'dst port 22 and (tcp[13] & 2 != 0)'
expect_ok on_as nobody gateway python3 -I -S -c 'if 1:
	import socket, sys
	s = socket.socket()
	s.settimeout(2)
	s.bind(("10.20.0.1", int(sys.argv[1])))
	try:
	    s.connect(("10.20.0.11", 22))
	    print("open")
	except OSError:
	    print("shut")' "$sport"
expect_eq shut "$OUT" "from the leg's port $sport"
expect_eq '' "$(capture_stop web-01)" 'SYNs that reached the target'
gw_thaw broker
wait_for 10 no_elements leg4 leg6
expect_ok on gateway python3 -I -S -c 'if 1:
	import socket, sys
	s = socket.socket()
	s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
	s.settimeout(1)
	try:
	    s.bind(("", int(sys.argv[1]))) # refused while it is in TIME_WAIT: shut too
	    s.connect(("10.20.0.11", 22))
	    print("open")
	except OSError:
	    print("shut")' "$sport"
expect_eq shut "$OUT" "from port $sport"
pass
