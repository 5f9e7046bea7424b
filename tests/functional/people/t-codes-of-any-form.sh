#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: codes are of the form that the invitation, the user or the configuration says, in the app, in questions and when they are checked; never of fewer digits by the user alone
#
# SHA-512, SHA-256, eight digits, a minute; oathtool is the app.

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client gateway web-01'
lab_up "$STAGE"
story

some_code() { # DIGITS - where it is not looked at
	put_file client /home/alice/some 0600 alice <<<"$1"
	printf /home/alice/some
}

echo '- an admin invites to eight digits by SHA-512, another each minute'
expect_fail 2 local_admin user set alice --reset-code --totp sha3,8,60
expect_out 'as sha256,8,60'
expect_ok local_admin user set alice --reset-code --totp sha512,8,60 --yes
invitation=$(grep '^sp2:' <<<"$OUT")
enroll alice "$invitation"
read -r _ _ form <"$(gw_dir)/totp.alice"
expect_eq sha512,8,60 "$form" 'the form that she is shown'
expect_ok local_admin user show alice -o json
expect_out '"totp_form": *"sha512,8,60"'

echo '- such a code opens, once'
expect_ok as alice request web-01 --for 5m --reason x -o name
grant=$OUT
expect_ok jit alice release "$grant"
expect_fail 4 jit alice mfa codes --code-file /home/alice/code
expect_out 'used before: wait for the next one .at most 60 s'
has_record '.event == "auth.mfa" and .outcome == "success" and .user == "alice" and
	(.factor | test("^[0-9a-f]{32}/60$")) and .step < 40000000' ||
	fail 'the step and what period it is of are not on record'

echo '- of another form by herself; never of fewer digits'
expect_fail 3 jit alice mfa reset --totp sha512,6,60 --code-file "$(some_code 12345678)"
expect_out 'fewer digits are easier to guess'
expect_ok jit alice mfa reset --totp sha256,8,30 --text --code-file "$(code_file alice)"
expect_out 'algorithm=SHA256&digits=8&period=30'
expect_out 'set to SHA256, 8 digits, every 30 s'
secret=$(sed -n 's/.*[?]secret=\([A-Z2-7]*\)&.*/\1/p' <<<"$OUT")
printf '%s 0 sha256,8,30\n' "$secret" >"$(gw_dir)/totp.alice"
expect_fail 4 jit alice mfa reset --confirm --code-file "$(some_code 123456)"
expect_out 'yours have 8 digits'

echo '- at a terminal it is said how many digits'
put_file client /home/alice/confirm.exp 0644 alice <<'EXPECT'
set timeout 10
spawn -noecho bash -c {jitctl mfa reset --confirm; echo rc=$?}
expect "Code, 8 digits (not shown):" {} timeout { exit 90 }
send "123456\r"
expect "a code has 8 digits; it was not sent" {} timeout { exit 91 }
expect "Code, 8 digits (not shown):" {} timeout { exit 92 }
send "[lindex $argv 0]\r"
expect "The new second factor holds" {} timeout { exit 93 }
expect "rc=0" {} timeout { exit 94 }
expect eof
EXPECT
expect_ok on_as alice client expect /home/alice/confirm.exp "$(code_for alice)"
expect_ok jit alice mfa codes --code-file "$(code_file alice)"

echo '- and the configuration says it where nobody else does'
gw_config 'policy:' '  totp: sha512,7,30'
expect_fail 1 on gateway gatewayd -t
expect_out 'policy.totp: sha1, sha256 or sha512'
on gateway sed -i 's/sha512,7,30/sha512,8,30/' /etc/sallyport/gatewayd.yaml
gw_stop
gw_start
expect_ok local_admin user set alice --reset-code --yes
enroll alice "$(grep '^sp2:' <<<"$OUT")"
read -r _ _ form <"$(gw_dir)/totp.alice"
expect_eq sha512,8,30 "$form" 'the form of the configuration'
pass
