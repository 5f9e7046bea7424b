#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: before its first byte a session can open, connect, run and signal nothing
#
# The kernel is asked for the filters of a session whose client has not sent a
# byte yet: not what we meant to load, but what is in force.

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
[ "$(uname -m)" = x86_64 ] || skip 'kernel: the numbers of the system calls are those of x86_64'
LAB_HOSTS='client gateway web-01'
lab_up "$STAGE"
story
request alice web-01 >/dev/null
put_file gateway /tmp/seccomp_of.py <"$(dirname -- "$0")/../tools/seccomp_of.py"

sessions() {
	on gateway pgrep -P "$(gw_pid zygote)" -x sallyport-sessi
}
calls=(open=2 openat=257 openat2=437 creat=85 socket=41 connect=42 bind=49 listen=50
	accept=43 accept4=288 execve=59 execveat=322 fork=57 vfork=58 clone=56
	clone3=435 kill=62 tkill=200 tgkill=234 ptrace=101 process_vm_writev=311
	unlink=87 rename=82 io_uring_setup=425 bpf=321 setuid=105)

on_bg client socat -u TCP:198.51.100.1:2222 CREATE:/tmp/said # it listens, says nothing
wait_for 10 sessions
pid=$(sessions)
seen() { # it has spoken first, as SSH wants it: all its preparations are over
	grep -q '^SSH-2.0' "$(host_file client /tmp/said)" 2>/dev/null
}
wait_for 10 seen
expect_ok on gateway python3 /tmp/seccomp_of.py "$pid" read=0 write=1
expect_eq 'read allow write allow' "$(tr '\n' ' ' <<<"$OUT" | sed 's/ $//')" 'what a relay needs'
expect_ok on gateway python3 /tmp/seccomp_of.py "$pid" "${calls[@]}"
expect_eq "${#calls[@]}" "$(wc -l <<<"$OUT")" 'answers'
expect_eq '' "$(grep -vE ' (errno|kill)$' <<<"$OUT" || true)" 'calls a session may make'
expect_ok grep -qE '^Max processes +0 +0 ' "$(host_file gateway "/proc/$pid/limits")"
pass
