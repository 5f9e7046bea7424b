#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: a session dies with its own grant though another live grant covers the same address
#
# Another user behind the same NAT, and the same user.

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"
# shellcheck source=tests/functional/tools/stream.sh
. "$(dirname -- "$0")/../tools/stream.sh"

need_stage
LAB_HOSTS='client client2 nat gateway web-01'
lab_up "$STAGE"
behind_nat client
behind_nat client2
story
add_role bobs --user bob --label env=lab --login deploy --max 1h
add_user bob

echo '- another user behind the same NAT'
bobs=$(request bob web-01)
# a grant cannot be used by another key, whatever the address
expect_fail 255 gw_ssh alice -- web-01 true
grant=$(request alice web-01 --for 8s)
expect_eq 198.51.100.30 "$(records "select(.grant == \"$grant\" and .event == \"grant.open\") | .src" | tr -d '"')" 'the address'
stream_start alice web-01
expect_ok gw_ssh bob -- web-01 true
stream_ended "$(grant_end_ms "$grant")" expired
expect_ok gw_ssh bob -- web-01 true

echo '- the same user'
grant=$(request alice web-01 --for 8s)
stream_start alice web-01
longer=$(request alice web-01 --for 5m)
stream_ended "$(grant_end_ms "$grant")" expired
expect_ok gw_ssh alice -- web-01 true

echo '- revoking one leaves the other'
expect_ok local_admin revoke "$longer"
expect_fail 255 gw_ssh alice -- web-01 true
expect_ok gw_ssh bob -- web-01 true
expect_eq "$bobs" "$(jit bob grants -o name)" "bob's grant"
pass
