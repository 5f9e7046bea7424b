#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: a refused request says what would pass, opens nothing, is on record

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client gateway web-01'
lab_up "$STAGE"
story

nothing_open() {
	expect_eq 0 "$(gw_elements entry4 | wc -l)" 'elements after a refusal'
	expect_eq 0 "$(record_count '.event == "grant.open"')" 'grants after a refusal'
}
refused=0
denied() { # FIELD ARG...
	local field=$1

	shift
	expect_fail 3 as alice request "$@"
	expect_out '^Refused, nothing was opened\.$'
	expect_out "^  $field "
	expect_out '^Event '
	refused=$((refused + 1))
	expect_eq "$refused" \
		"$(record_count '.event == "request.create" and .outcome == "failure"')" 'records'
	nothing_open
}

echo '- too long, wrong login, wrong port, no reason, all at once'
denied for web-01 --for 8h --reason x
expect_out '8h .*1h.* ops'
expect_out '^This would pass: +jitctl request web-01 .*--for 1h'
denied login web-01 --login root --for 5m --reason x
expect_out 'root .*deploy'
expect_out '^This would pass: +jitctl request web-01 --login deploy'
denied port web-01 --port 23 --for 5m --reason x
expect_fail 3 as alice request web-01 --for 5m
expect_out '^jitctl: refused [(]event [0-9]+[)]: a reason is wanted, .*--reason'
refused=$((refused + 1))
denied for web-01 --login root --for 8h
expect_out '^  login '
expect_out '^  reason '

has_record '.event == "request.create" and .outcome == "failure" and .reason == "policy" and
	.role == "ops" and (.msg | test("^login: root .*; for: 8h .*; reason: "))' ||
	fail 'verdict and deciding rule are not on record'

echo '- an unknown target and a forbidden one read alike'
expect_fail 3 as alice request web-08 --for 5m --reason x
unknown=$(sed 's/web-08/TARGET/; s/^Event .*//' <<<"$OUT")
local_admin target add web-09 10.20.0.99 --login deploy --host-key /etc/lab/web-01.hostkey \
	>/dev/null 2>&1
expect_fail 3 as alice request web-09 --for 5m --reason x
expect_eq "$unknown" "$(sed 's/web-09/TARGET/; s/^Event .*//' <<<"$OUT")" 'a forbidden target'
nothing_open

echo '- the API gives it to programs'
expect_fail 3 as alice request web-01 --for 8h --reason x -o json
expect_eq denied "$(grep '^{' <<<"$OUT" | jq -r .code)" 'the problem'\''s code'
nothing_open

echo '- what this would pass says, passes'
expect_fail 3 as alice request web-01 --login root --for 8h --reason 'a b'
would=$(sed -n 's/^This would pass: *jitctl //p' <<<"$OUT")
eval "set -- $would" # it is meant to be pasted into a shell
expect_ok as alice "$@"
expect_eq open "$(tcp_probe client 198.51.100.1 2222)" 'the door'
pass
