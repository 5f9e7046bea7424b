#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: who is disabled stays disabled and has nothing open, whatever was under way
#
# The notary stands still, so that the orders of two people are decided in one
# moment: an admin's, and that of the user they lock out.

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client gateway web-01'
lab_up "$STAGE"
story
put_file client /tmp/raw.py 0755 <"$(dirname -- "$0")/../tools/raw_request.py"

admin_post() { # PATH BODY
	on gateway curl -s --unix-socket "$GW_SOCKET" -d "$2" \
		-H 'Content-Type: application/json' "http://gateway/v1/$1"
}
# The API has a request of the client's that somebody is at.
asked() {
	on gateway ss -Htn state established 'sport = :8443' | grep . >/dev/null
}
state_of() {
	local_admin users ls -o json |
		jq -r --arg u "$1" '.items[] | select(.user == $u).state'
}

request alice web-01 >/dev/null # a code was given: the next needs none
local_admin revoke "$(as alice grants -o name)" >/dev/null 2>&1
wait_for 10 no_elements entry4

echo '- a request on its way does not outlive its user'
gw_freeze notary
admin_post users/lock '{"user":"alice"}' >/dev/null &
sleep 1
( # she is not disabled yet: the record of it is not durable
	rc=0
	jit alice request web-01 --for 5m --reason late >/dev/null 2>&1 || rc=$?
	echo "$rc" >"$TEST_DIR/request"
) &
wait_for 20 asked
sleep 1
gw_thaw notary
wait
[ "$(cat "$TEST_DIR/request")" -ne 0 ] || fail 'the late request succeeded'
expect_eq disabled "$(state_of alice)" 'alice'
wait_for 10 no_elements entry4
expect_eq '' "$(local_admin grants -o name)" 'grants of a disabled user'
has_record '.event == "grant.close" and .reason == "locked"' ||
	fail 'the late grant was not closed in the log'

echo '- nor does an enrolment bring back who was disabled'
code=$(admin_post users '{"user":"dave"}' | jq -r '.invitation | split(":") | last')
on client ssh-keygen -q -t ed25519 -N '' -f /tmp/dave
on client chown alice /tmp/dave
gw_freeze notary
admin_post users/lock '{"user":"dave"}' >/dev/null &
sleep 1
on_as alice client python3 /tmp/raw.py --key /tmp/dave 198.51.100.1 8443 \
	enroll.begin /v1/enroll "{\"invite\":\"$code\"}" >"$TEST_DIR/enroll" 2>&1 &
wait_for 20 asked
sleep 2
gw_thaw notary
wait
# on a busy machine it may have come after the lock
if [ "$(cat "$TEST_DIR/enroll")" != '401 invite-wrong' ]; then
	expect_eq '409 conflict' "$(cat "$TEST_DIR/enroll")" 'enrolment'
	has_record '.user == "dave" and .outcome == "failure" and (.corrects | type) == "number"' ||
		fail 'the record of the key that was not added is not corrected'
fi
expect_eq disabled "$(state_of dave)" 'dave'
pass
