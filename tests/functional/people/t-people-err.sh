#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: who mistypes, moves, loses a phone or sits in an editor at the end is helped on

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client gateway web-01'
lab_up "$STAGE"
story
add_role ops --user alice --label env=lab --login deploy --max 1h

echo '- a target mistyped: one guess, of those she may have'
expect_fail 3 jit alice request web-1 --reason x
expect_out '^Did you mean web-01[?]$'
event=$(sed -n 's/^Event //p' <<<"$OUT")
expect_fail 3 jit alice request nothing-like-it --reason x
expect_no_out 'Did you mean'
echo '- the event she was told is found by its number'
expect_ok local_admin audit search --event "$event"
expect_eq 1 "$(wc -l <<<"$OUT")" 'records'
expect_out "^[^ ]+ [^ ]+ UTC +$event +request.create .*target: there is no target web-1"

echo '- a session that ends in an editor gives the terminal back, then says why'
grant=$(request alice web-01 --for 8s)
screen() { # COMMAND - what reaches her terminal, ESC as ^[
	on_as alice client script -qec "ssh -tt -p 2222 deploy@web-01@gateway $1" \
		/dev/null </dev/null | cat -v | tr -d '\r' || true
}
screen "'sleep 1; printf \"\\033[?25l\\033[?1000;10\"; sleep 1; printf \"49hfull\"; sleep 60'" >"$TEST_DIR/full" &
screen "'sleep 1; printf \"\\033[?1049hfull\\033[?1049lback\"; sleep 60'" >"$TEST_DIR/plain" &
wait
grep -q 'full' "$TEST_DIR/full" || fail "no program: $(cat "$TEST_DIR/full")"
tr -d '\n' <"$TEST_DIR/full" | sed 's/\^M//g' |
	grep -qF '^[[?25h^[[0m^[[?1049lsallyport: session ended: expired' ||
	fail "the other screen stays: $(cat "$TEST_DIR/full")"
tr -d '\n' <"$TEST_DIR/plain" | sed 's/\^M//g' |
	grep -qF '[?1049lbacksallyport: session ended: expired' ||
	fail "a terminal that is as it was gets more: $(cat "$TEST_DIR/plain")"

echo '- who did what: the command stands in the record shown'
grant=$(request alice web-01)
expect_ok gw_ssh alice -- web-01 'echo one two'
expect_ok local_admin audit search --grant "$grant" --event session.exec
expect_out 'command="echo one two"'
echo '- a day, a time, both'
for t in 00:00 'today 00:00' '2026-01-01 00:00:30' yesterday; do
	expect_ok local_admin audit search --grant "$grant" --event grant.open --since "$t"
	expect_out "grant=$grant"
	[ "$t" = 00:00 ] || [ "$t" = 'today 00:00' ] || {
		expect_ok local_admin audit search --grant "$grant" --until "$t"
		expect_no_out "grant=$grant"
	}
done
for t in 24:00 'tomorrow 1' 'today 9' '2026-02-30 10:00' ''; do
	expect_fail 2 local_admin audit search --since "$t"
	expect_out 'not a time'
done

echo '- the records taken away are proved by the public key alone; a name is said'
on client mkdir -p /tmp/away
put_file client /tmp/log.vkey <"$(host_file gateway "$GW_STATE/pub/log.vkey")"
local_admin audit search -o json | put_file client /tmp/away/records
expect_fail 1 on client jitctl audit verify --dir /tmp/away --vkey /tmp/log.vkey
expect_out '/tmp/away: no audit-NUMBER.ndjson in it'
expect_ok on client jitctl audit verify --dir /tmp/away/records --vkey /tmp/log.vkey
on client mv /tmp/away/records /tmp/away/audit-00000000000000000000.ndjson
expect_ok on client jitctl audit verify --dir /tmp/away --vkey /tmp/log.vkey

echo '- a list given as one entry: said which key, and how it is written'
put_file gateway /etc/lab/one.yaml <<<$'users:\n  user: dora'
expect_fail 2 local_admin apply -f /etc/lab/one.yaml
expect_out 'users: a list was expected, its entries begin with "- "'

echo '- a laptop that moved: status says why ssh only waits'
expect_ok jit alice status
expect_no_out "To have it here"
expect_out "The gateway sees you at 198.51.100.7 and 2001:db8:1::7"
on client ip route change 198.51.100.0/24 dev out0 src 198.51.100.8
expect_ok jit alice status
expect_out "^$grant is open for 198.51.100.7,.*; the gateway sees you at 198.51.100.8 now[.] To have it here: jitctl move web-01$"
on client ip route change 198.51.100.0/24 dev out0 src 198.51.100.7

expect_fail 5 local_admin sessions play s-22222222
expect_out 'no session s-22222222 has ended here'

echo '- a lost phone: its codes are void at once, and what was open'
old=$(cat "$(gw_dir)/totp.alice")
expect_ok local_admin user set alice --reset-code
expect_out 'totp +yes -> no'
invitation=$(grep -o 'sp2:[^[:space:]]*' <<<"$OUT")
wait_for 10 no_elements entry4
expect_out 'Ended: 1 grant, '
expect_fail 4 jit alice request web-01 --for 5m --reason x
expect_eq invited "$(local_admin users ls -o json |
	jq -r '.items[] | select(.user == "alice").state')" 'alice'
has_record '.event == "user.update" and .user == "alice" and (.changes | contains("\"totp\":false"))' ||
	fail 'the log does not say so'
echo '- the invitation is for her key alone'
put_file client /home/admin/stolen 0600 admin <<<"$invitation"
expect_fail 4 jit admin enroll --no-input --invite-file stolen
enroll alice "$invitation"
[ "${old%% *}" != "$(cut -d ' ' -f 1 "$(gw_dir)/totp.alice")" ] || fail 'the secret is the old one'
expect_ok request alice web-01

echo '- locked out, and let in again, by one command'
expect_fail 5 local_admin user lock aclie
expect_out 'there is no user aclie'
expect_out 'Did you mean alice\?'
expect_ok local_admin user lock alice
expect_out 'state +active -> disabled'
expect_out 'Ended: 1 grant, 0 sessions'
wait_for 10 no_elements entry4
expect_fail 4 jit alice request web-01 --for 5m --reason x
expect_ok local_admin user unlock alice
expect_out 'state +disabled -> active'
expect_eq 'alice active' "$(local_admin user show alice -o json | jq -r '"\(.user) \(.state)"')" shown
expect_ok local_admin user unlock alice
expect_out 'is so already'

echo '- who reads JSON gets JSON, also of what jitctl finds itself'
json_error() { # CODE ARG...
	local want=$1 rc=0

	shift
	jit alice "$@" >"$TEST_DIR/o" 2>"$TEST_DIR/e" || rc=$?
	expect_eq "$want" "$rc" "$*"
	[ -n "$(jq -r 'select(.code == "client") | .detail' "$TEST_DIR/e")" ] ||
		fail "no problem object: $(cat "$TEST_DIR/e")"
}
json_error 2 -o json request
json_error 2 -o json releasex g-1
json_error 2 -o json request web-01 --fro 2h
json_error 2 release g-1 -o json
json_error 4 whoami --profile nowhere -o json
json_error 8 whoami --gateway gateway:1 -o json
echo '- and objects of the commands that print text'
expect_eq request "$(jit alice help request -o json | jq -r '.items[].command')" help
expect_eq 'target show target add target set target setup target rm' "$(jit alice help target -o json | jq -r '.items[].command' | paste -sd' ')" help
for c in known-hosts ssh-config; do
	expect_eq 'gateway 2222' "$(jit alice $c -o json | jq -r '"\(.host) \(.port)"')" "$c"
done
pass
