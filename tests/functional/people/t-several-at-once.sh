#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: several targets in one request are each decided on their own, by one code

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client gateway web-01 web-02'
lab_up "$STAGE"
story web-01 web-02
# every request needs a code of its own
add_role ops --user alice --label env=lab --login deploy --max 1h --mfa-age 0s
expect_ok local_admin user add bob --group sre
# two roles for web-02: merged, it wants an approval
add_role guard --user alice --target web-02 --login deploy --max 1h --approvals '1 of sre'

rc_of() {
	local rc=0

	"$@" >"$TEST_DIR/out" 2>"$TEST_DIR/err" || rc=$?
	printf '%s' "$rc"
}
ask() { # CODE ARG...
	put_file client /home/alice/code 0600 alice <<<"$1"
	rc_of jit alice request "${@:2}" --for 5m --reason 'INC-4711 lab' --code-file /home/alice/code
}
burned() { record_count '.event == "auth.mfa" and .user == "alice" and .outcome != "failure"'; }

echo '- opened, waiting, refused, by one code'
code=$(code_for alice)
before=$(burned)
expect_eq 3 "$(ask "$code" web-01 web-02 nosuch)" 'one of them was refused'
grep -Eq '^web-01 +deploy +opened +g-' "$TEST_DIR/out" ||
	fail "web-01:$(check_show "$(cat "$TEST_DIR/out" "$TEST_DIR/err")")"
grep -Eq '^web-02 +deploy +waits +r-.* 1 of sre' "$TEST_DIR/out" ||
	fail "web-02:$(check_show "$(cat "$TEST_DIR/out")")"
grep -Eq '^nosuch .*refused' "$TEST_DIR/out" || fail "nosuch:$(check_show "$(cat "$TEST_DIR/out")")"
expect_eq "$((before + 1))" "$(burned)" 'burned steps'
for what in '"grant.open" and .target == "web-01"' '"request.pending" and .target == "web-02"' \
	'"request.create" and .target == "nosuch" and .outcome == "failure"'; do
	has_record ".event == $what and (.payload | fromjson).body.targets == [\"web-01\",\"web-02\",\"nosuch\"]" ||
		fail "not on record: $what"
done
expect_eq hello "$(gw_ssh alice -- web-01 echo hello)" 'ssh'

echo '- the code is used, after a restart too'
gw_kill notary
gw_kill broker
wait_for 20 gw_lives notary
wait_for 20 gw_lives broker
released() { as alice release web-01 >/dev/null 2>&1; }
wait_for 20 released # as soon as the API has found the broker again
wait_for 10 no_elements entry4
expect_eq 4 "$(ask "$code" web-01 web-02)" 'the same code again'
grep -q 'used before' "$TEST_DIR/err" || fail "what it says:$(check_show "$(cat "$TEST_DIR/err")")"
no_elements entry4 || fail 'something is open'

echo '- by their labels; what is left is that one waits'
expect_eq 6 "$(ask "$(code_for alice)" --select env=lab -o json)" 'one of them waits'
expect_eq 'web-01 opened,web-02 waits' \
	"$(jq -r '[.items[] | .target + " " + .outcome] | join(",")' "$TEST_DIR/out")" 'the answer'
expect_eq 5 "$(ask "$(code_for alice)" --select env=nosuch)" 'labels that nothing has'
pass
