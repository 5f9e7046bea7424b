#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: the firewall's tests fail when its checks are switched off
#
# Negative controls: needs a build made with --enable-faults in FAULT_BUILD_DIR.

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/lib.sh"

here=$(dirname -- "$0")
top=${FAULT_BUILD_DIR:-}
[ "$(id -u)" -eq 0 ] || skip 'needs root for network namespaces'
[ -n "$top" ] || skip 'FAULT_BUILD_DIR is not set (a build with --enable-faults)'
top=$(realpath -- "$top")
[ -x "$top/tests/functional/fwtool" ] || skip "no $top/tests/functional/fwtool"

# must_fail FAULT LINE COMMAND...: it says "FAIL LINE" and no other status than 1
must_fail() {
	local fault=$1 line=$2 rc=0

	shift 2
	SALLYPORT_FAULTS=$fault "$@" >"$TEST_DIR/out" 2>&1 || rc=$?
	[ "$rc" -eq 1 ] || fail "with $fault off the test exited $rc: $(tail -n 3 "$TEST_DIR/out")"
	grep -q "^FAIL .*$line" "$TEST_DIR/out" ||
		fail "with $fault off the test did not notice: $line"
	echo "noticed: $fault"
}

kernel() {
	unshare -m -n python3 "$here/fw_kernel.py" \
		"$top/tests/functional/fwtool" "$top/sallyport-closed" new "$1"
}

process() {
	rm -rf -- "$TEST_DIR/state"
	mkdir -p "$TEST_DIR/state/firewall"
	unshare -n "$top/tests/functional/fwproc" "$top/sallyport-firewall" \
		"$TEST_DIR/state" new
}

must_fail fw_established 'frozen: the path ends' kernel frozen
must_fail fw_egress 'not even its SYN leaves' kernel shut
must_fail fw_timeout 'frozen: the leg ends' kernel frozen
must_fail fw_receipt 'a wrong receipt opens nothing' process
pass
