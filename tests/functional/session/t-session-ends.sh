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

# Has the harness do that once the command of the session, or ssh itself, makes
# the file begun; then there is the file done.
once_begun() { # HARNESS-COMMAND...
	rm -f "$D/begun" "$D/done"
	(
		until [ -e "$D/begun" ]; do sleep 0.05; done
		harness "$@"
		touch "$D/done"
	) &
}

stops() {
	once_begun stop 'session ended: revoked at 12:31:00 UTC'
	ended 'revoked during a command' 'revoked' 127.0.0.1 \
		"echo hi; touch $D/begun; sleep 30"
	once_begun stop 'session ended: revoked at 12:31:00 UTC'
	ended 'revoked in a terminal' 'revoked' -tt 127.0.0.1 "touch $D/begun; sleep 30"
	once_begun stop
	ended 'revoked during a download' 'revoked' 127.0.0.1 \
		"touch $D/begun; cat /dev/zero" | tr -d '\0'
	once_begun stop
	want_exit 'revoked without a channel' 255 user_ssh -N -o PermitLocalCommand=yes \
		-o "LocalCommand=touch $D/begun" 127.0.0.1 2>"$D/2"
	grep -q 'sallyport: session ended: revoked' "$D/2"
	harness end 2
	ended 'its own deadline' 'expired at .*: jitctl request ' 127.0.0.1 'sleep 30'
	# the broker has heard of it a little later, and knows what else is open
	once_begun stop 'session ended: expired. ssh works again'
	ended 'its own deadline, and what the broker says of it' 'expired. ssh works again' \
		-tt 127.0.0.1 "trap 'touch $D/begun' HUP; sleep 30 & wait"
	harness end 600
	harness idle 1
	ended 'idle' 'idle .*The grant lives on until .* UTC: connect again with ssh' \
		127.0.0.1 'sleep 30'
	harness idle 0
	want_event '^end reason=idle'
}

refusals() {
	harness nodial 'the target does not answer'
	ended 'no target' 'does not answer' 127.0.0.1 true
	harness nodial
	harness pin other.pub
	ended 'another host key' 'another host key' 127.0.0.1 "touch $D/ran1"
	want_event '^event hostkey.changed'
	not_run ran1
	harness pin target.pub
	harness caps 1
	ended 'a command without exec' 'does not allow exec' 127.0.0.1 "touch $D/ran2"
	want_event '^event session.channel_denied'
	not_run ran2
	harness caps 15
	want_exit 'a forward' 255 user_ssh -W 127.0.0.1:2222 127.0.0.1 \
		</dev/null 2>/dev/null
}

evidence() {
	local pid

	harness hold 1
	user_ssh 127.0.0.1 "touch $D/ran3" </dev/null &
	pid=$!
	want_event '^event session.exec .*ran3'
	sleep 1
	not_run ran3
	harness drop notary
	harness hold 0
	harness link notary
	wait "$pid"
	[ -e "$D/ran3" ]
	harness hold 2
	user_ssh 127.0.0.1 "touch $D/ran8" </dev/null &
	pid=$!
	want_event '^cert held'
	harness drop notary
	harness hold 0
	harness link notary # is asked for the certificate of the same key
	wait "$pid"
	[ -e "$D/ran8" ]
	once_begun drop notary
	ended 'no notary for 5 s' 'audit_failed' 127.0.0.1 "touch $D/begun; sleep 30"
	harness hold 1
	ended 'no answer of the notary' 'audit_failed' 127.0.0.1 "touch $D/ran5"
	not_run ran5
	harness hold 2
	ended 'no certificate' 'audit_failed' 127.0.0.1 "touch $D/ran6"
	not_run ran6
	harness hold 0
	user_ssh -M -S "$D/mux" -fN 127.0.0.1 </dev/null >/dev/null 2>&1
	want 'another channel' yes "$(user_ssh -S "$D/mux" 127.0.0.1 'echo yes')"
	once_begun drop broker
	want 'no broker' still "$(user_ssh 127.0.0.1 \
		"touch $D/begun; until [ -e $D/done ]; do sleep 0.1; done; echo still")"
	# where it may not fall back to a connection of its own
	want_exit 'a new channel without a broker' 255 user_ssh -S "$D/mux" \
		-o ProxyCommand=false 127.0.0.1 "touch $D/ran4" 2>/dev/null
	not_run ran4
	user_ssh -S "$D/mux" -O exit 127.0.0.1 2>/dev/null
	user_ssh -M -S "$D/mux" -fN 127.0.0.1 </dev/null >/dev/null 2>&1
	harness mute broker
	want_exit 'a new channel with a broker that does not read' 255 user_ssh -S "$D/mux" \
		-o ProxyCommand=false 127.0.0.1 "touch $D/ran7" 2>/dev/null
	harness mute
	want 'it reads again' yes "$(user_ssh -S "$D/mux" 127.0.0.1 'echo yes')"
	not_run ran7
	want_event '^event session.channel_denied .*broker-away'
	user_ssh -S "$D/mux" -O exit 127.0.0.1 2>/dev/null
}

# What the user saw is what the recording holds, soon after.
recorded() {
	local i

	for i in $(seq 50); do
		! cat "$D"/rec.* | cmp -s - "$D/1" || return 0
		sleep 0.1
	done
	cat "$D"/rec.* | cmp - "$D/1"
}

# Output that the recorder has not accepted does not reach the user; once it
# reads again, all of it is in the recording.
slow_recorder() {
	local pid state=waiting

	rm -f "$D"/rec.* "$D/on"
	user_ssh -tt 127.0.0.1 "echo begun; until [ -e $D/on ]; do sleep 0.1; done
		head -c 2000000 /dev/urandom | od -x" \
		>"$D/1" 2>/dev/null </dev/null &
	pid=$!
	until grep -qs begun "$D"/rec.*; do sleep 0.1; done
	harness mute recorder
	touch "$D/on"
	sleep 2
	kill -0 "$pid" 2>/dev/null || state=over
	want 'output, while the recorder does not read' waiting "$state"
	harness mute
	wait "$pid"
	want 'bytes of output' yes "$([ "$(stat -c %s "$D/1")" -gt 5000000 ] && echo yes)"
	recorded
}

# What a recorder had not written when it was killed, the next one is given; also
# when the session is over by then.
killed_recorder() {
	local pid events

	rm -f "$D"/rec.* "$D/on"
	user_ssh -tt 127.0.0.1 "echo begun; until [ -e $D/on ]; do sleep 0.1; done
		head -c 300000 /dev/urandom | od -x" \
		>"$D/1" 2>/dev/null </dev/null &
	pid=$!
	until grep -qs begun "$D"/rec.*; do sleep 0.1; done
	harness mute recorder
	touch "$D/on"
	until [ "$(stat -c %s "$D/1")" -gt 50000 ]; do sleep 0.05; done
	want 'bytes that only the session has' yes \
		"$([ "$(cat "$D"/rec.* | wc -c)" -lt 50000 ] && echo yes)"
	harness drop recorder
	harness mute
	harness link recorder
	wait "$pid"
	want 'what the next recorder has' all \
		"$(recorded && echo all)"
	rm -f "$D"/rec.* "$D/on"
	events=$(grep -ac '^end ' "$D/events")
	user_ssh -tt 127.0.0.1 "echo begun; until [ -e $D/on ]; do sleep 0.1; done
		echo the last words" >"$D/1" 2>/dev/null </dev/null &
	pid=$!
	until grep -qs begun "$D"/rec.*; do sleep 0.1; done
	harness mute recorder
	touch "$D/on"
	wait "$pid"
	grep -q 'last words' "$D/1"
	want 'sessions that are over' "$events" "$(grep -ac '^end ' "$D/events")"
	harness drop recorder
	harness mute
	harness link recorder
	until [ "$(grep -ac '^end ' "$D/events")" -gt "$events" ]; do sleep 0.1; done
	want 'what the next recorder has' all \
		"$(recorded && echo all)"
}

records() {
	harness record 1
	slow_recorder
	rm -f "$D"/rec.*
	user_ssh -tt 127.0.0.1 "head -c 200000 /dev/urandom | od -x" \
		>"$D/1" 2>/dev/null </dev/null
	recorded
	want_event '^rec close'
	killed_recorder
	once_begun drop recorder
	ended 'no recorder for 5 s' 'audit_failed' -tt 127.0.0.1 "touch $D/begun; sleep 30"
	harness mute recorder
	ended 'a recorder that does not read, before the start' 'audit_failed' \
		-tt 127.0.0.1 'sleep 30'
	harness mute
	once_begun mute recorder
	ended 'a recorder that does not read' 'audit_failed' -tt 127.0.0.1 \
		"touch $D/begun; until [ -e $D/done ]; do sleep 0.1; done
		head -c 9000000 /dev/zero | od -v"
	harness mute
	harness record 0
}

# A client whose transport is gone as soon as it has the exit status, or before:
# each program has its end, with the exit status where there was one.
hasty() {
	local i pid starts all

	starts=$(grep -ac '^event session.exec ' "$D/events")
	all=$(grep -ac '^event session.channel_end ' "$D/events")
	for i in $(seq 20); do
		user_ssh -o 'ProxyCommand=socat - TCP:127.0.0.1:2200' 127.0.0.1 "echo $i; exit 3" \
			>/dev/null || true
	done
	for i in $(seq 5); do
		rm -f "$D/begun"
		user_ssh 127.0.0.1 "touch $D/begun; sleep 30" </dev/null >/dev/null 2>&1 &
		pid=$!
		until [ -e "$D/begun" ]; do sleep 0.05; done
		kill -KILL "$(pgrep -n -x ssh)" # of this namespace
		wait "$pid" || true
	done
	starts=$(($(grep -ac '^event session.exec ' "$D/events") - starts))
	want 'programs begun' 25 "$starts"
	for i in $(seq 100); do
		grep -a '^event session.channel_end ' "$D/events" | tail -n +"$((all + 1))" >"$D/1"
		[ "$(wc -l <"$D/1")" -lt 25 ] || break
		sleep 0.1
	done
	want 'their ends' 25 "$(wc -l <"$D/1")"
	want 'with an exit status' 20 "$(grep -ac '"exit":3' "$D/1")"
	want 'without' 5 "$(grep -ac '"bytes_out":[0-9]*,"reason":"logout"' "$D/1")"
}

probes() {
	harness probe root
	want_event '^probed kex=1 key_ok=1 login_ok=1 .*clock=[1-9]'
	harness pin other.pub
	harness probe root
	want_event '^probed kex=1 key_ok=0 login_ok=0'
	harness pin target.pub
}

ends() {
	stops
	refusals
	evidence
	records
	hasty
	probes
}

session_need
session_inside ends
pass
