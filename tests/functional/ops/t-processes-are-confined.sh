#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: each process runs as its own user with what it needs and no more
#
# Read from /proc while a session runs: user, groups, capabilities, filter,
# sockets. What the filters allow is read from the kernel and compared with
# doc/SANDBOX.

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client gateway web-01'
lab_up "$STAGE"
story
request alice web-01 >/dev/null
gw_ssh_bg alice -- web-01 'echo here; sleep 60' </dev/null >"$TEST_DIR/out" 2>&1
ssh=$!
wait_for 10 grep -q here "$TEST_DIR/out"

field() { # PID FIELD
	on gateway sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status" | tr '\t' ' '
}
uid_of() {
	on gateway id -u "$1"
}
confined() { # WHAT PID USER CAPS
	local uid gid

	uid=$(uid_of "$3")
	gid=$(on gateway id -g "$3")
	expect_eq "$uid $uid $uid $uid" "$(field "$2" Uid)" "uids of $1"
	expect_eq "$gid $gid $gid $gid" "$(field "$2" Gid)" "gids of $1"
	expect_eq '' "$(field "$2" Groups)" "further groups of $1"
	expect_eq "$4" "$(field "$2" CapEff)" "capabilities of $1"
	expect_eq "$4" "$(field "$2" CapPrm)" "capabilities it could have, $1"
	expect_eq 1 "$(field "$2" NoNewPrivs)" "NoNewPrivs of $1"
	expect_eq 2 "$(field "$2" Seccomp)" "Seccomp of $1"
}
none=0000000000000000
for p in broker notary recorder shipper; do
	confined "$p" "$(gw_pid "$p")" "sallyport-$p" "$none"
done
confined api "$(gw_pid api)" sallyport-api "$none"
confined admin "$(gw_pid admin)" sallyport-api "$none"
confined zygote "$(gw_pid zygote)" sallyport-session "$none"
confined firewall "$(gw_pid firewall)" sallyport-firewall 0000000000003000
session=$(on gateway pgrep -P "$(gw_pid zygote)" -x sallyport-sessi)
expect_eq 1 "$(wc -w <<<"$session")" 'session processes'
confined session "$session" sallyport-session "$none"

echo '- the supervisor keeps a short list'
caps=$(field "$(gw_pid supervisor)" CapEff)
expect_eq 0 $((16#$caps & 1 << 21)) 'CAP_SYS_ADMIN of the supervisor'
expect_eq 0 $((16#$caps & 1 << 19)) 'CAP_SYS_PTRACE of the supervisor'
expect_eq "$caps" "$(field "$(gw_pid supervisor)" CapBnd)" 'what it could get'

expect_eq 1 "$(field "$(gw_pid supervisor)" NoNewPrivs)" 'NoNewPrivs of the supervisor'
expect_eq 2 "$(field "$(gw_pid supervisor)" Seccomp)" 'Seccomp of the supervisor'

echo '- what each may call is what the page says'
if [ "$(uname -m)" = x86_64 ]; then
	put_file gateway /tmp/seccomp_of.py <"$(dirname -- "$0")/../tools/seccomp_of.py"
	put_file gateway /tmp/SANDBOX <"$(dirname -- "$0")/../../../doc/SANDBOX"
	for p in broker notary firewall api admin recorder shipper zygote supervisor session; do
		pid=$session
		[ "$p" = session ] || pid=$(gw_pid "$p")
		expect_ok on gateway python3 /tmp/seccomp_of.py "$pid" /tmp/SANDBOX "$p"
		expect_eq '' "$OUT" "where doc/SANDBOX and the filter of $p differ"
	done
fi
for fd in 0 1 2; do
	expect_eq /dev/null "$(on gateway readlink "/proc/$session/fd/$fd")" \
		"descriptor $fd of a session"
done

echo '- what each writes on stderr goes through a pipe of its own: none can shut it for others'
errs=''
for p in broker notary firewall api admin recorder shipper zygote; do
	err=$(on gateway readlink "/proc/$(gw_pid "$p")/fd/2")
	[[ $err == pipe:* ]] || fail "stderr of $p, which others have as well: $err"
	errs+=$err$'\n'
done
expect_eq '' "$(sort <<<"$errs" | uniq -d)" 'pipes that two have'

echo '- who listens: the supervisor made them, the API serves them, nobody else has one'
for p in broker notary firewall recorder shipper zygote; do
	pid=$(gw_pid "$p")
	listening=$(on gateway ss -Hltnxp 2>/dev/null | grep -c "pid=$pid," || true)
	expect_eq 0 "$listening" "listening sockets of $p"
done

echo '- keys are where only their owner reads, and nobody is dumped'
for f in notary/host.seed notary/ca.seed notary/log.seed broker/seal.key broker/store.db api/tls.key; do
	expect_eq "600 sallyport-${f%%/*}" \
		"$(on gateway stat -c '%a %U' "/var/lib/sallyport/$f")" "$f"
done
for p in broker notary api zygote; do
	expect_fail any on_as sallyport-shipper gateway cat "/proc/$(gw_pid "$p")/environ"
	expect_eq '' "$(on gateway tr '\0' ' ' <"$(host_file gateway "/proc/$(gw_pid "$p")/environ")")" "environment of $p"
done
kill "$ssh"
pass
