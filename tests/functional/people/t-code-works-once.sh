#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: a code opens once, whoever repeats it and however fast
#
# Same code twice, in parallel, after a restart; wrong codes are counted.

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client gateway web-01'
lab_up "$STAGE"
story
# every request needs a code of its own
add_role ops --user alice --label env=lab --login deploy --max 1h --mfa-age 0s

ask() { # CODE
	put_file client /home/alice/code 0600 alice <<<"$1"
	jit alice request web-01 --for 5m --reason x -o name --code-file /home/alice/code
}

echo '- without, wrong, right'
expect_fail 4 jit alice request web-01 --for 5m --reason x
expect_out 'code is needed.*--code-file'
code=$(code_for alice)
wrong=$(((10#$code + 1) % 1000000))
expect_fail 4 ask "$(printf %06d "$wrong")"
expect_out 'wrong .*tries left'
expect_eq 0 "$(gw_elements entry4 | wc -l)" 'elements'
expect_ok ask "$code"
local_admin revoke "$OUT" >/dev/null 2>&1
wait_for 10 no_elements entry4

echo '- the same code again'
expect_fail 4 ask "$code"
expect_out 'used before'
expect_eq 0 "$(gw_elements entry4 | wc -l)" 'elements'
has_record '.event == "auth.mfa" and .outcome == "failure" and .reason == "used"' ||
	fail 'no record of the used code'

echo '- after a restart'
gw_stop
gw_start
expect_fail 4 ask "$code"
expect_out 'used before'

echo '- eight at once with one new code: one wins'
code=$(code_for alice)
pids=()
put_file client /home/alice/code 0600 alice <<<"$code"
for i in 1 2 3 4 5 6 7 8; do
	on_as_bg alice client jitctl --no-input request web-01 --for 5m --reason "n $i" \
		-o name --code-file /home/alice/code </dev/null >"$TEST_DIR/p.$i" 2>&1
	pids+=("$!")
done
won=0
for p in "${pids[@]}"; do
	! wait "$p" || won=$((won + 1))
done
expect_eq 1 "$won" 'requests that passed'
expect_eq 2 "$(record_count '.event == "grant.open"')" 'grants'
expect_eq 1 "$(record_count '.event == "auth.mfa" and .user == "alice" and
	.outcome != "failure"' | awk '{ print ($1 > 0) }')" 'burned steps'
pass
