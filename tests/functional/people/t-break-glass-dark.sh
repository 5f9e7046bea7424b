#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: with every daemon dead root opens one way for a minted certificate, the kernel shuts it, and the next start has it on record

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client client2 gateway web-01 web-02'
lab_up "$STAGE"
gw_init
target_sshd_start web-01
target_sshd_start web-02
gw_start
add_target web-01
add_target web-02

closed() { # ANSWERS ARGUMENT...: as root on the gateway
	on gateway sh -c 'umask 077; exec /usr/local/libexec/sallyport/sallyport-closed allow "$@"' \
		- "${@:2}" <<<"$1"
}
yes=$'INC-1 gateway down\ny'

echo '- before: a CA, its sheets on paper, and what the hosts trust'
expect_ok on_as alice client jitctl breakglass init glass.ca --from 198.51.100.0/24 \
	--need 2 --sheets 3
mapfile -t sheet < <(grep -oE '([0-9A-HJKMNP-TV-Z]{4}-){7}[0-9A-HJKMNP-TV-Z]{4}' <<<"$OUT")
for h in web-01 web-02; do
	on_as alice client jitctl breakglass trust glass.ca "$h" | grep '^restrict' |
		put_file "$h" /etc/ssh/breakglass/root 0644
	echo 'AuthorizedKeysFile /etc/ssh/breakglass/%u' |
		put_file "$h" /etc/ssh/sshd_config.d/breakglass.conf 0644
	target_sshd_restart "$h"
done

echo '- while the gateway runs its table is its own: root has other ways'
expect_fail 1 closed "$yes" 198.51.100.7 10.20.0.11 22
expect_out 'belongs to a running process'
expect_eq '' "$(gw_elements path4)" 'what is open'
[ ! -s "$(host_file gateway "$GW_STATE/firewall/root.allowed")" ] ||
	fail 'what was not opened is on record'

echo '- every daemon dies: the table stays, and shuts'
gw_kill supervisor broker notary firewall api admin zygote recorder shipper
wait_for 20 gw_gone
syslog_start gateway
expect_eq silent "$(tcp_probe client 10.20.0.11 22)" 'the target'

echo '- a certificate, minted on a laptop; alone it leads nowhere'
put_file client /home/alice/mint.exp 0644 alice <<'EXPECT'
set timeout 20
spawn -noecho jitctl breakglass mint glass.ca --target web-01 --key id.pub --login root --reason "INC-1 gateway down"
foreach s $argv {
	expect "not shown" {} timeout { exit 90 } eof { exit 91 }
	send "$s\r"
}
expect eof
exit [lindex [wait] 3]
EXPECT
on_as alice client ssh-keygen -q -t ed25519 -N '' -f id
expect_ok on_as alice client expect mint.exp "${sheet[1]}" "${sheet[2]}"
expect_out 'ssh -i id -o IdentitiesOnly=yes root@web-01'
target() { # ADDRESS [SOURCE [SSH_OPTION...]]
	on_as alice client ssh -i id -o IdentitiesOnly=yes -o BatchMode=yes \
		-o StrictHostKeyChecking=no -o ConnectTimeout=3 -b "${2:-198.51.100.7}" \
		"${@:3}" "root@$1" hostname
}
expect_fail 255 target 10.20.0.11
expect_out 'timed out'

echo '- root allows what is shut, to one address, when asked'
expect_fail 2 closed "$yes" 198.51.100.7 10.20.0.11 22 --for 31m
expect_fail 2 closed "$yes" 198.51.100.7 fd00:20::11 22
expect_fail 2 closed "$yes" 198.51.100.0/24 10.20.0.11 22
expect_fail 1 closed "$yes" 198.51.100.7 10.20.0.11 5000
expect_out 'is not shut by this machine'
expect_fail 1 closed '' 198.51.100.7 10.20.0.11 22
expect_fail 1 closed $'INC-1\nn' 198.51.100.7 10.20.0.11 22
expect_eq silent "$(tcp_probe client 10.20.0.11 22)" 'the target, nothing allowed'
expect_ok closed "$yes" 198.51.100.7 10.20.0.11 22 --for 20m
expect_out 'b-[0-9A-Z]{8}: open until 20'
alert() {
	grep -a '<81>.*BREAK-GLASS: root .*opened TCP port 22 of 10.20.0.11 to 198.51.100.7' \
		"$(host_file gateway /var/log/syslog)" >/dev/null
}
use=$(grep -oE 'b-[0-9A-Z]{8}' <<<"$OUT" | sed -n 1p)
wait_for 10 alert
expect_ok target 10.20.0.11
expect_out '^web-01$'
expect_eq silent "$(tcp_probe client 10.20.0.11 22 198.51.100.8)" 'another address'
expect_eq silent "$(tcp_probe client2 10.20.0.11 22)" 'another host'
expect_eq silent "$(tcp_probe client 10.20.0.12 22)" 'another target'

echo '- the certificate is for one target; a key alone is nothing'
expect_ok closed "$yes" 198.51.100.7 10.20.0.12 22 --for 10m
expect_fail 255 target 10.20.0.12
expect_out 'Permission denied'
on_as alice client mv id-cert.pub kept
expect_fail 255 target 10.20.0.11
on_as alice client mv kept id-cert.pub

echo '- the kernel shuts it, also to what goes on'
expect_ok closed "$yes" 198.51.100.8 10.20.0.11 22
on_as_bg alice client ssh -i id -o IdentitiesOnly=yes -o BatchMode=yes \
	-o StrictHostKeyChecking=no -b 198.51.100.8 -o ConnectTimeout=10 -o ServerAliveInterval=1 \
	root@10.20.0.11 'echo in; while echo .; do sleep 0.2; done' \
	>"$TEST_DIR/session" 2>&1 </dev/null
session=$!
is_in() { grep -q '^in$' "$TEST_DIR/session"; }
wait_for 20 is_in
expect_ok closed "$yes" 198.51.100.8 10.20.0.11 22 --for 1s
ended() { ! kill -0 "$session" 2>/dev/null; }
wait_for 30 ended
expect_eq silent "$(tcp_probe client 10.20.0.11 22 198.51.100.8)" 'the target, when it is over'

# one whose line is lost is in the kernel yet
expect_ok closed "$yes" 2001:db8:1::7 fd00:20::11 22
on gateway sed -i /2001:db8:1::7/d "$GW_STATE/firewall/root.allowed"

echo '- the next start has all of it on record, and shuts what is left'
gw_start
expect_eq silent "$(tcp_probe client 10.20.0.11 22)" 'the target, with the gateway'
has_record ".event == \"breakglass.allow\" and .code == \"JG2204E\" and .glass == \"$use\" and .by == \"root\" and .src == \"198.51.100.7\" and .dst == \"10.20.0.11\" and .dst_port == 22 and .why == \"INC-1 gateway down\" and (.msg | test(\"shut now\"))" ||
	fail 'what root opened is not on record'
has_record '.event == "breakglass.allow" and .src6 == "2001:db8:1::7"' ||
	fail 'what the kernel alone knows is not on record'
expect_eq 5 "$(record_count '.event == "breakglass.allow"')" 'records of it'
has_record '.event == "breakglass.allow" and .src == "198.51.100.8" and (.msg | test("is over"))' ||
	fail 'what is over is not on record'
gone() { [ ! -e "$(host_file gateway "$GW_STATE/firewall/root.allowed")" ]; }
wait_for 10 gone
pass
