#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: configure names the Debian package of whatever is missing

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

top=$(cd -- "$(dirname -- "$0")/../../.." && pwd)
[ -x "$top/configure" ] || fail 'no configure: run autoreconf -i'
[ ! -e "$top/config.status" ] || fail 'the source tree itself is configured: make distclean'

echo '- every package it can name is one that scripts/deps installs'
"$top/scripts/deps" --list build | sort >"$TEST_DIR/deps"
grep -oE 'install the Debian package [a-z0-9.+-]+' "$top/configure.ac" | cut -d ' ' -f 5 >"$TEST_DIR/named"
sed -n 's/^SP_NEED(.*\[\([a-z0-9.+-]*\)\])$/\1/p' "$top/configure.ac" >>"$TEST_DIR/named"
[ "$(wc -l <"$TEST_DIR/named")" -ge 17 ] || fail "only these are named: $(cat "$TEST_DIR/named")"
expect_eq '' "$(sort -u "$TEST_DIR/named" | comm -23 - "$TEST_DIR/deps")" 'packages that deps does not install'

# A pkg-config that knows all but $MISSING.
cat >"$TEST_DIR/pkg-config" <<'KNOWS'
#!/bin/sh
for a; do case $a in "$MISSING" | "$MISSING "*) exit 1 ;; esac done
exec pkg-config "$@"
KNOWS
chmod 0755 "$TEST_DIR/pkg-config"
without() { # MODULE: configure where it is missing
	mkdir -p "$TEST_DIR/build"
	(cd "$TEST_DIR/build" && MISSING=$1 PKG_CONFIG=$TEST_DIR/pkg-config \
		"$top/configure" --quiet 2>&1)
}
for pair in libssh:libssh-dev cmocka:libcmocka-dev; do # the first and the last
	echo "- ${pair%:*}"
	expect_fail 1 without "${pair%:*}"
	expect_out "error: ${pair%:*} .*not found: install the Debian package ${pair#*:}$"
done

echo '- the tools that look for the others'
bare() { # VARIABLE=VALUE
	(cd "$TEST_DIR/build" && env "$@" "$top/configure" --quiet 2>&1)
}
expect_fail 1 bare PKG_CONFIG="$TEST_DIR/none"
expect_out 'error: pkg-config .*install the Debian package pkg-config$'
mkdir "$TEST_DIR/bin"
for p in /usr/bin/* /bin/*; do # all there is, but no compiler
	case ${p##*/} in
	*gcc* | *clang* | cc | c89* | c99* | tcc | icc | *-cc | *g++* | c++) ;;
	*) ln -sf "$p" "$TEST_DIR/bin/" ;;
	esac
done
expect_fail 1 bare PATH="$TEST_DIR/bin" CC=
expect_out 'error: .*install the Debian package build-essential$'
pass
