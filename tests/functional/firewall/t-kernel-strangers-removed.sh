#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: kernel elements without a grant in the log are removed at start, the others stay

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client gateway web-01'
lab_up "$STAGE"
story
grant=$(request alice web-01)
gw_kill supervisor broker notary firewall api
wait_for 15 gw_gone

stranger() { on gateway nft "$@"; }
expect_ok stranger add element inet sallyport entry4 '{ 198.51.100.8 . 2222 timeout 1h }'
expect_ok stranger add element inet sallyport leg4 '{ 10.20.0.1 . 40000 . 10.20.0.11 . 22 timeout 1h }'
expect_ok stranger add element inet sallyport path4 '{ 198.51.100.8 . 10.20.0.11 . tcp . 22 timeout 1h }'
expect_eq open "$(tcp_probe client 10.20.0.11 22 198.51.100.8)" 'what the stranger opened'

gw_start
expect_eq silent "$(tcp_probe client 10.20.0.11 22 198.51.100.8)" 'after the start'
expect_eq '' "$(gw_elements path4)$(gw_elements leg4)" 'paths and legs'
expect_eq '198.51.100.7' "$(gw_elements entry4 | jq -r '.elem.val.concat[0]')" 'entries'
has_record '.event == "grant.drift"' || fail 'no grant.drift record'
expect_ok gw_ssh alice -- web-01 true
expect_eq "$grant" "$(as alice grants -o name)" "alice's grant"
pass
