#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: a host takes the CA of break-glass for its own principal, from the named prefixes and for 30 minutes, whoever has its key

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client client2 gateway web-01 web-02'
lab_up "$STAGE"

declare -A at=([web-01]=10.20.0.11 [web-02]=10.20.0.12)
# the laptops are client and client2; the hosts take it from client's prefix alone
echo '- a CA, sealed; its sheets'
expect_ok on_as alice client jitctl breakglass init glass.ca \
	--from 198.51.100.0/28 --from 2001:db8:1::/124 --need 2 --sheets 3
mapfile -t sheet < <(grep -oE '([0-9A-HJKMNP-TV-Z]{4}-){7}[0-9A-HJKMNP-TV-Z]{4}' <<<"$OUT")
expect_eq 3 "${#sheet[@]}" 'sheets'
expect_eq 600 "$(stat -c %a "$(host_file client /home/alice/glass.ca)")" 'mode of its file'
expect_fail 1 on_as alice client jitctl breakglass init glass.ca --from 198.51.100.0/28
expect_out 'File exists'
ca=$(grep -o 'ssh-ed25519 .*' "$(host_file client /home/alice/glass.ca)")

trust() { # HOST CA: it trusts it, for root, as it is told to
	on_as alice client jitctl breakglass trust glass.ca "$1" |
		grep '^restrict' | sed "s|$ca|$2|" |
		put_file "$1" /etc/ssh/breakglass/root 0644
}
for h in web-01 web-02; do
	trust "$h" "$ca"
	on_as alice client jitctl breakglass trust glass.ca "$h" |
		grep '^AuthorizedKeysFile' |
		put_file "$h" /etc/ssh/sshd_config.d/breakglass.conf 0644
	target_sshd_start "$h"
done

put_file client /home/alice/mint.exp 0644 alice <<'EXPECT'
set timeout 20
set sheets [split [lindex $argv 0] ,]
spawn -noecho jitctl breakglass mint glass.ca {*}[lrange $argv 1 end]
foreach s $sheets {
	expect "not shown" {} timeout { exit 90 } eof { exit 91 }
	send "$s\r"
}
expect {
	"not shown" { send "\003"; expect eof; exit 92 }
	eof
}
exit [lindex [wait] 3]
EXPECT
mint() { # SHEET,SHEET FLAG...
	on_as alice client expect mint.exp "$1" --key id.pub --reason 'INC-1 dark' "${@:2}"
}
in_from() { # USER HOST ADDRESS [SSH_OPTION...]
	on_as "$1" "$(host_of "$1")" ssh -i id -o IdentitiesOnly=yes -o BatchMode=yes \
		-o StrictHostKeyChecking=no -o ConnectTimeout=10 "${@:3}" \
		"root@${at[$2]}" true
}
on_as alice client ssh-keygen -q -t ed25519 -N '' -f id

echo '- only with the sheets, each typed'
expect_fail 4 on_as alice client setsid -w jitctl breakglass mint glass.ca --target web-01 \
	--key id.pub --reason x
expect_out 'typed, on a terminal'
expect_fail 92 mint "${sheet[0]},${sheet[0]}" --target web-01
expect_out 'sheet 1 is there already'
expect_fail 92 mint "${sheet[0]},${sheet[1]:0:38}$([[ ${sheet[1]:38} == 0 ]] && echo 1 || echo 0)" --target web-01
expect_out 'a slip'
expect_fail any on_as alice client test -e id-cert.pub
expect_fail 2 on_as alice client setsid -w jitctl breakglass mint glass.ca --target web-01 \
	--key id.pub --reason x --for 31m
expect_out '30 minutes at most'
expect_fail 2 on_as alice client setsid -w jitctl breakglass mint glass.ca --target web-01 \
	--key id.pub --reason x --from 198.51.100.0/24
expect_out 'not within'

echo '- a certificate lets in where it is for, and nowhere else'
expect_ok mint "${sheet[2]},${sheet[0]}" --target web-01
expect_no_out "${sheet[0]}"
expect_out '^ssh -i id .*breakglass@web-01'
expect_ok on_as alice client ssh-keygen -L -f id-cert.pub
expect_out 'Key ID: "breakglass user=alice ca=SHA256:.* why=INC-1 dark"'
expect_out '^ +breakglass@web-01'
expect_out 'source-address 198.51.100.0/28,2001:db8:1::/124'
from=$(grep -oE 'from [0-9T:-]+' <<<"$OUT") to=$(grep -oE ' to [0-9T:-]+' <<<"$OUT")
expect_eq 2100 "$(($(date -d "${to# to }" +%s) - $(date -d "${from#from }" +%s)))" 'seconds of its life'
expect_ok in_from alice web-01
expect_fail 255 in_from alice web-02
on_as alice client mv id-cert.pub kept
expect_fail 255 in_from alice web-01
on_as alice client mv kept id-cert.pub
echo '- not from elsewhere'
on client cat /home/alice/id | put_file client2 /home/bob/id 0600 bob
on client cat /home/alice/id-cert.pub | put_file client2 /home/bob/id-cert.pub 0600 bob
expect_fail 255 in_from bob web-01
echo '- nor when it is over'
expect_ok mint "${sheet[2]},${sheet[1]}" --target web-01 --for 1s
over() { ! in_from alice web-01 >/dev/null 2>&1; }
wait_for 20 over
expect_ok mint "${sheet[2]},${sheet[1]}" --target web-01
expect_ok in_from alice web-01

echo '- what whoever has the key of such a CA cannot do: hosts hold the rest'
on_as alice client ssh-keygen -q -t ed25519 -N '' -f evil
trust web-01 "$(cut -d ' ' -f 1,2 "$(host_file client /home/alice/evil.pub)")"
sign() {
	on_as alice client rm -f id-cert.pub
	on_as alice client ssh-keygen -q -s evil "$@" id.pub
}
by() { # VERDICT WHAT: web-01's, of what was signed last
	local now=refused

	! in_from alice web-01 >/dev/null 2>&1 || now=admitted
	expect_eq "$1" "$now" "$2"
}
id='breakglass user=alice ca=x why=x'
sign -I "$id" -n breakglass@web-01 -V -1m:+10m
by admitted 'its principal'
for p in root root@web-01 breakglass@web-02; do
	sign -I "$id" -n "$p" -V -1m:+10m
	by refused "the principal $p"
done
sign -I "$id" -V -1m:+10m
by refused 'no principal'
sign -I "$id" -n breakglass@web-01 -V -1m:+10m
on client cat /home/alice/id-cert.pub | put_file client2 /home/bob/id-cert.pub 0600 bob
expect_fail 255 in_from bob web-01
sign -I "$id" -n breakglass@web-01 -V -1m:+10m
expect_fail any on_as alice client timeout 10 ssh -i id -o IdentitiesOnly=yes -o BatchMode=yes \
	-o StrictHostKeyChecking=no -W 127.0.0.1:22 "root@${at[web-01]}" </dev/null
expect_no_out '^SSH-2.0-'

echo '- and with pam_jit: not for longer, and with a loud line'
cut -d ' ' -f 1,2 "$(host_file client /home/alice/evil.pub)" |
	put_file web-01 /etc/ssh/glass_ca.pub 0644
printf 'session required /usr/local/lib/security/pam_jit.so target=web-01 %s %s\n' \
	breakglass_ca=/etc/ssh/glass_ca.pub breakglass_from=198.51.100.0/28 |
	on web-01 tee -a /etc/pam.d/sshd >/dev/null
syslog_start web-01
sign -I "$id" -n breakglass@web-01 -V -1m:+10m
by refused 'without a source-address'
sign -I "$id" -n breakglass@web-01 -V -1m:+10m -O source-address=198.51.100.0/24
by admitted 'with one'
alert() {
	grep -a '<81>.*BREAK-GLASS: admitted root from 198.51.100.7, past the gateway: breakglass user=alice' \
		"$(host_file web-01 /var/log/syslog)" >/dev/null
}
wait_for 10 alert
sign -I "$id" -n breakglass@web-01 -V -1m:+1d -O source-address=198.51.100.0/24
by refused 'a day'
sign -I 'user=alice session=s-x' -n breakglass@web-01 -V -1m:+10m -O source-address=198.51.100.0/24
by refused 'as if by the gateway'
pass
