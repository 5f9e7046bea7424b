#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: whichever process is killed between two steps of a request, it is where it was, opens once, and goes on
# seconds: 600

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

# killed PROCESS: by SIGKILL, and there again
killed() {
	local old

	if [ "$1" = supervisor ]; then
		gw_kill supervisor
		wait_for 15 gw_gone
		gw_start
		return
	fi
	old=$(gw_pid "$1")
	gw_kill "$1"
	another() { [ -n "$(gw_pid "$1")" ] && [ "$(gw_pid "$1")" != "$2" ]; }
	wait_for 15 another "$1" "$old"
	wait_for 15 served
}
served() { local_admin requests ls -o name >/dev/null 2>&1; }
# Nobody asks by the admin socket in vain while it comes back.
state() {
	local_admin requests show "$id" -o json 2>/dev/null | jq -r "${1:-.state}"
}
is() { # STATE
	[ "$(state)" = "$1" ]
}
one_record() { # EVENT
	expect_eq 1 "$(record_count ".event == \"$1\" and .req == \"$id\" and .outcome != \"failure\"")" \
		"records of $1"
}
works() { gw_ssh alice -- web-01 true; }

for p in broker notary firewall api admin recorder shipper supervisor; do
	echo "- $p"
	rc=0
	id=$(as alice request web-01 --for 10m --reason "kill $p" --no-wait -o name 2>/dev/null) || rc=$?
	expect_eq 6 "$rc" 'a request that waits'
	killed "$p"
	wait_for 5 is pending
	no_elements entry4 entry6 || fail 'something is open before anybody approved'

	as bob approve "$id" >"$TEST_DIR/out" 2>&1 ||
		fail "approve:$(check_show "$(cat "$TEST_DIR/out")")"
	killed "$p"
	wait_for 5 is approved
	expect_eq bob "$(state '.approvals[].user')" 'who approved it'
	no_elements entry4 entry6 || fail 'something is open before it is activated'

	grant=$(as alice wait "$id" -o name 2>/dev/null) || fail 'it does not open'
	killed "$p"
	wait_for 5 is active
	expect_eq "$grant" "$(state .grant)" 'its grant'
	wait_for 15 works
	door_is silent 198.51.100.8 || fail 'the door is open to others'
	for event in request.pending request.approve request.activate grant.open; do
		one_record "$event"
	done

	as alice release web-01 >/dev/null 2>&1 || fail 'release'
	wait_for 10 no_elements entry4 entry6
	wait_for 5 is ended
done
expect_ok local_admin audit verify
pass
