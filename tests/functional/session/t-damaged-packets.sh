#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: a packet damaged on its way ends the session on both sides at once, with a reason and a record

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"
# shellcheck source=tests/functional/tools/session_lib.sh
. "$(dirname -- "$0")/../tools/session_lib.sh"
# shellcheck disable=SC2154,SC2317 # key, D come from session_start; called by name

FLIP=$(cd -- "$(dirname -- "$0")/../tools" && pwd)/flip.py
export FLIP

ends() {
	grep -c "^end reason=$1 " "$D/events" || true
}

# damaged NAME REASON FOLDER WAY SSH-ARGUMENTS...: a program that answers each
# line. One line comes back; the next, or its answer, is damaged. The client must
# be gone, the program at the target too, and the record there.
damaged() {
	local name=$1 reason=$2 folder=$3 way=$4 rc=0 pid before i

	shift 4
	before=$(ends "$reason")
	rm -f "$D/running" "$D/1" "$D/2" # or the last one answers for this one
	exec 7<>"$D/typed"
	timeout 30 ssh -F "$D/ssh_config" -i "$key" "$@" 127.0.0.1 \
		"echo \$\$ >$D/running; trap 'exit 1' HUP; while read -r l; do echo \$l; done" \
		<&7 >"$D/1" 2>"$D/2" &
	pid=$!
	echo one >&7
	until grep -qs one "$D/1"; do sleep 0.05; done
	touch "$D/$folder/$way"
	echo two >&7
	wait "$pid" || rc=$?
	want "$name: exit status" 255 "$rc"
	want "$name: the bit was changed" no "$([ -e "$D/$folder/$way" ] || echo no)"
	for i in $(seq 50); do
		[ "$(ends "$reason")" -eq "$before" ] || break
		sleep 0.1
	done
	want "$name: records ($i)" $((before + 1)) "$(ends "$reason")"
	for i in $(seq 50); do
		kill -0 "$(cat "$D/running")" 2>/dev/null || break
		sleep 0.1
	done
	want "$name: the program ($i)" over \
		"$(kill -0 "$(cat "$D/running")" 2>/dev/null || echo over)"
	exec 7>&-
}

damages() {
	local c

	mkfifo "$D/typed"
	mkdir "$D/user-leg" "$D/target-leg"
	python3 "$FLIP" 2201 2200 "$D/user-leg" >"$D/p1" &
	python3 "$FLIP" 2223 2222 "$D/target-leg" >"$D/p2" &
	until grep -q ready "$D/p1" && grep -q ready "$D/p2"; do sleep 0.05; done
	sed 's/:2200/:2201/' "$D/known" >"$D/known.2"
	cat "$D/known.2" >>"$D/known"
	harness target 2223
	for c in aes128-gcm@openssh.com chacha20-poly1305@openssh.com aes128-ctr; do
		damaged "from the client, $c" protocol user-leg up -p 2201 -c "$c"
		grep -q 'sallyport: session ended: protocol at .* (the connection from the client broke: ' "$D/2"
	done
	damaged 'from the target' protocol target-leg down
	grep -q '^sallyport: session ended: protocol at .* (the connection to the target broke: ' "$D/2"
	# here they find it out, and all they do is close
	damaged 'to the client' logout user-leg down -p 2201
	damaged 'to the target' target_gone target-leg up
	want 'the next connection' yes "$(user_ssh 127.0.0.1 'echo yes')"
}

session_need
session_inside damages
pass
