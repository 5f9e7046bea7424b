#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: what a change ends is counted before it is made, and asked about on a terminal

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client gateway web-01'
lab_up "$STAGE"
story
enroll admin "$(cat "$(gw_dir)/invitation")"

grant=$(request alice web-01)
gw_ssh_bg alice -- web-01 'sleep 600'
live() {
	[ "$(local_admin sessions ls -o name | wc -l)" = 1 ]
}
wait_for 10 live

# As root on a terminal: what it says, and its exit code.
put_file gateway /etc/lab/weigh.exp <<'EXPECT'
set timeout 20
spawn -noecho jitctl --socket /run/sallyport/admin.sock {*}[lrange $argv 1 end]
expect {
	"y/N" { send "[lindex $argv 0]\r"; exp_continue }
	timeout { exit 90 }
	eof {}
}
lassign [wait] pid spawnid os rc
puts "EXIT $rc"
EXPECT
weigh() { # ANSWER ARG... - in OUT
	expect_ok on gateway expect /etc/lab/weigh.exp "$@"
}

for c in 'role rm ops' 'target rm web-01' 'user rm alice' 'user lock alice' \
	'role set ops --user bob --label env=lab --login deploy' \
	'role add freeze --deny --user alice'; do
	echo "- $c: no"
	# shellcheck disable=SC2086
	weigh n $c
	expect_out 'This ends: 1 grant, 1 session'
	expect_out "$grant +alice on web-01, sessions: 1"
	expect_out 'nothing was changed'
	expect_out '^EXIT 1'
	expect_eq "$grant" "$(local_admin grants -o name)" "grants after $c"
	live || fail "the session ended by $c"
done

echo '- what ends nothing is not asked about'
weigh n user set alice --auditor
expect_no_out 'y/N'
expect_out 'rights +none -> auditor'
expect_out '^EXIT 0'

echo '- a dry run changes nothing, and asks nothing'
weigh n user lock alice --dry-run
expect_no_out 'y/N'
expect_out 'would change'
expect_out 'This ends: 1 grant, 1 session'
live || fail 'a dry run ended the session'

echo '- the last admin stays; root is told'
expect_fail 7 as admin user lock admin --yes
expect_out 'nobody would be left'
expect_fail 7 as admin user set admin --no-admin
weigh n user lock admin
expect_out 'No admin is left then'
expect_out '^EXIT 1'

echo '- yes: it is made, and what ended is told'
weigh y role rm ops
expect_out '^EXIT 0'
expect_out 'Ended: 1 grant, 1 session'
wait_for 10 no_elements entry4
has_record ".event == \"grant.close\" and .grant == \"$grant\" and .reason == \"revoked\"" ||
	fail 'it was not revoked'

echo '- without a terminal nothing is asked, and all is told'
add_role ops --user alice --label env=lab --login deploy --max 1h
request alice web-01 >/dev/null
expect_ok local_admin user rm alice
expect_out 'Removed: user alice'
expect_out 'Ended: 1 grant, 0 sessions'
expect_out 'Roles that still name alice: ops'
wait_for 10 no_elements entry4
expect_fail 5 local_admin user rm alice
pass
