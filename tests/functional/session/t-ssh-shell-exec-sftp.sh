#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: stock ssh, scp and sftp pass: shell, window size, exec, stderr, exit status, signal, files

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client gateway web-01'
lab_up "$STAGE"
story
grant=$(request alice web-01)

echo '- exec: output, stderr, exit status, input, arguments'
expect_ok gw_ssh alice -- web-01 'id -un; hostname'
expect_eq 'deploy web-01' "$(tr '\n' ' ' <<<"$OUT" | sed 's/ $//')" 'who and where'
expect_fail 7 gw_ssh alice -- web-01 'exit 7'
gw_ssh alice -- web-01 'echo out; echo err >&2' >"$TEST_DIR/out" 2>"$TEST_DIR/err"
expect_eq out "$(cat "$TEST_DIR/out")" stdout
expect_eq err "$(cat "$TEST_DIR/err")" stderr
expect_eq 'a b' "$(gw_ssh alice -- web-01 cat <<<'a b')" stdin
expect_fail 255 gw_ssh alice -- web-01 'kill -TERM $$'
expect_eq 5000000 "$(head -c 5000000 /dev/zero | gw_ssh alice -- web-01 'wc -c')" 'bytes in'

echo '- a shell on a terminal, with its size, and when it changes'
put_file client /home/alice/shell.exp 0644 alice <<'EXPECT'
set timeout 15
log_user 1
set stty_init "rows 37 cols 101"
spawn ssh -tt -p 2222 -o StrictHostKeyChecking=yes deploy@web-01@gateway
expect -re {\$ $} {} timeout { exit 90 }
send "stty size; tty\r"
expect "37 101" {} timeout { exit 91 }
expect -re {/dev/pts/[0-9]+} {} timeout { exit 92 }
stty rows 41 columns 99 < $spawn_out(slave,name)
exec kill -WINCH [exp_pid]
sleep 0.5
send "stty size\r"
expect "41 99" {} timeout { exit 93 }
send "sleep 100\r"
sleep 0.3
send "\003"
expect -re {\$ $} {} timeout { exit 94 }
send "exit 3\r"
expect eof
lassign [wait] pid spawn os status
exit $status
EXPECT
expect_fail 3 on_as alice client expect /home/alice/shell.exp
expect_fail any gw_ssh alice -tt -- web-01 'test -t 0 && exit 9'
expect_ok gw_ssh alice -- web-01 'test ! -t 0'

echo '- 20 MB up and down, by scp, sftp and cat'
on_as alice client sh -c 'head -c 20000000 /dev/urandom >big && sha256sum <big >big.sum'
sum=$(on_as alice client cat big.sum)
opts=(-o BatchMode=yes -o StrictHostKeyChecking=yes -o User=deploy@web-01)
expect_ok on_as alice client scp -q -P 2222 "${opts[@]}" big gateway:up
expect_eq "$sum" "$(on_as deploy web-01 sha256sum up | sed 's/up$/-/')" 'scp up'
expect_ok on_as alice client scp -q -P 2222 "${opts[@]}" gateway:up down
expect_eq "$sum" "$(on_as alice client sh -c 'sha256sum <down')" 'scp down'
expect_ok on_as alice client scp -q -O -P 2222 "${opts[@]}" gateway:up down2
expect_eq "$sum" "$(on_as alice client sh -c 'sha256sum <down2')" 'scp -O down'
put_file client /home/alice/batch 0644 alice <<<$'put big up2\nget up2 down3\nls -l'
expect_ok on_as alice client sftp -q -P 2222 -b batch "${opts[@]}" gateway
expect_eq "$sum" "$(on_as alice client sh -c 'sha256sum <down3')" 'sftp'
expect_eq "$sum" "$(gw_ssh alice -- web-01 'cat up' | sha256sum)" 'cat'

echo '- several at once over one connection, and one over another'
put_file client /home/alice/mux.sh 0755 alice <<'MUX'
set -e
m="-p 2222 -o BatchMode=yes -o StrictHostKeyChecking=yes -o ControlPath=/home/alice/mux"
ssh $m -o ControlMaster=yes -o ControlPersist=30 -fN deploy@web-01@gateway </dev/null >/dev/null 2>&1
for i in 1 2 3 4 5 6; do ssh $m deploy@web-01@gateway "sleep 0.3; echo $i" </dev/null & done
wait
ssh $m -O exit deploy@web-01@gateway 2>/dev/null
MUX
expect_ok on_as alice client bash mux.sh
expect_eq '1 2 3 4 5 6' "$(grep -E '^[1-6]$' <<<"$OUT" | sort | tr '\n' ' ' | sed 's/ $//')" 'six commands'

echo '- what the role does not give is refused, and said'
expect_fail any gw_ssh alice -o ExitOnForwardFailure=yes -R 9000:localhost:22 -- web-01 true
# shellcheck disable=SC2016 # for the shell over there
expect_ok gw_ssh alice -A -- web-01 'test -z "$SSH_AUTH_SOCK"'
expect_fail any gw_ssh alice -W 10.20.0.11:5000 -- web-01
wait_for 10 no_elements leg4 leg6

echo '- a role that gives exec gives neither files nor a terminal'
expect_ok local_admin revoke "$grant"
add_role ops --user alice --label env=lab --login deploy --max 1h --allow exec
request alice web-01 >/dev/null
expect_ok gw_ssh alice -- web-01 true
expect_fail any on_as alice client sftp -q -P 2222 -b batch "${opts[@]}" gateway
expect_fail any on_as alice client scp -q -P 2222 "${opts[@]}" gateway:up down4
gw_ssh alice -tt -- web-01 tty >"$TEST_DIR/tty" 2>&1 || true
! grep -q /dev/pts "$TEST_DIR/tty" || fail 'there is a terminal'
expect_fail any gw_ssh alice -- web-01 </dev/null
has_record '.event == "session.channel_denied"' || fail 'no session.channel_denied record'
pass
