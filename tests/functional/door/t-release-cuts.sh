#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: release cuts a live session at once, and only its owner may

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"
# shellcheck source=tests/functional/tools/stream.sh
. "$(dirname -- "$0")/../tools/stream.sh"

need_stage
LAB_HOSTS='client gateway web-01'
lab_up "$STAGE"
story
grant=$(request alice web-01)
stream_start alice web-01
stream_lives
expect_fail any on_as admin client jitctl --no-input release "$grant"
stream_lives
expect_ok as alice release "$grant"
stream_ended "$(now_ms)" released

echo '- one word for user, log and list; the door is shut'
wait_for 10 door_is silent
has_record ".event == \"grant.close\" and .grant == \"$grant\" and .reason == \"released\"" ||
	fail 'no such grant.close'
has_record ".event == \"session.end\" and .grant == \"$grant\" and .reason == \"released\"" ||
	fail 'no such session.end'
expect_eq released "$(local_admin grants --all -o json | jq -r ".items[] |
	select(.grant == \"$grant\") | .reason")" 'in the list'
expect_eq silent "$(tcp_probe client 198.51.100.1 2222)" 'the door'
expect_eq 0 "$(gw_elements leg4 | wc -l)" 'legs'
expect_fail any gw_ssh alice -o ConnectTimeout=2 -- web-01 true
pass
