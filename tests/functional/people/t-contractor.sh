#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: who is in a role until a moment is in it until then, and what it gave ends with that

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client gateway web-01'
lab_up "$STAGE"
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
utc() { # WHEN: as people write it
	date -u -d "$1" '+%Y-%m-%d %H:%M UTC'
}
until_then() { # WHEN: she is in the role until then
	add_role ops --user "alice until $1" --label env=lab --login deploy \
		--login 'adm-{{user}}' --max 4h --yes
}

echo '- what they get ends with it at the latest, and explain says so'
END=$(utc '+2 hours')
until_then "$END"
run 0 alice explain web-01
expect_said 'in the role' "$SAID" 'explain'
expect_said "ops until ${END%% UTC}:00" "$SAID" 'explain'
run 3 alice request web-01 --for 3h --reason 'disk full'
expect_said '3h is longer than you are in role ops: until' "$SAID" 'the refusal'
run 0 alice request web-01 --for 1h --reason 'disk full'
expect_eq 1 "$(as alice grants -o name | grep -c .)" 'grants'

echo '- a login with their name in it is theirs, where the target has it'
run 3 alice request web-01 --login adm-alice --for 5m --reason 'disk full'
expect_said 'adm-alice is not granted to you here; role ops allows: deploy' "$SAID" 'the refusal'
expect_said 'adm-{{user}}' "$(local_admin role show ops)" 'the role'
echo '- what is shown can be typed back, and changes nothing'
SHOWN=$(local_admin role show ops | sed -n 's/^USERS *//Ip')
expect_eq "alice until ${END%% UTC}:00 UTC" "$SHOWN" 'who is in the role'
until_then "${SHOWN#alice until }"
expect_eq 1 "$(as alice grants -o name | grep -c .)" 'grants after the same again'

echo '- a file has it as well, and a policy that says it again changes nothing'
put_file gateway /etc/lab/policy.yaml <<EOF
roles:
  - role: ops
    users: [{name: alice, until: "$END"}]
    labels: {env: lab}
    logins: [deploy, "adm-{{user}}"]
    max: 4h
EOF
SAID=$(local_admin apply -f /etc/lab/policy.yaml --dry-run 2>&1) ||
	fail "the file was refused:$(check_show "$SAID")"
expect_said 'othing' "$SAID" 'the dry run of the same'

echo '- and when it is over nothing counts, and that is what is said'
until_then "$(utc '-1 hour')"
expect_eq '' "$(as alice grants -o name)" 'grants of one who is in it no more'
run 3 alice request web-01 --for 5m --reason 'disk full'
expect_said 'you were in role ops until' "$SAID" 'the refusal'
run 3 alice request no-such --for 5m --reason 'disk full'
expect_said 'you were in role ops until' "$SAID" 'the refusal of what there is not'
run 3 alice explain web-01
expect_said 'you were in role ops until' "$SAID" 'explain'
expect_said '(ended)' "$(local_admin role show ops)" 'the role'
expect_eq '' "$(as alice targets -o name)" 'targets of one who is in it no more'
pass
