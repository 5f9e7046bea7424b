# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# host-setup.sh HOST STAGE IP_BATCH HOSTS_FILE - run by lab_setup inside a new
# host's namespaces, once: gives it its own files, users, keys and addresses.
# Touches nothing outside: refuses to run in the machine's own mount namespace.

host=$1
stage=$2
ip_batch=$3
hosts_file=$4

# Pid 1 here is the holder's; on a machine it is not.
read -r init </proc/1/comm
if [ "$init" != labinit ] || [ "$$" -gt 1000 ]; then
	echo 'host-setup: this is not a fresh lab host'
	exit 1
fi

# One tmpfs carries everything private; /mnt only holds it while it is filled.
mount -t tmpfs -o mode=0755,size=1g lab /mnt
mkdir -p /mnt/run/sshd /mnt/run/lock /mnt/tmp /mnt/home /mnt/root /mnt/shm \
	/mnt/etc /mnt/etc.work /mnt/local \
	/mnt/var/{lib/dpkg,lib/sallyport,lib/rsyslog,log,cache,tmp,spool,empty}
chmod 1777 /mnt/tmp /mnt/var/tmp /mnt/shm
chmod 0700 /mnt/root
ln -s /run /mnt/var/run
ln -s /run/lock /mnt/var/lock
if ! mount -t overlay -o lowerdir=/etc,upperdir=/mnt/etc,workdir=/mnt/etc.work \
	lab-etc /etc 2>/dev/null; then
	cp -a /etc/. /mnt/etc/
	mount --bind /mnt/etc /etc
fi
rm -rf /etc/sallyport /etc/ssh/ssh_host_* /etc/ssh/sshd_config.d/* \
	/etc/ssh/ssh_known_hosts /etc/ssh/ssh_config.d/*
[ -z "$stage" ] || [ ! -d "$stage/etc" ] || cp -a "$stage/etc/." /etc/
local=/mnt/local
[ -z "$stage" ] || local=${stage// /\\040}/usr/local
# one mount(8) for all; programs may ask for package versions
cat >/etc/fstab <<-MOUNTS
	/var/lib/dpkg /mnt/var/lib/dpkg none bind,ro
	$local /usr/local none bind,ro
	/mnt/var /var none rbind
	/mnt/home /home none rbind
	/mnt/root /root none rbind
	/mnt/shm /dev/shm none bind
	lab-pts /dev/pts devpts newinstance,ptmxmode=0666,mode=0620,gid=5
	/mnt/tmp /tmp none bind
	/mnt/run /run none bind
MOUNTS
mount -a
: >/etc/fstab
umount -l /mnt

printf '%s\n' "$host" >/etc/hostname
printf '%s\n' "$host" >/proc/sys/kernel/hostname
printf '%s\n' "$hosts_file" >/etc/hosts
# a DNS query waits 5 s in vain
sed -i -e 's/^hosts:.*/hosts: files/' -e '/^\(alice\|admin\|bob\|deploy\):/d' \
	/etc/nsswitch.conf /etc/passwd /etc/group /etc/shadow

touch /run/utmp /var/log/wtmp /var/log/btmp /var/log/lastlog

# Straight into the files: useradd would cost more than all the rest.
add_user() {
	local name=$1 id=$2

	echo "$name:x:$id:$id::/home/$name:/bin/bash" >>/etc/passwd
	echo "$name:x:$id:" >>/etc/group
	echo "$name:*:19000:0:99999:7:::" >>/etc/shadow # no password, not locked
	install -d -m 0700 -o "$id" -g "$id" "/home/$name" "/home/$name/.ssh"
}

add_key() {
	ssh-keygen -q -t ed25519 -N '' -C "$1@$host" -f "/home/$1/.ssh/id_ed25519"
	chown -R "$1:$1" "/home/$1/.ssh"
}

case $host in
client)
	add_user alice 3001
	add_key alice
	add_user admin 3002
	add_key admin
	;;
client2)
	add_user bob 3003
	add_key bob
	;;
web-*)
	add_user deploy 3004
	install -d -m 0700 /root/.ssh
	;;
esac

for p in all default; do
	echo 0 >"/proc/sys/net/ipv6/conf/$p/disable_ipv6"
	echo 0 >"/proc/sys/net/ipv6/conf/$p/accept_dad"
	echo 0 >"/proc/sys/net/ipv6/conf/$p/accept_ra"
	echo 0 >"/proc/sys/net/ipv4/conf/$p/rp_filter"
done
for p in /proc/sys/net/ipv6/conf/*0; do
	echo 0 >"$p/accept_dad"
done
case $host in
gateway | nat)
	echo 1 >/proc/sys/net/ipv4/ip_forward
	echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
	;;
esac
ip -batch - <<<"$ip_batch"
if [ "$host" = nat ]; then
	nft -f - <<-'RULES'
		table inet lab_nat {
			chain post {
				type nat hook postrouting priority srcnat
				oifname out0 masquerade
			}
		}
	RULES
fi
