#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: what a session runs and what it is refused is on record, each byte of the one, the name of the other

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"
# shellcheck source=tests/functional/tools/session_lib.sh
. "$(dirname -- "$0")/../tools/session_lib.sh"
# shellcheck disable=SC2154 # key, D come from session_start

CLIENT=$(cd -- "$(dirname -- "$0")/../tools" && pwd)/nul.py
ODD=${CLIENT%/*}/odd_requests.py
export CLIENT ODD

# The fields of the last event of this name, as JSON.
last_event() { # NAME [PATTERN]
	grep -a -- "^event $1 ,.*${2:-}" "$D/events" | tail -n 1 |
		sed "s/^event $1 ,\(.*\)/{\1}/"
}

denials() { # REASON
	grep -ac "^event session.channel_denied .*\"reason\":\"$1\"" "$D/events" || true
}

# Within 5 s the last refusal of this reason is so: a jq expression.
want_denial() { # REASON EXPRESSION
	local i

	for i in $(seq 50); do
		! last_event session.channel_denied "\"reason\":\"$1\"" |
			jq -e "$2" >/dev/null 2>&1 || return 0
		sleep 0.1
	done
	echo "FAIL: no refusal of $1 with $2 (tried $i times)" >&2
	last_event session.channel_denied "\"reason\":\"$1\"" >&2
	return 1
}

none() { # PATTERN
	want "events with $1" '' "$(grep -a -- "$1" "$D/events" || true)"
}

# A command of any length, on a terminal too: all of it, in parts, and in the
# recording.
commands() {
	local long

	long=": $(head -c 60000 /dev/zero | tr '\0' x); echo HIDDEN"
	want 'the end of a long command' HIDDEN "$(user_ssh 127.0.0.1 "$long")"
	want 'its parts' "$long" \
		"$(sed -n 's/^part command [0-9]* //p' "$D/events" | tr -d '\n')"
	want 'its size' "${#long}" "$(last_event session.exec | jq .command_size)"
	want 'its digest' "$(printf %s "$long" | sha256sum | cut -d ' ' -f 1)" \
		"$(last_event session.exec | jq -r .command_sha256)"
	harness record 1
	want 'on a terminal' HIDDEN \
		"$(user_ssh -tt 127.0.0.1 "$long" 2>/dev/null | tr -d '\r\n')"
	want 'what the recorder was given' "$long" \
		"$(sed -n 's/^rec open [0-9]* [0-9x]* //p' "$D/events")"
	harness record 0
	user_ssh 127.0.0.1 $': \xe9\xff' >/dev/null
	want 'no UTF-8, for readers' $': \xef\xbf\xbd\xef\xbf\xbd' \
		"$(last_event session.exec | jq -r .command)"
	want 'and exactly' "$(printf ': \351\377' | base64)" \
		"$(last_event session.exec | jq -r .command_b64)"
	want_exit 'a command that is too long' 255 user_ssh 127.0.0.1 \
		": $(head -c 70000 /dev/zero | tr '\0' x)" 2>/dev/null
	want_denial command-too-long '.command_size == 70002 and (.command | length) == 255'
}

environment() {
	FOO=secret LC_MINE=$'\xc3\xa9=1' user_ssh -o SendEnv=FOO -o SendEnv=LC_MINE \
		127.0.0.1 'echo $LC_MINE' >"$D/1"
	want 'what was passed on' $'\xc3\xa9=1' "$(cat "$D/1")"
	last_event session.exec | jq -r .env | grep -x $'LC_MINE=\xc3\xa9=1' >/dev/null
	want_denial env '.wanted == "FOO"'
	none secret
	LC_MINE=$'two\nlines' user_ssh -o SendEnv=LC_MINE 127.0.0.1 'echo "<$LC_MINE>"' >"$D/1"
	want 'what no line can hold' '<>' "$(cat "$D/1")"
	want_denial env '.wanted == "LC_MINE"'
	# one that fills its record, and one more than there is place for
	LC_MINE=$(head -c 16000 /dev/zero | tr '\0' x) LC_TWO=$(head -c 1000 /dev/zero | tr '\0' y) \
		user_ssh -o SendEnv=LC_MINE -o SendEnv=LC_TWO 127.0.0.1 'echo ${#LC_MINE}' >"$D/1"
	want 'a long one' 16000 "$(cat "$D/1")"
	want_denial env '.wanted == "LC_TWO"'
}

refusals() {
	local pid name before

	user_ssh -W 10.9.8.7:3306 127.0.0.1 </dev/null 2>/dev/null || true
	want_denial direct-tcpip '.dst == "10.9.8.7" and .dst_port == 3306'
	# with what a terminal would act on, and too long
	name=$'x\e[31m'$(head -c 500 /dev/zero | tr '\0' z)
	user_ssh -W "[$name]:22" 127.0.0.1 </dev/null 2>/dev/null || true
	want_denial direct-tcpip '(.dst | startswith("x\u001b[31mzz")) and (.dst | length) == 255 and
		.dst_size == 506 and .truncated'
	none $'\e'
	user_ssh -R 8080:10.1.1.1:80 127.0.0.1 true 2>/dev/null
	want_denial tcpip-forward '.dst_port == 8080'
	user_ssh -R "$D/r.sock:/run/x.sock" 127.0.0.1 true 2>/dev/null
	want_denial global-request '.wanted == "streamlocal-forward@openssh.com"'
	user_ssh -N -L "$D/l.sock:/run/docker.sock" 127.0.0.1 2>/dev/null &
	pid=$!
	until [ -S "$D/l.sock" ]; do sleep 0.1; done
	socat -u /dev/null "UNIX:$D/l.sock" || true
	want_denial unknown-channel '.wanted == "direct-streamlocal@openssh.com"'
	kill "$pid"
	wait "$pid" || true
	(
		eval "$(ssh-agent -s)" >/dev/null
		user_ssh -A 127.0.0.1 true
		kill "$SSH_AGENT_PID"
	)
	want_denial auth-agent-req true
	# what no honest client sends
	before=$(denials channel-request)
	/usr/bin/python3 -I "$ODD" 2200 "$D/user" root@web-01 >"$D/1"
	want 'it lives on' 'still' "$(tail -1 "$D/1")"
	want_denial global-request '.wanted == "hostkeys-prove-00@openssh.com"'
	want_denial direct-tcpip '.dst == "10.9.8.7" and .dst_port == 4294967295'
	want_denial tcpip-forward '.dst_port == 65536'
	want 'requests on a channel' 'break exec xyz@example' \
		"$(grep -a '^event session.channel_denied .*"channel-request"' "$D/events" |
			tail -n +$((before + 1)) | grep -o '"wanted":"[^"]*' | cut -d'"' -f4 | sort | xargs)"
	# every user's client says these: no refusals
	none 'no-more-sessions\|keepalive'
}

# The notary knows whose session it is when the broker has dialed: a record before
# would be nobody's, also of a client that leaves at the refusal.
early() {
	local before

	before=$(denials direct-tcpip)
	harness holddial 1
	user_ssh -W 10.9.8.7:3307 127.0.0.1 </dev/null 2>/dev/null || true
	want_event '^dial held'
	want 'records of nobody' "$before" "$(denials direct-tcpip)"
	harness holddial 0
	want_denial direct-tcpip '.dst_port == 3307'
}

# However many: 30 a minute, then a number, the first of them and the last.
flood() {
	local i before args=()

	for i in $(seq 100); do args+=(-R "$((10000 + i)):10.1.1.1:80"); done
	before=$(denials tcpip-forward)
	user_ssh "${args[@]}" 127.0.0.1 true 2>/dev/null
	want_event '^event session.channel_denied .*"count":70'
	want_denial tcpip-forward '.count == 70 and
		(.msg | contains("the first: localhost:10031; the last: localhost:10100"))'
	want 'records of 100 refusals' 31 "$(($(denials tcpip-forward) - before))"
}

# libssh cuts what holds a NUL: it is refused, and on record as it was sent.
nuls() {
	timeout 60 "$CLIENT" 2200 "$key" root@web-01 >"$D/1" 2>&1 || { cat "$D/1"; return 1; }
	want 'programs that are told' 3 "$(grep -c 'a command with a NUL byte in it' "$D/1")"
	want 'what it refused' 4 "$(grep -c ' refused$' "$D/1")"
	want 'what has none' $'LC_C=whole\nover\nit serves on' "$(grep -x 'LC_.*\|over\|it .*' "$D/1")"
	want 'what passed' '' "$(grep 'secret\|trapped\|tty\|opened\|seen\|^hidden\|^named' "$D/1" || true)"
	none '^event session.exec .*\(kept\|hidden\|"echo named\)'
	want_denial command-nul '.command_b64 == "OgB4" and (.msg | contains("NUL"))'
	want 'all of it' 'ZWNobyBrZXB0OyAjADsgZWNobyBoaWRkZW4=' \
		"$(last_event session.channel_denied '"command":"echo kept' | jq -r .command_b64)"
	want_denial subsystem '.wanted_b64 == "c2Z0cAB4"'
	want_denial env '.wanted == "LC_A" and (.msg | contains("NUL"))'
	want_denial pty '.wanted_b64 == "eHRlcm0AeA=="'
	want_denial signal '.wanted_b64 == "VEVSTQB4"'
	want_denial direct-tcpip '.dst_b64 == "aG8Ac3Q=" and .dst_port == 4'
	want_denial unknown-channel '.wanted_b64 == "c2Vzc2lvbgB4"'
	want_denial tcpip-forward '.dst_b64 == "Ym8AdW5k"'
	none secret
}

evidence() {
	nuls
	commands
	environment
	refusals
	early
	flood
}

session_need
session_inside evidence
pass
