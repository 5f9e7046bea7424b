#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: a right that is taken away ends what was opened by it

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

grant_is() { # GRANT STATE
	[ "$(local_admin grants --all -o json |
		jq -r ".items[] | select(.grant == \"$1\") | .state")" = "$2" ]
}

session_up() { # starts a session; $ssh
	gw_ssh_bg alice -- web-01 'echo here; sleep 60' \
		</dev/null >"$TEST_DIR/out" 2>&1
	ssh=$!
	wait_for 10 grep -q here "$TEST_DIR/out"
}

revoked_by() { # WHAT
	local rc=0

	wait_for 5 grant_is "$grant" ended
	wait "$ssh" || rc=$?
	expect_eq 255 "$rc" "exit status of ssh after $1"
	grep -q 'sallyport: session ended: revoked' "$TEST_DIR/out" ||
		fail "the user was not told after $1: $(cat "$TEST_DIR/out")"
	wait_for 10 no_elements leg4 leg6
}

need_stage
LAB_HOSTS='client gateway web-01'
lab_up "$STAGE"
story

# a change that leaves her right alone leaves her session alone
grant=$(request alice web-01)
session_up
add_role ops --user alice --user carol --label env=lab --login deploy --max 5m
sleep 0.5
grant_is "$grant" active || fail 'an unrelated change of the role ended the grant'
kill -0 "$ssh" || fail 'an unrelated change of the role ended the session'

# the role gives less: she has a shell, and an hour
narrower() { # WHAT OPTION...
	grant=$(request alice web-01)
	session_up
	add_role ops --user alice --label env=lab --login deploy "${@:2}"
	revoked_by "$1"
	add_role ops --user alice --label env=lab --login deploy --max 1h
}
narrower 'a role without exec' --max 1h --allow sftp
narrower 'a role of less time' --max 10s

# the role no longer names her
add_role ops --user carol --label env=lab --login deploy --max 1h
revoked_by 'leaving the role'

# the role no longer names the target
add_role ops --user alice --label env=lab --login deploy --max 1h
grant=$(request alice web-01)
session_up
add_role ops --user alice --label env=prod --login deploy --max 1h
revoked_by 'a change of labels'

# the key is taken away: what it opened ends, as the broker knows from the log
# alone, and what another key of hers opened does not
add_role ops --user alice --label env=lab --login deploy --max 1h
on_as alice client ssh-keygen -q -t ed25519 -N '' -f /home/alice/.ssh/id_two
keys_are() { # KEY...
	local k list

	list=$(for k in "$@"; do
		on client cat "/home/alice/.ssh/$k.pub"
	done | jq -R . | jq -sc .)
	on gateway curl -s --unix-socket "$GW_SOCKET" \
		-d "{\"user\":\"alice\",\"keys\":$list}" \
		-H 'Content-Type: application/json' http://gateway/v1/users/set >/dev/null
}
in_step() {
	on gateway curl -s --unix-socket "$GW_SOCKET" http://gateway/v1/readyz |
		grep -q agree
}
keys_are id_ed25519 id_two
grant=$(request alice web-01)
session_up
other=$(request alice web-01 --key /home/alice/.ssh/id_two)
gw_kill broker
wait_for 10 in_step
keys_are id_two
revoked_by 'removing the key'
grant_is "$other" active || fail 'what the other key opened ended too'
keys_are id_ed25519 id_two
local_admin revoke "$other" >/dev/null 2>&1

# the role is gone
add_role ops --user alice --label env=lab --login deploy --max 1h
grant=$(request alice web-01)
session_up
local_admin role rm ops --yes >/dev/null 2>&1 || local_admin role rm ops
revoked_by 'removing the role'
has_record ".event == \"grant.close\" and .grant == \"$grant\" and .reason == \"revoked\" and .by == \"policy\"" ||
	fail 'no grant.close by policy'
pass
