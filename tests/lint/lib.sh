# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# lib.sh - what every lint starts with. A lint is a script without arguments
# that exits 0, or 1 after saying what is wrong and where. It reads the source
# tree only ($top_srcdir or its own place), never writes into it, and works in
# $LINT_TMP, removed at its end. Lints of built things read STAGE (the DESTDIR of
# make install) or BUILD_DIR.

set -euo pipefail

cd -- "${top_srcdir:-$(dirname -- "${BASH_SOURCE[0]}")/../..}"
LINT=$(basename -- "$0")
LINT_TMP=$(mktemp -d "${TMPDIR:-/tmp}/sallyport-lint.XXXXXX")
trap 'rm -rf -- "$LINT_TMP"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
LINT_BAD=0

# Says what is wrong; the lint goes on to find the rest.
bad() {
	printf '%s: %s\n' "$LINT" "$*"
	LINT_BAD=1
}

need() {
	command -v "$1" >/dev/null && return
	bad "$1 is not installed (scripts/deps lint)"
	finish
}

finish() {
	exit "$LINT_BAD"
}

# The C files of the project, programs and tests.
c_files() {
	find lib gatewayd jitctl pam tests -name '*.[ch]' | sort
}

# Those whose first line names a shell, and what is sourced.
shell_files() {
	local f

	while read -r f; do
		case $(head -c 64 -- "$f" | head -n 1 | tr -d '\0') in
		'#!'*sh | '# shellcheck shell='*) printf '%s\n' "$f" ;;
		esac
	done < <(find .ci scripts tests contrib -type f \
		! -path '*/corpus/*' ! -name '*.[ch]' | sort)
}

# What a compiler needs to read one of our files by itself.
# shellcheck disable=SC2034 # the lints use it
CPP=(-D_GNU_SOURCE -Ilib -Igatewayd -I. '-DPKGLIBEXECDIR="/x"'
	'-DSYSCONFDIR="/x"' '-DLOCALSTATEDIR="/x"' '-DSALLYPORT_VERSION="0"')
