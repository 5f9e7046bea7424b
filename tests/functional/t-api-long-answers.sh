#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: who asks for many long answers at once waits longer, and nobody else for ever

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/lib.sh"

need_stage
LAB_HOSTS='gateway'
lab_up "$STAGE"
gw_init
gw_start

echo '- a list of roles of more than 128 KiB'
users=()
for i in {1..30}; do
	users+=(--user "somebody-with-a-name-of-nearly-sixty-characters-number-$i")
done
for i in {1..80}; do
	add_role "r$i" "${users[@]}" --label a=b --login deploy --max 1h
done

# asks 60 times at once; prints status and size of each answer
put_file gateway /tmp/ask.py <<'PY'
import socket

conns = []
for i in range(60):
    s = socket.socket(socket.AF_UNIX)
    s.connect("/run/sallyport/admin.sock")
    s.sendall(b"GET /v1/roles HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    conns.append(s)
for s in conns:
    s.settimeout(60)
    got = b""
    while True:
        part = s.recv(65536)
        if not part:
            break
        got += part
    print(got[9:12].decode(), len(got))
PY

echo '- all 60 answered while the API does not read one'
gw_freeze broker
on_bg gateway python3 /tmp/ask.py >"$TEST_DIR/out" 2>&1 </dev/null
asker=$!
asked() { # every call is in the broker's socket or queued to it
	[ "$(on gateway ss -xH state established src /run/sallyport/admin.sock |
		wc -l)" -eq 60 ] && sleep 1
}
wait_for 20 asked
gw_freeze admin
gw_thaw broker
sleep 2 # it has written what it could
gw_thaw admin
wait "$asker" || fail "$(cat "$TEST_DIR/out")"
expect_eq 60 "$(wc -l <"$TEST_DIR/out")" answers
long=$(awk '$1 == 200 && $2 > 131072' "$TEST_DIR/out" | wc -l)
[ "$long" -ge 8 ] || fail "only $long were answered in full"
expect_eq '' "$(awk '$1 != 200 && $1 != 503' "$TEST_DIR/out")" 'other answers'

echo '- and the API goes on'
expect_ok local_admin roles
pass
