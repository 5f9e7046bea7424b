#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: gatewayd says in a sentence why it does not start, and leaves nothing behind when it stops

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client gateway'
lab_up "$STAGE"

refuses() { # refuses ERE: gatewayd does not start and says this
	expect_fail 1 on gateway timeout 30 gatewayd
	expect_out "$1"
}
in_config() { # a line instead of another
	on gateway sed -i "s|$1|$2|" /etc/sallyport/gatewayd.yaml
}

echo '- before init; as somebody else'
refuses 'gatewayd.yaml: No such file .*gatewayd init'
expect_fail 1 on_as nobody gateway gatewayd
expect_out 'must be started as root'
gw_init

echo '- a port somebody has: who'
jump_sshd_start 22
in_config 0.0.0.0:2222 0.0.0.0:22
in_config '\[::\]:2222' '[::]:22'
refuses 'port 22 has a running server, sshd, process [0-9]+: .*ssh.listen'
in_config '0.0.0.0:22"' '0.0.0.0:2222"'
in_config '\[::\]:22"' '[::]:2222"'
in_config 0.0.0.0:8443 0.0.0.0:22
refuses 'listen on 0.0.0.0 port 22: another program has it, sshd, process [0-9]+; '
in_config '0.0.0.0:22"' '0.0.0.0:8443"'

echo '- an admin socket that is something else stays what it is'
put_file gateway /etc/lab/precious <<<precious
gw_config 'admin_socket: /etc/lab/precious'
refuses 'admin socket /etc/lab/precious: Address already in use'
expect_eq precious "$(on gateway cat /etc/lab/precious)" 'the file'
in_config '^admin_socket:.*' ''

echo '- started twice'
gw_start
refuses 'another gatewayd runs with /var/lib/sallyport'
local_admin status >/dev/null || fail 'the first one suffered'

echo '- as many open files as it may have, in every process'
for p in supervisor broker notary; do
	on gateway cat "/proc/$(gw_pid "$p")/limits" |
		awk '/open files/ { exit $4 != $5 }' || fail "$p: the soft limit"
done

echo '- SIGHUP reads the configuration again, and says so'
shipper=$(gw_pid shipper)
gw_signal HUP supervisor
wait_for 10 gw_said 'SIGHUP: .* was read again and is in force'
# which begins anew, as its receivers may be others
anew() {
	local pid

	pid=$(gw_pid shipper)
	[ -n "$pid" ] && [ "$pid" != "$shipper" ]
}
wait_for 20 anew
local_admin status >/dev/null || fail 'SIGHUP ended it'

echo '- who hangs at the stop is killed, and the others have ended in order'
gw_freeze shipper api
hung=$(gw_pid supervisor)
on gateway kill -TERM "$hung"
wait_for 60 gw_gone
gw_said 'sallyport-shipper did not stop: killed' || fail "$(gw_log)"
gw_said 'sallyport-api did not stop: killed' || fail "$(gw_log)"
gw_said 'sallyport-(notary|firewall|broker|recorder) did not stop' &&
	fail "$(gw_log)"
has_record '.event == "gateway.stop"' || fail 'no gateway.stop'
expect_ok on gateway rm -f /run/gatewayd.pid
gw_start
expect_ok local_admin audit verify
pass
