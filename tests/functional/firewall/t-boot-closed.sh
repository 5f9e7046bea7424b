#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: without gatewayd the doors are shut from boot on (sallyport-closed)

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client gateway web-01'
lab_up "$STAGE"
target_sshd_start web-01
echo_start web-01 5000
gw_init
gw_start
add_target web-01
gw_stop

# A machine that boots has no table: take it away, as a reboot would.
reboot_kernel() {
	on gateway nft delete table inet sallyport 2>/dev/null || true
	expect_eq '' "$(on gateway nft list tables)" 'kernel tables'
}

reboot_kernel
expect_eq open "$(tcp_probe client 10.20.0.11 22)" 'the target, with nothing of ours'

echo '- sallyport-closed alone'
expect_ok on gateway /usr/local/libexec/sallyport/sallyport-closed
for a in 10.20.0.11 fd00:20::11; do
	expect_eq silent "$(tcp_probe client "$a" 22)" "the target $a"
	expect_eq open "$(tcp_probe client "$a" 5000)" "another port of $a"
done
[ "$(tcp_probe gateway 10.20.0.11 22)" != open ] || fail 'the gateway itself reaches the target'
on gateway socat TCP-LISTEN:2222,fork,reuseaddr EXEC:cat </dev/null >/dev/null 2>&1 &
disown "$!"
wait_for 10 is_listening gateway 2222
expect_eq silent "$(tcp_probe client 198.51.100.1 2222)" "the gateway's door"

echo '- a second run, and gatewayd after it'
expect_ok on gateway /usr/local/libexec/sallyport/sallyport-closed
expect_eq silent "$(tcp_probe client 10.20.0.11 22)" 'the target'
for p in $(pids_of gateway socat); do
	on gateway kill "$p"
done
gw_start
expect_eq silent "$(tcp_probe client 10.20.0.11 22)" 'the target'
expect_eq silent "$(tcp_probe client 198.51.100.1 2222)" "the gateway's door"
expect_eq open "$(tcp_probe client 198.51.100.1 8443)" 'the API'

echo '- a damaged or missing state file: its copy serves'
state=/var/lib/sallyport/firewall/closed.state
gw_stop
for harm in "echo rubbish >$state" "rm $state"; do
	reboot_kernel
	on gateway sh -c "$harm"
	expect_ok on gateway /usr/local/libexec/sallyport/sallyport-closed
	expect_out 'its copy was read'
	expect_eq silent "$(tcp_probe client 10.20.0.11 22)" 'the target'
done

echo '- both damaged: it says so and fails'
reboot_kernel
on gateway sh -c "echo rubbish | tee $state >$state.copy"
expect_fail any on gateway /usr/local/libexec/sallyport/sallyport-closed
expect_out 'closed.state:1'
gw_start # what the file lost the store has
expect_eq silent "$(tcp_probe client 10.20.0.11 22)" 'the target, with gatewayd'
gw_stop
reboot_kernel
expect_ok on gateway /usr/local/libexec/sallyport/sallyport-closed
expect_eq silent "$(tcp_probe client 10.20.0.11 22)" 'the target, at the next boot'
pass
