#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: a session that must end ends, says why, exits non-zero, and nothing runs without its record

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"
# shellcheck source=tests/functional/tools/session_lib.sh
. "$(dirname -- "$0")/../tools/session_lib.sh"
# shellcheck disable=SC2154 # key, D come from session_start

# ended NAME PATTERN SSH-ARGUMENTS...: exits 255 and says PATTERN once.
ended() {
	local name=$1 pattern=$2 rc=0

	shift 2
	user_ssh "$@" >"$D/1" 2>"$D/2" </dev/null || rc=$?
	want "$name: exit status" 255 "$rc"
	grep -q "^sallyport: .*$pattern" "$D/1" "$D/2" || cat "$D/2" "$D/err" >&2
	want "$name: lines that say why" 1 \
		"$(cat "$D/1" "$D/2" | grep -c "^sallyport: .*$pattern")"
}

# A command that must not have run leaves no file.
not_run() {
	[ ! -e "$D/$1" ] || {
		echo "FAIL: the command that makes $1 ran" >&2
		return 1
	}
}

stops() {
	(sleep 1; tell stop 'session ended: revoked at 12:31:00 UTC') &
	ended 'revoked during a command' 'revoked' 127.0.0.1 'echo hi; sleep 30'
	(sleep 1; tell stop 'session ended: revoked at 12:31:00 UTC') &
	ended 'revoked in a terminal' 'revoked' -tt 127.0.0.1 'sleep 30'
	(sleep 1; tell stop) &
	ended 'revoked during a download' 'revoked' 127.0.0.1 'cat /dev/zero' |
		tr -d '\0'
	(sleep 1; tell stop) &
	want_exit 'revoked without a channel' 255 user_ssh -N 127.0.0.1 2>"$D/2"
	grep -q 'sallyport: session ended: revoked' "$D/2"
	tell end 2
	ended 'its own deadline' 'expired' 127.0.0.1 'sleep 30'
	tell end 600
	tell idle 1
	ended 'idle' 'idle' 127.0.0.1 'sleep 30'
	tell idle 0
	want_event '^end reason=idle'
}

refusals() {
	tell nodial 'the target does not answer'
	ended 'no target' 'does not answer' 127.0.0.1 true
	tell nodial
	tell pin other.pub
	ended 'another host key' 'another host key' 127.0.0.1 "touch $D/ran1"
	want_event '^event hostkey.changed'
	not_run ran1
	tell pin target.pub
	tell caps 1
	ended 'a command without exec' 'does not give exec' 127.0.0.1 "touch $D/ran2"
	want_event '^event session.channel_denied'
	not_run ran2
	tell caps 15
	want_exit 'a forward' 255 user_ssh -W 127.0.0.1:2222 127.0.0.1 \
		</dev/null 2>/dev/null
}

evidence() {
	local pid

	tell hold 1
	user_ssh 127.0.0.1 "touch $D/ran3" </dev/null &
	pid=$!
	want_event '^event session.exec .*ran3'
	sleep 1
	not_run ran3
	tell drop notary
	tell hold 0
	tell link notary
	wait "$pid"
	[ -e "$D/ran3" ]
	(sleep 1; tell drop notary) &
	ended 'no notary for 5 s' 'audit_failed' 127.0.0.1 'sleep 30'
	tell hold 1
	ended 'no answer of the notary' 'audit_failed' 127.0.0.1 "touch $D/ran5"
	not_run ran5
	tell hold 2
	ended 'no certificate' 'audit_failed' 127.0.0.1 "touch $D/ran6"
	not_run ran6
	tell hold 0
	(sleep 1; tell drop broker) &
	user_ssh -M -S "$D/mux" -fN 127.0.0.1 </dev/null >/dev/null 2>&1
	want 'another channel' yes "$(user_ssh -S "$D/mux" 127.0.0.1 'echo yes')"
	want 'no broker' still "$(user_ssh 127.0.0.1 'sleep 2; echo still')"
	# where it may not fall back to a connection of its own
	want_exit 'a new channel without a broker' 255 user_ssh -S "$D/mux" \
		-o ProxyCommand=false 127.0.0.1 "touch $D/ran4" 2>/dev/null
	not_run ran4
	user_ssh -S "$D/mux" -O exit 127.0.0.1 2>/dev/null
	user_ssh -M -S "$D/mux" -fN 127.0.0.1 </dev/null >/dev/null 2>&1
	tell hush broker
	want_exit 'a new channel with a deaf broker' 255 user_ssh -S "$D/mux" \
		-o ProxyCommand=false 127.0.0.1 "touch $D/ran7" 2>/dev/null
	tell hush
	want 'it hears again' yes "$(user_ssh -S "$D/mux" 127.0.0.1 'echo yes')"
	not_run ran7
	want_event '^event session.channel_denied .*broker-away'
	user_ssh -S "$D/mux" -O exit 127.0.0.1 2>/dev/null
}

records() {
	tell record 1
	rm -f "$D"/rec.*
	user_ssh -tt 127.0.0.1 "head -c 200000 /dev/urandom | od -x" \
		>"$D/1" 2>/dev/null </dev/null
	cat "$D"/rec.* | cmp - "$D/1"
	want_event '^rec close'
	(sleep 1; tell drop recorder) &
	ended 'no recorder for 5 s' 'audit_failed' -tt 127.0.0.1 'sleep 30'
	tell hush recorder
	ended 'a deaf recorder before the start' 'audit_failed' \
		-tt 127.0.0.1 'sleep 30'
	tell hush
	(sleep 1; tell hush recorder) &
	ended 'a deaf recorder' 'audit_failed' -tt 127.0.0.1 \
		'sleep 2; head -c 9000000 /dev/zero | od -v'
	tell hush
	tell record 0
}

probes() {
	tell probe root
	want_event '^probed kex=1 key_ok=1 login_ok=1 .*clock=[1-9]'
	tell pin other.pub
	tell probe root
	want_event '^probed kex=1 key_ok=0 login_ok=0'
	tell pin target.pub
}

ends() {
	stops
	refusals
	evidence
	records
	probes
}

session_need
session_inside ends
pass
