#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: strangers who open connections and say little keep nobody else out

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client client2 gateway'
lab_up "$STAGE"
gw_init
gw_start

# slow.py SOURCE... - 40 connections from each: half say nothing, half go through
# the handshake and then send a byte a second. Prints how many live at first, and
# how many of them after 25 s.
put_file client /tmp/slow.py <<'PY'
import socket, ssl, sys, time

ctx = ssl._create_unverified_context()
conns = []
for source in sys.argv[1:]:
    to = "2001:db8:1::1" if ":" in source else "198.51.100.1"
    for i in range(40):
        s = socket.create_connection((to, 8443), 5, (source, 0))
        try:
            if i % 2:
                s = ctx.wrap_socket(s)
        except OSError:
            continue
        s.setblocking(False)
        conns.append(s)

def alive(s):
    try:
        return s.recv(1) != b""
    except (ssl.SSLWantReadError, BlockingIOError):
        return True
    except OSError:
        return False

time.sleep(0.5)
conns = [s for s in conns if alive(s)]
print("first", len(conns), flush=True)
end = time.time() + 25
while time.time() < end:
    for s in conns:
        try:
            if isinstance(s, ssl.SSLSocket):
                s.send(b"G")
        except OSError:
            pass
    conns = [s for s in conns if alive(s)]
    time.sleep(1)
print("last", len(conns), flush=True)
PY

# flood.py - 60 large requests that are complete at the same moment; prints how
# each was answered
put_file client /tmp/flood.py <<'PY'
import socket, ssl, time

ctx = ssl._create_unverified_context()
body = b'{"payload":"' + b"A" * 190000 + b'","signature":"x"}'
conns = []
for i in range(60):
    s = ctx.wrap_socket(socket.create_connection(("198.51.100.1", 8443), 10))
    s.sendall(b"POST /v1/requests HTTP/1.1\r\nHost: gw\r\n"
              b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n"
              % len(body) + body[:-1])
    conns.append(s)
time.sleep(1)
for s in conns:
    s.send(body[-1:])
for s in conns:
    s.settimeout(20)
    print(s.recv(12).decode())
PY

echo '- many large requests at once do not part the API from the broker'
expect_ok on client python3 /tmp/flood.py
expect_out '^HTTP/1.1 40'
expect_ok on client2 curl -4 -sSk --max-time 5 https://198.51.100.1:8443/v1/server
expect_out '"server_id":"gw-1"'

echo '- an IPv6 network is one source, however many addresses it has'
on_bg client python3 /tmp/slow.py 2001:db8:1::7 2001:db8:1::8 \
	>"$TEST_DIR/slow" 2>&1 </dev/null
slow=$!
began() { grep -q first "$TEST_DIR/slow"; }
wait_for 20 began
expect_eq 'first 64' "$(cat "$TEST_DIR/slow")" 'connections of one /64'

echo '- the others are served meanwhile'
expect_ok on client2 curl -4 -sSk --max-time 5 https://198.51.100.1:8443/v1/server
expect_out '"server_id":"gw-1"'

echo '- nobody stays by sending a byte now and then'
wait "$slow" || fail "$(cat "$TEST_DIR/slow")"
expect_eq 'last 0' "$(tail -n 1 "$TEST_DIR/slow")" 'connections after 25 s'
expect_ok on client curl -6 -sSk --max-time 5 'https://[2001:db8:1::1]:8443/v1/server'
pass
