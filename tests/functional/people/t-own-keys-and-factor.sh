#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: users replace their own second factor and keys with the old ones, a recovery code works once, and what came by a key that is gone ends
#
# A lost phone, a code used twice, a broker killed over it, a laptop that is new
# and one that goes.

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client client2 gateway web-01'
lab_up "$STAGE"
story

# Those of the last output.
codes() { grep -oE '^([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$' <<<"$OUT"; }
recovery_file() { # CODE
	put_file client /home/alice/recovery 0600 alice <<<"$1"
	printf /home/alice/recovery
}
# Some code, where it is not looked at.
any_code() { # USER
	put_file "$(host_of "$1")" "/home/$1/any" 0600 "$1" <<<123456
	printf '/home/%s/any' "$1"
}
old_code() {
	local secret

	read -r secret _ <"$(gw_dir)/totp.old"
	put_file client /home/alice/old 0600 alice <<<"$(totp_code "$secret" 0)"
	printf /home/alice/old
}

echo '- recovery codes are shown once; they are in no record and no log'
expect_ok jit alice mfa codes --code-file "$(code_file alice)"
expect_out 'those before are void'
mapfile -t code < <(codes)
expect_eq 8 "${#code[@]}" 'codes'
has_record '.event == "mfa.codes" and .user == "alice" and (.signature | length) > 100' ||
	fail 'new codes are not on record'

echo '- a lost phone: the recovery code, a new secret, the old holds until it is confirmed'
expect_fail 4 jit alice mfa reset
expect_out 'a recovery code; give it with .*--recovery-file'
expect_fail 4 jit alice mfa reset --recovery-file "$(recovery_file 123456)"
expect_out 'like 4H7K-2MQX-9TRB-6WNC; it was not sent'
expect_ok jit alice mfa reset -o json --recovery-file "$(recovery_file "${code[0]}")"
has_record '.event == "mfa.recovery" and .outcome == "success" and .user == "alice"' ||
	fail 'the recovery code is not on record'
secret=$(sed -n 's/.*"secret": *"\([A-Z2-7]*\)".*/\1/p' <<<"$OUT")
expect_ok as alice request web-01 --for 5m --reason 'the old one' -o name
local_admin revoke "$OUT" >/dev/null 2>&1
cp "$(gw_dir)/totp.alice" "$(gw_dir)/totp.old"
printf '%s 0\n' "$secret" >"$(gw_dir)/totp.alice" # whose steps are all unused
expect_ok jit alice mfa reset --confirm --code-file "$(code_file alice)"
expect_out 'the old one and its recovery codes are void'
mapfile -t fresh < <(codes)
expect_eq 8 "${#fresh[@]}" 'new codes'
expect_fail 4 jit alice mfa codes --code-file "$(old_code)"
expect_out 'the code is wrong'
expect_fail 4 jit alice mfa reset --recovery-file "$(recovery_file "${code[1]}")"
expect_out 'none of your recovery codes'
expect_fail 7 jit alice mfa reset --confirm --code-file "$(any_code alice)"
expect_out 'begin with jitctl mfa reset'
has_record '.event == "mfa.reset" and .outcome == "failure" and .reason == "not-begun"' ||
	fail 'a confirmation of nothing is not on record'

echo '- a recovery code works once, also over a restart, and for nothing else'
expect_ok jit alice mfa reset -o json --recovery-file "$(recovery_file "${fresh[0]}")"
expect_fail 4 jit alice mfa reset --recovery-file "$(recovery_file "${fresh[0]}")"
expect_out 'used before'
gw_stop
gw_start
expect_fail 4 jit alice mfa reset --recovery-file "$(recovery_file "${fresh[0]}")"
expect_out 'used before'
expect_fail 4 jit alice request web-01 --for 5m --reason x \
	--code-file "$(recovery_file "${fresh[1]}")"
expect_out 'a code has 6 digits; it was not sent'

echo '- typed at a terminal: not shown, and the old one holds if it is left at that'
put_file client /home/alice/reset.exp 0644 alice <<'EXPECT'
set timeout 10
spawn -noecho bash -c {jitctl mfa reset --text; echo rc=$?}
expect "or a recovery code (not shown):" {} timeout { exit 90 }
send "[lindex $argv 0]\r"
expect "otpauth://totp/" {} timeout { exit 91 }
expect "Now a code of the new one" {} timeout { exit 92 }
expect "Code, 6 digits (not shown):" {} timeout { exit 93 }
send "\003"
expect "the old second factor holds" {} timeout { exit 94 }
expect "rc=130" {} timeout { exit 95 }
expect eof
EXPECT
typed=$(tr 'A-Z-' 'a-z ' <<<"${fresh[3]}")
expect_ok on_as alice client expect /home/alice/reset.exp "$typed"
expect_no_out "$typed|${fresh[3]}"

echo '- a broker killed while the burning is written: one effect, or none'
old=$(gw_pid broker)
back() { [ -n "$(gw_pid broker)" ] && [ "$(gw_pid broker)" != "$old" ]; }
burnt() { has_record '.event == "mfa.recovery" and .seq > '"$seq"; }
seq=$(records .seq | tail -n 1)
recovery_file "${fresh[2]}" >/dev/null
gw_freeze notary
on_as_bg alice client jitctl --no-input mfa reset -o json \
	--recovery-file /home/alice/recovery </dev/null >"$TEST_DIR/out" 2>&1
asked=$!
sleep 0.7 # nothing is written: nothing can be waited for
gw_kill broker
gw_thaw notary
wait_for 15 back
wait "$asked" || true # it may have been answered by the next broker
n=$(grep -c '"secret"' "$TEST_DIR/out" || true)
jit alice mfa reset -o json --recovery-file /home/alice/recovery \
	>"$TEST_DIR/again" 2>&1 || true
n=$((n + $(grep -c '"secret"' "$TEST_DIR/again" || true)))
expect_eq 1 "$n" "secrets shown for one code$(check_show "$(cat "$TEST_DIR/out" "$TEST_DIR/again")")"
burnt || fail 'the recovery code is not on record'
old=$(gw_pid broker)
gw_kill broker
wait_for 15 back
expect_fail 4 jit alice mfa reset --recovery-file /home/alice/recovery
expect_out 'used before'

echo '- nothing of it is in the evidence, the store, a log'
for c in "${code[@]}" "${fresh[@]}"; do
	for plain in "$c" "${c//-/}"; do
		! on gateway grep -rqF -- "$plain" /var/lib/sallyport /var/log ||
			fail "the code $plain is on disk"
	done
done

echo '- a key of a second machine: a code each time, nobody else'\''s, never none'
laptop() { on_as bob client2 setsid -w jitctl "$@"; }
on_as bob client2 mkdir -p .config/sallyport .ssh
on_as bob client2 ssh-keygen -q -t ed25519 -N '' -C laptop -f .ssh/id_alice
on client cat /home/alice/.config/sallyport/config.yaml |
	sed 's|/home/alice/.ssh/id_ed25519|/home/bob/.ssh/id_alice|' |
	put_file client2 /home/bob/.config/sallyport/config.yaml 0600 bob
on client2 cat /home/bob/.ssh/id_alice.pub | put_file client /home/alice/laptop.pub 0644 alice
expect_fail 4 laptop key ls
expect_fail 4 jit alice key add /home/alice/laptop.pub
expect_ok jit alice key add /home/alice/laptop.pub --code-file "$(code_file alice)"
expect_out 'Your keys have changed'
has_record '.event == "user.key" and .reason == "added" and .user == "alice" and (.keys | test("^SHA256:"))' ||
	fail 'the key is not on record'
expect_ok laptop key ls
expect_out 'laptop +yes$'
user_pubkey admin | put_file client /home/alice/admin.pub 0644 alice
local_admin user set admin --key - <<<"$(user_pubkey admin)" >/dev/null 2>&1
expect_fail 7 jit alice key add /home/alice/admin.pub --code-file "$(any_code alice)"
expect_out 'belongs to another user'
has_record '.event == "user.key" and .outcome == "failure" and .reason == "conflict"' ||
	fail 'the refused key is not on record'

echo '- the old key goes while a session by it runs'
grant=$(request alice web-01)
gw_ssh_bg alice -- web-01 'echo here; sleep 60' </dev/null >"$TEST_DIR/out" 2>&1
ssh=$!
wait_for 10 grep -q here "$TEST_DIR/out"
expect_ok jit alice key ls -o json
old=$(jq -r '.items[] | select(.current).fingerprint' <<<"$OUT")
put_file client2 /home/bob/code 0600 bob <<<"$(code_for alice)"
expect_fail 1 laptop key rm "$old" --no-input
expect_out '^This ends: 1 grant, 1 session[.]$'
expect_out 'say --yes$'
expect_ok laptop key rm "$old" --code-file /home/bob/code
expect_out '1 grant, 1 session'
rc=0
wait "$ssh" || rc=$?
expect_eq 255 "$rc" 'exit status of ssh'
grep -q 'session ended: revoked' "$TEST_DIR/out" ||
	fail "what she was told:$(check_show "$(cat "$TEST_DIR/out")")"
has_record ".event == \"grant.close\" and .grant == \"$grant\" and .reason == \"revoked\"" ||
	fail 'the end of the grant is not on record'
expect_fail 4 jit alice whoami
expect_ok laptop key ls -o name
expect_fail 7 laptop key rm "$OUT" --code-file "$(any_code bob)"
expect_out 'the only key you have: add another'
has_record '.event == "user.key" and .outcome == "failure" and .reason == "last-key"' ||
	fail 'the last key is not on record'

echo '- key and phone in other hands: a recovery code alone locks her'
put_file client2 /home/bob/code 0600 bob <<<"$(code_for alice)"
expect_ok laptop mfa codes --code-file /home/bob/code
mapfile -t fresh < <(codes)
put_file client2 /home/bob/recovery 0600 bob <<<"${fresh[1]}"
on_as bob client2 mv .ssh/id_alice .ssh/id_gone
expect_fail 3 laptop lock me --user alicia --recovery-file /home/bob/recovery
expect_out 'nothing is locked: this is not a user'
expect_ok laptop lock me --recovery-file /home/bob/recovery
expect_out 'Locked: the user alice'
on_as bob client2 mv .ssh/id_gone .ssh/id_alice
expect_fail 3 laptop request web-01 --for 5m --reason x --code-file /home/bob/code
expect_out 'locked'
has_record '.event == "lock.create" and .method == "recovery" and .value == "alice"' ||
	fail 'the lock is not on record'
pass
