#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: revoke cuts a live session at once, also one that hears nothing

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
expect_ok local_admin revoke "$grant" --reason "left the team"
stream_ended "$(now_ms)" revoked

echo '- one word for user, log and list; the door is shut'
wait_for 10 door_is silent
has_record ".event == \"grant.terminate\" and .grant == \"$grant\" and .why == \"left the team\"" ||
	fail 'why it was ended is not on record'
has_record ".event == \"grant.close\" and .grant == \"$grant\" and .reason == \"revoked\"" ||
	fail 'no such grant.close'
has_record ".event == \"session.end\" and .grant == \"$grant\" and .reason == \"revoked\" and .by == \"local\"" ||
	fail 'no such session.end'
expect_eq revoked "$(local_admin grants --all -o json | jq -r ".items[] |
	select(.grant == \"$grant\") | .reason")" 'in the list'
expect_eq silent "$(tcp_probe client 198.51.100.1 2222)" 'the door'
expect_eq 0 "$(gw_elements leg4 | wc -l)" 'legs'
expect_fail any gw_ssh alice -o ConnectTimeout=2 -- web-01 true

echo '- a session that hears nothing: its way to the target goes all the same'
sessions() {
	on gateway pgrep -P "$(gw_pid zygote)" -x sallyport-sessi
}
no_session() {
	! sessions >/dev/null
}
wait_for 10 no_session # the one that was cut has said its last
grant=$(request alice web-01)
stream_start alice web-01
deaf=$(sessions)
expect_eq 1 "$(wc -w <<<"$deaf")" 'session processes'
other=$(request alice web-01 --for 20m)
on gateway kill -STOP "$deaf"
expect_ok local_admin revoke "$grant"
end=$(now_ms)
wait_for 2 no_elements leg4 leg6
ended() { # the target's own sshd has lost its client
	! on web-01 pgrep -u deploy -x sh >/dev/null
}
wait_for 5 ended
on gateway kill -CONT "$deaf"
stream_ended "$end" "revoked by local at .* UTC[.] ssh as deploy works again until .* UTC: grant $other"
expect_ok gw_ssh alice -- web-01 true
pass
