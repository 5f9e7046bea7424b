#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: a change that widens power waits for a second admin, over a restart, and is made as its author's; root's are told

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client client2 gateway web-01'
lab_up "$STAGE"
gw_init
gw_start
add_user alice --admin
add_user bob --admin
local_admin user add carol >/dev/null 2>&1 || fail 'carol'

rc_of() {
	local rc=0

	"$@" >"$TEST_DIR/out" 2>"$TEST_DIR/err" || rc=$?
	printf '%s' "$rc"
}

echo '- what root does of this kind is told to every admin'
has_record '.event == "power.root" and (.widens | contains("bob gets the right admin"))' ||
	fail "root's change is not on record"
as alice status >"$TEST_DIR/out" 2>&1
grep -q 'root on the gateway.*user bob gets the right admin' "$TEST_DIR/out" ||
	fail "the status of alice:$(check_show "$(cat "$TEST_DIR/out")")"

echo '- who looks first reads that it would wait, and why'
put_file client /home/alice/p.yaml 0644 alice <<<'users: [{user: carol, rights: [policy, responder]}]'
for c in 'apply --dry-run' diff; do
	# shellcheck disable=SC2086 # words
	rc_of as alice $c -f /home/alice/p.yaml >/dev/null
	cat "$TEST_DIR/out" >>"$TEST_DIR/err"
	grep -q 'would wait for a second admin' "$TEST_DIR/err" &&
		grep -q '^- user carol gets the right policy' "$TEST_DIR/err" ||
		fail "what $c says:$(check_show "$(cat "$TEST_DIR/err")")"
done
put_file client /home/alice/g.yaml 0644 alice <<<'users: [{user: carol, groups: [ops]}]'
for c in 'apply --dry-run' diff; do
	# shellcheck disable=SC2086 # words
	rc_of as alice $c -f /home/alice/g.yaml >/dev/null
	! grep -q 'second admin' "$TEST_DIR/err" || fail "$c says that what widens nothing waits"
done

echo '- one admin alone makes no other one, and signs not for herself'
expect_eq 6 "$(rc_of as alice user set carol --right policy,responder -o name)" 'a promotion'
id=$(cat "$TEST_DIR/out")
has_record ".event == \"change.pending\" and .change == \"$id\" and .by == \"alice\"" ||
	fail 'it is not on record'
expect_eq '[]' "$(local_admin user show carol -o json | jq -c '.items[0].rights // .rights')" 'what carol has'
expect_eq 3 "$(rc_of as alice changes approve "$id")" 'her own signature'

echo '- it waits over a restart, and the other admin sees what it is'
gw_stop
gw_start
as bob status >"$TEST_DIR/out" 2>&1
grep -q '1 change waits for a second admin' "$TEST_DIR/out" ||
	fail "the status of bob:$(check_show "$(cat "$TEST_DIR/out")")"
as bob changes ls >"$TEST_DIR/out" 2>&1
grep -q "$id *alice *user.set *carol *pending" "$TEST_DIR/out" ||
	fail "what waits:$(check_show "$(cat "$TEST_DIR/out")")"
expect_eq 1 "$(rc_of as bob changes approve "$id" --no-input --code-file "$(code_file bob)")" 'without a yes'
grep -q 'rights *none -> policy,responder' "$TEST_DIR/err" && grep -q 'say --yes' "$TEST_DIR/err" ||
	fail "what bob is shown first:$(check_show "$(cat "$TEST_DIR/err")")"
as bob changes approve "$id" >"$TEST_DIR/out" 2>&1 ||
	fail "bob's signature:$(check_show "$(cat "$TEST_DIR/out")")"
grep -q 'user carol gets the right policy' "$TEST_DIR/out" ||
	fail "what bob is shown:$(check_show "$(cat "$TEST_DIR/out")")"
expect_eq '["policy","responder"]' "$(local_admin user show carol -o json | jq -c '.items[0].rights // .rights')" 'what carol has'
has_record ".event == \"user.update\" and .change == \"$id\" and .by == \"alice\" and .approved_by == \"bob\" and (.signature | length) > 100" ||
	fail 'the change is not on record as of alice, approved by bob'
expect_eq 7 "$(rc_of as bob changes approve "$id")" 'once more'

echo '- nor does one admin alone give herself access; to others she does'
role() { as alice role add "$@" --label env=lab --login deploy --max 1h -o name; }
expect_eq 6 "$(rc_of role own --user alice)" 'access of her own'
id=$(cat "$TEST_DIR/out")
expect_eq 0 "$(rc_of role theirs --group ops)" 'access of others'
expect_eq 6 "$(rc_of as alice user set alice --group ops -o name)" 'herself in their group'
as bob changes approve "$id" >"$TEST_DIR/out" 2>&1 ||
	fail "bob's signature:$(check_show "$(cat "$TEST_DIR/out")")"
grep -q 'role own gives its author alice what it did not' "$TEST_DIR/out" ||
	fail "what bob is shown:$(check_show "$(cat "$TEST_DIR/out")")"
expect_eq 'own theirs' "$(local_admin roles -o name | sort | paste -sd' ')" 'roles'
expect_eq 0 "$(rc_of as alice role set own --user alice --label env=lab --login deploy --max 30m)" 'less of it'

echo '- what a second admin ended by it, its author reads'
target_sshd_start web-01
add_target web-01
request alice web-01 >/dev/null
put_file client /home/alice/e.yaml 0644 alice <<-POLICY
	users: [{user: carol, rights: [policy, responder, user-admin]}]
	roles: [{role: own, users: [alice], labels: {env: lab}, logins: [deploy], max: 1m}]
POLICY
expect_eq 6 "$(rc_of as alice apply -f /home/alice/e.yaml -o name)" 'what widens and ends'
id=$(grep '^c-' "$TEST_DIR/out")
as bob changes approve "$id" >"$TEST_DIR/out" 2>&1 ||
	fail "bob's signature:$(check_show "$(cat "$TEST_DIR/out")")"
as alice changes show "$id" >"$TEST_DIR/out" 2>&1
grep -q "^$id is made by bob: ended 1 grant, 0 sessions: alice on web-01$" "$TEST_DIR/out" ||
	fail "what alice reads of it:$(check_show "$(cat "$TEST_DIR/out")")"

echo '- of a policy that came in parts all can be read, and what it changes is shown'
{
	echo 'roles:'
	for i in $(seq 1 900); do
		printf '  - {role: bulk%d, groups: [operations, development, laboratory, night-shift, day-shift], labels: {env: lab, app: shop}, logins: [deploy], max: 5m}\n' "$i"
	done
	echo '  - {role: hidden, users: [alice], labels: {env: lab}, logins: [root], max: 10m}'
} | put_file client /home/alice/large.yaml
expect_eq 6 "$(rc_of as alice apply -f /home/alice/large.yaml -o name)" 'a large policy'
grep -q 'go in [0-9]* parts' "$TEST_DIR/err" || fail 'it did not come in parts'
id=$(cat "$TEST_DIR/out")
as bob changes show "$id" >"$TEST_DIR/out" 2>&1
grep -q '"role":"bulk700"' "$TEST_DIR/out" && grep -q '"role":"hidden"' "$TEST_DIR/out" ||
	fail "what bob reads:$(check_show "$(tail -n 20 "$TEST_DIR/out")")"
expect_eq 1 "$(rc_of as bob changes approve "$id" --no-input --code-file "$(code_file bob)")" 'without a yes'
grep -q '^+ role *hidden' "$TEST_DIR/err" && grep -q 'say --yes' "$TEST_DIR/err" ||
	fail "what bob is shown:$(check_show "$(tail -n 20 "$TEST_DIR/err")")"
grep -q 'could not be made' "$TEST_DIR/err" && fail 'it is said that it cannot be made'
expect_eq 'own theirs' "$(local_admin roles -o name | sort | paste -sd' ')" 'roles'
# what could not be shown is not approved
local_admin user set alice --no-admin --yes >/dev/null 2>&1 || fail 'alice is an admin still'
[ "$(rc_of as bob changes approve "$id" --no-input --code-file "$(code_file bob)")" != 0 ] ||
	fail 'it is approved as of somebody who may not'
grep -q 'could not be shown: it was not approved' "$TEST_DIR/err" ||
	fail "what bob is told:$(check_show "$(tail -n 5 "$TEST_DIR/err")")"
local_admin user set alice --admin --yes >/dev/null 2>&1 || fail 'alice is no admin'
as bob changes approve "$id" >"$TEST_DIR/out" 2>&1 ||
	fail "bob's signature:$(check_show "$(cat "$TEST_DIR/out")")"
local_admin roles -o name | grep -x hidden >/dev/null || fail 'it was not made'

echo '- what is denied is not made; what widens nothing does not wait'
expect_eq 6 "$(rc_of as alice user rm bob --yes -o name)" 'the other admin removed'
id=$(cat "$TEST_DIR/out")
as bob changes deny "$id" --reason 'I am here' >"$TEST_DIR/out" 2>&1 ||
	fail "bob's no:$(check_show "$(cat "$TEST_DIR/out")")"
expect_eq denied "$(as alice changes show "$id" -o json | jq -r .state)" 'the change'
as alice user set carol --group ops >"$TEST_DIR/out" 2>&1 ||
	fail "a group:$(check_show "$(cat "$TEST_DIR/out")")"
local_admin doctor >"$TEST_DIR/out" 2>&1 || true
grep -q 'signs for what widens power' "$TEST_DIR/out" ||
	fail "doctor:$(check_show "$(cat "$TEST_DIR/out")")"
pass
