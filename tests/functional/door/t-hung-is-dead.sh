#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: an end that the firewall does not confirm is not said, and a process that hangs is killed
#
# While the supervisor stands still too, nobody kills the firewall: that is the
# moment in which everybody must hear that the door may be open.

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"
# shellcheck source=tests/functional/tools/stream.sh
. "$(dirname -- "$0")/../tools/stream.sh"
# shellcheck source=tests/functional/tools/direct.sh
. "$(dirname -- "$0")/../tools/direct.sh"

need_stage
LAB_HOSTS='client gateway web-01'
lab_up "$STAGE"
story
direct_target web-01 5000
grant=$(request alice web-01-direct --port 5000)
direct_start 10.20.0.11 5000

echo '- revoked while the firewall hangs: it may still be open, and all say so'
gw_freeze supervisor firewall
expect_fail 1 local_admin revoke "$grant"
expect_out 'STILL BE OPEN'
expect_no_out 'nothing passes'
direct_says 'it is' || fail 'it does not pass: who shut it?'
expect_eq ending "$(local_admin grants -o json | jq -r ".items[] |
	select(.grant == \"$grant\").state")" 'in the list'
expect_fail 1 local_admin doctor
expect_out '^fail  what ended is shut'
has_record ".event == \"grant.shut\" and .grant == \"$grant\" and .outcome == \"failure\"" ||
	fail 'no record that it may be open'

echo '- the supervisor kills it, and the next one shuts first'
old=$(gw_pid firewall)
gw_thaw supervisor
wait_for 10 no_elements path4 path6
direct_reset
[ "$(gw_pid firewall)" != "$old" ] || fail 'the same firewall process'
has_record '.event == "process.hung" and .process == "firewall"' || fail 'no process.hung'
has_record ".event == \"grant.shut\" and .grant == \"$grant\" and .outcome == \"success\"" ||
	fail 'no record that it is shut'
expect_eq '' "$(local_admin grants -o name)" 'grants'
expect_ok local_admin doctor

echo '- so it is with one that hangs as it starts'
declare -A was
renewed() { # PROCESS...
	local p now

	for p; do
		now=$(gw_pid "$p")
		[ -n "$now" ] && [ "$now" != "${was[$p]}" ] || return 1
	done
}
was[firewall]=$(gw_pid firewall)
gw_kill firewall
until renewed firewall; do :; done
gw_freeze firewall
was[firewall]=$(gw_pid firewall)
wait_for 10 renewed firewall
wait_for 10 local_admin doctor

echo '- any other that hangs is killed as well, and started again'
grant=$(request alice web-01)
stream_start alice web-01
zygote=$(gw_pid zygote)
session=$(on gateway pgrep -P "$zygote" -x sallyport-sessi)
others='broker notary api admin recorder shipper zygote'
for p in $others; do
	was[$p]=$(gw_pid "$p")
done
on gateway kill -STOP "$session"
# the zygote is later: it kills the session
gw_freeze broker notary api admin recorder shipper
wait_for 30 renewed broker notary api admin recorder shipper
session_gone() { ! on gateway kill -0 "$session" 2>/dev/null; }
wait_for 30 session_gone
gw_freeze zygote
wait_for 30 renewed zygote
for p in $others session; do
	has_record ".event == \"process.hung\" and .process == \"$p\"" ||
		fail "no process.hung of the $p"
done
answers() { local_admin grants -o name >/dev/null 2>&1; }
wait_for 15 answers
expect_ok gw_ssh alice -- web-01 true
pass
