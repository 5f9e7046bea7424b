#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: what the target says in its own words reaches the user, as the target's, and no reason is empty

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"
# shellcheck source=tests/functional/tools/session_lib.sh
. "$(dirname -- "$0")/../tools/session_lib.sh"
# shellcheck disable=SC2154,SC2317 # key, D come from session_start; called by name

# target_like PORT LINE...: an sshd as the harness's target, with other settings
target_like() {
	local port=$1

	shift
	{
		printf '%s\n' "$@"
		grep -vE '^(Port|UsePAM) ' "$D/sshd_config"
		printf '%s\n' "Port $port"
	} >"$D/sshd_config.$port"
	/usr/sbin/sshd -D -f "$D/sshd_config.$port" -E "$D/sshd.log" &
	until (exec 9<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do sleep 0.05; done
	harness target "$port"
}

# says PORT TEXT: something that says that to whoever connects, and closes
says() {
	printf '%s' "$2" >"$D/says.$1"
	socat -U "TCP-LISTEN:$1,reuseaddr,fork,bind=127.0.0.1" "OPEN:$D/says.$1" &
	until (exec 9<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; do sleep 0.05; done
	harness target "$1"
}

# refused NAME PATTERN: of the line that says why
refused() {
	local rc=0

	user_ssh 127.0.0.1 true >"$D/1" 2>"$D/2" </dev/null || rc=$?
	want "$1: exit status" 255 "$rc"
	grep -Eq "^sallyport: .*$2" "$D/1" "$D/2" || {
		cat "$D/1" "$D/2" >&2
		want "$1" "$2" ''
	}
}

banners() {
	printf 'Property of ops.\n\033[2JRun\r\n' >"$D/banner"
	target_like 2224 "Banner $D/banner" 'UsePAM no'
	user_ssh 127.0.0.1 'echo out; echo err >&2' >"$D/1" 2>"$D/2" </dev/null
	want 'output' out "$(cat "$D/1")"
	want 'the banner' 'web-01 says: Property of ops.
web-01 says: \x1b[2JRun
err' "$(tr -d '\r' <"$D/2")"
	user_ssh -tt 127.0.0.1 'echo out' 2>&1 </dev/null | grep 'web-01 says: Property' >/dev/null
	# once, and never to a client that takes it for output of the program
	user_ssh -M -S "$D/mux" -fN 127.0.0.1 </dev/null >/dev/null 2>&1
	want 'the first channel' 2 "$(user_ssh -S "$D/mux" 127.0.0.1 true \
		2>&1 </dev/null | grep -c says)"
	want 'the next' '' "$(user_ssh -S "$D/mux" 127.0.0.1 true 2>&1 </dev/null)"
	user_ssh -S "$D/mux" -O exit 127.0.0.1 2>/dev/null
}

refusals() {
	mount -t tmpfs tmpfs /etc/pam.d
	echo 'Back at noon. Ask ops.' >"$D/nologin"
	printf '%s\n' 'auth required pam_deny.so' \
		"account optional pam_echo.so file=$D/nologin" \
		'account required pam_deny.so' >/etc/pam.d/sshd
	target_like 2236 'UsePAM yes' 'KbdInteractiveAuthentication yes' \
		'AuthenticationMethods publickey,keyboard-interactive'
	refused 'a second method' "target accepts the gateway's certificate for root, but it is not enough: .*AuthenticationMethods"
	target_like 2225 "Banner $D/banner" 'UsePAM yes'
	refused 'what PAM says' 'the target says: Property .* / Back at noon\. Ask ops\.'
	want_event '^end reason=target_refused'
	says 2226 $'Exceeded MaxStartups\r\n'
	refused 'what is said instead of SSH' \
		'no SSH connection to web-01: .+; the target says: Exceeded MaxStartups'
	target_like 2228 'MaxSessions 0'
	refused 'no session' 'web-01 let you in, but opens no session: open failed\. .*MaxSessions.*jitctl doctor web-01'
	user_ssh -tt 127.0.0.1 2>&1 </dev/null | tr -d '\r' >"$D/1" || true
	want 'on a terminal' 1 "$(grep -c '^sallyport: web-01 let you in' "$D/1")"
	target_like 2229 'MaxSessions 1'
	user_ssh -M -S "$D/mux1" -fN 127.0.0.1 </dev/null >/dev/null 2>&1
	user_ssh -S "$D/mux1" 127.0.0.1 'echo in; cat' >"$D/held" 2>&1 < <(exec sleep 60) &
	until grep -q in "$D/held"; do sleep 0.05; done
	want 'one more' 255 "$(user_ssh -S "$D/mux1" 127.0.0.1 true 2>"$D/2" </dev/null; echo $?)"
	grep -q '^sallyport: web-01 let you in, but opens no session' "$D/2" ||
		want 'why not one more' 'the line' "$(cat "$D/2")"
	user_ssh -S "$D/mux1" -O exit 127.0.0.1 2>/dev/null
	wait $! 2>/dev/null || true
	target_like 2240 'Ciphers aes128-cbc'
	refused 'no cipher' 'no SSH connection to web-01: no cipher in common: it offers aes128-cbc; the gateway, whose ssh.algorithms is default, aes'
	target_like 2241 'KexAlgorithms diffie-hellman-group1-sha1'
	refused 'no key exchange' 'no key exchange in common: it offers diffie-hellman-group1-sha1(,[a-z0-9@.-]+)*; the gateway'
	# SSH-2.0-x, and the packet of a SSH_MSG_DISCONNECT
	printf 'SSH-2.0-x\r\n\0\0\0\034\006\001\0\0\0\013\0\0\0\010Go away!\0\0\0\0\0\0\0\0\0\0' >"$D/says.2242"
	socat -U TCP-LISTEN:2242,reuseaddr,fork,bind=127.0.0.1 "SYSTEM:cat '$D/says.2242'; sleep 5" &
	until (exec 9<>/dev/tcp/127.0.0.1/2242) 2>/dev/null; do sleep 0.05; done
	harness target 2242
	refused 'a goodbye' 'no SSH connection to web-01: it ended the connection; the target says: Go away!'
	says 2227 ''
	refused 'nothing is said' 'no SSH connection to web-01: .*[a-z]{4}'
}

words() {
	banners
	refusals
}

session_need
session_inside words
pass
