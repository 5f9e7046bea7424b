#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: jitctl says what is wrong and writes nothing until it has something to write

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client gateway web-01'
lab_up "$STAGE"
story
add_role ops --user alice --label env=lab --login deploy --max 1h --mfa-age 0s
a_home() { # DIR CMD... - alice with another home
	on_as alice client env "HOME=/home/alice/$1" "${@:2}"
}

echo '- reading makes no folders; writing makes them'
expect_fail 4 a_home nobody jitctl whoami
expect_out 'has not joined a gateway yet: jitctl enroll$'
on_as alice client test ! -e nobody || fail 'a read made folders'
on_as alice client cp -r .config other
expect_ok on_as alice client env XDG_CONFIG_HOME=/home/alice/other \
	XDG_STATE_HOME=/home/alice/deep/state jitctl whoami
on_as alice client test -s deep/state/sallyport/token-default.json || fail 'no token was kept'
echo '- a state folder that cannot be is no reason to fail, or to speak'
expect_ok on_as alice client env XDG_STATE_HOME=/proc jitctl whoami
expect_eq 1 "$(wc -l <<<"$OUT")" 'lines'
echo '- what could not be written is no success, whatever was said meanwhile'
for c in status help 'role add --help'; do
	expect_fail 1 on_as alice client sh -c "jitctl $c >/dev/full"
	expect_out 'could not be written'
done
echo '- a reader that has read enough is no error, whatever became of SIGPIPE'
put_file gateway /etc/lab/closed <<'SH'
exec 3> >(exit 0)
wait $!
jitctl --socket /run/sallyport/admin.sock "$@" >&3
SH
for c in 'audit search' 'audit tail' 'audit tail -f' targets 'targets -o json' users help; do
	# shellcheck disable=SC2086 # words
	expect_fail 141 on gateway bash /etc/lab/closed $c
	expect_eq '' "$OUT" "what is said of $c"
	# shellcheck disable=SC2086
	expect_fail 141 on gateway bash -c "trap '' PIPE; . /etc/lab/closed" closed $c
	expect_eq '' "$OUT" "what is said of $c without the signal"
done
echo '- a profile that is not there is named'
for c in whoami ssh-config known-hosts; do
	expect_fail 4 jit alice --profile nowhere "$c"
	expect_out 'no profile "nowhere".*enroll --profile nowhere'
done

echo '- an invitation of another gateway does not take the place of this one'
before=$(on_as alice client cat .config/sallyport/config.yaml)
invitation=$(local_admin user add dora 2>/dev/null)
put_file client /home/alice/other-gw 0600 alice <<<"${invitation/:gateway:/:198.51.100.1:}"
expect_fail 7 jit alice enroll --invite-file other-gw
expect_out 'is of the gateway gateway; join 198.51.100.1 beside it with --profile NAME'
expect_eq "$before" "$(on_as alice client cat .config/sallyport/config.yaml)" 'the profile'

echo '- a closed stdout is an output that could not be written, not a socket'
expect_fail 1 on_as alice client bash -c 'jitctl targets ls <&- >&-'
expect_out 'could not be written'

echo '- nobody there'
expect_fail 8 jit alice --gateway gateway:1 whoami
expect_out '^jitctl: gateway port 1 does not answer'
expect_out 'HOST:PORT'
echo '- an address of somebody else'
expect_fail 2 jit alice request web-01 --from 192.0.2.1
expect_out 'sees you as 198.51.100.7 and 2001:db8:1::7;'

echo '- given twice, and which of the two?'
expect_fail 2 jit alice request web-01 --for 5m --for 6m --reason x
expect_out -- '--for is given twice'
expect_fail 2 jit alice request web-01 --for 5x --reason x
expect_out 'not a duration: "5x"'
expect_fail 2 local_admin role set r --login deploy --max 48h
expect_out -- '--max: from 5s to 24h'

echo '- what is no code is not sent: no try is lost; with spaces it is one'
before=$(record_count '.event == "code.wrong" or .reason == "code-wrong"')
put_file client /home/alice/bad 0600 alice <<<12345
expect_fail 4 jit alice request web-01 --for 5m --reason x --code-file bad
expect_out '6 digits; it was not sent'
expect_eq "$before" "$(record_count '.event == "code.wrong" or .reason == "code-wrong"')" tries
code=$(code_for alice)
put_file client /home/alice/spaced 0600 alice <<<"${code:0:3} ${code:3}"
expect_ok jit alice request web-01 --for 5m --reason x --code-file spaced -o name
grant=$OUT

echo '- a script that reads JSON gets JSON alone'
jit alice request web-01 --for 5m --reason y -o json 2>"$TEST_DIR/err" >"$TEST_DIR/out" && fail 'no code'
expect_eq code-needed "$(jq -r .code "$TEST_DIR/err")" 'the problem'

echo '- on a narrow terminal an id can still be pasted'
narrow() { # COLUMNS CMD...
	on_as alice client script -qec "stty cols $1; ${*:2}" /dev/null </dev/null
}
expect_ok narrow 40 jitctl grants
expect_out "^$grant.?$"
expect_out '[0-9]{2}:[0-9]{2}:[0-9]{2} UTC'
expect_ok narrow 63 jitctl help request
expect_out '^  -l, --login NAME.?$'
[ "$(tr -d '\r' <<<"$OUT" | wc -L)" -le 63 ] || fail 'a line of the help is too long'

echo '- the newest records, without reading all'
records >"$TEST_DIR/all" 2>/dev/null || true
local_admin audit tail --lines 3 -o json >"$TEST_DIR/tail"
expect_eq 3 "$(wc -l <"$TEST_DIR/tail")" 'records'
last=$(tail -n 1 "$TEST_DIR/tail" | jq .seq)
expect_eq "$((last - 2)) $((last - 1)) $last" "$(jq -r .seq "$TEST_DIR/tail" | paste -sd' ')" 'numbers'
[ "$last" -ge "$(tail -n 1 "$TEST_DIR/all" | jq .seq)" ] || fail 'not the newest'
expect_ok local_admin audit tail --lines 10000 -o json
expect_eq 0 "$(head -n 1 <<<"$OUT" | jq .seq)" 'the first of all'
calls=$(local_admin --debug audit tail --lines 1 2>&1 | grep -c 'GET /v1/audit')
[ "$calls" -le 25 ] || fail "$calls calls for one record"
# what is searched for is what is found, whatever is in it
for v in 'ali.e' '.*' '^alice$' "alice'" 'alice"' '[alice' $'alice\\' $'alice\x1b[31m' $'alice\x01' $'alic\xe9' 'ALICE'; do
	expect_ok local_admin audit search --user "$v"
	expect_out '^None of [0-9]+ records matches[.]$'
	expect_no_out $'[\x01\x1b]'
done
expect_ok local_admin audit search --user alice -o json
expect_eq alice "$(jq -r 'select(.user == "alice" or .by == "alice") | "alice"' <<<"$OUT" | sort -u)" 'those of alice'
expect_eq "$(wc -l <<<"$OUT")" "$(jq -r 'select(.user == "alice" or .by == "alice") | .seq' <<<"$OUT" | wc -l)" 'and no others'
expect_ok local_admin audit search --event session.en
expect_out 'did you mean session\.end\?'

echo '- a role that denies forbids all that it does not name'
expect_fail 1 local_admin role add freeze --deny
expect_out 'forbids everything to everybody'
expect_out 'nothing was changed: .*--yes'
expect_ok local_admin --yes role add freeze --deny
expect_ok local_admin roles
expect_out '^freeze +everybody +all +all '
code_file alice >/dev/null
expect_fail 3 jit alice request web-01 --for 5m --reason x --code-file code
expect_out 'freeze'
expect_ok local_admin role rm freeze
expect_ok jit alice request web-01 --for 5m --reason x --code-file code

echo '- Ctrl-C at a yes or no is no, and says so'
put_file gateway /etc/lab/yes.exp <<'EXPECT'
set timeout 20
spawn -noecho bash -c {trap : INT; jitctl --socket /run/sallyport/admin.sock target add web-09 10.20.0.11 --scan --login deploy; echo rc=$?}
expect "host keys?" {} timeout { exit 90 }
send "\003"
expect -re {rc=([0-9]+)} {} timeout { exit 91 }
puts "\nEXIT $expect_out(1,string)"
EXPECT
expect_ok on gateway expect /etc/lab/yes.exp
expect_out '^jitctl: nothing was added.?$'
expect_out '^EXIT 130'
expect_fail 1 local_admin target add web-09 10.20.0.11 --scan --login deploy
expect_out 'nothing was added; compare.*say --yes'

echo '- what is printed for a target is all it needs'
target_untrust web-01
expect_ok local_admin target set web-01 "$(lab_address web-01)" --host-key /etc/lab/web-01.hostkey \
	--login deploy --label env=lab
expect_out 'For the host itself nothing changes'
expect_no_out 'sshd -t'
setup=$(local_admin target setup web-01 --login deploy 2>/dev/null)
[ "$(tail -n 1 <<<"$setup")" = 'sshd -t && systemctl reload ssh' ] || fail "the last line: $setup"
sed '$d' <<<"$setup" | on web-01 sh -eu
on web-01 /usr/sbin/sshd -t
target_sshd_restart web-01
expect_ok local_admin doctor web-01

echo '- an address that is no single host is none of a target'
for a in 0.0.0.0 127.0.0.1 169.254.0.1 224.0.0.1 255.255.255.255 :: ::1 ff02::1 fe80::1 \
	10.20.0.255 ::10.20.0.11 64:ff9b::10.20.0.11 2002:a14:b::1; do
	expect_fail 2 local_admin target add web-09 "$a" --host-key /etc/lab/web-01.hostkey --login deploy
	expect_out 'entry 1 is not the address of one host'
done
echo '- an address has one writing; no resolver guesses at others'
for a in 010.20.0.13 169148429 10.20.13 0x0a.20.0.13 10.20.0.13. fe80::1%eth0; do
	expect_fail 2 local_admin target add web-09 "$a" --host-key /etc/lab/web-01.hostkey --login deploy
	expect_out 'not an address as they are written here'
done
echo "- nor is a door of the gateway; another port of its host is, with a warning"
for a in 198.51.100.1 10.20.0.1 2001:db8:1::1; do
	for p in 2222 8443; do
		expect_fail 2 local_admin target add web-09 "$a" --port "$p" \
			--host-key /etc/lab/web-01.hostkey --login deploy
		expect_out "port $p there is the gateway's own"
	done
done
expect_ok jit alice whoami
own() { # WORDS...
	local_admin target add web-09 198.51.100.1 --port 8022 \
		--host-key /etc/lab/web-01.hostkey --login deploy "$@"
}
expect_ok own --dry-run
expect_out 'web-09: this is an address of the gateway itself'
expect_fail 1 own
expect_out 'this is an address of the gateway itself'
expect_out 'nothing was changed: if that is meant, say --yes'
expect_fail 5 local_admin target show web-09
expect_ok own --yes
expect_out 'web-09: this is an address of the gateway itself'
expect_ok local_admin target rm web-09

echo '- a target that was removed is shut still; it can be scanned and come back'
expect_ok local_admin target rm web-01
expect_ok local_admin target add web-01 "$(lab_address web-01)" --scan --yes --login deploy --label env=lab
expect_ok local_admin doctor web-01
pass
