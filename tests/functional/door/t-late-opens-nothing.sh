#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: what is not open in the time that its asker waits does not open later, and is not longer later
# seconds: 400

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client gateway web-01'
lab_up "$STAGE"
story

# The log takes longer than an answer may: asks, waits for the word that nothing
# is known to have changed, and lets the log go on.
late() { # ARG...
	local rc=0

	gw_hold notary
	jit alice "$@" >"$TEST_DIR/out" 2>&1 || rc=$?
	gw_release notary
	OUT=$(cat "$TEST_DIR/out")
	[ "$rc" -ne 0 ] || fail "it was done: $OUT"
	expect_out 'did not answer in time'
}

echo '- a grant that is on record too late is shut again, and on record as aborted'
f=$(code_file alice)
late request web-01 --for 20m --reason x --code-file "$f"
aborted() {
	has_record '.event == "grant.close" and .reason == "aborted"'
}
wait_for 20 aborted
expect_eq '' "$(as alice grants -o name)" 'her grants'
expect_eq 0 "$(record_count '.event == "grant.applied"')" 'doors that opened'

echo '- nor is one longer'
grant=$(request alice web-01 --for 30m)
old=$(as alice grants -o json | jq -r '.items[0].end')
f=$(code_file alice)
late extend web-01 --for 30m --code-file "$f"
corrected() {
	has_record ".event == \"grant.extend\" and .outcome == \"failure\" and .grant == \"$grant\""
}
wait_for 20 corrected
expect_eq "$old" "$(as alice grants -o json | jq -r '.items[0].end')" 'its end'

echo '- nor is what waited for a log that cannot be written'
expect_ok local_admin revoke "$grant"
dead_log() { on gateway sh -c "mount --bind $GW_STATE/notary $GW_STATE/notary && mount -o remount,ro,bind $GW_STATE/notary"; }
expect_ok dead_log
gw_kill notary
unwell() { ! local_admin doctor >/dev/null; }
wait_for 20 unwell
f=$(code_file alice)
expect_fail any jit alice request web-01 --for 20m --reason late --code-file "$f"
expect_ok on gateway umount "$GW_STATE/notary"
wait_for 60 local_admin doctor
expect_eq '' "$(as alice grants -o name)" 'her grants'
expect_eq 0 "$(record_count '.event == "grant.open" and .why == "late"')" 'grants of it'
pass
