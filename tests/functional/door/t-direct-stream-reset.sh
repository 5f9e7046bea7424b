#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: a live direct stream is reset when it speaks after expiry, revoke or release

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"
# shellcheck source=tests/functional/tools/stream.sh
. "$(dirname -- "$0")/../tools/stream.sh"
# shellcheck source=tests/functional/tools/direct.sh
. "$(dirname -- "$0")/../tools/direct.sh"

need_stage
LAB_HOSTS='client gateway web-01'
lab_up "$STAGE"
story
direct_target web-01 5000
expect_eq silent "$(tcp_probe client 10.20.0.11 5000)" 'before the request'

for a in 10.20.0.11 fd00:20::11; do
	echo "- expiry, $a"
	grant=$(request alice web-01-direct --port 5000 --for 6s)
	direct_start "$a" 5000
	expect_eq silent "$(tcp_probe client 10.20.0.11 5000 198.51.100.8)" 'from another address'
	sleep_until_ms $(($(grant_end_ms "$grant") - 600))
	direct_says almost || fail 'the stream ended before its time'
	sleep_until_ms $(($(grant_end_ms "$grant") + 300))
	capture_start web-01 in0 tcp dst port 5000
	direct_reset
	expect_eq '' "$(capture_stop web-01 | grep 'length [1-9]' || true)" 'data that reached the target'
	expect_eq silent "$(tcp_probe client "$a" 5000)" 'a new connection'
done

echo '- revoke'
grant=$(request alice web-01-direct --port 5000)
direct_start 10.20.0.11 5000
expect_ok local_admin revoke "$grant"
direct_reset
expect_eq silent "$(tcp_probe client 10.20.0.11 5000)" 'a new connection'

echo '- release; her host knows no such name, and the line that is printed works'
as alice request web-01-direct --port 5000 --for 5m --reason x >"$TEST_DIR/out" 2>&1 ||
	fail "the request:$(check_show "$(cat "$TEST_DIR/out")")"
grep -q '^ssh .*-p 5000 -o HostName=10.20.0.11 deploy@web-01-direct$' "$TEST_DIR/out" ||
	fail "the line for ssh:$(check_show "$(cat "$TEST_DIR/out")")"
grant=$(as alice grants -o name | sed -n 1p)
direct_start 10.20.0.11 5000
expect_ok as alice release "$grant"
direct_reset
expect_eq silent "$(tcp_probe client 10.20.0.11 5000)" 'a new connection'

echo '- the flow is on record'
has_record '.event == "flow.end" and .src == "198.51.100.7" and .bytes_out > 0' ||
	has_record '.event == "flow.end" and .src == "198.51.100.7"' || fail 'no flow.end'
pass
