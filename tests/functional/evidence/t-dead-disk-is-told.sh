#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: a dead disk of the store or of recordings is no full one: the process is replaced, or doctor, a record and the refusal say which it is and why

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client gateway web-01'
lab_up "$STAGE"
put_file gateway /tmp/syscall_in.py <"$(dirname -- "$0")/../tools/syscall_in.py"
story
state=/var/lib/sallyport

close_those() { # close_those PROCESS PATTERN - its descriptors that lead there
	local pid

	pid=$(gw_pid "$1")
	# shellcheck disable=SC2016
	on gateway sh -c 'for f in /proc/$1/fd/*; do
		case $(readlink "$f") in
		$2) echo "closed 3 ${f##*/}" ;;
		esac
	done' - "$pid" "$2" >"$TEST_DIR/calls"
	[ -s "$TEST_DIR/calls" ] || fail "the $1 has no such descriptor"
	on gateway python3 /tmp/syscall_in.py "$pid" <"$TEST_DIR/calls" >/dev/null
}
reborn() { [ -n "$(gw_pid "$1")" ] && [ "$(gw_pid "$1")" != "$2" ]; }
opens() { request alice web-01 >/dev/null 2>&1; }
told() { # PATTERN: doctor fails, and says so
	local_admin doctor >"$TEST_DIR/told" 2>&1 && return 1
	grep -qE "$1" "$TEST_DIR/told"
}
failed() { # PROCESS WORDS
	has_record ".event == \"process.failed\" and .sev == 5 and .process == \"$1\" and (.msg | contains(\"$2\"))"
}

echo '- a store whose descriptors are gone: doctor finds it, nobody else has to'
old=$(gw_pid broker)
close_those broker '*/store.db*'
expect_fail any local_admin doctor
expect_out '^fail  store +cannot be used: '
wait_for 30 reborn broker "$old"
wait_for 30 local_admin doctor
failed broker 'the store cannot be used any more' || fail 'a dead store is not on record'
wait_for 10 opens

echo '- so does who asks for something; the refusal names no lack of room'
old=$(gw_pid broker)
close_those broker '*/store.db*'
expect_fail any local_admin user add carol
expect_no_out 'room|full'
wait_for 30 reborn broker "$old"
wait_for 30 local_admin doctor

echo '- a store that cannot be opened: why, to root; that, to all'
on gateway chown root:root $state/broker/store.db
gw_kill broker
wait_for 30 told 'the broker does not start: cannot use .*/store\.db: .*Permission denied'
expect_fail any local_admin status
expect_out 'the broker does not start: cannot use .*/store\.db: .*Permission denied.*mend its owner'
expect_fail any jit alice status
expect_out 'the broker does not start \(root on the gateway reads why'
expect_no_out 'Permission denied'
wait_for 10 failed broker 'Permission denied'
expect_eq 1 "$(record_count '.event == "process.failed" and (.msg | contains("Permission denied"))')" 'records of one cause'
on gateway chown sallyport-broker:sallyport-broker $state/broker/store.db
wait_for 30 local_admin doctor

echo '- a store that was removed lives on in the broker; the cure that is told brings it back'
expect_ok local_admin user add dora
on gateway sh -c "cp -a $state/broker $state/copy && rm -r $state/broker"
wait_for 10 told '^fail  store .*store\.db was removed'
expect_fail any local_admin user add erin
expect_out 'the disk of the store cannot be used \(No such file'
expect_no_out 'full'
failed broker 'was removed' || fail 'a store that is gone is not on record'
pid=$(gw_pid broker)
# shellcheck disable=SC2016
on gateway sh -c 'cp -a $2/copy $2/broker && rm $2/broker/store.db*
	for f in /proc/$1/fd/*; do
		case $(readlink "$f") in
		*/store.db" (deleted)") cat "$f" >$2/broker/store.db ;;
		*/store.db-wal" (deleted)") cat "/proc/$1/fd/${f##*/}" >$2/broker/store.db-wal ;;
		esac
	done
	chown sallyport-broker: $2/broker/store.db*; chmod 600 $2/broker/store.db*
	kill -9 $1' - "$pid" "$state"
wait_for 30 local_admin doctor
expect_ok local_admin user show dora

echo '- recordings whose descriptors are gone: the session goes on, with the next recorder'
request alice web-01 >/dev/null
gw_ssh_bg alice -tt -- web-01 'i=0; while [ $i -lt 1000 ]; do i=$((i+1)); echo tick $i; sleep 0.05; done' </dev/null >"$TEST_DIR/seen" 2>&1
ssh=$!
lines() { [ "$(wc -l <"$TEST_DIR/seen")" -ge "$1" ]; }
wait_for 10 lines 20
old=$(gw_pid recorder)
close_those recorder '*.cast'
wait_for 30 reborn recorder "$old"
wait_for 20 lines $(($(wc -l <"$TEST_DIR/seen") + 40))
failed recorder 'nothing can be written in' || fail 'a dead folder of recordings is not on record'
wait_for 20 local_admin doctor

echo '- a folder of recordings that takes none: doctor finds it, and says who does not start and why'
on gateway chown root:root $state/recorder/recordings
wait_for 30 told '^fail  recorder +does not start: cannot use .*/recordings: (Operation not permitted|Permission denied)'
wait "$ssh" && fail 'a session went on without its recording'
grep -q 'room' "$TEST_DIR/seen" && fail 'the session ends for want of room'
wait_for 10 failed recorder 'It does not start'
on gateway chown sallyport-recorder: $state/recorder/recordings
wait_for 30 local_admin doctor
expect_ok gw_ssh alice -tt -- web-01 true

echo '- a folder of the firewall that takes nothing'
on gateway mv $state/firewall $state/elsewhere
put_file gateway /etc/lab/new.hostkey <<<"$(target_hostkey web-01)"
expect_ok local_admin target add new-01 10.20.0.99 --login deploy --host-key /etc/lab/new.hostkey --label env=lab
wait_for 20 told "^fail  firewall's files +cannot write .*closed.state: "
failed firewall 'after a reboot' || fail 'that is not on record'
on gateway mv $state/elsewhere $state/firewall
wait_for 20 local_admin doctor
expect_ok local_admin audit verify
pass
