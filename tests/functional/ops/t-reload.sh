#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: SIGHUP reads the configuration again and ends nobody; certificates and keys are renewed meanwhile

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client gateway web-01'
lab_up "$STAGE"
story
request alice web-01 >/dev/null
conf=/etc/sallyport/gatewayd.yaml
hup() { on gateway kill -HUP "$(gw_pid supervisor)"; }
reloads() { record_count '.event == "gateway.reload" and .outcome == "'"$1"'"'; }
reloaded() { [ "$(reloads success)" -eq "$1" ]; }
refused() { [ "$(reloads failure)" -eq "$1" ]; }

mkfifo "$TEST_DIR/in"
gw_ssh_bg alice -- web-01 'while read -r l; do echo "got $l"; done' \
	<>"$TEST_DIR/in" >"$TEST_DIR/out" 2>&1
ssh=$!
passes() { # WORD: the session that began before all this passes it on
	echo "$1" >"$TEST_DIR/in"
	passed() { grep -q "got $1" "$TEST_DIR/out"; }
	wait_for 20 passed "$1"
}
passes one

echo '- a good one is in force, and the session goes on'
pids=$(for p in broker notary firewall recorder; do gw_pid "$p"; done)
on gateway sed -i '$a\
policy:\
  max_grant: 7m\
connections:\
  per_source: 2' "$conf"
hup
wait_for 20 reloaded 1
passes two
expect_fail 3 as alice request web-01 --for 20m
expect_out '7 *m'
expect_eq "$pids" "$(for p in broker notary firewall recorder; do gw_pid "$p"; done)" \
	'processes'

echo '- a bad one is refused, with a caret, and the old one stays'
on gateway cp "$conf" /tmp/good.yaml
on gateway sed -i 's/max_grant: 7m/max_grnat: 9m/' "$conf"
hup
wait_for 20 refused 1
passes three
gw_log | grep -A2 max_grnat | grep '\^' >/dev/null || fail 'no caret'
expect_fail 3 as alice request web-01 --for 20m
expect_out '7 *m'

echo '- so is what needs a restart'
on gateway cp /tmp/good.yaml "$conf"
on gateway sed -i -e 's/^server_id: .*/server_id: gw-9/' -e 's/max_grant: 7m/max_grant: 9m/' \
	-e '$a\
kernel: "6.1"\
admin_socket: /run/other.sock' "$conf"
hup
wait_for 20 refused 2
has_record '.event == "gateway.reload" and .reason == "server_id, admin_socket, kernel"' ||
	fail 'no record of all that it is'
expect_fail 3 as alice request web-01 --for 8m
expect_out '7 *m'
on gateway cp /tmp/good.yaml "$conf"

echo '- the certificate is renewed, with the same key'
serial() {
	on gateway sh -c 'openssl s_client -connect 127.0.0.1:8443 </dev/null 2>/dev/null |
		openssl x509 -noout -serial'
}
before=$(serial)
expect_ok on gateway gatewayd tls renew
hup
renewed() { [ "$(serial)" != "$before" ] && [ -n "$(serial)" ]; }
wait_for 20 renewed
expect_ok as alice whoami
passes four

echo '- a new key is announced; who has asked meanwhile takes it over'
expect_ok on gateway gatewayd tls announce
before=$(on gateway sha256sum /var/lib/sallyport/api/tls.key)
expect_fail 1 on gateway gatewayd tls replace --yes
expect_out 'no client has heard of the announced key'
expect_eq "$before" "$(on gateway sha256sum /var/lib/sallyport/api/tls.key)" 'the key'
expect_ok as alice whoami # with a token that lives on: no challenge is asked for
hup
wait_for 20 reloaded 3
expect_ok as alice whoami
old=$(on gateway cat /var/lib/sallyport/pub/tls.spki)
next=$(on gateway cut -d ' ' -f 1 /var/lib/sallyport/pub/tls.next)
has_record ".event == \"gateway.reload\" and .tls == \"$old\" and .tls_next == \"$next\"" ||
	fail 'no record of which key is announced'
echo '- another in its place is announced after a yes alone'
expect_fail 1 on gateway gatewayd tls announce </dev/null
expect_out 'announced already: .gatewayd tls show'
expect_eq "$next" "$(on gateway cut -d ' ' -f 1 /var/lib/sallyport/pub/tls.next)" 'the announced key'
echo '- which replaces the old one after a yes alone'
put_file gateway /etc/lab/replace.exp <<'EXPECT'
set timeout 20
spawn -noecho gatewayd tls replace
expect "y/N" { send "[lindex $argv 0]\r" } timeout { exit 90 }
expect eof
exit [lindex [wait] 3]
EXPECT
expect_fail 1 on gateway gatewayd tls replace </dev/null
expect_out 'no terminal.*--yes'
expect_fail 1 on gateway expect /etc/lab/replace.exp n
expect_out 'has to be told it'
expect_out 'Nothing was changed'
expect_eq "$old" "$(on gateway cat /var/lib/sallyport/pub/tls.spki)" 'the key'
expect_ok on gateway expect /etc/lab/replace.exp y
hup
wait_for 20 reloaded 4
has_record ".event == \"gateway.start\" and .tls == \"$old\"" || fail 'no record of the key at the start'
has_record ".event == \"gateway.reload\" and .tls == \"$next\" and .tls_next == null" ||
	fail 'no record of the new key'
[ "$old" != "$(on gateway cat /var/lib/sallyport/pub/tls.spki)" ] || fail 'the same key'
before=
wait_for 20 renewed
expect_ok as alice whoami
expect_out "has a new TLS key, the one it had announced: SHA256:$next"
request alice web-01 --for 6m >/dev/null
expect_ok as alice whoami
expect_no_out 'has a new TLS key'
passes five

echo '- who has not is told'
on client sed -i "s/^    tls: .*/    tls: \"$old\"/" /home/alice/.config/sallyport/config.yaml
expect_fail 8 as alice request web-01 --for 7m
expect_out 'IS NOT THE ONE'
expect_out 'gatewayd tls show'
expect_fail 8 as alice pin "SHA256:$old"
expect_fail 8 as alice request web-01 --for 7m
echo '- and, told the key by the admin, knows it, with nothing else to be made anew'
expect_ok on gateway gatewayd tls show
line=$(sed -n 's/^ *jitctl pin //p' <<<"$OUT")
expect_eq "SHA256:$next" "$line" 'the key to be told'
expect_ok as alice pin "$line"
request alice web-01 --for 7m >/dev/null

echo '- what ends by a lower max_grant is told, and how much'
reloads_before=$(reloads success)
on gateway sed -i 's/max_grant: 7m/max_grant: 5m/' "$conf"
hup
wait_for 20 reloaded $((reloads_before + 1))
wait_for 20 gw_said 'policy.max_grant is 5m now: [1-9][0-9]* grants? and [0-9]+ sessions? that would last longer end'
wait_for 20 gw_said 'is in force; what would last longer than the lower policy.max_grant ends'

echo '- whether anybody has heard of a key only a gateway that runs can tell'
expect_ok on gateway gatewayd tls announce
pid=$(gw_pid supervisor)
echo '- a process that ends as it should is no warning'
gw_said 'exited with status 0' || fail 'no process was started anew'
gw_said '<4>.*exited with status 0' && fail 'an orderly exit is a warning'

kill "$ssh"
wait "$ssh" || true
gone() { ! on gateway kill -0 "$pid" 2>/dev/null; }
on gateway kill "$pid"
wait_for 30 gone
expect_fail 1 on gateway gatewayd tls replace --yes
expect_out 'start it'
expect_no_out 'no client has heard'
pass
