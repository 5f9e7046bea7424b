#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: whichever process is killed in the middle of a request's step, the step is made or not: never half, never twice, and what was not made can be made
# seconds: 600
# release
#
# One process stands still, so that the step is certainly under way when another is
# killed: the notary, before its record is written, or the firewall, before the door
# is open.

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

rows() { # of the requests that wait or are open
	local_admin requests ls -o json 2>/dev/null | jq -c '.items[]'
}
back() { [ -n "$(gw_pid "$victim")" ] && [ "$(gw_pid "$victim")" != "$old" ]; }
served() { rows >/dev/null; }
opened() {
	records 'select(.event == "grant.open" and .reach != "probe") | .grant' | tr -d '"' | sort
}
closed() { records 'select(.event == "grant.close") | .grant' | tr -d '"' | sort; }
# What the log says is open is listed; the kernel has one entry for it, or none.
in_step() {
	local left list n

	left=$(comm -23 <(opened) <(closed | uniq))
	list=$(local_admin grants -o name 2>/dev/null) || return 1
	n=$(grep -c . <<<"$left" || true)
	[ "$left" = "$(sort <<<"$list")" ] && [ -z "$(closed | uniq -d)" ] &&
		[ "$n" -le 1 ] && [ "$(gw_elements entry4 | wc -l)" -eq "$n" ]
}

# cut_off FROZEN VICTIM USER ARGS...: jitctl of USER, which waits for FROZEN when
# VICTIM is killed.
cut_off() {
	local frozen=$1 user=$3 asked

	victim=$2
	echo "- $victim killed while $4 waits for the $frozen"
	shift 3
	as "$user" status >/dev/null 2>&1 || true # a token, so that the call is the next
	code=$(code_file "$user")
	gw_hold "$frozen"
	on_as_bg "$user" "$(host_of "$user")" setsid -w jitctl "$@" --code-file "$code" \
		</dev/null >"$TEST_DIR/out" 2>&1
	asked=$!
	old=$(gw_pid "$victim")
	if [ "$frozen" = firewall ]; then
		more() { [ "$(opened | wc -l)" -gt "$nopened" ]; }
		wait_for 10 more
	else
		sleep 1 # nothing is written: nothing can be waited for
	fi
	gw_kill "$victim"
	gw_release "$frozen"
	wait_for 15 back
	wait "$asked" || true
	wait_for 20 served
	wait_for 20 in_step
}
nopened=0

ask() { # the id of alice's request, asked for once more or not
	as alice request web-01 --for 10m --reason "$1" --no-wait -o name 2>/dev/null || [ $? -eq 6 ]
}
state() { local_admin requests show "$id" -o json | jq -r .state; }
pending_of() { # requests whose beginning is on record
	records "select(.event == \"request.pending\" and .why == \"$1\") | .req" | tr -d '"' | sort -u
}

# What follows is possible, whatever became of what was cut off.
goes_on() {
	case $(state) in
	pending)
		as bob approve "$id" >"$TEST_DIR/out" 2>&1 ||
			fail "approve:$(check_show "$(cat "$TEST_DIR/out")")"
		expect_eq approved "$(state)" 'the request'
		;;&
	pending | approved)
		no_elements entry4 entry6 || fail 'something is open before it is activated'
		as alice wait "$id" -o name >/dev/null 2>&1 || fail 'it does not open'
		;;
	esac
	expect_eq active "$(state)" 'the request'
	wait_for 10 in_step
	# one whose firewall died before it had a door was closed: what opened is another
	expect_eq 1 "$(comm -23 <(opened) <(closed | uniq) | wc -l)" 'open grants'
	gw_ssh alice -- web-01 true || fail 'ssh'
	as alice release web-01 >/dev/null 2>&1 || fail 'release'
	wait_for 10 no_elements entry4 entry6
	nopened=$(opened | wc -l)
}

for v in api notary broker; do
	why="asked $v"
	cut_off notary "$v" alice request web-01 --for 10m --reason "$why" --no-wait
	no_elements entry4 entry6 || fail 'something is open'
	id=$(ask "$why")
	expect_eq "$id" "$(rows | jq -r .request)" 'what waits: the one request'
	[ "$(pending_of "$why" | wc -l)" -le 2 ] && grep -qxF "$id" <(pending_of "$why") ||
		fail "it is not on record: $(pending_of "$why")"

	cut_off notary "$v" bob approve "$id" --yes
	no_elements entry4 entry6 || fail 'something is open'
	[ "$(state)" != approved ] || has_record ".event == \"request.approve\" and .req == \"$id\" and .outcome == \"success\"" ||
		fail 'it is approved, and nobody is on record for it'
	[ "$(state)" = approved ] || as bob approve "$id" --yes >/dev/null 2>&1 || fail 'approve'
	expect_eq approved "$(state)" 'the request'

	cut_off notary "$v" alice wait "$id"
	goes_on
done
for v in api firewall notary broker; do
	id=$(ask "opens $v")
	as bob approve "$id" >/dev/null 2>&1 || fail 'approve'
	cut_off firewall "$v" alice wait "$id"
	goes_on
done
expect_ok local_admin audit verify
pass
