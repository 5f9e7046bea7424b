#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: the firewall opens nothing without the notary's receipt
#
# The real process with a played supervisor, notary and broker; once as the
# kernel is, once as on Linux 6.1; without root, with the two capabilities it
# has in life. FWPROC and SALLYPORT_FIREWALL name the built programs.

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

top=${BUILD_DIR:-${top_builddir:-.}}
fwproc=${FWPROC:-$top/tests/functional/tools/fwproc}
firewall=${SALLYPORT_FIREWALL:-$top/sallyport-firewall}
[ "$(id -u)" -eq 0 ] || fail 'needs root for network namespaces'
[ -x "$fwproc" ] || fail "no $fwproc; set FWPROC or BUILD_DIR (make check builds it)"
[ -x "$firewall" ] || fail "no $firewall; set SALLYPORT_FIREWALL or BUILD_DIR"

# Copies: another uid may not be let into the build folder.
bin=$TEST_DIR/bin
mkdir "$bin"
cp -- "$fwproc" "$bin/fwproc"
cp -- "$firewall" "$bin/sallyport-firewall"
chmod 0755 "$TEST_DIR" "$bin" "$bin"/*
caps=+net_admin,+net_raw
for mode in new old; do
	state=$TEST_DIR/state-$mode
	mkdir -p "$state/firewall"
	chown -R 65534:65534 "$state"
	unshare -n setpriv --reuid 65534 --regid 65534 --clear-groups \
		--inh-caps "$caps" --ambient-caps "$caps" \
		"$bin/fwproc" "$bin/sallyport-firewall" "$state" "$mode" ||
		fail "kernel mode $mode"
done
pass
