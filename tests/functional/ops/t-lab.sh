#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: the lab is what the tests believe it to be, and leaves nothing behind
#
# Nothing of ours runs in it here: what works now is what a later test may see
# refused, so each of these is the negative control of some test.

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

processes_of() {
	local ns p found=

	for p in /proc/[0-9]*; do
		ns=$(readlink "$p/ns/net" 2>/dev/null) || continue
		case " $2 " in *" $ns "*) found+=" ${p#/proc/}" ;; esac
	done
	expect_eq '' "$found" "$1"
}

lab_need
mounts_before=$(sort /proc/self/mountinfo)
links_before=$(ip -o link | wc -l)
passwd_before=$(sha256sum /etc/passwd /etc/group /etc/shadow /etc/hosts 2>&1 || true)
hostname_before=$(cat /proc/sys/kernel/hostname)

start=${EPOCHREALTIME/./}
lab_up "$STAGE"
took=$(((${EPOCHREALTIME/./} - start) / 1000))
echo "lab_up took $took ms"
dir=$LAB_DIR
nets=
for h in "${!LAB_PID[@]}"; do
	nets+=" $(readlink "/proc/${LAB_PID[$h]}/ns/net")"
done

echo '- addresses and routes, at once'
expect_ok on client ping -n -c 1 -W 2 198.51.100.1
expect_ok on client ping -n -c 1 -W 2 2001:db8:1::1
expect_ok on client ping -n -c 1 -W 2 -I 198.51.100.8 198.51.100.1
expect_ok on client2 ping -n -c 1 -W 2 gateway
expect_ok on gateway ping -n -c 1 -W 2 siem
expect_ok on web-02 ping -n -c 1 -W 2 10.20.0.11
expect_ok on web-01 ping -n -c 1 -W 2 198.51.100.7

echo '- each host has its own name, users, files and processes'
for h in $LAB_HOSTS; do
	expect_ok on "$h" hostname
	expect_eq "$h" "$OUT" hostname
	expect_ok on "$h" ps -e -o comm=
	expect_eq 'labinit ps ' "$(sort <<<"$OUT" | tr '\n' ' ')" "processes of $h"
done
expect_ok on_as alice client id -un
expect_eq alice "$OUT" user
expect_ok on_as alice client pwd
expect_eq /home/alice "$OUT" cwd
expect_ok on_as bob client2 test -r .ssh/id_ed25519
expect_ok on_as nobody web-02 id -un
expect_eq nobody "$OUT" 'user without a home'
expect_fail any on web-01 id alice
expect_fail any on_as alice client touch /etc/x
expect_ok on gateway useradd --system --no-create-home lab-product
expect_fail any on web-01 id lab-product
expect_fail 7 on client sh -c 'exit 7'
# shellcheck disable=SC2016 # as given, that is the point
expect_ok on client printf '%s|' 'a b' "c'd" '$HOME' '*'
expect_eq "a b|c'd|\$HOME|*|" "$OUT" 'arguments arrive as given'
put_file gateway /etc/lab/x 0600 <<<'hello'
expect_eq hello "$(cat "$(host_file gateway /etc/lab/x)")" 'a file put there'
expect_fail any on gateway touch /usr/local/x
[ -z "$STAGE" ] || expect_eq "$(cd "$STAGE/usr/local" && find . | sort)" \
	"$(on gateway sh -c 'cd /usr/local && find . | sort')" 'the stage on the gateway'

echo '- a command ends with the one who asked for it'
sleeps_are() { [ "$(pids_of client sleep | wc -l)" -eq "$1" ]; }
on_bg client sleep 987
wait_for 5 sleeps_are 1
kill "$!"
rc=0
wait "$!" || rc=$?
expect_eq 143 "$rc" 'status of an ended job'
wait_for 5 sleeps_are 0
on_as_bg alice client sleep 987
wait_for 5 sleeps_are 1
kill "$!"
wait_for 5 sleeps_are 0
on_as_bg bob client2 sh -c 'exit 9'
rc=0
wait "$!" || rc=$?
expect_eq 9 "$rc" 'status of a job'

echo '- target: open when sshd runs, refused when not, silent when dropped'
expect_eq refused "$(tcp_probe client 10.20.0.11 22)" 'probe without sshd'
target_sshd_start web-01
expect_eq open "$(tcp_probe client 10.20.0.11 22)" 'probe through the gateway'
expect_eq open "$(tcp_probe client fd00:20::11 22)" 'the same in IPv6'
expect_eq open "$(tcp_probe client web-01 22 198.51.100.8)" 'from the second address'
on gateway nft 'add table inet lab; add chain inet lab f { type filter hook forward priority 0; }; add rule inet lab f tcp dport 22 drop'
expect_eq silent "$(tcp_probe client 10.20.0.11 22)" 'probe when dropped'
on gateway nft delete table inet lab

echo '- client and client2 share one address behind nat'
on gateway nft 'add table inet lab; add chain inet lab f { type filter hook forward priority 0; }; add rule inet lab f ip saddr { 198.51.100.7, 198.51.100.8, 198.51.100.20 } drop; add rule inet lab f ip6 saddr { 2001:db8:1::7, 2001:db8:1::8 } drop'
expect_eq silent "$(tcp_probe client 10.20.0.11 22)" 'own address'
behind_nat client
behind_nat client2
expect_eq open "$(tcp_probe client 10.20.0.11 22)" 'the address of nat'
expect_eq open "$(tcp_probe client2 10.20.0.11 22)" 'the address of nat'
expect_eq open "$(tcp_probe client fd00:20::11 22)" 'the same in IPv6'
expect_ok on client ping -n -c 1 -W 2 198.51.100.1
expect_ok on client ping -n -c 1 -W 2 2001:db8:1::1
before_nat client
expect_eq silent "$(tcp_probe client 10.20.0.11 22)" 'own address again'
on gateway nft delete table inet lab

echo '- plain sshd: key, certificate by principal, sftp, restart'
ssh_cmd=(ssh -o BatchMode=yes -o StrictHostKeyChecking=yes)
put_file gateway /root/.ssh/known_hosts <<<"web-01 $(target_hostkey web-01)"
on gateway ssh-keygen -q -t ed25519 -N '' -f /root/key
expect_fail 255 on gateway "${ssh_cmd[@]}" -i /root/key deploy@web-01 true
target_authorize web-01 deploy "$(cat "$(host_file gateway /root/key.pub)")"
expect_ok on gateway "${ssh_cmd[@]}" -i /root/key deploy@web-01 'id -un; exit 0'
expect_out '^deploy$'
expect_fail 3 on gateway "${ssh_cmd[@]}" -i /root/key deploy@web-01 exit 3
expect_ok on gateway "${ssh_cmd[@]}" -tt -i /root/key deploy@web-01 tty
expect_out '^/dev/pts/'
on gateway ssh-keygen -q -t ed25519 -N '' -f /root/ca
on gateway ssh-keygen -q -t ed25519 -N '' -f /root/user
on gateway ssh-keygen -q -s /root/ca -I lab -n deploy@web-01 -V +5m /root/user.pub
expect_fail 255 on gateway "${ssh_cmd[@]}" -i /root/user deploy@web-01 true
target_trust web-01 "$(cat "$(host_file gateway /root/ca.pub)")" deploy@web-01
expect_ok on gateway "${ssh_cmd[@]}" -i /root/user deploy@web-01 true
expect_fail 255 on gateway "${ssh_cmd[@]}" -i /root/user root@web-01 true
target_trust web-01 "$(cat "$(host_file gateway /root/ca.pub)")" deploy@other
expect_fail 255 on gateway "${ssh_cmd[@]}" -i /root/user deploy@web-01 true
target_log web-01 | grep -i 'certificate .*principal' >/dev/null ||
	fail 'sshd does not say why it refused the certificate'
target_sshd_stop web-01
expect_eq refused "$(tcp_probe gateway web-01 22)" 'probe after stop'
target_sshd_start web-01 22 2222
expect_eq open "$(tcp_probe gateway web-01 2222)" 'second port'

echo '- ssh -J through a stock sshd on the gateway'
jump_sshd_start
target_authorize web-01 deploy "$(user_pubkey alice)"
put_file client /etc/ssh/ssh_known_hosts <<-KNOWN
	web-01 $(target_hostkey web-01)
	[gateway]:2022 $(cut -d ' ' -f 1,2 "$(host_file gateway /etc/ssh/jump/key.pub)")
KNOWN
expect_ok on_as alice client "${ssh_cmd[@]}" -J jump@gateway:2022 deploy@web-01 hostname
expect_out '^web-01$'
jump_sshd_stop

echo '- a live stream and a capture'
echo_start web-02 5000
for a in 10.20.0.12 fd00:20::12; do
	capture_start web-02 in0 tcp port 5000
	# shellcheck disable=SC2016 # for the shell over there
	expect_ok on client bash -c 'exec 3<>/dev/tcp/"$1"/5000; echo hi >&3; head -n 1 <&3' - "$a"
	expect_eq hi "$OUT" 'what the echo server sends'
	OUT=$(capture_stop web-02)
	expect_out ' Flags \[S\],'
done
capture_start web-02 in0 tcp port 5000
OUT=$(capture_stop web-02)
expect_eq '' "$OUT" 'packets without a stream'

echo '- SIEM: RFC 5424 over TLS arrives whole, by name only'
siem_start
msg='<134>1 2026-01-02T03:04:05.678901Z gateway sallyport 12 grant.open [sallyport@32473 seq="7" who="al\"ice"] said "hi"'
send() { # ADDRESS NAME
	printf '%d %s' "${#msg}" "$msg" | on gateway timeout 10 socat -u STDIN \
		"OPENSSL:$1:6514,cafile=$(siem_ca_path),commonname=$2"
}
expect_ok send siem siem
expect_ok send 10.30.0.10 siem
expect_fail 1 send siem other
expect_ok on gateway timeout 10 openssl s_client -connect siem:6514 \
	-CAfile "$(siem_ca_path)" -verify_return_error -verify_ip 10.30.0.10
got() { [ "$(siem_log | grep -cxF -- "$msg")" -eq "$1" ] && [ "$(siem_json | wc -l)" -eq "$1" ]; }
wait_for 10 got 2
expect_eq 'al"ice' "$(siem_json | jq -r '.sd["sallyport@32473"].who' | tail -n 1)" \
	'structured data'
siem_stop
expect_eq refused "$(tcp_probe gateway siem 6514)" 'rsyslog stopped'
siem_start
expect_ok send siem siem
wait_for 10 got 3

echo '- helpers'
# RFC 6238, SHA-1, T = 30 to 59 s: 94287082, of which six digits
expect_eq 287082 "$(totp_code GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ $((45 - $(date +%s))))" totp
expect_eq 1 "$(pids_of web-01 sshd | wc -l)" 'pids of sshd'
(fail 'on purpose') 2>"$TEST_DIR/said" && fail 'fail does not fail'
grep -q "^FAIL: t-lab.sh:[0-9]*: on purpose" "$TEST_DIR/said" ||
	fail "fail names the wrong place: $(cat "$TEST_DIR/said")"
(expect_fail any true) 2>/dev/null && fail 'expect_fail takes success for failure'
(expect_ok false) 2>/dev/null && fail 'expect_ok takes failure for success'
(skip 'nft is not installed') >/dev/null 2>"$TEST_DIR/said" || [ $? -ne 1 ] &&
	fail 'a missing program is no failure'
expect_fail 77 bash -c '. "$1"; skip "kernel: no such thing"' - "$LAB_LIB/check.sh"
expect_out '^SKIP: kernel: no such thing$'
(wait_for 0 false) 2>/dev/null && fail 'wait_for does not give up'

echo '- nothing is left behind'
lab_down
lab_down
expect_fail any test -e "$dir"
wait_for 10 processes_of 'processes left' "$nets"
expect_eq "$mounts_before" "$(sort /proc/self/mountinfo)" 'mounts'
expect_eq "$links_before" "$(ip -o link | wc -l)" 'interfaces'
expect_eq "$passwd_before" "$(sha256sum /etc/passwd /etc/group /etc/shadow /etc/hosts 2>&1 || true)" 'user files'
expect_eq "$hostname_before" "$(cat /proc/sys/kernel/hostname)" 'host name'

echo '- nor by a test that is killed outright'
LAB_HOSTS='client gateway' bash -c '. "$1"; lab_up; echo "$LAB_DIR ${LAB_PID[*]}" >"$2"; sleep 600' \
	- "$LAB_LIB/../lib.sh" "$TEST_DIR/victim" &
victim=$!
disown "$victim"
wait_for 20 test -s "$TEST_DIR/victim"
read -r dir pids <"$TEST_DIR/victim"
nap=$(ps --ppid "$victim" -o pid=,args= | awk '$2 == "sleep" { print $1 }')
kill -KILL "$victim"
[ -z "$nap" ] || kill -KILL "$nap" 2>/dev/null || true
ended() { ! lab_starttime "$1"; }
for p in $pids; do
	wait_for 10 ended "$p"
done
lab_sweep
expect_fail any test -e "$dir"

[ "$took" -lt 15000 ] || fail "lab_up took $took ms"
pass "lab_up in $took ms"
