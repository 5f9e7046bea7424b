#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: of 10,000 near misses of five commands over SSH none reaches the target, and each counts in the evidence
# seconds: 600

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client gateway web-01'
lab_up "$STAGE"
TOOL=$(cd -- "$(dirname -- "$0")/../tools" && pwd)/near_misses.py
/usr/bin/python3 -c 'import paramiko' 2>/dev/null || fail 'python3-paramiko is not there'

# What arrives at the target, whatever it is, leaves a line there before it runs.
put_file web-01 /etc/ssh/arrives 0755 <<'WRAP'
#!/bin/sh
printf '%s\n' "$SSH_ORIGINAL_COMMAND" >>/var/log/arrived
exec /bin/sh -c "$SSH_ORIGINAL_COMMAND"
WRAP
on web-01 install -m 0666 /dev/null /var/log/arrived
put_file web-01 /etc/ssh/sshd_config.d/arrives.conf <<<$'ForceCommand /etc/ssh/arrives\nAcceptEnv *'

# A user has 2,000 channels at once: six machines share the tries.
MACHINES='ci1 ci2 ci3 ci4 ci5 ci6'
target_sshd_start web-01
gw_init
gw_start
add_target web-01
for m in $MACHINES; do
	id=$((3100 + ${m#ci}))
	on client sh -c 'echo "$1:x:$2:$2::/home/$1:/bin/sh" >>/etc/passwd
		echo "$1:x:$2:" >>/etc/group
		install -d -m 0700 -o "$2" -g "$2" "/home/$1" "/home/$1/.ssh"
		ssh-keygen -q -t ed25519 -N "" -C "" -f "/home/$1/.ssh/id_ed25519"
		chown -R "$2:$2" "/home/$1"
		install -d -m 0700 /root/keys
		install -m 0600 "/home/$1/.ssh/id_ed25519" "/root/keys/$1"' - "$m" "$id"
	on client cat "/home/$m/.ssh/id_ed25519.pub" | put_file gateway "/etc/lab/$m.pub"
	local_admin user add "$m" --kind machine --key "/etc/lab/$m.pub" \
		--source 198.51.100.0/24 --source 2001:db8:1::/64 2>/dev/null |
		put_file client "/home/$m/invitation" 0600 "$m"
	expect_ok jit "$m" enroll --invite-file "/home/$m/invitation"
	users+=(--user "$m")
done
add_role deploys "${users[@]}" --label env=lab --login deploy --machine --max 1h \
	--command 'systemctl restart {name}' --command 'journalctl -u {name} -n {int}' \
	--command 'tar -C {path:/var/log} -czf - {name}' \
	--command '{path:/opt/ci/bin} --job={int}' --command 'sleep {int}'
for m in $MACHINES; do
	expect_ok jit "$m" request web-01 --for 30m --reason 'release 4.2'
done

put_file client /root/near_misses.py 0755 <"$TOOL"
on client /usr/bin/python3 -Iu /root/near_misses.py gateway "$GW_SSH_PORT" \
	deploy@web-01 /root/keys 10002 /root/tried >"$TEST_DIR/said" 2>&1 || true
expect_eq '10002 tried' "$(cat "$TEST_DIR/said")" 'what was not refused'

echo '- what arrived is what held each connection, and nothing else'
expect_eq 'sleep 300' "$(sort -u "$(host_file web-01 /var/log/arrived)")" 'what arrived'
expect_eq 30 "$(wc -l <"$(host_file web-01 /var/log/arrived)")" 'connections'

echo '- each is on record, with a line of its own or in the tally of its minute'
tried=$(wc -l <"$(host_file client /root/tried)")
[ "$tried" -gt 8000 ] || fail "only $tried came by exec"
counted() { # how many commands that were denied the log knows
	records 'select(.event == "session.channel_denied" and
		(.reason | IN("command", "command-nul", "command-too-long"))) | .count // 1' |
		awk '{ n += $1 } END { print n + 0 }'
}
all_counted() { [ "$(counted)" -ge "$tried" ]; }
wait_for 90 all_counted
expect_eq "$tried" "$(counted)" 'commands that were denied, on record'
for what in shell subsystem pty; do
	has_record ".event == \"session.channel_denied\" and .reason == \"$what\"" ||
		fail "no record of $what"
done
expect_ok local_admin audit verify
pass
