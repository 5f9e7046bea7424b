# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# tree.sh - a copy of the sources, for scripts that build outside the tree.

# copy_tree TOP TO: the files as they are, tracked or new, without what a build
# in the tree left there: a configured source tree cannot be built elsewhere.
copy_tree() {
	local f

	mkdir -p "$2"
	cd "$1" || return 1
	if [ -e .git ] && git -c safe.directory='*' rev-parse --git-dir \
		>/dev/null 2>&1; then
		git -c safe.directory='*' ls-files -z -co --exclude-standard
	else # a release, or no git here
		find . -type d \( -name .git -o -name .deps \
			-o -name autom4te.cache \) -prune -o -type f \
			! -path ./config.status ! -path ./config.h ! -path ./Makefile \
			! -path ./stamp-h1 ! -name '*.o' ! -name '*.a' ! -name '*.so' \
			! -name '*.log' ! -name '*.trs' -print0
	fi | while IFS= read -r -d '' f; do
		[ ! -f "$f" ] || printf '%s\0' "$f"
	done | tar --null -T - -cf - | tar -C "$2" -xf -
}
