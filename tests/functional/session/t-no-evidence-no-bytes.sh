#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: without a log, or without a recorder where one records, nothing passes in a session, and after 5 s it ends: also where either starts anew again and again in vain

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client gateway web-01'
lab_up "$STAGE"
story

# A disk that takes nothing: the process ends, and does not come up.
dead() { # PROCESS
	on gateway sh -c "mount --bind $GW_STATE/$1 $GW_STATE/$1 && mount -o remount,ro,bind $GW_STATE/$1"
	gw_kill "$1"
}

for p in notary recorder; do
	echo "- $p"
	expect_ok as alice request web-01 --for 30m --reason "$p"
	gw_ssh_bg alice -- web-01 'while echo tick; do sleep 0.1; done' \
		</dev/null >"$TEST_DIR/out" 2>"$TEST_DIR/err"
	pid=$!
	wait_for 20 grep -q tick "$TEST_DIR/out"
	expect_ok dead "$p"
	sleep 1 # what was on its way has arrived
	had=$(wc -l <"$TEST_DIR/out")
	ended() { ! kill -0 "$pid" 2>/dev/null; }
	wait_for 30 ended
	expect_eq "$had" "$(wc -l <"$TEST_DIR/out")" "what passed without a $p"
	grep -q 'could not write its evidence' "$TEST_DIR/err" ||
		fail "it does not say why: $(cat "$TEST_DIR/err")"
	expect_ok on gateway umount "$GW_STATE/$p"
	wait_for 60 local_admin doctor
	grant=$(local_admin grants -o name)
	expect_ok local_admin revoke "$grant"
done
pass
