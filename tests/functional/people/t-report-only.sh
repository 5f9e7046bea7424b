#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: a role that is report only changes nothing, and what it would refuse is recorded and said

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client gateway web-01'
lab_up "$STAGE"
story
add_role ops --user alice --label env=lab --login deploy --max 1h

expect_said() { # TEXT IN WHAT
	grep -qF -- "$1" <<<"$2" || fail "$3 lacks \"$1\":$(check_show "$2")"
}
run() { # RC USER ARGS...: SAID
	local want=$1 rc=0

	shift
	SAID=$(as "$@" 2>&1) || rc=$?
	[ "$rc" = "$want" ] || fail "$*: exit $rc, not $want:$(check_show "$SAID")"
}
tried() { # ROLE MORE
	has_record ".event == \"request.would_refuse\" and .role == \"$1\" and .user == \"alice\" and $2"
}

echo '- a rule is tried out by a file: nobody is refused'
put_file gateway /etc/lab/policy.yaml <<EOF
roles:
  - role: tickets
    users: [alice]
    labels: {env: lab}
    logins: [deploy]
    ticket_pattern: INC-[0-9]+
    report_only: true
  - role: freeze
    logins: []
    deny: true
    report_only: true
EOF
SAID=$(local_admin apply -f /etc/lab/policy.yaml --yes 2>&1) || fail "the file was refused:$(check_show "$SAID")"
run 0 alice explain web-01
expect_said 'alice may have web-01 (ops)' "$SAID" 'explain'
expect_said 'Would be refused by role freeze (report only): role freeze denies it' "$SAID" 'explain'
expect_eq ops "$(local_admin access --user alice -o json | jq -r '.items[0].roles[]')" 'the roles that give it'

echo '- what passes is told what would be refused, and it is on record'
run 0 alice request web-01 --for 5m --reason 'disk full'
expect_said 'Would be refused by role freeze (report only): role freeze denies it' "$SAID" 'the answer'
expect_said 'Would be refused by role tickets (report only): missing; role tickets wants INC-[0-9]+' "$SAID" 'the answer'
GRANT=$(as alice grants -o name)
tried freeze ".grant == \"$GRANT\" and .target == \"web-01\"" || fail 'the role that denies is not on record'
tried tickets "(.msg | startswith(\"ticket: missing\"))" || fail 'the role that wants a ticket is not on record'
run 0 alice extend web-01 --for 10m
expect_eq 2 "$(records 'select(.event == "request.would_refuse" and .role == "freeze")' | grep -c .)" \
	'records of the role that denies'

echo '- what is open stays while it is tried, and ends once the rule holds'
expect_eq "$GRANT" "$(as alice grants -o name)" 'the grant'
local_admin export >"$TEST_DIR/policy.yaml" || fail 'export'
grep -q 'report_only: true' "$TEST_DIR/policy.yaml" || fail 'an export lacks report_only'
local_admin role set freeze --deny --yes >/dev/null 2>&1 || fail 'the rule that holds'
expect_eq '' "$(as alice grants -o name)" 'grants'
run 3 alice request web-01 --for 5m --reason 'disk full'
expect_said 'role freeze denies it' "$SAID" 'the refusal'
pass
