#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: no argument of an allowed call leads out of a session or the API; a listener that was shut down is made anew
#
# The calls are made from inside: by the live session, by the live API.

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
[ "$(uname -m)" = x86_64 ] || skip 'kernel: the numbers of the system calls are those of x86_64'
LAB_HOSTS='client gateway web-01 web-02'
lab_up "$STAGE"
story
grant=$(request alice web-01)
put_file gateway /tmp/syscall_in.py <"$(dirname -- "$0")/../tools/syscall_in.py"

inside() { # PID <LINES: prints what came of them
	on gateway python3 /tmp/syscall_in.py "$1"
}
to=020000160a14000c0000000000000000 # 10.20.0.12 port 22, web-02
zero8=0000000000000000
one8=0100000000000000
from_memory="bytes:$to bytes:58 bytes:PTR1$one8"
message="bytes:PTR010000000${zero8:8}PTR2$one8$zero8$zero8$zero8"

# All ways of FD to web-02, and to signals and options that nobody needs.
ways_out() { # FD
	cat <<-LINES
		fastopen 44 $1 bytes:58 1 0x20000000 bytes:$to 16
		fastopen-high 44 $1 bytes:58 1 0x120004000 bytes:$to 16
		sendto 44 $1 bytes:58 1 0x4000 bytes:$to 16
		sendmsg-fastopen/3 46 $from_memory $1 $message 0x20004000
		connect 42 $1 bytes:$to 16
		setown 72 $1 8 1
		setsig 72 $1 10 9
		async 72 $1 4 0x2802
		fioasync 16 $1 0x5452 bytes:$one8
		ulp 54 $1 6 31 bytes:746c73 3
		filter 54 $1 1 26 bytes:$one8 16
		fastopen-connect 54 $1 6 30 bytes:$one8 4
		socket 41 2 1 0
	LINES
}
refused='fastopen fastopen-high sendto sendmsg-fastopen connect setown setsig async
	fioasync ulp filter fastopen-connect socket'
expected() {
	local w

	for w in $refused; do
		echo "$w EACCES"
	done
}

capture_start web-02 in0 tcp dst port 22
gw_ssh_bg alice -- web-01 'echo here; sleep 60' </dev/null >"$TEST_DIR/out" 2>&1
wait_for 10 grep -q here "$TEST_DIR/out"
session=$(on gateway pgrep -P "$(gw_pid zygote)" -x sallyport-sessi)

echo '- from inside a session whose way to the target has ended'
fd=tcp:10.20.0.11:22
{
	echo "nodelay 54 $fd 6 1 bytes:01000000 4"
	echo "shutdown 48 $fd 2"
	echo 'sleep 1'
	ways_out "$fd" | grep -v sendmsg
	# it passes descriptors on, too, and where it goes no filter sees
	echo "sendmsg/3 46 $from_memory $fd $message 0x4000"
} | inside "$session" >"$TEST_DIR/said"
expect_eq "nodelay 0
shutdown 0
$(expected | grep -v sendmsg)
sendmsg killed" "$(cat "$TEST_DIR/said")" 'what came of the calls of a session'

echo '- from inside the API, whose listener it has shut down'
api=$(gw_pid api)
expect_ok local_admin doctor
{
	echo 'shutdown 48 tcp:listen 2'
	echo 'shutdown-stderr 48 2 2'
	echo "write-stderr 1 2 bytes:$(printf '\033[2Jsaid by it\n' | od -An -v -tx1 | tr -d ' \n') 15"
	ways_out tcp:listen
	# where it goes no filter sees: the socket is in no state to send
	echo 'listen 50 tcp:listen 5'
	echo "sendmsg/3 46 $from_memory tcp:listen $message 0x4000"
} | inside "$api" >"$TEST_DIR/said"
expect_eq "shutdown 0
shutdown-stderr ENOTSOCK
write-stderr 15
$(expected)
listen EACCES
sendmsg EPIPE" "$(cat "$TEST_DIR/said")" 'what came of the calls of the API'

wait_for 5 gw_said 'api: [\]x1b\[2Jsaid by it$'

# for comparison: nobody listens there, but it is reached
expect_eq refused "$(tcp_probe gateway 10.20.0.12 22)" 'web-02 from the gateway'
seen=$(capture_stop web-02)
expect_eq 1 "$(grep -c 'Flags \[S\]' <<<"$seen")" 'connections that reached web-02'

echo '- doctor says so, and the next start of the API mends it'
expect_fail 1 local_admin doctor
expect_out 'port 8443: Connection refused'
gw_kill api
another() { [ -n "$(gw_pid api)" ] && [ "$(gw_pid api)" != "$api" ]; }
wait_for 15 another
wait_for 15 local_admin doctor
expect_ok as alice grants
has_record '.event == "peer.protocol" and .process == "api"' ||
	fail 'no record of the listener'

echo '- the admin socket likewise'
admin=$(gw_pid admin)
echo 'shutdown 48 unix:listen 2' | inside "$admin" >"$TEST_DIR/said"
expect_eq 'shutdown 0' "$(cat "$TEST_DIR/said")" 'shutdown of the admin socket'
! local_admin doctor >/dev/null 2>&1 || fail 'the admin socket answers'
gw_kill admin
wait_for 15 local_admin doctor
expect_ok local_admin revoke "$grant"
pass
