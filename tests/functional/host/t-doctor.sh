#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: doctor names what is wrong with a target: address, port, banner, key, CA, principal, clock

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client gateway web-01'
lab_up "$STAGE"
target_sshd_start web-01
gw_init
gw_start
add_target web-01

says() { # STATUS NAME
	expect_out "^$1 +$2( |$)"
}
echo '- all well'
expect_ok local_admin doctor web-01
for c in address port banner 'host key' 'CA trusted' 'principal mapping' login session clock shut; do
	says ok "$c"
done
local_admin doctor web-01 -o json | jq -e '.checks | length == 20 and all(.[]; .status == "ok")' >/dev/null ||
	fail 'doctor -o json'

echo '- an address that nobody named is open'
target_set() { # ADDRESSES
	expect_ok local_admin target set web-01 "$1" --login deploy --label env=lab \
		--host-key /etc/lab/web-01.hostkey
}
on web-01 ip addr add 10.20.0.77/24 dev in0
on web-01 ip addr add fd00:20::77/64 dev in0
on web-01 ip addr add 172.31.5.5/32 dev lo
expect_fail 1 local_admin doctor web-01
says fail 'other address'
expect_out 'other address .*10\.20\.0\.77 port 22: it is the target, and not shut'
expect_out 'other address .*fd00:20::77 port 22: it is the target, and not shut'
expect_out 'web-01 has another IPv4 address already: make a target of this one as well'
says ok 'other address'
expect_out '172\.31\.5\.5 port 22: nothing answers'
target_set 10.20.0.11,fd00:20::77
expect_fail 1 local_admin doctor web-01
expect_no_out 'fd00:20::77 port 22: it is'
target_set 10.20.0.11,fd00:20::11
on web-01 ip addr del 10.20.0.77/24 dev in0
on web-01 ip addr del fd00:20::77/64 dev in0
on web-01 ip addr del 172.31.5.5/32 dev lo

echo '- each address of a target is looked at'
statuses() { # ADDRESS - of its checks, in one line
	local_admin doctor web-01 -o json 2>/dev/null | jq -r --arg a "$1" '.checks |
		(map(.name == "address" and .detail == $a) | index(true)) as $i |
		.[$i:$i + 9] | map(.status) | join(" ")'
}
on web-01 nft 'table ip6 shut { chain in {
	type filter hook input priority 0; tcp dport 22 reject with tcp reset; }; }'
expect_fail 1 local_admin doctor web-01
expect_eq 'ok ok ok ok ok ok ok ok ok' "$(statuses 10.20.0.11)" 'the first address'
expect_eq 'ok fail skip skip skip skip skip skip skip' "$(statuses fd00:20::11)" 'the second address'
on web-01 nft delete table ip6 shut

echo '- its clock is off'
date=$(on web-01 sh -c 'command -v date')
on web-01 cp "$date" /tmp/date
put_file web-01 /tmp/wrong 0755 <<<$'#!/bin/sh\nexec /tmp/date -d "now + 200 seconds" "$@"'
on web-01 mount --bind /tmp/wrong "$date"
expect_fail 1 local_admin doctor web-01
says ok 'CA trusted'
says fail clock
expect_out '\+(199|200|201) s '
expect_out NTP
on web-01 umount "$date"

echo '- the CA is not trusted'
target_untrust web-01
expect_fail 1 local_admin doctor web-01
says ok 'host key'
says fail 'CA trusted'
expect_out 'TrustedUserCAKeys'

echo '- the principal is missing'
target_trust web-01 "$(gw_ca_lines)" deploy@other
expect_fail 1 local_admin doctor web-01
expect_out 'principals?/deploy|deploy@web-01'
target_trust web-01 "$(gw_ca_lines)" deploy@web-01

echo '- it wants a second method; it lets nobody in, and says why'
printf '%s\n' 'KbdInteractiveAuthentication yes' \
	'AuthenticationMethods publickey,keyboard-interactive' |
	put_file web-01 /etc/ssh/sshd_config.d/methods.conf
target_sshd_restart web-01
expect_fail 1 local_admin doctor web-01
says ok 'CA trusted'
says ok 'principal mapping'
says fail login
expect_out 'AuthenticationMethods publickey'
on web-01 rm /etc/ssh/sshd_config.d/methods.conf
target_sshd_restart web-01
put_file web-01 /etc/nologin <<<'Back at noon.'
expect_fail 1 local_admin doctor web-01
says ok 'CA trusted'
says fail login
expect_out 'the target says: Back at noon\.'
on web-01 rm /etc/nologin

echo '- it lets in, and opens no session'
target_has() { # LINE of sshd_config
	printf '%s\n' "$1" | put_file web-01 /etc/ssh/sshd_config.d/session.conf
	target_sshd_restart web-01
}
target_has 'MaxSessions 0'
expect_fail 1 local_admin doctor web-01
says ok login
says fail session
expect_out 'opens no session: open failed'
expect_out 'MaxSessions .* is 0'
add_role ops --user alice --label env=lab --login deploy --max 1h
add_user alice
request alice web-01 >/dev/null
expect_fail 255 on_as alice client ssh -p 2222 -o StrictHostKeyChecking=yes deploy@web-01@gateway true
expect_out '^sallyport: web-01 let you in, but opens no session: open failed\. .*MaxSessions'
target_has 'ChrootDirectory /nonexistent'
expect_fail 1 local_admin doctor web-01
says ok login
says fail session
expect_out 'hangs up before a session is open: [A-Za-z]+'
expect_out 'ChrootDirectory'
expect_fail 255 on_as alice client ssh -p 2222 -o StrictHostKeyChecking=yes deploy@web-01@gateway true
expect_out 'let you in, and closed the connection before a session was open.*jitctl doctor web-01'
expect_ok as alice release web-01
on web-01 rm /etc/ssh/sshd_config.d/session.conf
target_sshd_restart web-01
expect_ok local_admin doctor web-01
says ok session

echo '- no cipher in common; it hangs up after its banner'
target_has 'Ciphers aes128-cbc'
expect_fail 1 local_admin doctor web-01
says ok banner
says fail 'host key'
expect_out 'no cipher in common: it offers aes128-cbc; the gateway, whose ssh\.algorithms is default, aes'
expect_out 'KexAlgorithms, Ciphers, MACs in sshd_config'
on web-01 rm /etc/ssh/sshd_config.d/session.conf
target_sshd_restart web-01

echo '- another host key'
target_sshd_stop web-01
on web-01 rm -f /etc/ssh/ssh_host_ed25519_key /etc/ssh/ssh_host_ed25519_key.pub
target_sshd_start web-01
expect_fail 1 local_admin doctor web-01
says fail 'host key'
expect_out 'find out why it changed'

echo '- no sshd; something else; nobody there'
target_sshd_stop web-01
expect_fail 1 local_admin doctor web-01
says fail port
on web-01 sh -c 'exec setsid -f socat TCP6-LISTEN:22,ipv6only=0,fork,reuseaddr EXEC:"echo hello" </dev/null >/dev/null 2>&1'
wait_for 10 is_listening web-01 22
expect_fail 1 local_admin doctor web-01
says ok port
says fail banner
echo '- it takes connections and says nothing, at both addresses'
on web-01 sh -c 'exec setsid -f socat TCP6-LISTEN:2222,ipv6only=0,fork,reuseaddr EXEC:"sleep 120" </dev/null >/dev/null 2>&1'
wait_for 10 is_listening web-01 2222
expect_ok local_admin target set web-01 10.20.0.11,fd00:20::11 --port 2222 --login deploy \
	--label env=lab --host-key /etc/lab/web-01.hostkey
expect_fail 1 local_admin doctor web-01
expect_out '^fail +banner .*did not answer in time'
expect_eq 2 "$(local_admin doctor web-01 -o json 2>/dev/null |
	jq '[.checks[] | select(.name == "port" and .status == "ok")] | length')" 'addresses that take connections'
on web-01 ip link set in0 down
expect_fail 1 local_admin doctor web-01
expect_out '^fail +(port|address)'
expect_fail 5 local_admin doctor nowhere

echo '- each look is on record, and left nothing open'
[ "$(record_count '.event == "target.probe"')" -ge 7 ] || fail 'probes without a record'
wait_for 10 no_elements leg4 leg6 path4 entry4
pass
