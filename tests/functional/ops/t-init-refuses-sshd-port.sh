#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: gatewayd init takes no running server's port and cuts nobody off
#
# Not the port of a running sshd, not the one the asking session came through, and
# a session to the gateway's own sshd outlives the start.

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client gateway'
lab_up "$STAGE"

nothing_made() {
	expect_fail any on gateway test -e /etc/sallyport/gatewayd.yaml
	expect_fail any on gateway test -e /var/lib/sallyport/notary
	expect_fail any on gateway id sallyport-broker
}

echo '- what is no port is wrong usage'
expect_fail 2 on gateway gatewayd init --yes --host gateway --ssh-port 22x
expect_out '^--ssh-port: not a port: "22x"'
expect_fail 2 on gateway gatewayd init --yes --host gateway --api-port 0
nothing_made

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

echo '- a value that cannot be is wrong usage too'
for flags in '--sink siem' '--sink-ca /etc/hosts' '--sink siem:abc --sink-ca /etc/hosts' \
	'--sink fd00:30::10 --sink-ca /etc/hosts' \
	'--admin a/b' '--admin Init' '--server-id -' '--ssh-port 8443' \
	'--ssh-port 2300 --api-port 2300' '--host a/b'; do
	# shellcheck disable=SC2086 # words
	expect_fail 2 on gateway gatewayd init --yes --host gateway $flags
done
expect_fail 2 on gateway gatewayd init --yes --host gateway --admin 'a b'
expect_out '^--admin: not a name: "a b"'
expect_fail 1 on gateway gatewayd init --yes --host gateway --sink siem:6514 --sink-ca /nowhere.pem
expect_out '^--sink-ca /nowhere.pem: No such file'
nothing_made
expect_fail 2 on gateway gatewayd init --yes --host gateway --admin recovery
expect_out '^--admin: the gateway itself uses the name recovery'
expect_fail 2 on gateway gatewayd init --yes extra
expect_out 'unknown word "extra"'
expect_fail 2 on gateway gatewayd init --yes --host gateway --ssh-port 8443
expect_out '^Port 8443 is the SSH port.*--api-port.*--ssh-port'
expect_fail 2 on gateway gatewayd init --host gateway </dev/null
expect_out 'no terminal.*--yes'
nothing_made

echo '- asked on a terminal: what is of no use is asked again, leaving makes nothing'
put_file gateway /etc/lab/init.exp <<'EXPECT'
set timeout 10
set last [lindex $argv 0]
spawn -noecho gatewayd init
foreach {q a} {"clients connect to" "a b" "name the address" "" "clients connect to" gateway "name of this gateway" gw-1
		"SSH port" abc "not a port: \"abc\"" "" "SSH port of the gateway .2222.: " "" "HTTPS port" 22
		"Port 22 has" "" "HTTPS port of its API .8443.: " "" "First administrator" LAST} {
	expect -re $q {} timeout { puts "\nno $q"; exit 90 }
	if {[regexp {name the|not a port|Port 22} $q]} { continue }
	if {$a eq "LAST"} { set a $last }
	if {$a eq "leave"} { send "\004" } else { send "$a\r" }
}
expect eof
exit [lindex [wait] 3]
EXPECT
put_file gateway /etc/lab/ports.exp <<'EXPECT'
set timeout 10
spawn -noecho gatewayd init
foreach {q a} {"clients connect to" "gateway\r" "name of this gateway" "gw-1\r" "SSH port" "gateway.example.net\r"
		"not a port: \"gateway.example.net\"" "" "SSH port of the gateway .2222.: " "8443\r"
		"HTTPS port of its API .8444.: " "8443\r" "is the SSH port" "" "HTTPS port of its API .8444.: " "\r"
		"First administrator" "\004"} {
	expect -re $q {} timeout { puts "\nno $q"; exit 90 }
	if {$a ne ""} { send [subst $a] }
}
expect eof
exit [lindex [wait] 3]
EXPECT
expect_fail 1 on gateway expect /etc/lab/ports.exp
nothing_made
expect_fail 1 on gateway expect /etc/lab/init.exp leave
expect_out 'Nothing was made'
nothing_made
expect_ok on gateway expect /etc/lab/init.exp carol
expect_out 'Invitation for carol'
expect_out '^ +sp2:gateway:8443:[A-Za-z0-9_-]{22}:'
expect_ok on gateway gatewayd -t
on gateway rm -rf /etc/sallyport /var/lib/sallyport

echo '- a configuration that cannot be written: it may be repeated'
expect_fail 1 on gateway gatewayd init --yes --host gateway -c /proc/nowhere/gatewayd.yaml
expect_out 'cannot make /proc/nowhere'
expect_ok on gateway gatewayd init --yes --host gateway --sink '[fd00:30::10]:6514' --sink-ca /etc/hosts
expect_eq fd00:30::10 "$(on gateway sed -n 's/^ *host: "\(.*\)"$/\1/p' /etc/sallyport/gatewayd.yaml | tail -n 1)" 'the sink'
on gateway rm -rf /etc/sallyport /var/lib/sallyport

echo '- ended once the keys are being made: it goes on, all or nothing'
on gateway userdel sallyport-broker
on gateway cp /usr/sbin/useradd /tmp/useradd
put_file gateway /tmp/slow 0755 <<<$'#!/bin/sh\ntouch /tmp/began\nsleep 1\nexec /tmp/useradd "$@"'
on gateway mount --bind /tmp/slow /usr/sbin/useradd
on_bg gateway gatewayd init --yes --host gateway >"$TEST_DIR/init" 2>&1
init=$!
wait_for 10 on gateway test -e /tmp/began
on gateway pkill -TERM -x gatewayd # INT is ignored in the background
wait "$init" || fail "it ended: $(cat "$TEST_DIR/init")"
grep -q '^  sp2:' "$TEST_DIR/init" || fail "no invitation: $(cat "$TEST_DIR/init")"
expect_ok on gateway gatewayd -t
on gateway umount /usr/sbin/useradd
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
expect_out 'user set NAME --invite'

echo '- the configuration alone is lost: it is written again, and no key is'
keys() {
	on gateway sh -c 'find /var/lib/sallyport \( -name "*.seed" -o -name "*.key" -o -path "*/pub/*" \) -type f \
		-exec sha256sum {} + | sort | sha256sum'
}
name=$(on gateway sed -n 's/^server_id: //p' /etc/sallyport/gatewayd.yaml)
before=$(keys)
on gateway rm /etc/sallyport/gatewayd.yaml
expect_fail any on gateway gatewayd -t
expect_out 'gatewayd init. writes it'
expect_fail 1 on gateway gatewayd init --yes --host gateway --server-id another
expect_out "those of $name"
expect_ok on gateway gatewayd init --yes --host gateway
expect_no_out 'Invitation|sp2:'
expect_eq "$before" "$(keys)" 'the keys'
expect_eq "$name" "$(on gateway sed -n 's/^server_id: //p' /etc/sallyport/gatewayd.yaml)" 'the name'
expect_ok on gateway gatewayd -t
pass
