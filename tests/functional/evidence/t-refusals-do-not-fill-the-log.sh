#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: a stranger's refusals are on record, and cannot fill the log

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client gateway'
lab_up "$STAGE"
gw_init
gw_start

put_file client /tmp/flood.py 0755 <<'EOP'
import http.client, json, ssl, sys
body = json.dumps({"payload": "e30=", "signature":
    "-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n"})
c = http.client.HTTPSConnection("198.51.100.1", 8443,
                                context=ssl._create_unverified_context())
seen = {}
for _ in range(int(sys.argv[1])):
    c.request("POST", "/v1/requests", body, {"Content-Type": "application/json"})
    r = c.getresponse()
    r.read()
    seen[r.status] = seen.get(r.status, 0) + 1
print(*(f"{k}:{v}" for k, v in sorted(seen.items())))
EOP
expect_ok on client python3 /tmp/flood.py 3
expect_eq '401:3' "$OUT" 'answers'
denied='.event == "api.denied" and .reason == "bad-signature"'
expect_ok wait_for 5 has_record "$denied"
expect_ok on client python3 /tmp/flood.py 500
expect_eq '401:500' "$OUT" 'answers to a flood'
# what came before this answer was written before this record
local_admin role add later --user nobody --label env=lab --login deploy --max 1h >/dev/null
has_record '.event == "role.set"' || fail 'no record after the flood'
n=$(record_count "$denied")
[ "$n" -ge 3 ] && [ "$n" -le 30 ] || fail "$n records of 503 refusals"

echo '- nor do connections, where whole networks may connect'
gw_stop
on gateway sed -i 's|^  entry: grant|  entry: networks\n  networks: [198.51.100.0/24]|' /etc/sallyport/gatewayd.yaml
on gateway gatewayd -t || fail "$(on gateway cat /etc/sallyport/gatewayd.yaml)"
gw_start
put_file client /tmp/connect.py 0755 <<'EOP'
import socket
for i in range(700):
    s = socket.create_connection(("198.51.100.1", 2222), 10)
    s.recv(1)
    s.close()
EOP
expect_ok on client python3 /tmp/connect.py
local_admin role set later --user nobody --label env=lab --login deploy --max 2h >/dev/null
n=$(record_count '.event == "ssh.connect"')
[ "$n" -eq 600 ] || fail "$n records of 700 connections"
expect_ok wait_for 90 has_record '.event == "ssh.connect" and .count == 100'
pass
