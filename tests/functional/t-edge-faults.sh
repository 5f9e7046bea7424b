#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: the tests of API, recorder and shipper fail when their checks are switched off
#
# Negative controls: needs a build made with --enable-faults in FAULT_BUILD_DIR.

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/lib.sh"

top=${FAULT_BUILD_DIR:-}
[ "$(id -u)" -eq 0 ] || skip 'needs root to try the admin socket as somebody else'
[ -n "$top" ] || skip 'FAULT_BUILD_DIR is not set (a build with --enable-faults)'
top=$(realpath -- "$top")

# noticed FAULT PROGRAM TEST: with that check off this test fails (or is where
# the program gave up waiting)
noticed() {
	local fault=$1 program=$2 name=$3

	[ -x "$top/tests/unit/$program" ] || skip "no $top/tests/unit/$program"
	# a program that fails leaves its folders: in ours they go
	(cd "$top" && SALLYPORT_FAULTS=$fault top_builddir=. TMPDIR=$TEST_DIR \
		timeout 100 "tests/unit/$program") >"$TEST_DIR/out" 2>&1 &&
		fail "with $fault off $program still passes"
	grep -q "^\[  FAILED  \] $name\$" "$TEST_DIR/out" ||
		[ "$(sed -n 's/^\[ RUN      \] //p' "$TEST_DIR/out" | tail -n 1)" = "$name" ] ||
		fail "with $fault off $name did not fail: $(tail -n 3 "$TEST_DIR/out")"
	echo "noticed: $fault"
}

noticed admin_root test_api test_admin
noticed record_gate test_cast test_story
noticed record_sid test_notary test_recording
noticed no_tls_verify test_rfc5424 test_untrusted
noticed no_tls_verify test_rfc5424 test_wrong_host
pass
