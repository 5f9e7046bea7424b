#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: jitctl asks only on a terminal, hides codes, and leaves it as it was on Ctrl-C

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client gateway web-01'
lab_up "$STAGE"
story
add_role ops --user alice --label env=lab --login deploy --max 1h --mfa-age 0s

echo '- without a terminal: at once, naming the flag'
start=$EPOCHSECONDS
expect_fail 4 on_as alice client setsid -w jitctl request web-01 --for 5m --reason x
expect_out -- '--code-file'
[ $((EPOCHSECONDS - start)) -le 3 ] || fail 'it waited for something'

put_file client /home/alice/ask.exp 0644 alice <<'EXPECT'
set timeout 10
set code [lindex $argv 0]
spawn -noecho bash -c {trap : INT; stty -a >before; jitctl request web-01 --for 5m --reason $0; echo rc=$?; stty -a >after} $code
expect "Code, 6 digits (not shown):" {} timeout { exit 90 }
if {$code eq "ctrl-c"} { send "\003" } else { send "$code\r" }
expect -re {rc=([0-9]+)} {} timeout { exit 91 }
expect eof
puts "\nEXIT $expect_out(1,string)"
EXPECT
echo '- a code is typed, not shown'
code=$(code_for alice)
expect_ok on_as alice client expect /home/alice/ask.exp "$code"
expect_out '^EXIT 0'
expect_no_out "$code"
expect_out 'Door open'
on_as alice client cmp before after || fail 'the terminal is another than before'
echo '- a reason that is wanted and was not given: asked for, and the code then'
put_file client /home/alice/why.exp 0644 alice <<'EXPECT'
set timeout 20
spawn -noecho bash -c {trap : INT; stty -a >before; jitctl request web-01 --for 6m; echo rc=$?; stty -a >after}
expect "Reason:" {} timeout { exit 90 }
send "INC-4712 reboot\r"
expect "Code, 6 digits (not shown):" {} timeout { exit 91 }
send "\003"
expect -re {rc=([0-9]+)} {} timeout { exit 92 }
expect eof
puts "\nEXIT $expect_out(1,string)"
EXPECT
expect_ok on_as alice client expect /home/alice/why.exp
expect_out '^EXIT 130'
on_as alice client cmp before after || fail 'the terminal is another than before'
expect_fail 3 on_as alice client setsid -w jitctl request web-01 --for 6m
expect_out '^jitctl: refused [(]event [0-9]+[)]: a reason is wanted, as in:  jitctl request web-01 .*--reason'
expect_eq 1 "$(wc -l <<<"$OUT")" lines
echo '- Ctrl-C'
expect_ok on_as alice client expect /home/alice/ask.exp ctrl-c
expect_out '^EXIT 130'
on_as alice client cmp before after || fail 'the terminal is another than before'

echo '- what will be refused is refused before anybody is asked whether, or for a code'
put_file client /home/alice/refused.exp 0644 alice <<'EXPECT'
set timeout 20
spawn -noecho jitctl {*}$argv
expect -ex {[y/N]} { exit 90 } -ex "Code (" { exit 91 } eof
exit [lindex [wait] 3]
EXPECT
unasked() { on_as alice client expect /home/alice/refused.exp "$@"; }
expect_fail 5 unasked key rm "SHA256:$(printf 'A%.0s' {1..43})"
expect_out 'you have no such key'
expect_fail 7 unasked key rm "$(jit alice key ls -o name)"
expect_out 'it is the only key you have: add another first'
expect_fail 7 unasked key add .ssh/id_ed25519.pub
expect_fail 5 unasked extend g-22222222 --for 5m

echo '- an invitation and a QR code'
put_file gateway /etc/lab/admin.pub <<<"$(user_pubkey admin)"
invitation=$(local_admin user add carol --key /etc/lab/admin.pub 2>/dev/null)
put_file client /home/admin/qr.exp 0644 admin <<'EXPECT'
set timeout 10
set stty_init "rows 24 cols 80"
spawn -noecho jitctl enroll
expect "nvitation" {} timeout { exit 90 }
send "[lindex $argv 0]\r"
expect -re {\n([A-Z2-7]{4} ){7}[A-Z2-7]{4}\r} {} timeout { exit 93 }
expect "Scan with" {} timeout { exit 91 }
expect "Code" {} timeout { exit 92 }
send "\003"
expect eof
EXPECT
expect_ok on_as admin client env LC_ALL=C.UTF-8 expect /home/admin/qr.exp "$invitation"
expect_out '█'
expect_no_out "${invitation##*:}"
echo '- where it does not fit: as text; an invitation that the mail broke is one'
put_file client /home/admin/small.exp 0644 admin <<'EXPECT'
set timeout 10
set stty_init "rows 16 cols 40"
spawn -noecho bash -c {jitctl enroll; echo rc=$?; bash --norc}
expect "nvitation" {} timeout { exit 90 }
send "[string range [lindex $argv 0] 0 30]\n[string range [lindex $argv 0] 31 end]\necho pwn\\ed\n"
expect "as text" {} timeout { exit 91 }
expect "otpauth://totp/" {} timeout { exit 92 }
expect "Code" {} timeout { exit 93 }
send "\003"
expect "rc=130" {} timeout { exit 94 }
send "echo read by\\ bash\n"
expect "read by bash" {} timeout { exit 95 }
send "exit\n"
expect eof
EXPECT
expect_ok on_as admin client env LC_ALL=C.UTF-8 expect /home/admin/small.exp "$invitation"
expect_no_out 'pwned|█'

echo '- a target that is scanned: no fingerprint is pinned that was not confirmed'
put_file gateway /etc/lab/scan.exp <<'EXPECT'
set timeout 10
spawn -noecho jitctl --socket /run/sallyport/admin.sock target add web-09 10.20.0.11,fd00:20::11 --scan --login deploy
expect -re {SHA256:[A-Za-z0-9+/]+} {} timeout { exit 90 }
expect "\[y/N\]" {} timeout { exit 91 }
send "[lindex $argv 0]\r"
expect eof
exit [lindex [wait] 3]
EXPECT
for answer in '' n; do
	expect_fail any on gateway expect /etc/lab/scan.exp "$answer"
	expect_out "$(on web-01 ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub | cut -d ' ' -f 2 | sed 's/+/[+]/g')"
	expect_eq web-01 "$(local_admin targets -o name)" 'targets'
done
expect_ok on gateway expect /etc/lab/scan.exp y
expect_eq 'web-01 web-09' "$(local_admin targets -o name | sort | tr '\n' ' ' | sed 's/ $//')" 'targets'

echo '- --no-input is no yes, on a terminal or without one: it fails, and names --yes'
put_file gateway /etc/lab/noinput.exp <<'EXPECT'
set timeout 20
spawn -noecho jitctl --socket /run/sallyport/admin.sock --no-input {*}$argv
expect eof
exit [lindex [wait] 3]
EXPECT
on gateway ssh-keygen -q -t ed25519 -N '' -f /etc/lab/zoe
local_admin user add zoe --key /etc/lab/zoe.pub >/dev/null
for rm in 'user rm zoe' 'target rm web-09'; do
	# shellcheck disable=SC2086 # words
	expect_fail 1 on gateway expect /etc/lab/noinput.exp $rm
	expect_out 'nothing was changed: if that is meant, say --yes'
	# shellcheck disable=SC2086 # words
	expect_fail 1 local_admin --no-input $rm
	expect_out 'say --yes'
done
local_admin user show zoe >/dev/null || fail 'the user is gone'
expect_ok on gateway expect /etc/lab/noinput.exp user rm zoe --yes
expect_out 'Removed: user zoe'

echo '- a scan that cannot ask: the command it prints for the comparison works there'
expect_fail 1 on gateway expect /etc/lab/noinput.exp target add web-10 10.20.0.11 --scan --login deploy
hint=$(tr -d '\r' <<<"$OUT" | tr '\n' ' ' | sed -n "s/.*the target's own (\(for k in .*done\)) and say --yes.*/\1/p")
[ -n "$hint" ] || fail "no command in: $OUT"
on web-01 ssh-keygen -q -t ecdsa -N '' -f /etc/ssh/ssh_host_ecdsa_key
expect_ok on web-01 sh -c "$hint"
expect_eq 2 "$(grep -c SHA256: <<<"$OUT")" 'fingerprints'

echo '- a target whose other address nobody named, and a port where something else answers'
on gateway sh -c 'echo "fd00:20::11 web-01" >>/etc/hosts'
put_file gateway /etc/lab/add.exp <<'EXPECT'
set timeout 20
spawn -noecho jitctl --socket /run/sallyport/admin.sock target add {*}[lrange $argv 2 end] --login deploy
expect [lindex $argv 0] {} timeout { exit 90 } eof { exit 91 }
expect "\[y/N\]" {} timeout { exit 92 }
send "[lindex $argv 1]\r"
expect eof
exit [lindex [wait] 3]
EXPECT
# what is asked, and the answer; its target
added() { on gateway expect /etc/lab/add.exp "$@" --host-key /etc/lab/web-01.hostkey; }
addresses() { # TARGET
	local_admin target show "$1" -o json | jq -r '.addresses | join(",")'
}
six='fd00:20::11 port 22 is the same host: it shows the same key. Shut that too?'
while read -r t; do
	expect_ok local_admin target rm "$t" --yes
done < <(local_admin targets -o json |
	jq -r '.items[] | select(.addresses | index("fd00:20::11")) | .target')
expect_ok added "$six" n t1 10.20.0.11
expect_out 'fd00:20::11 port 22 is the same host, and is not shut by this: to shut it too, give ADDRESS as 10.20.0.11,fd00:20::11'
expect_eq 10.20.0.11 "$(addresses t1)" 'of t1'
expect_ok added "$six" y t2 10.20.0.11
expect_eq 10.20.0.11,fd00:20::11 "$(addresses t2)" 'of t2'
# which shuts it, whatever it is called
expect_ok local_admin target add t4 10.20.0.11 --login deploy --host-key /etc/lab/web-01.hostkey --yes
expect_no_out 'is not shut by this'
wrong=/etc/lab/wrong
on gateway ssh-keygen -q -t ed25519 -N '' -f "$wrong"
added() { on gateway expect /etc/lab/add.exp "$@" --host-key "$wrong.pub"; }
expect_fail 1 added 'shows other host keys. Shut it to everybody all the same?' n t3 10.20.0.11
expect_out 'nothing was added'
expect_fail 5 local_admin target show t3
on web-01 sh -c 'exec setsid -f socat TCP-LISTEN:2022,fork,reuseaddr EXEC:"echo hello" </dev/null >/dev/null 2>&1'
wait_for 10 is_listening web-01 2022
no_ssh='10.20.0.11 port 2022 answers, but not as an SSH server. Shut it to everybody all the same?'
expect_fail 1 added "$no_ssh" n t3 10.20.0.11 --port 2022
expect_fail 5 local_admin target show t3
expect_ok added "$no_ssh" y t3 10.20.0.11 --port 2022
expect_eq 10.20.0.11 "$(addresses t3)" 'of t3'
pass
