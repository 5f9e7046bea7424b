#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: an agent has what its owner has and lent it, each time with somebody's yes, and ends with them; both names are on record

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client client2 gateway web-01'
lab_up "$STAGE"
story

run() { # RC USER ARGS...: SAID
	local want=$1 rc=0

	shift
	SAID=$(as "$@" 2>&1) || rc=$?
	[ "$rc" = "$want" ] || fail "$*: exit $rc, not $want:$(check_show "$SAID")"
}
expect_said() { # TEXT
	grep -qF -- "$1" <<<"$SAID" || fail "\"$1\" is not said:$(check_show "$SAID")"
}

echo '- bob is an agent of alice, of a role that she has too'
on client2 cat /home/bob/.ssh/id_ed25519.pub | put_file gateway /etc/lab/bob.pub
INVITATION=$(local_admin user add bob --kind agent --owner alice --key /etc/lab/bob.pub \
	--source 198.51.100.0/24 --source 2001:db8:1::/64 2>/dev/null) || fail 'no agent was made'
expect_eq 'active agent alice' \
	"$(local_admin user show bob -o json | jq -r '.state + " " + .kind + " " + .owner')" 'what it is'
SAID=$(local_admin export)
expect_said 'owner: "alice"'
put_file client2 /home/bob/invitation 0600 bob <<<"$INVITATION"
run 0 bob enroll --invite-file /home/bob/invitation
expect_said 'nothing is to be confirmed'
jit bob known-hosts | on_as bob client2 tee -a .ssh/known_hosts >/dev/null
add_role bots --user bob --label env=lab --login deploy --login root --max 1h

echo '- without what she lends it there is nothing'
run 3 bob request web-01 --for 5m --reason 'what filled the disk' --no-wait
expect_said 'alice lends it nothing'
has_record '.event == "request.create" and .outcome == "failure" and .by == "bob" and .owner == "alice"' ||
	fail 'that is not on record with both names'

echo '- she lends no more than she has'
run 3 alice delegate bob --target web-01 --login root --for 2d --yes
expect_said 'wider than what you have'
run 3 alice delegate bob --target web-01 --login deploy --max 2h --for 2d --yes
has_record '.event == "delegation.add" and .outcome == "failure" and .reason == "wider" and .user == "bob" and .owner == "alice"' ||
	fail 'that is not on record'
run 0 alice delegate bob --select env=lab --login deploy --max 10m --for 2d --reason INC-4711 --yes
expect_said 'Lent to bob until'
expect_eq 'bob active exec' \
	"$(as alice delegations -o json | jq -r '.items[0] | .agent + " " + .state + " " + (.allow | join(","))')" 'the list'
run 0 alice explain bob web-01
expect_said 'lent until'

echo '- each request waits for her yes, and is none of its own'
rc=0
id=$(as bob request web-01 --for 5m --reason 'what filled the disk' --no-wait -o name 2>/dev/null) || rc=$?
expect_eq 6 "$rc" 'a request that waits'
run 3 bob approve "$id" --yes
has_record '.event == "api.denied" and .reason == "no-person" and .path == "request.approve" and .by == "bob" and .owner == "alice"' ||
	fail 'that it tried to approve is not on record'
run 0 alice requests show "$id"
expect_said 'bob is an agent, on behalf of alice'
expect_said 'It wants 1 of its owner'
run 0 alice approve "$id" --yes
GRANT=$(as bob wait "$id" -o name 2>/dev/null) || fail 'it does not open'
expect_eq hello "$(gw_ssh bob -- web-01 echo hello)" 'a command'
for event in request.activate grant.open session.start session.exec cert.issue; do
	has_record ".event == \"$event\" and .user == \"bob\" and .owner == \"alice\"" ||
		fail "$event does not have both names"
done
has_record '.event == "cert.issue" and (.key_id | startswith("user=bob owner=alice grant="))' ||
	fail 'the certificate does not have both names'
has_record '.event == "session.start" and .user == "bob" and .approved_by == "alice"' ||
	fail 'the session does not say who approved'

echo '- what stops her stops it, also after a restart'
LOCK=$(local_admin lock user alice --reason 'phone lost' -o name) || fail 'not locked'
wait_for 10 has_record ".event == \"grant.close\" and .grant == \"$GRANT\" and .reason == \"locked\""
wait_for 10 no_elements entry4
gw_stop
gw_start
run 3 bob request web-01 --for 5m --reason 'again' --no-wait
expect_said 'locked'
no_elements entry4 || fail 'something is open'
local_admin unlock "$LOCK" >/dev/null 2>&1 || fail 'not unlocked'

echo '- and what she takes back is gone'
run 0 alice undelegate bob --yes
has_record '.event == "delegation.remove" and .by == "alice" and .user == "bob"' ||
	fail 'that is not on record'
run 3 bob request web-01 --for 5m --reason 'again' --no-wait
expect_said 'alice lends it nothing'
pass
