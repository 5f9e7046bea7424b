#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: what engineers do with ssh every day works as it does without a gateway between, in bounded memory

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"
# shellcheck source=tests/functional/tools/session_lib.sh
. "$(dirname -- "$0")/../tools/session_lib.sh"
# shellcheck disable=SC2154,SC2317 # key, D come from session_start; called by name

sum() { sha256sum | cut -c1-64; }

# The first line of a program that would go on for ever. Its standard input is
# open, as at a terminal: what ends it is that nobody reads its output.
ended_by_head() {
	local rc=0

	[ -p "$D/open" ] || mkfifo "$D/open"
	timeout 20 ssh -F "$D/ssh_config" -i "$key" 127.0.0.1 "$1" \
		<>"$D/open" | head -n 1 || rc=${PIPESTATUS[0]}
	[ "$rc" -ne 124 ] || echo 'not over'
}

pipes() {
	want 'yes into head' y "$(ended_by_head yes)"
	want 'one line now and then into head' line \
		"$(ended_by_head 'while sleep 1; do echo line; done')"
	# only the output was of no use: the input still arrives
	want 'input after that' x "$({ sleep 1; head -c 3000000 /dev/zero
		sleep 1; echo end; } |
		user_ssh 127.0.0.1 "echo x; echo y; cat >$D/got" | head -n 1)"
	want 'all of it' 3000004 "$(wc -c <"$D/got")"
	want_exit 'a program that ends before its input' 3 \
		user_ssh 127.0.0.1 'head -c 1 >/dev/null; exit 3' </dev/zero
	mkdir "$D/tar"
	tar -cf - -C "$D" host.pub ca.pub target |
		user_ssh 127.0.0.1 "tar -xf - -C $D/tar"
	cmp "$D/target" "$D/tar/target"
	user_ssh 127.0.0.1 "tar -cf - -C $D target ca.pub" | tar -tf - >"$D/1"
	want 'tar out' 'target ca.pub' "$(xargs <"$D/1")"
}

commands() {
	local n

	for n in 20000 62000; do
		want "a command of $n bytes" "$n" "$(user_ssh 127.0.0.1 \
			"printf %s $(head -c "$n" /dev/zero | tr '\0' x) | wc -c")"
	done
	want_exit 'a longer one' 255 user_ssh 127.0.0.1 \
		": $(head -c 70000 /dev/zero | tr '\0' x)" 2>"$D/2"
	grep -q '^sallyport: a command of more than 65536 bytes' "$D/2"
	want_exit 'a user name of 3000 bytes' 255 user_ssh -l \
		"$(head -c 3000 /dev/zero | tr '\0' u)@web-01" 127.0.0.1 true \
		2>/dev/null
	want_exit 'a subsystem there is not' 255 user_ssh -s 127.0.0.1 netconf \
		</dev/null 2>"$D/2"
	grep -q '^sallyport: this grant does not allow subsystem' "$D/2"
}

refused() {
	want_exit 'no password' 255 user_ssh -v -o PubkeyAuthentication=no \
		127.0.0.1 true 2>"$D/2"
	want methods publickey "$(sed -n 's/.*that can continue: \([a-z,-]*\).*/\1/p' \
		"$D/2" | tail -n 1)"
	want_exit 'a reverse forward' 255 user_ssh -o ExitOnForwardFailure=yes \
		-R 9000:127.0.0.1:22 127.0.0.1 true 2>/dev/null
	want 'no agent' '' "$(ssh-agent ssh -A -F "$D/ssh_config" -i "$key" \
		127.0.0.1 'echo "$SSH_AUTH_SOCK"')"
	want 'no X11' '' "$(DISPLAY=:7 user_ssh -X 127.0.0.1 \
		'echo "$DISPLAY"' 2>/dev/null)"
	user_ssh -L 9001:127.0.0.1:2222 127.0.0.1 'sleep 3; echo on' \
		>"$D/1" 2>/dev/null &
	until (exec 8<>/dev/tcp/127.0.0.1/9001) 2>/dev/null; do sleep 0.1; done
	want 'nothing through a forward' '' "$(exec 8<>/dev/tcp/127.0.0.1/9001
		timeout 2 head -c 4 <&8)"
	wait "$!"
	want 'the session goes on' on "$(cat "$D/1")"
}

# What an auditor's program says of the default: nothing is a failure.
audited() {
	local failed

	ssh-audit --json --port 2200 127.0.0.1 >"$D/audit" 2>/dev/null || true
	failed=$(jq -r '[.recommendations.critical // {} | .. | .name? // empty] | join(" ")' \
		"$D/audit")
	want 'what ssh-audit calls a failure' '' "$failed"
}

algorithms() {
	local a h

	head -c 3000000 /dev/urandom >"$D/big"
	h=$(sum <"$D/big")
	for a in aes128-gcm@openssh.com aes256-gcm@openssh.com \
		chacha20-poly1305@openssh.com aes128-ctr aes256-ctr; do
		want "$a" "$h" "$(user_ssh -c "$a" -o RekeyLimit=512K 127.0.0.1 \
			"cat $D/big" | sum)"
	done
	for a in curve25519-sha256 diffie-hellman-group14-sha256 \
		diffie-hellman-group16-sha512; do
		want "$a" yes "$(user_ssh -o "KexAlgorithms=$a" 127.0.0.1 'echo yes')"
	done
	# ssh-audit calls the NIST curves a failure; who must have them says fips
	audited
	want_exit 'nistp by default' 255 user_ssh \
		-o KexAlgorithms=ecdh-sha2-nistp256 127.0.0.1 true 2>/dev/null
	harness algorithms 1
	for a in ecdh-sha2-nistp256 ecdh-sha2-nistp521 diffie-hellman-group16-sha512; do
		want "$a" yes "$(user_ssh -o "KexAlgorithms=$a" 127.0.0.1 'echo yes')"
	done
	want_exit 'curve25519 with fips' 255 user_ssh \
		-o KexAlgorithms=curve25519-sha256 127.0.0.1 true 2>/dev/null
	harness algorithms 0
	want compression yes "$(user_ssh -C 127.0.0.1 'echo yes')"
	# CVE-2023-48795
	user_ssh -vvv 127.0.0.1 true 2>"$D/2"
	grep -q 'kex-strict-s-v00@openssh.com' "$D/2"
}

# storm COMMANDS: a terminal whose window is dragged, as a script for sh.
storm() {
	cat <<-STORM
		size() { stty rows "\$1" cols "\$2" </dev/tty; sleep "\$3"; }
		until tail -n "+${before:-1}" "$D/events" | grep 'command.*stty size' >/dev/null; do sleep 0.1; done
		$1
		size 43 132 0.5
		touch "$D/sized"
	STORM
}

on_terminal() {
	script -qec "sh $D/storm & ssh -tt -F $D/ssh_config -i $key 127.0.0.1 \
		'$1; stty size'" /dev/null </dev/null >"$D/1"
}

last_size() { tr -cd '0-9 \n' <"$D/1" | grep ' ' | tail -n 1; }

sizes() {
	local before

	harness record 1
	# faster than they can be passed on: the last one counts. Evidence that is
	# held for 5 s ends the session
	harness hold 1
	storm 'for i in $(seq 40); do
			size $((20 + i % 20)) $((60 + i)) 0.02
		done' >"$D/storm"
	on_terminal 'sleep 2' &
	until [ -e "$D/sized" ]; do sleep 0.1; done
	harness drop notary
	harness hold 0
	harness link notary
	wait "$!"
	want 'the last size' '43 132' "$(last_size)"
	# what no player could show
	rm "$D/sized"
	before=$(wc -l <"$D/events")
	storm 'size 0 0 0.5; size 50 20000 0.5' >"$D/storm"
	on_terminal "until [ -e $D/sized ]; do sleep 0.2; done"
	want 'the last size' '43 132' "$(last_size)"
	tail -n "+$((before + 1))" "$D/events" | sed -n 's/^rec resize //p' >"$D/2"
	want 'sizes on record' '10000x50 132x43' \
		"$(grep -xE '10000x50|132x43' "$D/2" | xargs)"
	want 'sizes no player can show' '' \
		"$(grep -vxE '[1-9][0-9]{0,4}x[1-9][0-9]{0,4}' "$D/2" || true)"
	harness record 0
}

quiet() {
	want 'asked whether it lives' on "$(user_ssh -o ServerAliveInterval=1 \
		-o ServerAliveCountMax=2 127.0.0.1 'sleep 5; echo on')"
	want 'a background program' 4 "$(user_ssh 127.0.0.1 \
		'sleep 2 & exit 4' >/dev/null && echo 0 || echo $?)"
}

rss_kb() {
	local p

	for p in $(pgrep -x sallyport-sessi); do
		awk '/^VmRSS/ { print $2 }' "/proc/$p/status" 2>/dev/null || true
	done | sort -n | tail -n 1
}

# Eight programs that neither read nor are read from, over one connection, by what
# the process had before: that is its libraries' affair. What one channel leaves
# behind, which any needs, is in it.
memory() {
	local i own kb pids=()

	user_ssh -M -S "$D/mux" -fN 127.0.0.1 </dev/null >/dev/null 2>&1
	want 'one channel' yes "$(user_ssh -S "$D/mux" 127.0.0.1 'echo yes' </dev/null)"
	own=$(rss_kb)
	mkfifo "$D/unread"
	sleep 120 <>"$D/unread" &
	pids=("$!")
	for i in 1 2 3 4 5 6 7 8; do
		user_ssh -S "$D/mux" 127.0.0.1 "cat /dev/zero & until [ -e $D/go ]; do sleep 0.2; done; kill \$!" \
			</dev/zero >"$D/unread" &
		pids+=("$!")
	done
	sleep 6
	kb=$(($(rss_kb) - own))
	[ "$kb" -lt 66000 ] || { echo "FAIL: $kb kB for eight channels" >&2; return 1; }
	[ "$kb" -gt 16000 ] || { echo "FAIL: only $kb kB: nothing stands still" >&2; return 1; }
	want 'another channel' yes "$(user_ssh -S "$D/mux" 127.0.0.1 'echo yes' </dev/null)"
	touch "$D/go"
	for i in 1 2 3 4 5 6 7 8; do kill "${pids[i]}" 2>/dev/null || true; done
	kill "${pids[0]}"
	for i in $(seq 300); do
		kb=$(($(rss_kb) - own))
		[ "$kb" -gt 8000 ] || break
		sleep 0.1
	done
	[ "$kb" -le 8000 ] || { echo "FAIL: $kb kB are kept" >&2; return 1; }
	want 'and after that' yes "$(user_ssh -S "$D/mux" 127.0.0.1 'echo yes' </dev/null)"
	user_ssh -S "$D/mux" -O exit 127.0.0.1 2>/dev/null
}

everyday() {
	local f

	for f in pipes commands refused algorithms sizes quiet memory; do
		echo "- $f"
		"$f"
	done
	want 'what was denied' 'direct-tcpip tcpip-forward x11-req' "$(sed -n \
		's/^event session.channel_denied.*"reason":"\([a-z0-9-]*\)".*/\1/p' \
		"$D/events" | grep -E 'tcpip|x11' | sort -u | xargs)"
}

session_need
session_inside everyday
pass
