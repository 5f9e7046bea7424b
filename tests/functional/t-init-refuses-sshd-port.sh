#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: gatewayd init takes no running server's port and cuts nobody off
#
# Not the port of a running sshd, not the one the asking session came through, and
# a session to the gateway's own sshd outlives the start.

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/lib.sh"

need_stage
LAB_HOSTS='client gateway'
lab_up "$STAGE"

nothing_made() {
	expect_fail any on gateway test -e /etc/sallyport/gatewayd.yaml
	expect_fail any on gateway test -e /var/lib/sallyport/notary
	expect_fail any on gateway id sallyport-broker
}

echo '- a port that is taken'
jump_sshd_start 22
expect_fail 1 on gateway gatewayd init --yes --host gateway --ssh-port 22
expect_out '^Port 22 has a running server.*--ssh-port'
nothing_made
expect_fail 1 on gateway gatewayd init --yes --host gateway --api-port 22
expect_out '^Port 22 .*--api-port'
nothing_made

echo '- the port of the session that asks'
expect_fail 1 on gateway env SSH_CONNECTION='198.51.100.7 50000 198.51.100.1 2222' \
	gatewayd init --yes --host gateway
expect_out 'cut you off.*--ssh-port'
nothing_made

echo '- asked on a terminal: an answer of no use makes nothing'
put_file gateway /etc/lab/init.exp <<'EXPECT'
set timeout 10
spawn -noecho gatewayd init
foreach {q a} {"clients connect to" gateway "name of this gateway" gw-1 "SSH port" "" "HTTPS port" 22 "administrator" carol} {
	expect $q {} timeout { exit 90 }
	send "$a\r"
}
expect eof
exit [lindex [wait] 3]
EXPECT
expect_fail 1 on gateway expect /etc/lab/init.exp
expect_out '^Port 22 '
nothing_made
on gateway sed -i 's/"HTTPS port" 22/"HTTPS port" ""/' /etc/lab/init.exp
expect_ok on gateway expect /etc/lab/init.exp
expect_out 'Invitation for carol'
expect_out '^ +sp1:gateway:8443:[0-9a-f]{64}:'
expect_ok on gateway gatewayd -t
on gateway rm -rf /etc/sallyport /var/lib/sallyport

echo '- a session to the host itself outlives init and start'
put_file client /etc/ssh/ssh_known_hosts <<-KNOWN
	gateway $(cut -d ' ' -f 1,2 "$(host_file gateway /etc/ssh/jump/key.pub)")
KNOWN
mkfifo "$TEST_DIR/in"
exec 7<>"$TEST_DIR/in" # opening one end alone would wait
on_as_bg alice client ssh -o BatchMode=yes -o StrictHostKeyChecking=yes \
	jump@gateway cat <"$TEST_DIR/in" 7>&- >"$TEST_DIR/out"
ssh=$!
echo before >&7
wait_for 10 grep -qx before "$TEST_DIR/out"
gw_init
gw_start
expect_eq silent "$(tcp_probe client 198.51.100.1 2222)" 'the door'
echo after >&7
wait_for 10 grep -qx after "$TEST_DIR/out"
exec 7>&-
wait "$ssh" || fail 'the session to the host itself was cut'
expect_eq open "$(tcp_probe client 198.51.100.1 22)" "the host's own sshd"

echo '- a second time it changes nothing'
before=$(on gateway sh -c 'cat /etc/sallyport/gatewayd.yaml /var/lib/sallyport/notary/*.seed | sha256sum')
expect_fail 1 on gateway gatewayd init --yes --host other --ssh-port 2300 --api-port 8500
expect_out 'set up already; nothing was changed'
expect_eq "$before" "$(on gateway sh -c 'cat /etc/sallyport/gatewayd.yaml /var/lib/sallyport/notary/*.seed | sha256sum')" 'keys and configuration'
pass
