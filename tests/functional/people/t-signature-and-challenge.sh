#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: only a fresh challenge, signed by the key of an active user, for this server
#
# Sent by a client that lies: raw_request.py.

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client gateway web-01'
lab_up "$STAGE"
story
# with a code given a moment ago, the signature alone decides
request alice web-01 >/dev/null
local_admin revoke "$(as alice grants -o name)" >/dev/null 2>&1
wait_for 10 no_elements entry4
put_file client /tmp/raw.py 0755 <"$(dirname -- "$0")/../tools/raw_request.py"
body='{"target":"web-01","for":300,"reason":"raw"}'
on client ssh-keygen -q -t ed25519 -N '' -f /tmp/stranger
on client chmod 0644 /tmp/stranger.pub
on client chown alice /tmp/stranger

raw() { # FLAGS...
	on_as alice client python3 /tmp/raw.py "$@" 198.51.100.1 8443 request.create \
		/v1/requests "$body"
}
refused() { # WANT FLAGS...
	local want=$1

	shift
	expect_ok raw "$@"
	expect_eq "$want" "$OUT" "reply to ${*:-nothing odd}"
	expect_eq 0 "$(gw_elements entry4 | wc -l)" "elements after ${*:-}"
	has_record ".event == \"api.denied\" and .reason == \"${reason:-${want#* }}\"" ||
		fail "no record of $want"
}

# answered as a key that nobody has: which are known here is not told
reason=bad-signature refused '401 unknown-key' --tamper
refused '401 unknown-key' --key /tmp/stranger
refused '401 wrong-server' --set 'server="gw-2"'
refused '401 wrong-tls' --set "tls=\"$(printf %064d 0)\""
refused '401 bad-signature' --set 'verb="grant.release"'
refused '401 wrong-time' --set 'time="1970-01-01T00:00:00Z"'
refused '401 stale-nonce' --source 198.51.100.8
refused '401 stale-nonce' --set "sources=[{\"address\":\"198.51.100.7\",\"nonce\":\"$(printf %032d 0)\"}]"

echo '- a challenge serves once'
expect_ok raw --nonce-to /home/alice/nonce
expect_eq '201 -' "$OUT" 'an honest request'
local_admin revoke "$(as alice grants -o name)" >/dev/null 2>&1
wait_for 10 no_elements entry4
refused '401 stale-nonce' --nonce-from /home/alice/nonce

echo '- a bad signature does not use it up, a restart does'
expect_ok raw --nonce-to /home/alice/nonce --tamper
expect_eq '401 unknown-key' "$OUT" 'a bad signature'
expect_ok raw --nonce-from /home/alice/nonce
expect_eq '201 -' "$OUT" 'an honest request after it'
local_admin revoke "$(as alice grants -o name)" >/dev/null 2>&1
wait_for 10 no_elements entry4
expect_ok raw --nonce-to /home/alice/nonce --tamper
pid=$(gw_pid broker)
gw_kill broker
broker_is_back() {
	local now

	now=$(gw_pid broker)
	[ -n "$now" ] && [ "$now" != "$pid" ] &&
		on gateway curl -s --unix-socket "$GW_SOCKET" http://gateway/v1/readyz |
		grep -q 'agree'
}
wait_for 20 broker_is_back
refused '401 stale-nonce' --nonce-from /home/alice/nonce

echo '- nobody can use them up: not their own, not those of others'
expect_ok on_as alice client python3 -c '
import http.client, json, ssl
codes = set()
c = http.client.HTTPSConnection("198.51.100.1", 8443, context=ssl._create_unverified_context())
for _ in range(5000):
    c.request("POST", "/v1/challenge", "{}", {"Content-Type": "application/json"})
    r = c.getresponse()
    r.read()
    codes.add(r.status)
print(*sorted(codes))'
expect_eq 200 "$OUT" 'challenges'
expect_ok raw --set 'body={"target":"web-01","for":300,"reason":"raw","login":"x"}'
expect_eq '403 denied' "$OUT" 'a request after 5000 challenges'
expect_ok on client curl -sk --interface 198.51.100.8 -d '{}' \
	-H 'Content-Type: application/json' https://198.51.100.1:8443/v1/challenge
expect_out '"nonce"'
pass
