#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: an intent that no door followed is closed as aborted after a crash

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client gateway web-01'
lab_up "$STAGE"
story
request alice web-01 >/dev/null
expect_ok local_admin revoke "$(as alice grants -o name)"
wait_for 10 door_is silent # the line that says why has 5 s to be read

gw_freeze supervisor firewall # who is frozen is not killed
on_as_bg alice client jitctl --no-input request web-01 --for 5m --reason x -o name </dev/null \
	>"$TEST_DIR/out" 2>&1
asked=$!
two() { [ "$(record_count '.event == "grant.open"')" -eq 2 ]; }
wait_for 10 two
grant=$(records 'select(.event == "grant.open") | .grant' | tail -n 1 | tr -d '"')
expect_eq 0 "$(record_count ".event == \"grant.applied\" and .grant == \"$grant\"")" 'applied'
gw_kill supervisor broker notary firewall api
wait_for 15 gw_gone
! wait "$asked" || fail "the request succeeded: $(cat "$TEST_DIR/out")"
expect_eq silent "$(tcp_probe client 198.51.100.1 2222)" 'the door'

gw_start
aborted() { has_record ".event == \"grant.close\" and .grant == \"$grant\" and .reason == \"aborted\""; }
wait_for 10 aborted
expect_eq silent "$(tcp_probe client 198.51.100.1 2222)" 'the door'
expect_eq aborted "$(local_admin grants --all -o json | jq -r ".items[] |
	select(.grant == \"$grant\") | .reason")" 'in the list'
as alice grants -o name | grep -F "$grant" && fail 'alice still has it'
pass
