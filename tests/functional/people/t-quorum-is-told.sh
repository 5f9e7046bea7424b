#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: approvals that too few people can give are told with their names when they come to be; those of no group are refused

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client gateway web-01'
lab_up "$STAGE"
story # role ops: alice, an hour, nobody asked
expect_ok local_admin user add bob --group sre # has not enrolled
prod() { local_admin role set ops --user alice --label env=lab --login deploy --max 1h "$@" --yes; }
lack='nobody can approve this: group sre has'

echo '- a group that nobody is in is none, and changes nothing'
expect_fail any prod --approvals '1 of srr'
expect_out 'nobody is in a group of "1 of srr"'
expect_ok local_admin roles -o json
expect_eq '[]' "$(jq -c '.items[0].approvals' <<<"$OUT")" 'the role'

echo '- one that is too small is told, and made'
expect_ok prod --approvals '2 of sre' --dry-run
expect_out "warning: role ops: $lack 0 of 2 [(]not bob: not enrolled[)]"
expect_ok prod --approvals '2 of sre'
expect_out "warning: role ops: $lack 0 of 2 [(]not bob: not enrolled[)]"
expect_ok local_admin user set alice --group sre
expect_out "warning: role ops: $lack 1 of 2 [(]alice; not bob: not enrolled[)]"
expect_ok local_admin user add eve
expect_no_out warning # it was so before

echo '- by a file as well, and as JSON'
expect_ok local_admin export
policy=$OUT
put_file gateway /etc/lab/all.yaml <<<"$policy"
expect_ok local_admin apply -f /etc/lab/all.yaml --dry-run -o json
expect_eq '["ops",2,1]' "$(jq -c '.unapprovable[0] | [.role, .want, .have]' <<<"$OUT")" 'of what there is'
put_file gateway /etc/lab/more.yaml <<<"${policy/2 of sre/3 of sre}"
expect_ok local_admin apply -f /etc/lab/more.yaml --dry-run
expect_out "warning: role ops: $lack 1 of 3"
put_file gateway /etc/lab/none.yaml <<<"${policy/2 of sre/1 of srr}"
expect_fail any local_admin apply -f /etc/lab/none.yaml
expect_out 'nobody is in a group of "1 of srr"'
{
	printf '%s\n' "$policy"
	printf 'tests:\n  - {user: alice, target: web-01, login: deploy, expect: approval}\n'
} >"$TEST_DIR/tests.yaml"
put_file gateway /etc/lab/tests.yaml <"$TEST_DIR/tests.yaml"
sed 's/2 of sre/3 of sre/' "$TEST_DIR/tests.yaml" | put_file gateway /etc/lab/tests3.yaml
expect_ok local_admin policy test /etc/lab/tests.yaml # of the file alone: bob counts
expect_no_out warning
expect_ok local_admin policy test /etc/lab/tests3.yaml
expect_out "warning: role ops: $lack 2 of 3 [(]alice, bob[)]"

echo '- who asks reads it, and is not counted'
expect_ok as alice explain web-01
expect_out "$lack 0 of 2 [(]not alice: who asks, bob: not enrolled[)]"

echo '- doctor tells root'
OUT=$(local_admin doctor 2>&1) || true
expect_out "^warn  approvals  .*role ops: $lack 1 of 2"
expect_ok prod --approvals '1 of sre'
expect_no_out warning
OUT=$(local_admin doctor 2>&1) || true
expect_out '^ok    approvals  '

echo '- who can no more counts no more'
expect_ok local_admin lock user alice --reason holiday --yes
expect_out "warning: role ops: $lack 0 of 1 [(]not alice: locked, bob: not enrolled[)]"
pass
