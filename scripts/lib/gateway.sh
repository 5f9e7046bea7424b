# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# gateway.sh - a running Sallyport in the lab, set up as a person would: through
# gatewayd, jitctl and ssh only, nothing is written behind their back. Needs
# lab.sh and hosts.sh, and a lab made with a stage.
#
#   gw_init [FLAG...]      gatewayd init on the gateway; keeps admin's invitation
#   gw_config LINE...      appends lines to gatewayd.yaml
#   gw_start [FLAG...]     starts gatewayd, waits until it says that the doors are
#                          shut
#   gw_start_only [FLAG...]   ... does not wait; gw_wait_ready does
#   gw_stop                SIGTERM, waits for the end of all
#   gw_kill PROCESS...     SIGKILL; gw_freeze, gw_thaw: SIGSTOP, SIGCONT
#                          (supervisor broker notary firewall api admin zygote
#                          recorder shipper)
#   gw_hold PROCESS        SIGSTOP to it, and to the supervisor, which else kills it
#                          for not answering: the firewall after 2 s; gw_release, also
#                          of what has died meanwhile
#   gw_pid PROCESS         its pid on the gateway, nothing if it does not run
#   gw_log                 prints gatewayd's log since the last start
#   records [JQ_FILTER]    the evidence on disk, one JSON object per line
#   record_count JQ_COND   how many records fulfil the condition
#   has_record JQ_COND     one does, within 3 s
#   gw_elements SET        what is in a set of the kernel table, one per line
#   no_elements SET...     succeeds when the sets are empty
#   door_is WORD [SOURCE]  what tcp_probe from client to the door says, is WORD
#
#   local_admin ARG...     jitctl as root on the gateway, by the admin socket
#   jit USER ARG...        jitctl as that user on the user's host, no questions
#   as USER ARG...         the same; answers with a fresh code when one is asked for
#   code_for USER          prints a code of a step not used yet (waits if it must)
#   enroll USER INVITATION [HOST]   both steps of jitctl enroll, the host key pinned
#   add_target NAME [FLAG...]       host NAME as target, its sshd trusts our CA
#   add_user USER [FLAG...]         adds and enrols
#   add_role NAME FLAG...
#   request USER TARGET [FLAG...]   prints the grant's id
#   gw_ssh USER [SSH_OPTION...] -- TARGET [CMD...]   through the gateway
#   gw_ssh_bg ...          the same in the background (see on_as_bg)
#   story [TARGET...]      the usual scene: gateway started, targets (web-01), role
#                          ops, alice enrolled
#
# State of this lab (secrets, codes used) is in $LAB_DIR/gw, so subshells share it.

GW_SSH_PORT=2222
GW_API_PORT=8443
GW_SOCKET=/run/sallyport/admin.sock
GW_STATE=/var/lib/sallyport
GW_LOG=/var/log/gatewayd.log

# --- the service ---------------------------------------------------------------

gw_dir() {
	[ -n "$LAB_DIR" ] || fail 'lab: no lab is up'
	[ -d "$LAB_DIR/gw" ] || (umask 077 && mkdir "$LAB_DIR/gw")
	printf '%s/gw' "$LAB_DIR"
}

gw_init() {
	local d out flags=(--yes --host gateway --server-id gw-1)

	d=$(gw_dir)
	[ -z "${LAB_PID[siem]:-}" ] || ! is_listening siem 6514 ||
		flags+=(--sink siem:6514 --sink-ca "$(siem_ca_path)")
	out=$(on gateway gatewayd init "${flags[@]}" "$@" 2>&1) ||
		fail "gatewayd init failed:$(check_show "$out")"
	printf '%s\n' "$out" >"$d/init.out"
	grep -o 'sp2:[^[:space:]]*' <<<"$out" >"$d/invitation" ||
		fail "gatewayd init printed no invitation:$(check_show "$out")"
}

gw_config() {
	printf '%s\n' "$@" |
		on gateway tee -a /etc/sallyport/gatewayd.yaml >/dev/null
}

gw_start_only() {
	local d

	d=$(gw_dir)
	gw_log_size >"$d/log.from"
	on gateway /bin/sh -c 'log=$1; shift
		umask 022; mkdir -p /run/sallyport; rm -f /run/gatewayd.pid
		setsid -f /bin/sh -c '\''echo $$ >/run/gatewayd.pid; log=$1; shift
			exec gatewayd "$@" </dev/null >>"$log" 2>&1 \
				3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-'\'' - "$log" "$@"' \
		- "$GW_LOG" "$@" ||
		fail 'gatewayd could not be started'
	wait_for 5 test -s "$(host_file gateway /run/gatewayd.pid)"
}

gw_log_size() {
	stat -c %s "$(host_file gateway "$GW_LOG")" 2>/dev/null || echo 0
}

gw_log() {
	tail -c "+$(($(cat "$(gw_dir)/log.from") + 1))" \
		"$(host_file gateway "$GW_LOG")" 2>/dev/null || true
}

gw_said() {
	gw_log | grep -E -- "$1" >/dev/null
}

# Not wait_for alone: a gatewayd that gave up should fail at once, with its words.
# The process that was started last, also before it is gatewayd by name.
gw_lives() {
	local pid

	read -r pid <"$(host_file gateway /run/gatewayd.pid)" &&
		on gateway kill -0 "$pid"
} 2>/dev/null

gw_wait_ready() {
	local end=$((SECONDS + ${1:-30}))

	while ! gw_said 'ready: doors are shut'; do
		gw_lives || gw_said 'ready: doors are shut' ||
			fail "gatewayd ended before it was ready:$(check_show "$(gw_log)")"
		[ "$SECONDS" -lt "$end" ] ||
			fail "gatewayd is not ready after ${1:-30} s:$(check_show "$(gw_log)")"
		sleep 0.05
	done
}

gw_start() {
	gw_start_only "$@"
	gw_wait_ready
}

gw_gone() {
	local p

	for p in supervisor notary broker firewall api admin recorder shipper; do
		[ -z "$(gw_pid "$p")" ] || return 1
	done
}

gw_stop() {
	local pid

	pid=$(gw_pid supervisor)
	[ -z "$pid" ] || on gateway kill -TERM "$pid"
	wait_for 15 gw_gone
	on gateway rm -f /run/gatewayd.pid
}

# Reads /proc of the host itself: many tests poll it.
gw_pid() {
	local sup name pid want=''

	read -r sup 2>/dev/null <"$(host_file gateway /run/gatewayd.pid)" || return 0
	case $1 in
	supervisor)
		pids_of gateway gatewayd | grep -xF -- "$sup" || true
		return 0
		;;
	api) name=sallyport-api want=https ;;
	admin) name=sallyport-api want=admin ;;
	zygote)
		# its sessions have the same name, and are the supervisor's children
		# once it has died; it alone leads a session of its own. One that has
		# retired is older
		on gateway ps -o pid=,sid=,stat=,comm= --ppid "$sup" --sort=start_time |
			awk '$1 == $2 && $3 !~ /^Z/ && $4 == "sallyport-sessi" { p = $1 }
				END { if (p) print p }' || true
		return 0
		;;
	*) name=sallyport-$1 ;;
	esac
	for pid in $(pids_of gateway "$name"); do
		[ -z "$want" ] || on gateway grep -qa -- "$want" "/proc/$pid/cmdline" ||
			continue
		printf '%s\n' "$pid"
	done
}

gw_signal() {
	local sig=$1 p pid pids=()

	shift
	for p in "$@"; do
		pid=$(gw_pid "$p")
		[ -n "$pid" ] || fail "gatewayd's $p does not run"
		pids+=("$pid")
	done
	# the end of one may be the end of another, a moment before its turn
	on gateway kill "-$sig" "${pids[@]}" 2>/dev/null || [ "$sig" = KILL ]
}

gw_kill() { gw_signal KILL "$@"; }
gw_freeze() { gw_signal STOP "$@"; }
gw_thaw() { gw_signal CONT "$@"; }

gw_hold() { gw_freeze supervisor "$1"; }

gw_release() {
	local p pid

	for p in "$1" supervisor; do
		pid=$(gw_pid "$p")
		[ -z "$pid" ] || on gateway kill -CONT "$pid" 2>/dev/null || true
	done
}

records() {
	local log

	lab_host_pid gateway
	log=("/proc/${LAB_PID[gateway]}/root$GW_STATE/notary/log"/audit-*.ndjson)
	# the last line may be in the making
	[ ! -e "${log[0]}" ] || jq -cR "fromjson? | ${1:-.}" "${log[@]}"
}

record_count() {
	records "select($1)" | wc -l
}

# What nothing waits for (a refusal's record) may be written a moment later.
has_record() {
	local i log size seen=

	log=$(host_file gateway "$GW_STATE/notary/log")
	for ((i = 0; i < 30; i++)); do
		# jq is the dearest program of the lab: for what is new only
		size=$(stat -c %s "$log"/audit-*.ndjson 2>/dev/null || true)
		if [ "$size" != "$seen" ]; then
			[ "$(record_count "$1")" -eq 0 ] || return 0
			seen=$size
		fi
		sleep 0.1
	done
	return 1
}

gw_elements() {
	on gateway nft -j list set inet sallyport "$1" |
		jq -c '.nftables[] | select(.set) | .set.elem // [] | .[]'
}

no_elements() {
	local s out

	for s in "$@"; do
		out=$(on gateway nft list set inet sallyport "$s") || return 1
		[[ $out != *elements* ]] || return 1
	done
}

door_is() {
	[ "$(tcp_probe client 198.51.100.1 "$GW_SSH_PORT" "${2:-}")" = "$1" ]
}

# --- people ------------------------------------------------------------------------

host_of() {
	case $1 in
	bob) echo client2 ;;
	*) echo client ;;
	esac
}

# Without a terminal nothing is asked; --no-input would refuse what ends something.
local_admin() {
	on gateway setsid -w jitctl --socket "$GW_SOCKET" "$@"
}

jit() {
	local u=$1

	shift
	on_as "$u" "$(host_of "$u")" setsid -w jitctl "$@"
}

# Steps are used once: the next is at least the one after the last; the gateway
# takes the one before and the one after now's as well.
code_for() {
	local f secret last form now step s

	f=$(gw_dir)/totp.$1
	[ -s "$f" ] || fail "no TOTP secret of $1 is known: enroll first"
	read -r secret last form <"$f"
	form=${form:-sha1,6,30}
	s=${form##*,}
	now=$(date +%s)
	step=$((now / s - 1))
	[ $((now % s)) -lt $((s - 5)) ] || step=$((now / s)) # it would be over in a moment
	[ "$step" -gt "$last" ] || step=$((last + 1))
	while [ "$step" -gt $(($(date +%s) / s + 1)) ]; do
		sleep 0.2
	done
	printf '%s %s %s\n' "$secret" "$step" "$form" >"$f"
	now=$(date +%s)
	totp_code "$secret" $((step * s + s / 2 - now)) "$form"
}

# with_code USER FILE... - a file of USER's that holds a fresh code; prints its path.
code_file() {
	local path=/home/$1/code code

	code=$(code_for "$1")
	put_file "$(host_of "$1")" "$path" 0600 "$1" <<<"$code"
	printf '%s' "$path"
}

as() {
	local u=$1 rc=0 d

	shift
	d=$(mktemp -d "$(gw_dir)/as.XXXXXX")
	jit "$u" "$@" >"$d/out" 2>"$d/err" </dev/null || rc=$?
	if [ "$rc" -eq 4 ] && grep -q 'code is needed' "$d/err"; then
		rc=0
		jit "$u" "$@" --code-file "$(code_file "$u")" \
			>"$d/out" 2>"$d/err" </dev/null || rc=$?
	fi
	cat "$d/out"
	cat "$d/err" >&2
	rm -rf -- "$d"
	return "$rc"
}

enroll() {
	local u=$1 invitation=$2 h=${3:-} out secret form last='' was=''

	[ -n "$h" ] || h=$(host_of "$u")
	put_file "$h" "/home/$u/invitation" 0600 "$u" <<<"$invitation"
	out=$(jit "$u" enroll -o json --invite-file "/home/$u/invitation" 2>&1) ||
		fail "jitctl enroll of $u:$(check_show "$out")"
	secret=$(sed -n '/^{/,$p' <<<"$out" | jq -rs '.[0].secret // empty' 2>/dev/null) ||
		true
	[ -n "$secret" ] || secret=$(sed -n 's/^ *"secret": *"\([A-Z2-7=]*\)".*/\1/p' <<<"$out")
	[ -n "$secret" ] || fail "jitctl enroll of $u shows no secret:$(check_show "$out")"
	form=$(sed -n 's/^ *"totp_form": *"\([a-z0-9,]*\)".*/\1/p' <<<"$out")
	# steps of one length are used once by the user, whatever the secret
	[ ! -s "$(gw_dir)/totp.$u" ] || read -r _ last was <"$(gw_dir)/totp.$u"
	was=${was:-sha1,6,30}
	[ "${was##*,}" = "${form##*,}" ] || last=0
	printf '%s %s %s\n' "$secret" "${last:-0}" "$form" >"$(gw_dir)/totp.$u"
	out=$(jit "$u" enroll --confirm --code-file "$(code_file "$u")" 2>&1) ||
		fail "jitctl enroll --confirm of $u:$(check_show "$out")"
	jit "$u" known-hosts | on_as "$u" "$h" tee -a .ssh/known_hosts >/dev/null ||
		fail "jitctl known-hosts of $u"
}

# --- what an admin does --------------------------------------------------------

gw_ca_lines() {
	cat "$(host_file gateway $GW_STATE/pub/ca.pub)" \
		"$(host_file gateway $GW_STATE/pub/ca-next.pub)"
}

lab_address() {
	case $1 in
	web-01) echo 10.20.0.11,fd00:20::11 ;;
	web-02) echo 10.20.0.12,fd00:20::12 ;;
	*) fail "no address of $1" ;;
	esac
}

add_target() {
	local name=$1 out

	shift
	put_file gateway "/etc/lab/$name.hostkey" <<<"$(target_hostkey "$name")"
	out=$(local_admin target add "$name" "$(lab_address "$name")" --login deploy \
		--host-key "/etc/lab/$name.hostkey" --label env=lab "$@" 2>&1) ||
		fail "jitctl target add $name:$(check_show "$out")"
	target_trust "$name" "$(gw_ca_lines)" "deploy@$name"
}

add_user() {
	local u=$1 out

	shift
	on "$(host_of "$u")" cat "/home/$u/.ssh/id_ed25519.pub" |
		put_file gateway "/etc/lab/$u.pub"
	out=$(local_admin user add "$u" --key "/etc/lab/$u.pub" "$@" 2>/dev/null) ||
		fail "jitctl user add $u: $(local_admin user add "$u" \
			--key "/etc/lab/$u.pub" "$@" 2>&1)"
	enroll "$u" "$out"
}

add_role() {
	local out

	# made, or replaced where it is there
	out=$(local_admin role add "$@" 2>&1 || local_admin role set "$@" 2>&1) ||
		fail "jitctl role set $1:$(check_show "$out")"
}

# --- what a user does --------------------------------------------------------------

request() {
	local u=$1 target=$2 for=(--for 5m) a

	shift 2
	for a in "$@"; do
		[ "$a" != --for ] || for=()
	done
	as "$u" request "$target" "${for[@]}" --reason 'INC-4711 lab' -o name "$@"
}

gw_ssh_argv() {
	GW_SSH_USER=$1
	shift
	GW_SSH=(ssh -p "$GW_SSH_PORT")
	while [ "$1" != -- ]; do # ssh keeps the first value it is given
		GW_SSH+=("$1")
		shift
	done
	GW_SSH+=(-o BatchMode=yes -o StrictHostKeyChecking=yes -o ConnectTimeout=10
		"${GW_LOGIN:-deploy}@$2@${GW_HOST:-gateway}" "${@:3}")
}

gw_ssh() {
	gw_ssh_argv "$@"
	on_as "$GW_SSH_USER" "$(host_of "$GW_SSH_USER")" "${GW_SSH[@]}"
}

gw_ssh_bg() {
	gw_ssh_argv "$@"
	on_as_bg "$GW_SSH_USER" "$(host_of "$GW_SSH_USER")" "${GW_SSH[@]}"
}

story() {
	local t

	[ $# -gt 0 ] || set -- web-01
	for t in "$@"; do
		target_sshd_start "$t"
	done
	gw_init
	gw_start
	for t in "$@"; do
		add_target "$t"
	done
	add_role ops --user alice --label env=lab --login deploy --max 1h
	add_user alice
}
