# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# hosts.sh - the stock servers of the lab: OpenSSH on the targets (and, for
# comparison only, a jump host on the gateway), rsyslog on the SIEM host. Plain
# Debian programs, each with its own keys; nothing of ours is in them. Needs lab.sh.
#
#   target_sshd_start HOST [PORT...]   sshd on 22, or on the ports named
#   target_sshd_stop HOST              the listener only; sessions live on
#   target_trust HOST CA_LINES PRINCIPALS [LOGIN]
#                          sshd trusts the CA keys (one per line) and lets LOGIN
#                          (deploy) in for the principals (one per line)
#   target_untrust HOST    takes that back
#   target_authorize HOST LOGIN PUBKEY_LINE    a plain key, no certificate
#   target_hostkey HOST    its host key, as "ssh-ed25519 AAAA..."
#   target_log HOST        prints its sshd log
#   jump_sshd_start [PORT] a stock sshd on the gateway (2022), user jump, for ssh -J
#   jump_sshd_stop
#   syslog_start HOST      what programs there say to syslog(3) is in its
#                          /var/log/syslog from here on, "<PRIORITY>..."
#   echo_start HOST PORT   a TCP server that sends back what it gets (socat), v4 and v6
#   capture_start HOST IFACE FILTER...   tcpdump; one capture per host at a time
#   capture_stop HOST      ends it and prints its lines: "seconds.micros IP a > b: ..."
#   siem_start             rsyslog: RFC 5424 over TLS on 6514, octet counted
#   siem_stop              (what is sent meanwhile is refused)
#   siem_ca_path           the CA's file, at the same path on gateway and siem
#   siem_log               prints the messages as they came, one per line
#   siem_json              the same, taken apart: one JSON object per line
#
# On the SIEM host: /var/log/siem.log, /var/log/siem.json; its certificate is for
# the names siem, 10.30.0.10 and fd00:30::10.

# --- sshd ---------------------------------------------------------------------

# sshd_run HOST CONFIG PIDFILE PORT... - checks the configuration, starts, waits.
sshd_run() {
	local h=$1 conf=$2 p out

	shift 3
	out=$(on "$h" /usr/sbin/sshd -t -f "$conf" 2>&1) ||
		fail "sshd on $h refuses its configuration: $out"
	for p in "$@"; do
		! is_listening "$h" "$p" || fail "port $p on $h is taken already"
	done
	out=$(on "$h" /usr/sbin/sshd -f "$conf" -E "/var/log/${conf##*/}.log" 2>&1) ||
		fail "sshd on $h does not start: $out"
	for p in "$@"; do
		wait_for 10 is_listening "$h" "$p"
	done
}

# server_end HOST PIDFILE - ends the process named in the pid file, if it lives.
server_end() {
	local h=$1 f pid

	f=$(host_file "$h" "$2")
	[ -e "$f" ] || return 0
	read -r pid <"$f" || [ -n "$pid" ] || fail "empty pid file $2 on $h"
	on "$h" kill -TERM "$pid" 2>/dev/null || true
	wait_for 10 server_gone "$h" "$pid"
	rm -f "$f"
}

server_gone() {
	[ ! -d "$(host_file "$1" "/proc/$2")" ]
}

sshd_hostkey_make() {
	[ -e "$(host_file "$1" /etc/ssh/ssh_host_ed25519_key)" ] ||
		on "$1" ssh-keygen -q -t ed25519 -N '' -C "$1" \
			-f /etc/ssh/ssh_host_ed25519_key ||
		fail "cannot make a host key for $1"
}

target_sshd_start() {
	local h=$1 p

	shift
	[ $# -gt 0 ] || set -- 22
	sshd_hostkey_make "$h"
	{
		cat <<-'CONF'
			Include /etc/ssh/sshd_config.d/*.conf
			HostKey /etc/ssh/ssh_host_ed25519_key
			PidFile /run/sshd.pid
			LogLevel VERBOSE
			StrictModes yes
			UsePAM yes
			PubkeyAuthentication yes
			PasswordAuthentication no
			KbdInteractiveAuthentication no
			PermitRootLogin prohibit-password
			LoginGraceTime 30
			MaxStartups 100
			PrintMotd no
			Subsystem sftp internal-sftp
		CONF
		for p in "$@"; do
			echo "Port $p"
		done
	} | put_file "$h" /etc/ssh/sshd_config
	sshd_run "$h" /etc/ssh/sshd_config /run/sshd.pid "$@"
}

target_sshd_stop() {
	server_end "$1" /run/sshd.pid
}

# Restarts the listener on the ports it had, so that what was written counts
# from here on (a SIGHUP gives no sign of when it took effect).
target_sshd_restart() {
	local ports

	mapfile -t ports < <(sed -n 's/^Port //p' \
		"$(host_file "$1" /etc/ssh/sshd_config)")
	target_sshd_stop "$1"
	target_sshd_start "$1" "${ports[@]}"
}

target_trust() {
	local h=$1 cas=$2 principals=$3 login=${4:-deploy}

	put_file "$h" /etc/ssh/sallyport_ca.pub <<<"$cas"
	put_file "$h" "/etc/ssh/principals/$login" <<<"$principals"
	put_file "$h" /etc/ssh/sshd_config.d/sallyport.conf <<-'CONF'
		TrustedUserCAKeys /etc/ssh/sallyport_ca.pub
		AuthorizedPrincipalsFile /etc/ssh/principals/%u
	CONF
	target_sshd_restart "$h"
}

target_untrust() {
	on "$1" rm -rf /etc/ssh/sallyport_ca.pub /etc/ssh/principals \
		/etc/ssh/sshd_config.d/sallyport.conf
	target_sshd_restart "$1"
}

target_authorize() {
	local h=$1 login=$2 home=/home/$2

	[ "$login" != root ] || home=/root
	on "$h" install -d -m 0700 -o "$login" "$home/.ssh"
	on "$h" tee -a "$home/.ssh/authorized_keys" <<<"$3" >/dev/null ||
		fail "cannot write the authorized_keys of $login on $h"
	on "$h" chown "$login" "$home/.ssh/authorized_keys"
	on "$h" chmod 0600 "$home/.ssh/authorized_keys"
}

target_hostkey() {
	cut -d ' ' -f 1,2 "$(host_file "$1" /etc/ssh/ssh_host_ed25519_key.pub)"
}

target_log() {
	cat "$(host_file "$1" /var/log/sshd_config.log)"
}

jump_sshd_start() {
	local port=${1:-2022} keys='' u h

	for u in alice admin bob; do
		h=client
		[ "$u" != bob ] || h=client2
		[ -z "${LAB_PID[$h]:-}" ] || keys+=$(user_pubkey "$u")$'\n'
	done
	on gateway id jump >/dev/null 2>&1 ||
		on gateway useradd -m -s /bin/sh -p '*' jump ||
		fail 'cannot add the user jump on the gateway'
	on gateway rm -f /home/jump/.ssh/authorized_keys
	target_authorize gateway jump "$keys"
	on gateway mkdir -p /etc/ssh/jump
	[ -e "$(host_file gateway /etc/ssh/jump/key)" ] ||
		on gateway ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/jump/key
	put_file gateway /etc/ssh/jump/sshd_jump <<-CONF
		Port $port
		HostKey /etc/ssh/jump/key
		PidFile /run/sshd_jump.pid
		LogLevel VERBOSE
		UsePAM no
		PasswordAuthentication no
		KbdInteractiveAuthentication no
		AllowTcpForwarding yes
		MaxStartups 100
	CONF
	sshd_run gateway /etc/ssh/jump/sshd_jump /run/sshd_jump.pid "$port"
}

jump_sshd_stop() {
	server_end gateway /run/sshd_jump.pid
}

# The host's /dev is the machine's: the socket goes into an overlay of its own.
syslog_start() {
	on "$1" sh -c 'mkdir /run/dev.upper /run/dev.work
		mount -t overlay -o lowerdir=/dev,upperdir=/run/dev.upper,workdir=/run/dev.work \
			dev /dev' || fail "no /dev of its own for $1"
	on_bg "$1" socat -u UNIX-RECV:/dev/log OPEN:/var/log/syslog,creat,append \
		</dev/null >/dev/null 2>&1
	disown "$!"
	wait_for 10 test -S "$(host_file "$1" /dev/log)"
}

# --- streams and packets -----------------------------------------------------------

echo_start() {
	on_bg "$1" socat "TCP6-LISTEN:$2,ipv6only=0,fork,reuseaddr" EXEC:cat \
		</dev/null >/dev/null 2>&1
	disown "$!"
	wait_for 10 is_listening "$1" "$2"
}

capture_start() {
	local h=$1 iface=$2 dir

	shift 2
	dir=$(host_file "$h" /var/log)
	[ ! -e "$dir/capture.pid" ] || fail "a capture runs already on $h"
	# shellcheck disable=SC2016 # for the shell over there
	on "$h" sh -c 'iface=$1; shift
		setsid tcpdump -n -l -tt -Z root --immediate-mode -i "$iface" "$@" \
			>/var/log/capture.txt 2>/var/log/capture.err </dev/null &
		echo $! >/var/log/capture.pid' - "$iface" "$*" ||
		fail "tcpdump on $h does not start"
	wait_for 10 grep -q 'listening on' "$dir/capture.err"
}

# A packet seen is a line written (immediate mode), but give the last one its time.
capture_stop() {
	local dir

	dir=$(host_file "$1" /var/log)
	[ -e "$dir/capture.pid" ] || fail "no capture runs on $1"
	sleep 0.1
	server_end "$1" /var/log/capture.pid
	cat "$dir/capture.txt"
}

# --- the SIEM host ---------------------------------------------------------------

siem_ca_path() {
	printf '/etc/lab/siem-ca.pem\n'
}

# A CA of one key and the server's certificate, both on the SIEM host; the CA's
# certificate alone goes to the gateway.
siem_certs() {
	local ext=subjectAltName=DNS:siem,IP:10.30.0.10,IP:fd00:30::10
	local new=(openssl req -x509 -newkey ec -pkeyopt
		ec_paramgen_curve:P-256 -nodes -days 30)
	local out

	[ ! -e "$(host_file siem /etc/lab/siem.pem)" ] || return 0
	on siem mkdir -p /etc/lab
	out=$(
		on siem "${new[@]}" -subj '/CN=lab CA' -keyout /etc/lab/ca.key \
			-out "$(siem_ca_path)" 2>&1 &&
			on siem "${new[@]}" -subj /CN=siem -addext "$ext" \
				-addext basicConstraints=critical,CA:FALSE \
				-addext extendedKeyUsage=serverAuth \
				-CA "$(siem_ca_path)" -CAkey /etc/lab/ca.key \
				-keyout /etc/lab/siem.key -out /etc/lab/siem.pem 2>&1
	) || fail "cannot make the SIEM host's certificate: $out"
	[ -z "${LAB_PID[gateway]:-}" ] || put_file gateway "$(siem_ca_path)" \
		<"$(host_file siem "$(siem_ca_path)")"
}

siem_start() {
	local out

	siem_certs
	! is_listening siem 6514 || fail 'rsyslog on siem runs already'
	put_file siem /etc/lab/rsyslog.conf <<-'CONF'
		global(workDirectory="/var/lib/rsyslog" maxMessageSize="64k"
		  defaultNetstreamDriverCAFile="/etc/lab/siem-ca.pem"
		  defaultNetstreamDriverCertFile="/etc/lab/siem.pem"
		  defaultNetstreamDriverKeyFile="/etc/lab/siem.key")
		module(load="imtcp" streamDriver.name="gtls" streamDriver.mode="1"
		  streamDriver.authMode="anon")
		module(load="mmpstrucdata")
		template(name="whole" type="string" string="%rawmsg%\n")
		template(name="parts" type="string" string="{\"time\":\"%timestamp:::date-rfc3339%\",\"pri\":%pri%,\"host\":\"%hostname:::json%\",\"app\":\"%app-name:::json%\",\"procid\":\"%procid:::json%\",\"msgid\":\"%msgid:::json%\",\"sd\":%$.sd%,\"msg\":\"%msg:::json%\"}\n")
		ruleset(name="siem") {
		  action(type="omfile" file="/var/log/siem.log" template="whole")
		  action(type="mmpstrucdata" sd_name.lowercase="off")
		  set $.sd = $!rfc5424-sd;
		  if ($.sd == "") then { set $.sd = "{}"; }
		  action(type="omfile" file="/var/log/siem.json" template="parts")
		}
		input(type="imtcp" port="6514" ruleset="siem")
		# its own troubles, for the reader of a failed test
		action(type="omfile" file="/var/log/rsyslog.log")
	CONF
	out=$(on siem rsyslogd -N1 -f /etc/lab/rsyslog.conf 2>&1) ||
		fail "rsyslog on siem refuses its configuration: $out"
	# -n and setsid: the parent of its own daemon mode sleeps whole seconds
	on siem sh -c 'exec setsid -f rsyslogd -n -f /etc/lab/rsyslog.conf \
		-i /run/rsyslogd.pid </dev/null >>/var/log/rsyslog.err 2>&1' ||
		fail 'rsyslog on siem does not start'
	wait_for 10 is_listening siem 6514
}

siem_stop() {
	server_end siem /run/rsyslogd.pid
}

siem_log() {
	cat "$(host_file siem /var/log/siem.log)" 2>/dev/null || true
}

siem_json() {
	cat "$(host_file siem /var/log/siem.json)" 2>/dev/null || true
}
