#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: what a stock ssh client sends and gets through a session is what it would get from sshd
#
# Content is compared, never sizes: a relay that reorders data during a key
# re-exchange shows neither in the length nor in the exit status.

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"
# shellcheck source=tests/functional/tools/session_lib.sh
. "$(dirname -- "$0")/../tools/session_lib.sh"
# shellcheck disable=SC2154 # key, D come from session_start

sum() { sha256sum | cut -c1-64; }

programs() {
	local c

	for c in 0 1 3 127 255; do
		want_exit "exit $c" "$c" user_ssh 127.0.0.1 "exit $c"
	done
	want_exit 'death by a signal' 255 user_ssh 127.0.0.1 'kill -TERM $$'
	user_ssh 127.0.0.1 'echo out; echo err >&2' >"$D/1" 2>"$D/2"
	want stdout out "$(cat "$D/1")"
	want stderr err "$(cat "$D/2")"
	want 'end of input' 5 "$(printf hello | user_ssh 127.0.0.1 'wc -c')"
	want half-close abcdone \
		"$(printf abc | user_ssh 127.0.0.1 'cat; sleep 0.2; echo done')"
	want environment 'de_DE|' "$(LC_TEST=de_DE FOO=x user_ssh \
		-o 'SendEnv LC_TEST FOO' 127.0.0.1 'echo "$LC_TEST|$FOO"')"
	want terminal '24 80' "$(script -qec "stty rows 24 cols 80; timeout --foreground 20 ssh \
		-tt -F $D/ssh_config -i $key 127.0.0.1 'stty size'" /dev/null \
		</dev/null | tr -cd '0-9 \n' | tail -1)"
}

bytes() {
	local h k

	head -c 40000000 /dev/urandom >"$D/big"
	h=$(sum <"$D/big")
	for k in -oRekeyLimit=default -oRekeyLimit=1M; do
		want "up $k" "$h" \
			"$(user_ssh "$k" 127.0.0.1 sha256sum <"$D/big" | cut -c1-64)"
		want "down $k" "$h" "$(user_ssh "$k" 127.0.0.1 "cat $D/big" | sum)"
		want "both $k" "$h" "$(user_ssh "$k" 127.0.0.1 cat <"$D/big" | sum)"
	done
	want 'slow reader' "$h" "$(user_ssh 127.0.0.1 "cat $D/big" | {
		for k in $(seq 40); do
			dd bs=1M count=1 iflag=fullblock 2>/dev/null
			sleep 0.05
		done
		cat
	} | sum)"
	want 'standard error' "$h" \
		"$(user_ssh 127.0.0.1 "cat $D/big >&2" 2>&1 >/dev/null | sum)"
	printf 'put %s/big %s/f1\nget %s/f1 %s/f2\n' "$D" "$D" "$D" "$D" >"$D/batch"
	timeout 60 sftp -q -F "$D/ssh_config" -i "$key" -b "$D/batch" 127.0.0.1 \
		>/dev/null
	cmp "$D/big" "$D/f2"
	timeout 60 scp -q -F "$D/ssh_config" -i "$key" "$D/big" "127.0.0.1:$D/f3"
	timeout 60 scp -q -O -F "$D/ssh_config" -i "$key" "127.0.0.1:$D/f3" "$D/f4"
	cmp "$D/big" "$D/f4"
}

many() {
	local i p=() good=0 h

	h=$(head -c 20000 "$D/big" | sum)
	user_ssh -M -S "$D/mux" -fN 127.0.0.1 </dev/null >/dev/null 2>&1
	for i in $(seq 50); do
		(
			rc=0
			user_ssh -S "$D/mux" 127.0.0.1 \
				"head -c 20000 $D/big; exit $i" >"$D/m.$i" || rc=$?
			[ "$rc" -eq "$i" ]
		) &
		p+=($!)
	done
	for i in $(seq 50); do
		wait "${p[i - 1]}" && [ "$(sum <"$D/m.$i")" = "$h" ] &&
			good=$((good + 1))
	done
	want '50 channels at once' 50 "$good"
	for i in $(seq 30); do
		want_exit "channel after channel" 7 \
			user_ssh -S "$D/mux" 127.0.0.1 'exit 7'
	done
	user_ssh -S "$D/mux" -O exit 127.0.0.1 2>/dev/null
}

keys() {
	local t

	for t in 'ecdsa 256' 'ecdsa 384' 'ecdsa 521' 'rsa 3072'; do
		ssh-keygen -q -t "${t% *}" -b "${t#* }" -N '' -f "$D/k${t#* }"
		harness user "k${t#* }.pub"
		key=$D/k${t#* }
		want "a key of type $t" yes "$(user_ssh 127.0.0.1 'echo yes')"
	done
	key=$D/other
	want_exit "another's key" 255 user_ssh 127.0.0.1 true 2>/dev/null
	want_exit 'no key' 255 user_ssh -o PubkeyAuthentication=no 127.0.0.1 \
		true 2>/dev/null
}

relay() {
	programs
	bytes
	many
	keys
}

session_need
session_inside relay
pass
