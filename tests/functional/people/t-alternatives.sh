#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: of a role with alternatives one has to hold, for a request and for what is open

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client gateway web-01'
lab_up "$STAGE"
story
add_role ops --user alice --label env=lab --login deploy --max 1h \
	--or 'group=oncall; select=env=lab' --or 'reason=INC-[0-9]+ .*'

expect_said() { # TEXT IN WHAT
	grep -qF -- "$1" <<<"$2" || fail "$3 lacks \"$1\":$(check_show "$2")"
}
run() { # RC USER ARGS...: SAID
	local want=$1 rc=0

	shift
	SAID=$(as "$@" 2>&1) || rc=$?
	[ "$rc" = "$want" ] || fail "$*: exit $rc, not $want:$(check_show "$SAID")"
}

echo '- none holds: refused with each of them, and on record'
run 3 alice request web-01 --for 5m --reason 'disk full'
expect_said 'role ops wants one of: group=oncall; select=env=lab, or reason=INC-[0-9]+ .*' "$SAID" 'the refusal'
has_record '.event == "request.create" and .outcome == "failure" and (.msg | startswith("or: role ops wants one of"))' ||
	fail 'the refusal is not on record'

echo '- explain shows which one holds'
run 0 alice explain web-01
expect_said 'group=oncall; select=env=lab (does not hold)' "$SAID" 'explain'
expect_said 'reason=INC-[0-9]+ .* (holds with such a reason)' "$SAID" 'explain'

echo '- by a reason as it is wanted, and by the group'
run 0 alice request web-01 --for 5m --reason 'INC-7 disk full'
run 0 alice release web-01
local_admin user set alice --group oncall --yes >/dev/null 2>&1 || fail 'the group'
run 0 alice request web-01 --for 5m --reason 'disk full'
expect_eq 1 "$(as alice grants -o name | grep -c .)" 'grants'

echo '- what is exported is the same again'
local_admin export >"$TEST_DIR/policy.yaml" || fail 'export'
grep -qF 'group=oncall; select=env=lab' "$TEST_DIR/policy.yaml" || fail 'an export lacks an alternative'
put_file gateway /etc/lab/policy.yaml <"$TEST_DIR/policy.yaml"
SAID=$(local_admin apply -f /etc/lab/policy.yaml --dry-run 2>&1) ||
	fail "the file was refused:$(check_show "$SAID")"
expect_said 'othing' "$SAID" 'the dry run of the same'

echo '- what is open ends when the alternative that held does no more'
local_admin user set alice --no-group oncall --yes >/dev/null 2>&1 || fail 'without the group'
expect_eq '' "$(as alice grants -o name)" 'grants'
pass
