#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: gatewayd refuses a libssh without the published fixes, unless told
#
# dpkg is asked, so the test gives it another answer: a package database of its own.

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='gateway'
lab_up "$STAGE"
gw_init

installed() {
	on gateway rm -rf /tmp/dpkg
	on gateway mkdir -p /tmp/dpkg/info /tmp/dpkg/updates
	printf 'Package: libssh-4\nStatus: install ok installed\nMulti-Arch: same\nMaintainer: x <x@example.net>\nArchitecture: %s\nVersion: %s\nDescription: x\n\n' \
		"$(dpkg --print-architecture)" "$1" | put_file gateway /tmp/dpkg/status
	on gateway mount --bind /tmp/dpkg /var/lib/dpkg
}

installed 0.10.6-0+deb12u1
# shellcheck disable=SC2016 # for dpkg-query
expect_eq 0.10.6-0+deb12u1 \
	"$(on gateway dpkg-query -W -f '${Version}' libssh-4)" 'what dpkg says'
expect_fail 1 on gateway timeout 20 gatewayd
expect_out 'libssh-4 0.10.6-0\+deb12u1 lacks security fixes .*--allow-old-libssh'
gw_start --allow-old-libssh
gw_stop
on gateway umount /var/lib/dpkg
installed 0.10.6-0+deb12u3
gw_start
gw_stop
pass
