#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: a role that lists commands gives exactly these: what nearly matches never reaches the target, and is on record

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client client2 gateway web-01'
lab_up "$STAGE"

# What arrives at the target, whatever it is, leaves a line there before it runs.
put_file web-01 /etc/ssh/arrives 0755 <<'WRAP'
#!/bin/sh
env | grep -E '^(LC_|LD_|BASH_|FOO)' >>/var/log/arrived.env
tty -s && echo terminal >>/var/log/arrived.env
printf '%s\n' "$SSH_ORIGINAL_COMMAND" >>/var/log/arrived
exec /bin/sh -c "$SSH_ORIGINAL_COMMAND"
WRAP
on web-01 install -m 0666 /dev/null /var/log/arrived
on web-01 install -m 0666 /dev/null /var/log/arrived.env
put_file web-01 /etc/ssh/sshd_config.d/arrives.conf <<<$'ForceCommand /etc/ssh/arrives\nAcceptEnv *'
arrived() { cat "$(host_file web-01 /var/log/arrived)"; }

story
deploys=(--command 'systemctl restart {name}' --command 'journalctl -u {name} -n {int}'
	--command 'tar -C {path:/var/log} -czf - {name}' --command 'echo {name} {int}'
	--command 'sleep 30')
deploy_role() { # WHAT...
	add_role ops --user alice --user bob --label env=lab --login deploy --max 1h "$@"
}

echo '- a grant of before there was a list ends when there is one'
request alice web-01 >/dev/null
add_user bob
deploy_role "${deploys[@]}"
wait_for 10 no_elements entry4

echo '- which commands is explained, granted, and on record'
expect_ok as alice explain web-01
expect_out 'only these commands, without a shell:'
expect_out '^    tar -C \{path:/var/log\} -czf - \{name\}$'
expect_out 'allows +exec$'
grant=$(request alice web-01)
expect_ok as bob request web-01 --for 5m --reason INC-4711
expect_out '^    tar -C \{path:/var/log\} -czf - \{name\}$'
expect_out '^ssh .*deploy@web-01@[^ ]+ COMMAND$'
expect_no_out 'shells recorded'
list=$(records "select(.event == \"grant.open\" and .grant == \"$grant\")")
expect_eq 5 "$(jq -r .commands <<<"$list" | sed '/^$/d' | wc -l)" 'templates on record'
expect_eq "$(jq -j .commands <<<"$list" | sha256sum | cut -c1-64)" \
	"$(jq -r .commands_id <<<"$list")" 'their digest'

echo '- what matches runs'
expect_eq 'web-01 7' "$(gw_ssh alice -- web-01 echo web-01 7)" 'an allowed command'
! gw_ssh alice -- web-01 'tar -C /var/log/apt -czf - no-such.log' >/dev/null 2>&1 ||
	fail 'there was a file'
expect_eq $'echo web-01 7\ntar -C /var/log/apt -czf - no-such.log' "$(arrived)" 'what arrived'
has_record '.event == "session.exec" and .command == "echo web-01 7"' ||
	fail 'no session.exec'

# Of each user 30 a minute have a record of their own.
echo '- no near miss of it does: thirty each, over two connections each'
x64k=$(head -c 65000 /dev/zero | tr '\0' x)
near=('echo web-01  7' ' echo web-01 7' 'echo web-01 7 ' 'echo web-01' 'echo web-01 7 8'
	'echo web-01 7; id' 'echo web-01 7 && id' 'echo web-01 7|sh' 'echo $(id) 7'
	'echo `id` 7' $'echo web-01 7\nid' $'echo web-01\t7' $'echo web-01 7\n'
	'echo "web-01" 7' "echo 'web-01' 7" 'echo web\-01 7' 'echo web-* 7'
	'echo web-0? 7' 'echo web-0[1] 7' 'echo ~deploy 7' 'echo $HOME 7' 'echo {a,b} 7'
	'echo web-01 7>x' 'echo web-01 7<x' 'echo web-01 7&' 'echo web-01 #7' 'echo !! 7'
	'echo (a) 7' 'ECHO web-01 7' $'echo w\xd0\xb5b-01 7' $'echo web\xe2\x80\x9301 7'
	$'echo\xc2\xa0web-01 7' $'echo web-01 7\x01' $'echo web-01 \xd9\xa7' $'echo \xff 7'
	$'echo web-01 7\r' "echo $x64k 7" "echo web-01 ${x64k//x/7}" "echo web-01 7$x64k"
	'echo -n 7' 'echo .x 7' 'echo ../x 7' 'echo a/b 7' 'echo a=b 7' 'echo web-01 -7'
	'echo web-01 0x7' 'echo web-01 12345678901' 'sh -c id' 'systemctl restart --all'
	'systemctl stop web-01' 'tar -C /var/log/../../etc -czf - shadow'
	'tar -C /var/log/. -czf - x' 'tar -C /var/log//x -czf - x' 'tar -C /var/log -czf - x'
	'tar -C /var/logs/x -czf - x' 'tar -C var/log/x -czf - x'
	'tar -C /proc/self/root/var/log/x -czf - x' 'tar -C /var/log/x/ -czf - x'
	'tar -C /var/log/x/.. -czf - x' 'tar -C /var/log/x -czf - --checkpoint-action=exec=id')
expect_eq 60 "${#near[@]}" 'near misses'
put_near() { # USER COMMAND...
	printf '%s\0' "${@:2}" | put_file "$(host_of "$1")" "/home/$1/near" 0644 "$1"
	put_file "$(host_of "$1")" "/home/$1/near.sh" 0755 "$1" <<'NEAR'
m=(-p 2222 -o BatchMode=yes -o StrictHostKeyChecking=yes)
i=0
while IFS= read -r -d '' c; do
	s=~/mux.$((i / 15))
	[ -S "$s" ] || ssh -S "$s" "${m[@]}" -MfN deploy@web-01@gateway \
		</dev/null >/dev/null 2>&1
	i=$((i + 1))
	rc=0
	ssh -S "$s" "${m[@]}" -- deploy@web-01@gateway "$c" </dev/null >out 2>err || rc=$?
	[ "$rc" -eq 255 ] && [ ! -s out ] && grep -q 'only these commands: ' err ||
		{ printf 'exit %s: %.200s\n' "$rc" "$c"; cat out err; }
done <near
for s in ~/mux.*; do
	ssh -S "$s" "${m[@]}" -O exit deploy@web-01@gateway 2>/dev/null
done
echo "$i tried"
NEAR
}
put_near alice "${near[@]:0:30}"
put_near bob "${near[@]:30}"
before=$(arrived)
on_as_bg bob client2 bash near.sh >"$TEST_DIR/bob" 2>&1 </dev/null
bob=$!
expect_eq '30 tried' "$(on_as alice client bash near.sh 2>&1)" 'near misses that were let through'
wait "$bob"
expect_eq '30 tried' "$(cat "$TEST_DIR/bob")" 'near misses that were let through'
expect_eq "$before" "$(arrived)" 'what arrived'
cat >"$TEST_DIR/known.py" <<'KNOWN'
import base64, hashlib, json, sys
def digest(r):
    if "command_sha256" in r: return r["command_sha256"]
    b = base64.b64decode(r["command_b64"]) if "command_b64" in r else r["command"].encode()
    return hashlib.sha256(b).hexdigest()
near = [c for f in sys.argv[1:] for c in open(f, "rb").read().split(b"\0")[:-1]]
had = {digest(json.loads(x)) for x in sys.stdin}
for c in near:
    if hashlib.sha256(c).hexdigest() not in had: sys.exit("not on record: %r" % c[:200])
KNOWN
known() {
	records 'select(.event == "session.channel_denied" and .reason == "command")' |
		python3 "$TEST_DIR/known.py" "$(host_file client /home/alice/near)" \
		"$(host_file client2 /home/bob/near)"
}
wait_for 10 known

echo '- nor a shell, a terminal, files, a forwarded port, or what an environment would do'
expect_fail 255 gw_ssh alice -- web-01 </dev/null
expect_out 'only these commands: echo \{name\} \{int\}; journalctl .*; sleep 30 and 2 more'
expect_fail 255 on_as alice client sftp -q -P 2222 -o BatchMode=yes -o User=deploy@web-01 gateway </dev/null
expect_fail any on_as alice client scp -q -O -P 2222 -o BatchMode=yes -o User=deploy@web-01 near gateway:x
expect_fail any on_as alice client scp -q -P 2222 -o BatchMode=yes -o User=deploy@web-01 near gateway:x
expect_fail any gw_ssh alice -W 10.20.0.11:22 -- web-01 </dev/null
expect_fail any gw_ssh alice -s -- web-01 'echo web-01 7'
expect_eq "$before" "$(arrived)" 'what arrived'
# a client that was told to have a terminal may go when it gets none
gw_ssh alice -tt -- web-01 echo web-01 9 >/dev/null 2>&1 </dev/null || true
expect_eq 'web-01 9' "$(gw_ssh alice -o SetEnv='LC_ALL=../x LD_PRELOAD=/x BASH_ENV=/x FOO=bar' \
	-- web-01 echo web-01 9)" 'an allowed command, its environment apart'
expect_eq "$(sort <<<"$before"$'\necho web-01 9')" "$(arrived | sort -u)" 'what arrived'
expect_eq '' "$(cat "$(host_file web-01 /var/log/arrived.env)")" 'the environment there'
for what in shell subsystem pty direct-tcpip env; do
	has_record ".event == \"session.channel_denied\" and .reason == \"$what\"" ||
		fail "no record of $what"
done

echo '- another list ends what was given by this one, in the middle of a session'
gw_ssh_bg alice -- web-01 sleep 30 >"$TEST_DIR/out" 2>&1 </dev/null
wait_for 10 has_record '.event == "session.exec" and .command == "sleep 30"'
deploy_role "${deploys[@]:0:4}" --command 'sleep 30'
wait_for 10 no_elements entry4
has_record ".event == \"grant.close\" and .grant == \"$grant\" and .reason == \"revoked\"" ||
	fail 'the grant lives on'

echo '- what is no template, and a role that denies, is refused when it is set'
expect_fail any local_admin role add bad --user alice --label env=lab --login deploy --command 'echo $x'
expect_out 'a command was expected'
expect_fail any local_admin role add no --deny --user alice --command uptime
expect_out 'a role that denies'
pass
