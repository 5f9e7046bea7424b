#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: every list speaks JSON, every exit code is the documented one

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client gateway web-01'
lab_up "$STAGE"
expect_fail any jit alice whoami
expect_out 'enroll'
story
grant=$(request alice web-01)
expect_ok gw_ssh alice -- web-01 true

echo '- JSON and nothing else on stdout'
for c in grants 'grants --all' targets sessions 'sessions --all' whoami status roles 'doctor'; do
	# shellcheck disable=SC2086 # words
	jit alice $c -o json 2>/dev/null >"$TEST_DIR/out" || fail "jitctl $c -o json failed"
	jq -e 'type == "object"' "$TEST_DIR/out" >/dev/null || fail "jitctl $c: not an object"
done
for c in users roles targets 'grants --all' 'sessions --all'; do
	# shellcheck disable=SC2086
	local_admin $c -o json 2>/dev/null | jq -e '.items | type == "array"' >/dev/null ||
		fail "jitctl $c -o json: no items"
done
local_admin audit tail --lines 3 -o json | jq -se 'length == 3' >/dev/null || fail 'audit tail'
expect_eq "$grant" "$(jit alice grants -o yaml | sed -n 's/.*grant: "\{0,1\}\(g-[^"]*\)"\{0,1\}$/\1/p')" yaml
jit alice whoami -o json >"$TEST_DIR/who"
expect_eq 'alice gw-1 198.51.100.7' "$(jq -r '"\(.user) \(.server_id) \(.source)"' "$TEST_DIR/who" |
	sed 's/2001:db8:1::7/198.51.100.7/')" whoami

echo '- 0 done, 1 failed, 2 usage'
expect_ok jit alice version
expect_fail 2 jit alice requst web-01
expect_out 'did you mean "request"'
expect_fail 2 jit alice request
expect_fail 2 jit alice request web-01 --for 3hours --reason x
expect_out -- '--for'
expect_fail 2 jit alice grants --nonsense
on_as alice client ssh-keygen -q -t ed25519 -N '' -f other
echo '- 3 refused, 4 login, 5 not found, 7 conflict'
expect_fail 3 jit alice request web-01 --for 9h --reason x
expect_fail any on_as admin client jitctl --no-input whoami
expect_out enroll
expect_fail 4 on_as alice client jitctl --no-input --identity /home/alice/other release "$grant"
expect_fail 5 as alice release g-ZZZZZZZZ
expect_fail 5 local_admin target rm nowhere
expect_ok as alice release "$grant"
expect_fail 7 as alice release "$grant"
echo '- a problem as an object, with its stable code'
jit alice request web-01 --for 9h --reason x -o json >"$TEST_DIR/out" 2>"$TEST_DIR/err" || true
expect_eq 'denied 403' "$(cat "$TEST_DIR/out" "$TEST_DIR/err" | jq -r '"\(.code) \(.status)"')" problem
echo '- 8 unreachable, or not the server that was pinned'
gw_stop
expect_fail 8 jit alice whoami
on gateway sh -c 'cd /tmp && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 \
	-nodes -days 1 -subj /CN=gateway -addext subjectAltName=DNS:gateway -keyout k -out c 2>/dev/null'
on gateway sh -c 'cd /tmp && exec setsid -f openssl s_server -accept 8443 -key k -cert c -www \
	</dev/null >/dev/null 2>&1'
wait_for 10 is_listening gateway 8443
expect_fail 8 jit alice whoami
expect_out 'IS NOT THE ONE'
expect_fail 8 jit alice request web-01 --for 5m --reason x
pass
