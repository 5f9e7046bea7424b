#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: no session outlives its books: one that forgets us is killed, and after a crash others have another memory

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"
# shellcheck source=tests/functional/tools/stream.sh
. "$(dirname -- "$0")/../tools/stream.sh"

need_stage
[ "$(uname -m)" = x86_64 ] || skip 'kernel: the numbers of the system calls are those of x86_64'
LAB_HOSTS='client gateway web-01'
lab_up "$STAGE"
story
request alice web-01 --for 20m >/dev/null
put_file gateway /tmp/syscall_in.py <"$(dirname -- "$0")/../tools/syscall_in.py"

forks=() # PIDs of the sessions begun here
begin() { # one more session
	local out=$TEST_DIR/out.${#forks[@]} before

	before=$(sessions)
	gw_ssh_bg alice -- web-01 'echo here; exec sleep 300' </dev/null >"$out" 2>&1
	wait_for 15 grep -q here "$out"
	forks+=("$(comm -13 <(sort <<<"$before") <(sessions | sort))")
	expect_eq 1 "$(wc -w <<<"${forks[-1]}")" 'processes of one more session'
}
sessions() { # every one that lives: no zygote, whoever its parent is
	on gateway ps -o pid=,sid=,stat=,comm= -e |
		awk '$1 != $2 && $3 !~ /^Z/ && $4 == "sallyport-sessi" { print $1 }'
}
# shellcheck disable=SC2329 # wait_for calls it
gone() { [ ! -e "$(host_file gateway "/proc/$1/exe")" ] || ! sessions | grep -x "$1" >/dev/null; }
parent() { on gateway ps -o ppid= -p "$1" | tr -d ' '; }
layout() { # where the program is in its memory
	on gateway sed -n '/sallyport-session/{s/-.*//;p;q}' "/proc/$1/maps"
}
zygotes() {
	on gateway ps -o pid=,sid=,stat=,comm= -e |
		awk '$1 == $2 && $3 !~ /^Z/ && $4 == "sallyport-sessi" { print $1 }'
}
closes() { # PID FD...: what it would do to be forgotten; it may not survive it
	local pid=$1 fd said

	said=$(for fd in "${@:2}"; do
		echo "close 3 $fd"
	done | on gateway python3 /tmp/syscall_in.py "$pid")
	grep -qE '^close (0|killed)$' <<<"$said" || fail "it could not close its links: $said"
}
unix_fds() { # PID: all its links
	on gateway sh -c "for f in /proc/$1/fd/*; do
		i=\$(readlink \$f); i=\${i#socket:[}
		grep -q \" \${i%]}\" /proc/$1/net/unix && echo \${f##*/}
	done" || true
}

echo '- one that closes all its links, one that closes only the broker'"'"'s'
stream_start alice web-01
sid=$(as alice sessions -o name)
first=$(sessions)
begin
# shellcheck disable=SC2046 # numbers
closes "${forks[0]}" $(unix_fds "${forks[0]}")
wait_for 10 gone "${forks[0]}"
begin
broker_end=$(on gateway python3 -I -S - "${forks[1]}" "$(gw_pid broker)" fd \
	<"$(dirname -- "$0")/../tools/link_of.py")
closes "${forks[1]}" "$broker_end"
wait_for 10 gone "${forks[1]}"
stream_lives
alone() { [ "$(as alice sessions -o name)" = "$sid" ]; }
wait_for 10 alone

echo '- after a crash the next ones come from elsewhere, and nobody else ends'
begin
old=$(gw_pid zygote)
expect_eq "$old" "$(parent "${forks[2]}")" 'whose child it is'
on gateway kill -SEGV "${forks[2]}"
fresh() { [ -n "$(gw_pid zygote)" ] && [ "$(gw_pid zygote)" != "$old" ]; }
wait_for 10 fresh
has_record '.event == "process.exit" and .process == "session" and .status == -11 and
	(.msg | test("another layout"))' || fail 'no record of the crash'
begin
expect_eq "$(gw_pid zygote)" "$(parent "${forks[3]}")" 'whose child the next one is'
[ "$(layout "${forks[3]}")" != "$(layout "$first")" ] || fail 'the same layout'
expect_eq "$old" "$(parent "$first")" 'whose child the old one is'
stream_lives

echo '- the old zygote goes with its last session'
kill "$STREAM_PID"
last() { [ "$(zygotes)" = "$(gw_pid zygote)" ]; }
wait_for 15 last
capture_stop web-01 >/dev/null

echo '- without its zygote a session that forgets us is killed as well'
begin
gw_kill zygote
wait_for 10 fresh
sup=$(gw_pid supervisor)
adopted() { [ "$(parent "${forks[4]}")" = "$sup" ]; }
wait_for 10 adopted
# shellcheck disable=SC2046
closes "${forks[4]}" $(unix_fds "${forks[4]}")
wait_for 10 gone "${forks[4]}"

echo '- nor stays another process that has closed its line to the supervisor'
recorder=$(gw_pid recorder)
closes "$recorder" 3
another() { [ -n "$(gw_pid recorder)" ] && [ "$(gw_pid recorder)" != "$recorder" ]; }
wait_for 10 another

echo '- one that hung when it was ended leaves no socket'
wait_for 10 fresh
others=$(as alice sessions -o name)
begin
hung=$(comm -13 <(sort <<<"$others") <(as alice sessions -o name | sort))
on gateway kill -STOP "${forks[5]}"
expect_ok local_admin sessions kill "$hung"
wait_for 20 gone "${forks[5]}"
lingers() { on gateway ss -Htn state fin-wait-1 state closing state last-ack; }
expect_eq '' "$(lingers)" 'sockets that nobody owns'

echo '- an orderly stop leaves nobody, hung or not'
wait_for 10 fresh
begin
on gateway kill -STOP "${forks[6]}"
gw_stop
expect_eq '' "$(sessions)$(zygotes)" 'sessions and zygotes after the stop'
pass
