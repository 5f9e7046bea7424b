#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: under systemd the doors are shut before the network is up, and gatewayd comes back from whatever ended it
#
# A real systemd, with this machine's files below a layer that is thrown away,
# in namespaces of its own: no service of the machine runs in it.

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
[ "$(id -u)" -eq 0 ] || fail 'needs root for namespaces'
grep -qw cgroup2 /proc/filesystems || skip 'kernel: no cgroup2'
unshare -m mount -t overlay overlay -o "lowerdir=/etc:/usr" "$TEST_DIR" 2>/dev/null ||
	skip 'kernel: no overlay mounts'

layer=$TEST_DIR/layer
mkdir -p "$layer"/{up,work,root,work.proc}
init=
waiter=

on_exit() {
	local rc=$?

	[ -z "$init" ] || kill -KILL "$init" 2>/dev/null || true
	[ -z "$waiter" ] || wait "$waiter" 2>/dev/null || true
	(exit "$rc")
	test_on_exit "$rc"
}
trap on_exit EXIT

inside() {
	nsenter -t "$init" --all -- "$@"
}
settled() {
	local state

	state=$(inside systemctl is-system-running 2>/dev/null) || true
	# "degraded": a unit of the machine's may not like it here
	[ "$state" = running ] || [ "$state" = degraded ]
}
boot() {
	unshare --fork --kill-child --pid --mount --net --uts --ipc --cgroup \
		"$(dirname -- "$0")/../tools/systemd_boot.sh" "$layer" "$STAGE" \
		>"$TEST_DIR/boot.log" 2>&1 &
	waiter=$!
	born() { init=$(pgrep -P "$waiter" -x systemd); }
	born_now() { pgrep -P "$waiter" -x systemd; }
	wait_for 20 born_now
	born
	wait_for 60 settled
}
power_off() {
	inside systemctl poweroff >/dev/null 2>&1 || true
	gone() { ! kill -0 "$init" 2>/dev/null; }
	wait_for 60 gone
	wait "$waiter" 2>/dev/null || true
	init='' waiter=''
}
show() { # show UNIT PROPERTY
	inside systemctl show -p "$2" --value -- "$1"
}
serves() {
	[ "$(show gatewayd StatusText)" = 'doors shut, serving' ] &&
		[ "$(show gatewayd ActiveState)" = active ]
}
journal() {
	inside journalctl -q --no-pager -o cat "$@"
}
# jitctl knows the gateway by its socket here
admin() {
	inside jitctl --socket /run/sallyport/admin.sock --no-input "$@"
}

boot
case $(inside cat /proc/1/comm) in systemd) ;; *) fail 'no systemd' ;; esac

echo '- the units are in order'
expect_ok inside systemd-analyze verify "$(show gatewayd FragmentPath)" \
	"$(show sallyport-closed FragmentPath)"
[ -z "$OUT" ] || fail "systemd-analyze verify: $OUT"

echo '- before init: a sentence, and no unit that fails over a missing folder'
expect_fail any inside timeout 60 systemctl start gatewayd
[[ $(journal -u gatewayd) == *'gatewayd init'* ]] || fail "$(journal -u gatewayd)"
inside systemctl stop gatewayd

echo '- it starts, and says so when it serves'
inside ip link set lo up
inside gatewayd init --yes --host 127.0.0.1 --server-id gw-1 >"$TEST_DIR/init"
grep -q 'systemctl enable --now sallyport-closed gatewayd' "$TEST_DIR/init" ||
	fail 'gatewayd init does not name the command'
expect_ok inside timeout 60 systemctl enable --now sallyport-closed gatewayd
serves || fail "$(inside systemctl status gatewayd)"
expect_eq 0 "$(show gatewayd NRestarts)" restarts
[[ $(journal -u gatewayd) != *'starting it again'* ]] ||
	fail "a process did not live: $(journal -u gatewayd)"
[ "$(inside pgrep -c '^sallyport-')" -ge 8 ] || fail 'not every process runs'

echo '- what the unit forbids leaves sessions all they need'
inside ssh-keygen -q -t ed25519 -N '' -f /run/t1
inside mkdir -p /run/sshd
inside /usr/sbin/sshd -f /dev/null -h /run/t1 -p 2022
inside ip address add 192.0.2.1/32 dev lo
greeted() { inside ssh-keyscan -T 5 -p 2222 127.0.0.1 2>/dev/null | grep ssh-ed25519; }
wait_for 10 greeted
scan() { admin target add t0 192.0.2.1 --port 2022 --login deploy --scan --yes; }
wait_for 10 scan

echo '- a process that dies is started again'
pid=$(inside pgrep -x sallyport-recor)
inside kill -KILL "$pid"
again() { [ "$(inside pgrep -x sallyport-recor)" != "$pid" ] && admin status; }
wait_for 30 again

wait_for 10 serves

echo '- one that cannot be started is in the status until it runs'
bin=$(inside sh -c 'cd / && find /usr -xdev -path "*libexec/sallyport/sallyport-recorder"')
inside mv "$bin" "$bin.away"
inside pkill -KILL -x sallyport-recor
says_so() { [ "$(show gatewayd StatusText)" = 'not serving: sallyport-recorder is started again' ]; }
wait_for 10 says_so
inside mv "$bin.away" "$bin"
wait_for 30 serves
expect_eq 0 "$(show gatewayd NRestarts)" restarts

echo '- a host without IPv6'
inside mkdir /run/systemd/system/gatewayd.service.d
printf '[Service]\nRestrictAddressFamilies=\nRestrictAddressFamilies=AF_UNIX AF_INET AF_NETLINK\n' |
	inside tee /run/systemd/system/gatewayd.service.d/no6.conf >/dev/null
inside systemctl daemon-reload
expect_ok inside timeout 60 systemctl restart gatewayd
serves || fail "$(inside systemctl status gatewayd)"
[[ $(journal -u gatewayd) == *'this host has no IPv6: nobody listens on [::]:2222'* ]] ||
	fail "$(journal -u gatewayd)"
inside rm -r /run/systemd/system/gatewayd.service.d
inside systemctl daemon-reload
expect_ok inside timeout 60 systemctl restart gatewayd

echo '- the supervisor dies: everything is started again'
expect_ok admin target add t1 192.0.2.7 --login deploy --host-key /run/t1.pub
is_shut() {
	[[ $(inside nft list set inet sallyport protected4) == *'192.0.2.7 . tcp . 22'* ]]
}
stops() { # so many orderly ones are in evidence
	inside sh -c 'cat /var/lib/sallyport/notary/log/*.ndjson' |
		jq -c 'select(.event == "gateway.stop")' | wc -l
}
wait_for 10 is_shut
inside kill -KILL "$(show gatewayd MainPID)"
restarted() { [ "$(show gatewayd NRestarts)" -eq 1 ] && serves; }
wait_for 60 restarted
is_shut || fail 'not shut any more'

echo '- it hangs: systemd asks whether it lives'
inside kill -STOP "$(show gatewayd MainPID)"
restarted_again() { [ "$(show gatewayd NRestarts)" -eq 2 ] && serves; }
wait_for 120 restarted_again
is_shut || fail 'not shut any more'

echo '- it stops in order, and nothing of it is left'
expect_ok inside timeout 60 systemctl stop gatewayd
expect_eq success "$(show gatewayd Result)" 'the result of stop'
inside pgrep '^sallyport-' && fail 'a process is left'
expect_eq 3 "$(stops)" 'orderly stops'
is_shut || fail 'not shut any more'

echo '- a damaged closed.state keeps nobody out'
state=/var/lib/sallyport/firewall/closed.state
inside cp -a "$state" /var/lib/sallyport/good
echo damaged | inside tee "$state" "$state.copy" >/dev/null
inside systemctl stop sallyport-closed
expect_ok inside timeout 60 systemctl start gatewayd
serves || fail "$(inside systemctl status gatewayd)"
expect_eq failed "$(show sallyport-closed ActiveState)" 'sallyport-closed'
is_shut || fail 'not shut any more'

echo '- at boot: behind nftables.service, before the network'
printf '#!/usr/sbin/nft -f\nflush ruleset\n' |
	inside tee /etc/nftables.conf >/dev/null
inside systemctl enable nftables.service 2>/dev/null
before=$(stops)
power_off
boot
wait_for 60 serves
is_shut || fail 'not shut after a boot'
expect_eq success "$(show sallyport-closed Result)" sallyport-closed
run=$(show sallyport-closed InvocationID)
[[ $(journal "_SYSTEMD_INVOCATION_ID=$run") == *'shut: 2 protected ports, 1 own ports'* ]] ||
	fail "$(journal "_SYSTEMD_INVOCATION_ID=$run")"
ended=$(show sallyport-closed ExecMainExitTimestampMonotonic)
net=$(show network-pre.target ActiveEnterTimestampMonotonic)
[[ " $(show sallyport-closed After) " == *' nftables.service '* ]] ||
	fail 'not ordered behind nftables.service'
[ "$net" -gt 0 ] && [ "$ended" -le "$net" ] ||
	fail "shut at $ended, network-pre.target at $net"
expect_eq $((before + 1)) "$(stops)" 'orderly stops: power off is one'
power_off
pass
