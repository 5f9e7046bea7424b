# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# lib.sh - the first line of every functional test:
#
#   #!/bin/bash
#   # promise: an expired grant closes the port
#   . "$(dirname "$0")/../lib.sh"
#   lab_up "$STAGE"
#   ... expect_ok, expect_fail, wait_for (scripts/lib/check.sh) ...
#   pass
#
# A test is a promise: t-<promise>.sh, with one "# promise:" line. It ends by
# pass, fail or skip; one that merely stops, or trips over an unexpected command
# failure, has failed. The lab goes away however the test ends; if LAB_LOG_DIR is
# set, a failed test's logs are copied there first.
#
# STAGE is the DESTDIR of make install; need_stage is for a test that cannot do
# without. TEST_DIR is an empty directory of this test, removed at its end.

set -Eeuo pipefail

# shellcheck source=scripts/lib.sh
. "$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../../scripts" && pwd)/lib.sh"

STAGE=${STAGE:-}
CHECK_PASSED=

test_on_err() {
	local what=$2

	[ "$BASH_SUBSHELL" -eq 0 ] || return 0
	# shellcheck disable=SC2016 # the words of lab.sh's own line
	[ "$what" != '"${LAB_ARGV[@]}"' ] || what=$LAB_WHAT
	printf 'FAIL: %s: exited %s: %s\n' "$(check_where)" "$1" "$what" >&2
}

test_on_exit() {
	local rc=$1

	trap - ERR
	trap '' INT TERM
	set +e
	if [ "$rc" -eq 0 ] && [ -z "$CHECK_PASSED" ]; then
		echo 'FAIL: the test stopped without saying pass' >&2
		rc=1
	fi
	[ "$rc" -eq 0 ] || [ "$rc" -eq 77 ] || [ -z "${LAB_LOG_DIR:-}" ] ||
		[ -z "$LAB_DIR" ] || lab_save_logs "$LAB_LOG_DIR"
	lab_down
	rm -rf -- "$TEST_DIR"
	exit "$rc"
}

need_stage() {
	[ -n "$STAGE" ] || fail 'STAGE is not set (the DESTDIR of make install)'
	[ -x "$STAGE/usr/local/sbin/gatewayd" ] ||
		fail "STAGE=$STAGE has no usr/local/sbin/gatewayd; run make install DESTDIR=$STAGE"
}

TEST_DIR=$(mktemp -d "${TMPDIR:-/tmp}/sallyport-test.XXXXXX")
trap 'test_on_err "$?" "$BASH_COMMAND"' ERR
trap 'test_on_exit "$?"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
