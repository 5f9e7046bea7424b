#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: history never disappears: what was denied, ended or removed is found, by its user and by auditors, and from any id all that hangs together

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client client2 gateway web-01'
lab_up "$STAGE"
target_sshd_start web-01
gw_init
gw_start
add_target web-01
add_user alice
add_user bob --group sre
add_role ops --user alice --label env=lab --login deploy --max 1h --approvals '1 of sre'
enroll admin "$(cat "$(gw_dir)/invitation")"

history_of() { as "$1" history "${@:2}" -o json; } # WHO FLAG...
ids() { jq -r '[.items[].id] | join(" ")'; }

echo '- what was denied stays, with who said no'
no=$(request alice web-01 || true)
expect_ok as bob deny "$no" --reason 'not in the freeze'
expect_eq "$no denied" "$(history_of alice | jq -r '.items[] | "\(.id) \(.state)"')" 'her history'
expect_eq 'bob not in the freeze' "$(history_of alice "$no" |
	jq -r '.items[] | select(.step == "end") | "\(.user) \(.text)"')" 'who said no'

echo '- from a request, its grant or its session: the same chain'
id=$(request alice web-01 || true)
expect_ok as bob approve "$id" --note '=1+1, ok'
grant=$(as alice wait "$id" -o name) || fail 'wait'
expect_eq hello "$(gw_ssh alice -- web-01 echo hello)" 'ssh'
session_of() {
	local_admin history "$grant" -o json |
		jq -r '.items[] | select(.step == "session" and .state == "ended").id'
}
ended() { [ -n "$(session_of)" ]; }
wait_for 20 ended
sid=$(session_of)
sessions_of() { local_admin history --user alice -o json | jq -r ".items[] | select(.grant == \"$grant\") | \"\(.state) \(.sessions)\""; }
expect_eq 'active 1' "$(sessions_of)" 'its sessions while it is open'
expect_ok jit alice release "$grant"
expect_eq 'ended 1' "$(sessions_of)" 'its sessions'
chain=$(history_of alice "$id")
expect_eq "request approval grant session" "$(jq -r '[.items[].step] | join(" ")' <<<"$chain")" 'the chain'
expect_eq "$id $grant $sid" "$(jq -r '[.items[] | select(.step != "approval").id] | join(" ")' <<<"$chain")" 'its ids'
for one in "$grant" "$sid"; do
	expect_eq "$chain" "$(history_of admin "$one")" "the chain from $one"
done
expect_eq released "$(jq -r '.items[] | select(.step == "grant").reason' <<<"$chain")" 'its end'
seq=$(jq -r '.items[] | select(.step == "approval").record' <<<"$chain")
has_record ".seq == $seq and .event == \"request.approve\" and .req == \"$id\" and .by == \"bob\"" ||
	fail 'the approval is not the record that it names'

echo '- each sees their own, an auditor all'
expect_eq '' "$(history_of bob | ids)" "bob's own"
expect_fail 5 as bob history "$grant"
expect_eq "$id $no" "$(history_of admin | ids)" 'all'
expect_eq "$id" "$(history_of admin --approver bob --state ended --target web-01 --role ops --since 1h | ids)" 'what bob let in'
expect_eq "$no" "$(history_of admin --approver bob --state denied | ids)" 'what bob did not'
expect_eq '' "$(history_of admin --until 2001-01-01 | ids)" 'before all of it'
expect_fail 2 as admin history --state open
for typo in 'user alcie alice' 'approver bbo bob' 'target wbe-01 web-01' 'role opz ops'; do
	read -r flag wrong right <<<"$typo"
	expect_ok as admin history "--$flag" "$wrong"
	expect_out "^There is no ${flag/approver/user} $wrong today; did you mean $right\?$"
done
expect_ok as admin history --user alice --state lapsed
expect_no_out 'There is no'
expect_ok as bob history --user alcie # whose names are not theirs to read
expect_no_out 'There is no'

echo '- into a file, as csv in which no text is a formula'
expect_ok as admin history --export /home/admin/all.csv
expect_fail 1 as admin history --export /home/admin/all.csv
csv=$(on client cat /home/admin/all.csv | tr -d '\r')
expect_eq 3 "$(wc -l <<<"$csv")" 'lines of the file'
expect_eq id "$(sed -n '1s/,.*//p' <<<"$csv")" 'its head'
approval=$(as admin history "$id" -o csv | tr -d '\r' | grep '^approval,')
case $approval in
*"\"'=1+1, ok\""*) ;;
*) fail "a formula: $approval" ;;
esac

echo '- who is gone and what is gone stays in it, over a restart'
expect_ok local_admin role rm ops --yes
expect_ok local_admin target rm web-01 --yes
expect_ok local_admin user rm alice --yes
gw_stop
gw_start
expect_eq "$id $no" "$(history_of admin --user alice | ids)" 'all of hers'
expect_eq "$chain" "$(history_of admin "$sid")" 'the chain'
pass
