#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: a session whose zygote is killed before it is reported does not begin, and whoever waits for it is answered

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client gateway web-01'
lab_up "$STAGE"
story
put_file gateway /etc/lab/kill_at_fork.py <"$(dirname -- "$0")/../tools/kill_at_fork.py"
request alice web-01 >/dev/null

armed() { grep -q ready "$TEST_DIR/fork"; }
arm() { # the next fork of the zygote is its last act
	zygote=$(gw_pid zygote)
	on_bg gateway python3 /etc/lab/kill_at_fork.py "$zygote" >"$TEST_DIR/fork"
	tool=$!
	wait_for 20 armed
}
there() { on gateway kill -0 "$1" 2>/dev/null; }
left() { # the child that it left is no more, and a new zygote is there
	wait "$tool"
	child=$(tail -n 1 "$TEST_DIR/fork")
	child_gone() { ! there "$child"; }
	wait_for 20 child_gone
	another() { [ -n "$(gw_pid zygote)" ] && [ "$(gw_pid zygote)" != "$zygote" ]; }
	wait_for 20 another
}
enter() {
	on_as alice client ssh -p 2222 -o StrictHostKeyChecking=yes deploy@web-01@gateway echo in
}

echo '- a user'
arm
expect_fail 255 enter
left
has_record '.event == "process.exit" and .process == "zygote"' || fail 'its end is not on record'
expect_eq '' "$(local_admin sessions -o name)" 'sessions'

echo '- a probe: doctor is answered'
arm
expect_fail 1 local_admin doctor web-01
left
expect_ok local_admin doctor web-01

echo '- the next is served'
expect_ok enter
expect_out '^in$'
pass
