#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: what explain says is what a request then gets

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client client2 gateway web-01'
lab_up "$STAGE"
story
add_role ops --user alice --label env=lab --login deploy --max 1h \
	--ticket-pattern 'INC-[0-9]+' --reason-pattern '.{5,}'
add_user bob

expect_said() { # TEXT IN WHAT
	grep -qF -- "$1" <<<"$2" || fail "$3 lacks \"$1\":$(check_show "$2")"
}
explain() { # USER ARGS...
	local rc=0

	EXPLAINED=$(as "$@" 2>&1) || rc=$?
	EXPLAIN_RC=$rc
}

echo '- what is allowed, with every condition, and the line that passes'
explain alice explain web-01
expect_eq 0 "$EXPLAIN_RC" 'explain'
expect_said 'alice may have web-01 (ops)' "$EXPLAINED" 'explain'
expect_said 'ticket like            INC-[0-9]+' "$EXPLAINED" 'explain'
expect_said '--login deploy --for 1h --ticket TICKET --reason' "$EXPLAINED" 'explain'

echo '- what lacks a ticket, or brings another, is refused as explained'
explain alice request web-01 --for 5m --reason 'disk full'
expect_eq 3 "$EXPLAIN_RC" 'a request without a ticket'
expect_said 'missing; role ops wants INC-[0-9]+' "$EXPLAINED" 'the refusal'
explain alice request web-01 --for 5m --reason 'disk full' --ticket 'INC-1 x'
expect_said 'it does not look like INC-[0-9]+' "$EXPLAINED" 'the refusal'
expect_said '--ticket TICKET --reason' "$EXPLAINED" 'what would pass'
explain alice request web-01 --for 5m --reason 'disk' --ticket INC-1
expect_said 'it does not look like .{5,}' "$EXPLAINED" 'the refusal'
explain alice request web-01 --for 5m --reason 'disk full' --ticket INC-1
expect_eq 0 "$EXPLAIN_RC" 'the request'
has_record '.event == "request.create" and .ticket == "INC-1" and .outcome == "success"' ||
	fail 'the ticket is not on record'

echo '- what is refused, with the rule; of others auditors and admins ask'
explain alice explain web-01 --login root --for 2h
expect_eq 3 "$EXPLAIN_RC" 'explain of root'
expect_said 'root is not granted to you here; role ops allows: deploy' "$EXPLAINED" 'explain'
explain bob explain web-01
expect_eq 3 "$EXPLAIN_RC" 'explain of bob'
expect_said 'no target web-01 that a role gives' "$EXPLAINED" 'explain'
expect_fail 3 local_admin explain bob web-01
expect_out 'target +no role gives web-01 to bob'
expect_fail 5 local_admin explain alice web-09
expect_out 'there is no target web-09'
explain bob explain alice web-01
expect_said 'only auditors and admins' "$EXPLAINED" 'explain'
expect_said 'alice may have web-01' "$(local_admin explain alice web-01)" 'explain by root'

echo '- who can reach what, by which role, and when they last did'
access() {
	local_admin access "$@" -o json |
		jq -r '.items[] | [.user, .target, (.logins | join("+")), (.roles | join("+")), .approval, .last != null] | join(" ")'
}
expect_eq 'alice web-01 deploy ops false true' "$(access --target web-01)" 'access to web-01'
expect_eq 'alice web-01 deploy ops false true' "$(access --user alice)" 'access of alice'
expect_eq '' "$(access --user bob)" 'access of bob'
lock=$(local_admin lock target web-01 --reason freeze --yes -o name 2>/dev/null)
expect_eq true "$(local_admin access --user alice -o json | jq -r '.items[0].locked')" 'locked'
local_admin unlock "$lock" --yes >/dev/null 2>&1
expect_eq false "$(local_admin access --user alice -o json | jq -r '.items[0].locked')" 'unlocked'
explain bob access --target web-01
expect_said 'who has a right of administration' "$EXPLAINED" 'access by a user'

echo '- roles that have nothing in common: one is named'
add_role files --user alice --label env=lab --login deploy --max 1h --allow sftp
local_admin role set ops --user alice --label env=lab --login deploy --max 1h \
	--allow shell --yes >/dev/null 2>&1
explain alice request web-01 --for 5m --reason 'disk full'
expect_eq 3 "$EXPLAIN_RC" 'a request under both'
expect_said 'nothing in common' "$EXPLAINED" 'the refusal'
explain alice request web-01 --for 5m --reason 'disk full' --role files
expect_eq 0 "$EXPLAIN_RC" "a request under one:$(check_show "$EXPLAINED")"
# which no other role ends afterwards
add_role ops --user alice --label env=lab --login deploy --max 30m --allow shell
expect_eq 1 "$(as alice grants -o name | grep -c .)" 'grants'
pass
