#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: a process that lives and can do nothing any more is started anew: a firewall that the kernel does not hear, a notary whose log is gone
#
# Their descriptors are closed under them: what the kernel says then (EBADF) is
# as final as EIO is.

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client gateway web-01'
lab_up "$STAGE"
put_file gateway /tmp/syscall_in.py <"$(dirname -- "$0")/../tools/syscall_in.py"
story

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

echo '- a firewall whose netlink is gone: what was revoked is shut by the next one'
grant=$(request alice web-01)
old=$(gw_pid firewall)
sockets=$(on gateway awk '$2 == 12 || $2 == 16 {print $NF}' /proc/net/netlink)
pattern=
for f in $(on gateway ls "/proc/$old/fd"); do
	to=$(on gateway readlink "/proc/$old/fd/$f" || true)
	inode=${to//[!0-9]/}
	[[ $to == socket:* ]] && grep -qxF "$inode" <<<"$sockets" &&
		pattern+="closed 3 $f"$'\n'
done
[ -n "$pattern" ] || fail 'the firewall has no netlink socket'
on gateway python3 /tmp/syscall_in.py "$old" <<<"${pattern%$'\n'}" >/dev/null
local_admin revoke "$grant" >/dev/null 2>&1 || true
wait_for 30 no_elements entry4 entry6
[ "$(gw_pid firewall)" != "$old" ] || fail 'the same firewall process'
wait_for 30 local_admin doctor

echo '- a notary whose log is gone: refused, and soon not any more'
old=$(gw_pid notary)
close_those notary '*.ndjson'
request alice web-01 >/dev/null 2>&1 || true
reborn() { [ -n "$(gw_pid notary)" ] && [ "$(gw_pid notary)" != "$old" ]; }
wait_for 30 reborn
wait_for 30 local_admin doctor
opens() { request alice web-01 >/dev/null 2>&1; }
wait_for 30 opens
expect_ok gw_ssh alice -- web-01 true
expect_ok local_admin audit verify

echo '- a supervisor that hangs: doctor says so'
gw_freeze supervisor
told() {
	local_admin doctor >"$TEST_DIR/told" 2>&1 && return 1
	grep -q '^fail  supervisor' "$TEST_DIR/told"
}
wait_for 60 told
gw_thaw supervisor
wait_for 30 local_admin doctor
pass
