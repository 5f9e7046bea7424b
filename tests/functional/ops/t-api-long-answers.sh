#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: who asks for many long answers at once waits longer, and nobody else for ever

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

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

# ask.py PATH - asks 60 times at once; prints status and size of each answer
put_file gateway /tmp/ask.py <<'PY'
import socket, sys

conns = []
for i in range(60):
    s = socket.socket(socket.AF_UNIX)
    s.connect("/run/sallyport/admin.sock")
    s.sendall(b"GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
              % sys.argv[1].encode())
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

# stuck PATH GIVER TAKER - while TAKER stands still GIVER answers all of them
stuck() {
	gw_freeze "$2"
	on_bg gateway python3 /tmp/ask.py "$1" >"$TEST_DIR/out" 2>&1 </dev/null
	asker=$!
	sleep 2 # for the calls to get as far as they can
	gw_freeze "$3"
	gw_thaw "$2"
	sleep 2 # for the answers
	gw_thaw "$3"
	wait "$asker" || fail "$(cat "$TEST_DIR/out")"
	expect_eq 60 "$(wc -l <"$TEST_DIR/out")" answers
	long=$(awk '$1 == 200 && $2 > 100000' "$TEST_DIR/out" | wc -l)
	[ "$long" -ge 8 ] || fail "only $long were answered in full"
	expect_eq '' "$(awk '$1 != 200 && $1 != 503' "$TEST_DIR/out")" 'other answers'
}

echo '- from the store, while the API does not read'
stuck /v1/roles broker admin
expect_ok local_admin roles

echo '- from the log, while the broker does not read'
stuck '/v1/audit?from=0&max=196608' notary broker
expect_ok local_admin role add after --user x --label a=b --login deploy --max 1h

echo '- a list too long for one answer is shown whole'
key=$(gw_ca_lines | sed -n 1p)
for part in 0 1 2 3; do
	{
		echo targets:
		for i in {1..250}; do
			printf -- '- {target: t%d-%d, addresses: [10.9.%d.%d], logins: [deploy], labels: {env: %s}, host_keys: ["%s"]}\n' \
				"$part" "$i" "$part" "$i" 'a-label-of-sixty-characters-so-that-so-many-are-too-long-here' "$key"
		done
	} | put_file gateway /etc/lab/many.yaml
	local_admin apply -f /etc/lab/many.yaml >/dev/null
done
calls=$(local_admin --debug targets ls -o name 2>&1 >"$TEST_DIR/names" | grep -c 'GET /v1/targets')
[ "$calls" -ge 2 ] || fail "$calls answers: too short a list for this test"
expect_eq 1000 "$(sort -u "$TEST_DIR/names" | wc -l)" targets
expect_eq 1000 "$(local_admin targets -o json | jq '.items | length')" 'targets in JSON'
pass
