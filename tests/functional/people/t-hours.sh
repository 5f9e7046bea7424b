#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: a role counts in its hours only, and what it gives ends with them

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client gateway web-01'
lab_up "$STAGE"

# By the clock of UTC: a window about now that ends in so many minutes, passes
# midnight where that is near, and is over before its day comes again.
window() { # FROM TO, in minutes from now
	printf 'mon-sun %s-%s UTC\n' "$(date -u -d "$1 minutes" +%H:%M)" \
		"$(date -u -d "$2 minutes" +%H:%M)"
}
NOW=$(window -60 120)
LATER=$(window 300 420)
story

expect_said() { # TEXT IN WHAT
	grep -qF -- "$1" <<<"$2" || fail "$3 lacks \"$1\":$(check_show "$2")"
}
run() { # RC USER ARGS...: SAID
	local want=$1 rc=0

	shift
	SAID=$(as "$@" 2>&1) || rc=$?
	[ "$rc" = "$want" ] || fail "$*: exit $rc, not $want:$(check_show "$SAID")"
}
hours() { # WINDOW...: the role has these
	local w flags=()

	for w in "$@"; do
		flags+=(--hours "$w")
	done
	add_role ops --user alice --select 'env in (lab, test)' --select '!old' \
		--login deploy --max 4h "${flags[@]}" --yes
}

echo '- outside of its hours it gives nothing, and says when it does'
hours "$LATER"
run 3 alice request web-01 --for 5m --reason 'disk full'
expect_said "role ops gives it $LATER; there it is $(date -u +%a) " "$SAID" 'the refusal'
run 3 alice explain web-01
expect_said "role ops gives it $LATER" "$SAID" 'explain'
# what is missing, every condition then, and the request for that time
opens=$(as alice explain web-01 -o json 2>/dev/null | jq -r .opens) || true
from=$(date -u -d "$opens" +'%Y-%m-%d %H:%M:%S UTC')
[ "${LATER:8:5}" = "${from:11:5}" ] || fail "it opens at $from, not $LATER"
expect_said "from                   $from" "$SAID" 'explain'
expect_said 'env in (lab, test),!old' "$SAID" 'explain'
expect_said 'not after' "$SAID" 'explain'
expect_said 'code, not older than' "$SAID" 'explain'
expect_said "This would pass:  jitctl request web-01 --login deploy --at '$from' --for" "$SAID" 'explain'
line=$(sed -n 's/^This would pass:  jitctl //p' <<<"$SAID" | sed "s/'WHY'/why/")
eval "set -- $line"
run 0 alice "$@" --no-wait
expect_said "opens by itself at $from" "$SAID" 'the request for that time'
as alice cancel "$(as alice requests -o name | sed -n 1p)" >/dev/null 2>&1
has_record '.event == "request.create" and .outcome == "failure" and
	(.msg | startswith("hours: role ops"))' ||
	fail 'the refusal is not on record'

echo '- inside it gives what ends with them, and no more'
hours "$LATER" "$NOW"
run 0 alice explain web-01
expect_said 'hours' "$SAID" 'explain'
expect_said "$NOW" "$SAID" 'explain'
expect_said 'not after' "$SAID" 'explain'
expect_said 'env in (lab, test),!old' "$SAID" 'explain'
run 3 alice request web-01 --for 3h --reason 'disk full'
expect_said '3h is longer than role ops gives it: until' "$SAID" 'the refusal'
run 0 alice request web-01 --for 1h --reason 'disk full'
expect_eq 1 "$(as alice grants -o name | grep -c .)" 'grants'

run 3 alice extend web-01 --for 90m
expect_said '2h30m is longer than role ops gives it: until' "$SAID" 'the refusal to extend'

echo '- and so after a restart'
gw_stop
gw_start
expect_eq 1 "$(as alice grants -o name | grep -c .)" 'grants after the restart'
run 0 alice explain web-01
expect_said "$NOW" "$SAID" 'explain after the restart'

echo '- fewer hours end it; a zone that there is not is refused'
hours "$(window -60 30)"
expect_eq '' "$(as alice grants -o name)" 'grants after fewer hours'
rc=0
SAID=$(local_admin role set ops --user alice --label env=lab --login deploy \
	--hours 'mon-fri 08:00-18:00 Europe/Bonn' --yes 2>&1) || rc=$?
[ "$rc" != 0 ] || fail 'a zone that there is not was taken'
expect_said 'knows no time zone Europe/Bonn' "$SAID" 'the refusal'

echo '- a role that denies does so in its hours, and nothing reaches into them'
hours "$NOW"
add_role freeze --deny --hours "$(window 60 120)" --yes
run 3 alice request web-01 --for 90m --reason 'disk full'
expect_said 'reaches into the hours in which role freeze denies it' "$SAID" 'the refusal'
run 0 alice request web-01 --for 30m --reason 'disk full'
add_role freeze --deny --hours "$NOW" --yes
expect_eq '' "$(as alice grants -o name)" 'grants of a denied hour'
run 3 alice request web-01 --for 5m --reason 'disk full'
expect_said 'role freeze denies it until' "$SAID" 'the refusal'
pass
