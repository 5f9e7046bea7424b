#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: at the end of the grant nothing reaches the target any more, and the user reads why

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"
# shellcheck source=tests/functional/tools/stream.sh
. "$(dirname -- "$0")/../tools/stream.sh"

need_stage
LAB_HOSTS='client gateway web-01'
lab_up "$STAGE"
story
grant=$(request alice web-01 --for 8s)
stream_start alice web-01
end=$(grant_end_ms "$grant")
stream_ended "$end" expired
[ "$(wc -l <"$TEST_DIR/stream.out")" -gt 20 ] || fail "it did not live until the end"

echo '- one word for user, log and list; the door is shut'
wait_for 10 door_is silent
has_record ".event == \"grant.close\" and .grant == \"$grant\" and .reason == \"expired\"" ||
	fail 'no such grant.close'
has_record ".event == \"session.end\" and .grant == \"$grant\" and .reason == \"expired\" and .by == \"gateway\"" ||
	fail 'no such session.end'
expect_eq expired "$(local_admin grants --all -o json | jq -r ".items[] |
	select(.grant == \"$grant\") | .reason")" 'in the list'
expect_eq silent "$(tcp_probe client 198.51.100.1 2222)" 'the door'
expect_eq 0 "$(gw_elements leg4 | wc -l)" 'legs'
expect_fail any gw_ssh alice -o ConnectTimeout=2 -- web-01 true
pass
