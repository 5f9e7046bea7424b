#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: a process killed in the middle of a request leaves log, list and kernel in step
#
# One process stands still, so that the request is certainly between two steps
# when another is killed: first before its intent is written, then before its
# door is open.

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client gateway web-01'
lab_up "$STAGE"
story
request alice web-01 --for 10m >/dev/null # a code was given; and a grant that stays

opened() {
	records 'select(.event == "grant.open" and .reach != "probe") | .grant' | sort
}
# What the log left open is what is listed, closed is closed once, and the kernel
# has alice's one entry, with the time of the longest.
in_step() {
	local closed left list

	closed=$(records 'select(.event == "grant.close") | .grant' | sort)
	left=$(comm -23 <(opened) <(uniq <<<"$closed") | tr -d '"')
	list=$(local_admin grants -o name 2>/dev/null) || return 1
	[ "$left" = "$(sort <<<"$list")" ] && [ -z "$(uniq -d <<<"$closed")" ] &&
		[ "$(gw_elements entry4 | wc -l)" -eq 1 ]
}
settled() {
	in_step || fail "open in the log: $(opened | tr '\n' ' '), listed: $(local_admin grants)"
}
back() {
	[ -n "$(gw_pid "$victim")" ] && [ "$(gw_pid "$victim")" != "$old" ]
}

# round FROZEN PROCESS: the request waits for FROZEN when PROCESS is killed
round() {
	local frozen=$1 n asked rc=0

	victim=$2
	echo "- $victim killed while the request waits for $frozen"
	n=$(opened | wc -l)
	old=$(gw_pid "$victim")
	gw_hold "$frozen"
	on_as_bg alice client jitctl --no-input request web-01 --for 5m \
		--reason "$frozen $victim" -o name </dev/null >"$TEST_DIR/out" 2>&1
	asked=$!
	if [ "$frozen" = firewall ]; then
		more() { [ "$(opened | wc -l)" -gt "$n" ]; }
		wait_for 10 more
	else
		sleep 0.7 # nothing is written: nothing can be waited for
		[ "$(opened | wc -l)" -eq "$n" ] || fail 'a grant was written by nobody'
	fi
	gw_kill "$victim"
	gw_release "$frozen"
	wait_for 15 back
	wait "$asked" || rc=$?
	wait_for 15 in_step
	if [ "$rc" -eq 0 ]; then
		grep -qxF -- "$(cat "$TEST_DIR/out")" <(local_admin grants -o name) ||
			fail "it was told of a grant that is not: $(cat "$TEST_DIR/out")"
	fi
	sleep 0.5
	settled # and stays so
}
round notary api
round notary notary
round firewall api
round firewall firewall
round firewall notary
round notary broker
request alice web-01 --for 20m >/dev/null # the new broker wants a code
round firewall broker

expect_ok gw_ssh alice -- web-01 true
for g in $(local_admin grants -o name); do
	expect_ok local_admin revoke "$g"
done
wait_for 10 no_elements entry4 entry6
expect_ok local_admin audit verify
pass
