#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: the kernel alone keeps every door shut and every end on time
#
# The firewall code without the other processes; once as the kernel is, once as
# on Linux 6.1. FWTOOL and SALLYPORT_CLOSED name the built programs.

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

top=${BUILD_DIR:-${top_builddir:-.}}
fwtool=${FWTOOL:-$top/tests/functional/tools/fwtool}
closed=${SALLYPORT_CLOSED:-$top/sallyport-closed}
[ "$(id -u)" -eq 0 ] || fail 'needs root for network namespaces'
[ -x "$fwtool" ] || fail "no $fwtool; set FWTOOL or BUILD_DIR (make check builds it)"
[ -x "$closed" ] || fail "no $closed; set SALLYPORT_CLOSED or BUILD_DIR"

for mode in new old; do # side by side: each waits, and has a network of its own
	unshare -m -n python3 "$(dirname -- "$0")/../tools/fw_kernel.py" \
		"$(realpath -- "$fwtool")" "$(realpath -- "$closed")" "$mode" \
		>"$TEST_DIR/$mode" 2>&1 && echo whole >>"$TEST_DIR/$mode" &
done
wait
for mode in new old; do
	cat "$TEST_DIR/$mode"
	tail -n 1 "$TEST_DIR/$mode" | grep -qx whole || fail "kernel mode $mode"
done
pass
