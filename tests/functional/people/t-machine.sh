#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: a machine gets in by its key from its networks, without a code, by roles for machines alone, and decides nothing

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client client2 gateway web-01'
lab_up "$STAGE"
story

run() { # RC ARGS...: of the machine, which nobody helps with a code: SAID
	local want=$1 rc=0

	shift
	SAID=$(jit bob "$@" 2>&1) || rc=$?
	[ "$rc" = "$want" ] || fail "$*: exit $rc, not $want:$(check_show "$SAID")"
}
expect_said() { # TEXT
	grep -qF -- "$1" <<<"$SAID" || fail "\"$1\" is not said:$(check_show "$SAID")"
}

echo '- it is active as soon as it is made, and its invitation tells it which gateway'
on client2 cat /home/bob/.ssh/id_ed25519.pub | put_file gateway /etc/lab/bob.pub
INVITATION=$(local_admin user add bob --kind machine --key /etc/lab/bob.pub \
	--source 198.51.100.0/24 --source 2001:db8:1::/64 2>/dev/null) || fail 'no machine was made'
expect_eq 'active machine' \
	"$(local_admin user show bob -o json | jq -r '.state + " " + .kind')" 'what it is'
SAID=$(local_admin export)
expect_said 'kind: "machine"'
expect_said '198.51.100.0/24'
put_file client2 /home/bob/invitation 0600 bob <<<"$INVITATION"
run 0 enroll --invite-file /home/bob/invitation
expect_said 'nothing is to be confirmed'
jit bob known-hosts | on_as bob client2 tee -a .ssh/known_hosts >/dev/null

echo '- a role for people gives it nothing; one for machines says beforehand what is done'
add_role ops --user alice --user bob --label env=lab --login deploy --max 1h
run 3 request web-01 --for 5m --reason 'release 4.2'
! local_admin role add deploys --user bob --label env=lab --login deploy \
	--machine >/dev/null 2>&1 || fail 'a machine may have a role of 3 hours'
add_role deploys --user bob --user alice --label env=lab --login deploy --machine \
	--max 10m --command 'echo {name} {int}'
run 0 request web-01 --for 5m --reason 'release 4.2' -o name
GRANT=$SAID
has_record ".event == \"grant.open\" and .grant == \"$GRANT\" and .role == \"deploys\"" ||
	fail 'no grant.open by its role'
expect_eq 'web-01 7' "$(gw_ssh bob -- web-01 echo web-01 7)" 'an allowed command'
! gw_ssh bob -- web-01 id >/dev/null 2>&1 || fail 'another command ran'
expect_ok as alice request web-01 --for 5m --reason 'disk full' -o json
expect_eq ops "$(as alice grants -o json | jq -r '.items[0].role')" 'her role'

echo '- it decides nothing, and has no rights'
run 3 revoke "$GRANT" --yes
expect_said 'this is for people'
has_record '.event == "api.denied" and .reason == "no-person" and .by == "bob"' ||
	fail 'that is not on record'
! local_admin user set bob --right auditor >/dev/null 2>&1 || fail 'it has a right'

echo '- outside of its networks its key is worth nothing, and what is open ends'
local_admin user set bob --source 203.0.113.0/24 --yes >/dev/null || fail 'not set'
wait_for 10 has_record ".event == \"grant.close\" and .grant == \"$GRANT\""
run 3 request web-01 --for 5m --reason 'release 4.2'
expect_said 'from its own networks'
has_record '.event == "api.denied" and .reason == "wrong-source" and .by == "bob"' ||
	fail 'that is not on record'
pass
