# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# check.sh - say what is expected, and stop with a readable line when it is not so.
# Quiet unless something fails; a failure names file and line of the caller
# outside scripts/lib. Knows nothing about the lab.
#
#   fail TEXT...              FAIL with the caller's place, exit 1
#   pass [TEXT]               the test ends well, exit 0
#   skip REASON               the test cannot run here, exit 77; legal_skip says
#                             which reasons there are, any other is a failure
#   legal_skip REASON         is it one of them
#   expect_ok CMD...          must succeed; its output (both streams) is in $OUT
#   expect_fail CODE CMD...   must exit CODE (a number, or "any" for not 0); $OUT too
#   expect_out PATTERN        $OUT must contain a line matching the ERE
#   expect_no_out PATTERN     ... must not
#   expect_eq WANT GOT WHAT   two strings are the same
#   wait_for SECONDS CMD...   polls CMD until it succeeds; fails after SECONDS
#   totp_code SECRET_B32 [OFFSET_S [FORM]]   the digits of now + offset; FORM is
#                          as sha256,8,60

OUT=

# Prints file:line of the nearest caller outside these libraries.
check_where() {
	local i

	for ((i = 1; i < ${#BASH_SOURCE[@]}; i++)); do
		case ${BASH_SOURCE[i]} in
		"$LAB_LIB"/* | */scripts/lib/* | lib.sh | */lib.sh) ;;
		*)
			printf '%s:%s' "${BASH_SOURCE[i]##*/}" \
				"${BASH_LINENO[i - 1]}"
			return 0
			;;
		esac
	done
	printf 'scripts/lib'
}

fail() {
	printf 'FAIL: %s: %s\n' "$(check_where)" "$*" >&2
	exit 1
}

# CHECK_PASSED tells the EXIT trap of tests/functional/lib.sh that the test
# reached its end; a test that merely stops is a failed one.
pass() {
	CHECK_PASSED=yes
	export -n CHECK_PASSED
	printf 'PASS%s\n' "${1:+: $1}"
	exit 0
}

# A kernel that lacks what the test is about, or the schemas of a vendor, which
# are not ours to ship, where no variable says the folder that has them. A program
# that is missing is neither: scripts/deps installs it.
legal_skip() {
	case $1 in
	'kernel: '?* | 'schemas: '?*) ;;
	*) return 1 ;;
	esac
}

skip() {
	legal_skip "$*" || fail "no reason to skip a test: $*"
	printf 'SKIP: %s\n' "$*"
	exit 77
}

# Indents $OUT for a failure message, cut to its last lines.
check_show() {
	[ -n "$1" ] || return 0
	printf '\n%s' "$(tail -n 20 <<<"$1" | sed 's/^/    | /')"
}

expect_ok() {
	local rc=0

	OUT=$("$@" 2>&1) || rc=$?
	[ "$rc" -eq 0 ] || fail "should succeed, exited $rc: $*$(check_show "$OUT")"
}

expect_fail() {
	local want=$1 rc=0

	shift
	OUT=$("$@" 2>&1) || rc=$?
	case $want in
	any) [ "$rc" -ne 0 ] || fail "should fail, succeeded: $*$(check_show "$OUT")" ;;
	*) [ "$rc" -eq "$want" ] ||
		fail "should exit $want, exited $rc: $*$(check_show "$OUT")" ;;
	esac
}

expect_out() {
	grep -qE -- "$1" <<<"$OUT" ||
		fail "output should match '$1':$(check_show "${OUT:-(nothing)}")"
}

expect_no_out() {
	if grep -qE -- "$1" <<<"$OUT"; then
		fail "output should not match '$1':$(check_show "$OUT")"
	fi
}

expect_eq() {
	[ "$1" = "$2" ] || fail "${3:-value}: should be '$1', is '$2'"
}

# The bound is generous on purpose: a slow machine is not a failure.
wait_for() {
	local bound=$1 start=$SECONDS end pause=0.05 out
	shift

	end=$((SECONDS + bound + 1))
	while ! out=$("$@" 2>&1); do
		[ "$SECONDS" -lt "$end" ] ||
			fail "waited ${bound} s in vain for: $*$(check_show "$out")"
		# what takes long is left the processor: each look costs ten processes
		[ "$((SECONDS - start))" -lt 5 ] || pause=0.25
		sleep "$pause"
	done
}

totp_code() {
	local digest digits period

	IFS=, read -r digest digits period <<<"${3:-sha1,6,30}"
	oathtool "--totp=$digest" -d "$digits" -s "$period" -b \
		-N "@$(($(date +%s) + ${2:-0}))" "$1" ||
		fail 'oathtool made no code (is oathtool installed and the secret base32?)'
}
