# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# session_lib.sh - for the tests of the session alone: session_harness plays the
# other processes, a real sshd on loopback is the target, real clients are the
# user. Sourced after lib.sh; session_up re-runs the test in namespaces of its
# own. SESSION_HARNESS and SALLYPORT_SESSION name the built programs.

top=${BUILD_DIR:-.}
harness=${SESSION_HARNESS:-$top/tests/functional/tools/session_harness}
session=${SALLYPORT_SESSION:-$top/sallyport-session}

session_need() {
	[ "$(id -u)" -eq 0 ] || fail 'needs root for network namespaces'
	[ -x "$harness" ] ||
		fail "no $harness; set SESSION_HARNESS or BUILD_DIR (make check builds it)"
	[ -x "$session" ] || fail "no $session; set SALLYPORT_SESSION or BUILD_DIR"
}

# Runs the function in namespaces of its own, or says it failed. With the last
# process of the pid namespace everything it started is gone, however it ended.
session_inside() {
	local body

	body=$(declare -f)
	D=$TEST_DIR H=$harness B=$session unshare -m -n -p -f \
		--mount-proc --kill-child bash -Eeuo pipefail \
		-c "$body; session_start; $1; session_stop" || fail "$1"
}

session_start() {
	local k

	ip link set lo up
	mount -t tmpfs tmpfs /run
	mkdir -p /run/sshd
	chmod 755 "$D"
	# bash reads ~/.bashrc for a command of sshd: whatever this machine's does,
	# and waits for, is not the target's
	mkdir "$D/home"
	sed "s,^\(root:[^:]*:0:0:[^:]*\):[^:]*:,\1:$D/home:," /etc/passwd >"$D/passwd"
	mount --bind "$D/passwd" /etc/passwd
	export HOME=$D/home
	for k in user other target; do
		ssh-keygen -q -t ed25519 -N '' -f "$D/$k"
	done
	printf '%s\n' 'Port 2222' 'ListenAddress 127.0.0.1' "HostKey $D/target" \
		"TrustedUserCAKeys $D/ca.pub" 'PidFile none' 'UsePAM no' \
		'PermitRootLogin prohibit-password' 'AuthorizedKeysFile none' \
		'Subsystem sftp internal-sftp' 'AcceptEnv LANG LC_*' \
		'MaxStartups 100' 'MaxSessions 300' >"$D/sshd_config"
	mkfifo "$D/cmd"
	"$H" "$B" "$D" 2200 2222 <>"$D/cmd" >"$D/out" 2>"$D/err" &
	harness_pid=$!
	/usr/sbin/sshd -D -f "$D/sshd_config" -E "$D/sshd.log" &
	sshd_pid=$!
	until grep -q ready "$D/out" &&
		(exec 9<>/dev/tcp/127.0.0.1/2222) 2>/dev/null; do
		kill -0 "$harness_pid" || { cat "$D/err"; return 1; }
		sleep 0.1
	done
	echo "[127.0.0.1]:2200 $(cat "$D/host.pub")" >"$D/known"
	printf '%s\n' 'Host *' 'User root@web-01' 'Port 2200' \
		'IdentitiesOnly yes' "UserKnownHostsFile $D/known" \
		'GlobalKnownHostsFile none' 'StrictHostKeyChecking yes' \
		'LogLevel ERROR' 'BatchMode yes' >"$D/ssh_config"
	key=$D/user
}

session_stop() {
	kill "$harness_pid" "$sshd_pid"
	wait "$harness_pid" "$sshd_pid" || true
	! grep -E 'died by signal (31|11|6)|Sanitizer' "$D/err"
}

user_ssh() {
	timeout "${SSH_BOUND:-60}" ssh -F "$D/ssh_config" -i "$key" "$@"
}

# Gives the harness a command and waits until it has done it.
harness() {
	local before i

	before=$(grep -c "^did $1\$" "$D/events" || true)
	echo "$*" >"$D/cmd"
	for i in $(seq 100); do
		[ "$(grep -c "^did $1\$" "$D/events" || true)" -eq "$before" ] ||
			return 0
		sleep 0.05
	done
	echo "the harness did not do $1 ($i)"
	return 1
}

want() {
	[ "$2" = "$3" ] || {
		printf 'FAIL: %s: wanted %q, got %q\n' "$1" "$2" "$3" >&2
		return 1
	}
}

# want_exit NAME CODE COMMAND...
want_exit() {
	local name=$1 code=$2 rc=0

	shift 2
	"$@" || rc=$?
	want "$name: exit status" "$code" "$rc"
}

# A line of the harness's record, within 5 s.
want_event() {
	local i

	for i in $(seq 50); do
		! grep -Eq -- "$1" "$D/events" || return 0
		sleep 0.1
	done
	echo "FAIL: no event like: $1 (tried $i times)" >&2
	cat "$D/events" >&2
	return 1
}
