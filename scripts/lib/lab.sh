# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# lab.sh - a lab of hosts on one machine, for tests and the demo.
#
# Each host is a net, mount, uts, pid and ipc namespace of its own, held by one
# init process. Killing that process ends every process of the host, and with
# the last one go its interfaces, mounts and files (all on tmpfs): there is
# nothing to clean up by hand. The one thing outside is the state directory
# /run/sallyport-lab.PID.XXXXXX with the pids; a later lab_up sweeps those whose
# owner and hosts are dead.
#
#                198.51.100.0/24          10.20.0.0/24
#   client  .7 .8 ---+                       +--- .11 web-01
#   client2 .20   ---+---- .1 gateway .1 ----+
#   nat     .30   ---+      (router)         +--- .12 web-02
#      |                      | 10.30.0.1
#      | 192.168.77.0/24      +---- .10 siem
#      +--- client .7, client2 .20 (used after behind_nat HOST)
#
# The same last numbers in IPv6: 2001:db8:1::/64, fd00:20::/64, fd00:30::/64,
# fd00:77::/64. No duplicate address detection, so addresses work at once.
#
# A host sees the machine's /usr (read it as: Debian), its own tmpfs on /run
# /tmp /var /home /root /dev/pts /dev/shm, its own /etc (an overlay), and the
# stage's /usr/local, read only, in place of the machine's (a stage's /etc is copied
# in). Users alice and admin live on client, bob on client2, deploy on the targets.
#
# It is not a sandbox: root in a host is root. It limits no memory or CPU.
#
#   lab_up [STAGE]         build it; ends with the calling shell unless LAB_KEEP=1
#   lab_down               end it; may be called any number of times
#   on HOST CMD...         run as root there: clean environment, cwd /root, no shell
#   on_as USER HOST CMD... the same as that user, cwd its home
#   on_bg HOST CMD..., on_as_bg USER HOST CMD...   the same in the background: kill $!
#                          ends the command (on ... & would only end a subshell),
#                          wait $! gives its status
#   lab_enter HOST [USER]  an interactive shell
#   lab_list               host, pid, addresses
#   lab_use DIR|NAME|""    work with a lab that is up already
#   host_file HOST PATH    prints a path under which this shell reaches that file
#   put_file HOST PATH [MODE [OWNER]]   stdin becomes that file
#   pids_of HOST NAME      pids inside the host of the live processes of program NAME
#   tcp_probe HOST ADDR PORT [SOURCE]   prints open, refused, silent or unreachable
#   is_listening HOST PORT
#   lab_remove_with DIR    that directory is removed when this lab ends
#   lab_save_logs DIR      copies /var/log of every host there
#   behind_nat HOST / before_nat HOST   route client or client2 by nat, or directly
#   user_pubkey USER       the public key line of alice, admin or bob
#
# Set before lab_up: LAB_HOSTS (fewer hosts are quicker), LAB_KEEP=1.
#
# What starts CMD in a host is labexec.c, compiled when it is first needed and kept
# in sallyport/ below $XDG_CACHE_HOME or ~/.cache.

LAB_HOSTS=${LAB_HOSTS:-client client2 nat gateway web-01 web-02 siem}
LAB_DIR=${LAB_DIR:-}
LAB_PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
LAB_ARGV=()
LAB_EXEC=
LAB_WHAT=
declare -gA LAB_PID=() LAB_HOLDER=()

# net:last v4 number and last v6 number of the host there, one word each
declare -gA LAB_LINKS=([client]='out:7 lan:7' [client2]='out:20 lan:20'
	[nat]='out:30 lan:1' [gateway]='out:1 in:1 siem:1' [web-01]=in:11
	[web-02]=in:12 [siem]=siem:10)
declare -gA LAB_NET4=([out]=198.51.100 [in]=10.20.0 [siem]=10.30.0
	[lan]=192.168.77)
declare -gA LAB_NET6=([out]=2001:db8:1:: [in]=fd00:20:: [siem]=fd00:30::
	[lan]=fd00:77::)

# --- processes that hold a host -------------------------------------------

# Start time of a pid (clock ticks since boot): tells a pid from its reuse. Fails
# for a zombie: it is dead, only not yet reaped (some machines' init takes seconds).
lab_starttime() {
	local s

	read -r s 2>/dev/null <"/proc/$1/stat" || return 1
	s=${s##*) }
	# shellcheck disable=SC2086
	set -- $s
	case $1 in Z | X) return 1 ;; esac
	printf '%s' "${20}"
}

# Is the process recorded in this state file ("pid starttime") still that one?
lab_alive() {
	local pid start

	read -r pid start 2>/dev/null <"$1" || return 1
	[ "$(lab_starttime "$pid")" = "$start" ]
}

# The holder of one host, in the background, and its init. With LAB_KEEP the
# holder outlives this shell; without, the kernel ends it with the shell, however
# that ends. A signal to the shell's process group does not reach it: the EXIT trap
# still wants the host's logs.
lab_hold() {
	local keep=end

	[ -z "${LAB_KEEP:-}" ] || keep=keep
	"$LAB_EXEC" --hold "$LAB_DIR/pid.$1" "$keep" \
		</dev/null >/dev/null 2>"$LAB_DIR/err.$1" &
	LAB_HOLDER[$1]=$!
	disown $!
}

# Waits for the init of every host.
lab_await() {
	local h i

	for h in "${!LAB_HOLDER[@]}"; do
		for ((i = 0; i < 500; i++)); do
			[ ! -e "$LAB_DIR/pid.$h" ] || break
			[ -d "/proc/${LAB_HOLDER[$h]}" ] ||
				fail "lab: no namespaces for $h: $(cat "$LAB_DIR/err.$h")"
			sleep 0.02
		done
		[ -e "$LAB_DIR/pid.$h" ] || fail "lab: $h did not start within 10 s"
		read -r "LAB_PID[$h]" _ <"$LAB_DIR/pid.$h"
	done
}

# --- up and down -----------------------------------------------------------

lab_need() {
	local t miss=()

	[ "$(id -u)" -eq 0 ] || fail 'lab: it needs root'
	for t in cc nsenter ip nft ssh-keygen /usr/sbin/sshd; do
		command -v "$t" >/dev/null || miss+=("$t")
	done
	[ "${#miss[@]}" -eq 0 ] ||
		fail "lab: not installed: ${miss[*]} (run scripts/deps test)"
}

# Sets LAB_EXEC. Whole or not there: another lab may be made at the same time.
lab_exec_make() {
	local src=$LAB_LIB/labexec.c dir=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/sallyport

	LAB_EXEC=$dir/labexec
	[ ! -x "$LAB_EXEC" ] || [ "$src" -nt "$LAB_EXEC" ] || return 0
	{ mkdir -p -- "$dir" && cc -O1 -o "$LAB_EXEC.$$" "$src" &&
		mv -f -- "$LAB_EXEC.$$" "$LAB_EXEC"; } ||
		fail "lab: cannot compile $src"
}

lab_up() {
	local stage=${1:-} h jobs=() bad=0

	[ -z "$LAB_DIR" ] || fail 'lab: a lab is up already in this shell'
	lab_need
	lab_exec_make
	[ -z "$stage" ] || [ -d "$stage/usr/local" ] ||
		fail "lab: $stage holds no usr/local; give the DESTDIR of make install"
	[ -z "$stage" ] || stage=$(cd -- "$stage" && pwd)
	lab_sweep
	LAB_DIR=$(mktemp -d "/run/sallyport-lab.$$.XXXXXX") ||
		fail 'lab: cannot make a state directory in /run'
	# whole or not there: another lab's sweep must not take it for a dead one's
	printf '%s %s\n' $$ "$(lab_starttime $$)" >"$LAB_DIR/owner.new"
	mv -- "$LAB_DIR/owner.new" "$LAB_DIR/owner"
	if [ -z "${LAB_KEEP:-}" ] && [ -z "$(trap -p EXIT)" ]; then
		trap lab_down EXIT
		trap 'exit 130' INT
		trap 'exit 143' TERM
	fi
	for h in switch $LAB_HOSTS; do
		lab_hold "$h"
	done
	lab_await
	lab_wire
	for h in $LAB_HOSTS; do
		lab_setup "$h" "$stage" >"$LAB_DIR/err.$h" 2>&1 &
		jobs+=("$!:$h")
	done
	for h in "${jobs[@]}"; do
		wait "${h%%:*}" || {
			bad=1
			printf 'lab: setting up %s failed:\n%s\n' "${h#*:}" \
				"$(cat "$LAB_DIR/err.${h#*:}")" >&2
		}
	done
	rm -f "$LAB_DIR"/err.*
	[ "$bad" -eq 0 ] || fail 'lab: not every host came up'
}

lab_down() {
	local f pid pids=() i

	[ -n "$LAB_DIR" ] || return 0
	for f in "$LAB_DIR"/pid.*; do
		lab_alive "$f" || continue
		read -r pid _ <"$f"
		pids+=("$pid")
	done
	# Holders that never got as far as a recorded init.
	for f in "${LAB_HOLDER[@]}"; do
		[ "${#LAB_PID[@]}" -eq "${#LAB_HOLDER[@]}" ] || pids+=("$f")
	done
	[ "${#pids[@]}" -eq 0 ] || kill -KILL "${pids[@]}" 2>/dev/null || true
	for pid in "${pids[@]}"; do
		for ((i = 0; i < 500; i++)); do
			lab_starttime "$pid" >/dev/null || break
			sleep 0.01
		done
	done
	lab_remove "$LAB_DIR"
	LAB_DIR=
	LAB_PID=()
	LAB_HOLDER=()
}

lab_remove_with() {
	printf '%s\n' "$1" >>"$LAB_DIR/remove"
}

# A lab's state directory, and what was to go with it.
lab_remove() {
	local d

	if [ -f "$1/remove" ]; then
		while read -r d; do
			[ ! -d "$d" ] || rm -rf -- "$d"
		done <"$1/remove"
	fi
	rm -rf -- "$1"
}

# Ends and removes labs whose owner died without lab_down; kept ones stay.
lab_sweep() {
	local d f live

	for d in /run/sallyport-lab.*; do
		# Without an owner file it is being made right now: looked for first,
		# or one that comes after the next look would be a dead one's.
		[ -e "$d/owner" ] || continue
		live=
		for f in "$d/owner" "$d"/pid.*; do
			! lab_alive "$f" || live=yes
		done
		[ -n "$live" ] || lab_remove "$d"
	done
}

# Every live lab's directory, newest first.
lab_all() {
	local d

	while read -r d; do
		! lab_alive "$d/pid.switch" || printf '%s\n' "$d"
	done < <(find /run -maxdepth 1 -name 'sallyport-lab.*' -printf '%T@ %p\n' |
		sort -rn | cut -d ' ' -f 2-)
}

lab_use() {
	local want=${1:-} d f h all

	mapfile -t all < <(lab_all)
	case $want in
	'') d=${all[0]:-} ;;
	/*) d=$want ;;
	*) d=/run/sallyport-lab.${want#sallyport-lab.} ;;
	esac
	[ -d "$d" ] || fail "lab: no lab${want:+ $want} is up"
	lab_exec_make
	LAB_DIR=$d
	LAB_PID=()
	for f in "$d"/pid.*; do
		lab_alive "$f" || continue
		h=${f##*/pid.}
		read -r "LAB_PID[$h]" _ <"$f"
	done
}

lab_list() {
	local h a

	for h in "${!LAB_PID[@]}"; do
		[ "$h" != switch ] || continue
		a=$(nsenter -t "${LAB_PID[$h]}" -n ip -br addr show scope global |
			awk '{ for (i = 3; i <= NF; i++) printf " %s", $i }')
		printf '%-8s %7s %s\n' "$h" "${LAB_PID[$h]}" "$a"
	done | sort
}

# --- network and files of the hosts -----------------------------------------

# One bridge per network in the switch namespace, one veth pair per attachment.
# All names live inside namespaces, so labs cannot collide. The switch is only a
# switch: no addresses, and what it bridges does not pass netfilter.
lab_wire() {
	local h l net port

	nsenter -t "${LAB_PID[switch]}" -n sysctl -qew \
		net.ipv6.conf.default.disable_ipv6=1 \
		net.bridge.bridge-nf-call-iptables=0 \
		net.bridge.bridge-nf-call-ip6tables=0 \
		net.bridge.bridge-nf-call-arptables=0 || true
	{
		for net in out in siem lan; do
			printf 'link add br-%s type bridge forward_delay 0 mcast_snooping 0\n' $net
			printf 'link set br-%s up\n' $net
		done
		for h in $LAB_HOSTS; do
			for l in ${LAB_LINKS[$h]}; do
				net=${l%%:*}
				port=$net-$h
				printf 'link add %s type veth peer name %s0 netns %s\n' \
					"$port" "$net" "${LAB_PID[$h]}"
				printf 'link set %s master br-%s up\n' "$port" "$net"
			done
		done
	} | nsenter -t "${LAB_PID[switch]}" -n ip -batch - ||
		fail 'lab: cannot lay the cables (needs veth and bridge)'
}

# Prints the ip(8) batch of one host: addresses, routes.
lab_ip_of() {
	local h=$1 l net n

	echo 'link set lo up'
	for l in ${LAB_LINKS[$h]}; do
		net=${l%%:*}
		n=${l#*:}
		echo "link set ${net}0 up"
		echo "addr add ${LAB_NET4[$net]}.$n/24 dev ${net}0"
		echo "addr add ${LAB_NET6[$net]}$n/64 dev ${net}0 nodad"
	done
	case $h in
	client)
		echo 'addr add 198.51.100.8/24 dev out0'
		# deprecated: never chosen as a source unless asked for
		echo 'addr add 2001:db8:1::8/64 dev out0 nodad preferred_lft 0'
		;;
	esac
	case $h in
	client | client2 | nat)
		echo 'route add 10.20.0.0/24 via 198.51.100.1'
		echo 'route add fd00:20::/64 via 2001:db8:1::1'
		;;
	web-* | siem)
		net=${LAB_LINKS[$h]%%:*}
		echo "route add default via ${LAB_NET4[$net]}.1"
		echo "route add default via ${LAB_NET6[$net]}1"
		;;
	esac
}

lab_hosts_file() {
	cat <<'HOSTS'
127.0.0.1 localhost
::1 localhost ip6-localhost
198.51.100.7 client
198.51.100.8 client-b
198.51.100.20 client2
198.51.100.30 nat
198.51.100.1 gateway
10.20.0.11 web-01
10.20.0.12 web-02
10.30.0.10 siem
10.20.0.1 gateway-in
10.30.0.1 gateway-siem
2001:db8:1::7 client
2001:db8:1::20 client2
2001:db8:1::30 nat
2001:db8:1::1 gateway
fd00:20::11 web-01
fd00:20::12 web-02
fd00:30::10 siem
fd00:20::1 gateway-in
fd00:30::1 gateway-siem
HOSTS
}

# Runs inside a new host, as its root: files first, then the network.
lab_setup() {
	"$LAB_EXEC" "${LAB_PID[$1]}" root 0 0 / PATH="$LAB_PATH" LANG=C.UTF-8 \
		HOME=/root -- /bin/bash -euo pipefail "$LAB_LIB/host-setup.sh" "$1" \
		"$2" "$(lab_ip_of "$1")" "$(lab_hosts_file)" </dev/null
}

lab_host_pid() {
	[ -n "$LAB_DIR" ] || fail 'lab: no lab is up'
	[ -n "${LAB_PID[$1]:-}" ] ||
		fail "lab: no host '$1' (there are: ${!LAB_PID[*]})"
	[ -d "/proc/${LAB_PID[$1]}" ] || fail "lab: $1 has died"
}

behind_nat() {
	local a

	case $1 in
	client) a=7 ;;
	client2) a=20 ;;
	*) fail "lab: only client and client2 can go behind nat, not '$1'" ;;
	esac
	on "$1" ip -batch - <<-ROUTES || fail "lab: cannot route $1 by nat"
		route replace 198.51.100.1/32 via 192.168.77.1 src 192.168.77.$a
		route replace 10.20.0.0/24 via 192.168.77.1 src 192.168.77.$a
		route replace 2001:db8:1::1/128 via fd00:77::1 src fd00:77::$a
		route replace fd00:20::/64 via fd00:77::1 src fd00:77::$a
	ROUTES
}

before_nat() {
	on "$1" ip -batch - <<-'ROUTES' || fail "lab: cannot route $1 directly"
		route del 198.51.100.1/32
		route replace 10.20.0.0/24 via 198.51.100.1
		route del 2001:db8:1::1/128
		route replace fd00:20::/64 via 2001:db8:1::1
	ROUTES
}

# --- running things ----------------------------------------------------------

# lab_argv USER HOST CMD... - puts the whole command line into LAB_ARGV, and into
# LAB_WHAT what to call it in a message. labexec stays as the parent; if somebody
# ends it, TERM follows to the command.
lab_argv() {
	local who=$1 h=$2 name='' uid='' gid='' home=''

	shift 2
	# shellcheck disable=SC2034 # tests/functional/lib.sh prints it
	LAB_WHAT="on $h as $who: $*"
	lab_host_pid "$h"
	while IFS=: read -r name _ uid gid _ home _; do
		[ "$name" != "$who" ] || break
	done <"/proc/${LAB_PID[$h]}/root/etc/passwd"
	[ "$name" = "$who" ] || fail "lab: no user '$who' on $h"
	LAB_ARGV=("$LAB_EXEC" "${LAB_PID[$h]}" "$who" "$uid" "$gid" "$home"
		HOME="$home" USER="$who" LOGNAME="$who" PATH="$LAB_PATH"
		LANG=C.UTF-8 TERM="${TERM:-dumb}"
		${SALLYPORT_FAULTS:+SALLYPORT_FAULTS="$SALLYPORT_FAULTS"} -- "$@")
}

on() {
	lab_argv root "$@"
	"${LAB_ARGV[@]}"
}

on_as() {
	lab_argv "$@"
	"${LAB_ARGV[@]}"
}

on_bg() {
	lab_argv root "$@"
	"${LAB_ARGV[@]}" <&0 &
}

on_as_bg() {
	lab_argv "$@"
	"${LAB_ARGV[@]}" <&0 &
}

lab_enter() {
	if [ -n "${2:-}" ]; then
		on_as "$2" "$1" PS1="$2@$1\\$ " bash --norc -i
	else
		on "$1" env PS1="root@$1# " bash --norc -i
	fi
}

host_file() {
	lab_host_pid "$1"
	printf '/proc/%s/root%s' "${LAB_PID[$1]}" "$2"
}

put_file() {
	on "$1" install -D -m "${3:-0644}" -o "${4:-root}" /dev/stdin "$2" ||
		fail "lab: cannot write $2 on $1"
}

pids_of() {
	on "$1" pgrep -r R,S,D,T,t,I -x -- "${2:0:15}" || true # no zombies
}

user_pubkey() {
	local h=client

	[ "$1" != bob ] || h=client2
	cat "$(host_file "$h" "/home/$1/.ssh/id_ed25519.pub")" ||
		fail "lab: no key of $1 (alice and admin are on client, bob on client2)"
}

# Best effort on purpose: it runs when something has failed already.
lab_save_logs() {
	local h

	for h in "${!LAB_PID[@]}"; do
		[ "$h" != switch ] || continue
		mkdir -p "$1/$h"
		cp -a "$(host_file "$h" /var/log/.)" "$1/$h/" 2>/dev/null || true
		nsenter -t "${LAB_PID[$h]}" -n nft list ruleset \
			>"$1/$h/nft.txt" 2>/dev/null || true
		on "$h" ps -eww -o pid,user,stat,args >"$1/$h/ps.txt" 2>&1 || true
	done
}

is_listening() {
	local port

	lab_host_pid "$1"
	printf -v port %04X "$2"
	grep -qsE ":$port [0-9A-F]+:0000 0A " \
		"/proc/${LAB_PID[$1]}/net/tcp" "/proc/${LAB_PID[$1]}/net/tcp6"
}

# A connection attempt of one second, told apart by what came back.
tcp_probe() {
	on "$1" /usr/bin/python3 -I -S - "$2" "$3" "${4:-}" <<-'PROBE' ||
		import errno, socket, sys
		addr, port, source = sys.argv[1], int(sys.argv[2]), sys.argv[3]
		fam, kind, proto, _, dst = socket.getaddrinfo(
		    addr, port, type=socket.SOCK_STREAM)[0]
		s = socket.socket(fam, kind, proto)
		s.settimeout(1)
		try:
		    if source:
		        s.bind((source, 0))
		    s.connect(dst)
		    print("open")
		except TimeoutError:
		    print("silent")
		except ConnectionRefusedError:
		    print("refused")
		except OSError as e:
		    if e.errno not in (errno.EHOSTUNREACH, errno.ENETUNREACH,
		                       errno.EACCES, errno.EPERM):
		        raise
		    print("unreachable")
	PROBE
		fail "lab: the probe from $1 to $2 port $3 could not run"
}
