#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# systemd_boot - the first process of a small Debian: this machine's files
# below a writable layer, nothing of its services, and systemd. The caller gives
# it namespaces of its own (pid, mount, net, uts, ipc, cgroup).
#
#   systemd_boot.sh LAYER STAGE     LAYER has up/, work/ and root/; up/ is kept

set -euo pipefail

layer=$1 stage=$2
root=$layer/root

mount --make-rprivate /
mount -t overlay overlay \
	-o "lowerdir=/,upperdir=$layer/up,workdir=$layer/work" "$root"
mount -t proc proc "$root/proc"
# what is the machine's and not this namespace's stays as it is
mount --bind "$root/proc/sys/net" "$root/proc/sys/net"
mount --bind "$root/proc/sys" "$root/proc/sys"
mount -o remount,bind,ro "$root/proc/sys"
mount -t proc proc "$layer/work.proc"
mount --bind "$layer/work.proc/sys/net" "$root/proc/sys/net"
umount -l "$layer/work.proc"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
while read -r name minor major; do
	mknod -m 666 "$root/dev/$name" c "$major" "$minor"
done <<'END'
null 3 1
zero 5 1
full 7 1
random 8 1
urandom 9 1
tty 0 5
END
mkdir "$root/dev/shm" "$root/dev/pts"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"

if [ ! -e "$layer/up/booted" ]; then
	rm -rf -- "$root"/etc/systemd/system/*.wants "$root/etc/fstab" \
		"$root/etc/sallyport" "$root/var/lib/sallyport"
	: >"$root/etc/fstab"
	: >"$root/etc/machine-id"
	for unit in systemd-udevd.service systemd-udev-trigger.service \
		systemd-logind.service systemd-tmpfiles-clean.timer; do
		ln -s /dev/null "$root/etc/systemd/system/$unit"
	done
	cp -a -- "$stage/." "$root/"
	: >"$root/booted"
fi
mkdir -p "$root/run/old"
cd "$root"
pivot_root . run/old
cd /
umount -l /run/old
export container=sallyport-test
exec /lib/systemd/systemd --unit=multi-user.target --show-status=0 </dev/null
