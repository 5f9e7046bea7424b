#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: every record reaches rsyslog over TLS, and what it missed while it was down

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client gateway web-01 siem'
lab_up "$STAGE"
siem_start
story
grant=$(request alice web-01)
expect_ok gw_ssh alice -- web-01 'echo here'

# every record up to now, each exactly as it is in the log
all_there() {
	local upto

	upto=$(records .seq | tail -n 1)
	siem_log | sed -n 's/^[^{]*\({.*}\)$/\1/p' | sort -u >"$TEST_DIR/siem"
	cat "$(host_file gateway /var/lib/sallyport/notary/log)"/audit-*.ndjson |
		head -n $((upto + 1)) | sort >"$TEST_DIR/log"
	[ -z "$(comm -13 "$TEST_DIR/siem" "$TEST_DIR/log" | sed -n 1,3p | tee /dev/stderr)" ]
}
settled() { all_there 2>/dev/null; }
wait_for 20 settled

echo '- RFC 5424, taken apart by rsyslog'
expect_eq sallyport "$(siem_json | jq -r .app | sort -u)" APP-NAME
expect_eq gw-1 "$(siem_json | jq -r .host | sort -u)" 'HOSTNAME (the server id)'
expect_eq alice "$(siem_json | jq -r "select(.sd[\"sallyport@32473\"].event == \"grant.open\") |
	.sd[\"sallyport@32473\"].user")" 'user of grant.open'
expect_eq JG2100I "$(siem_json | jq -r "select(.sd[\"sallyport@32473\"].event == \"grant.open\") | .msgid")" MSGID

echo '- rsyslog down: nothing waits for it, nothing is lost'
siem_stop
expect_ok local_admin revoke "$grant"
request alice web-01 >/dev/null
down() { has_record '.event == "sink.down"'; }
wait_for 20 down
gw_kill shipper
siem_start
wait_for 30 settled
up() { [ "$(record_count '.event == "sink.up"')" -ge 2 ]; }
wait_for 20 up

echo '- the copy of the SIEM proves itself'
gw_stop
wait_for 20 settled
on client mkdir -p /tmp/siem
siem_log | sed -n 's/^[^{]*\({.*}\)$/\1/p' | awk '!seen[$0]++' |
	jq -cR 'fromjson.seq as $s | [$s, .]' | sort -t, -k1.2n | jq -r '.[1]' |
	put_file client /tmp/siem/audit-00000000000000000000.ndjson
put_file client /tmp/log.vkey <"$(host_file gateway /var/lib/sallyport/pub/log.vkey)"
expect_ok on client jitctl audit verify --dir /tmp/siem --vkey /tmp/log.vkey

echo '- and as rsyslog wrote it, frames and repeats and all'
siem_log | put_file client /tmp/siem.log
expect_ok on client jitctl audit verify --dir /tmp/siem.log --vkey /tmp/log.vkey
siem_log | sed '7s/"time":"20/"time":"19/' | put_file client /tmp/siem.log
expect_fail 9 on client jitctl audit verify --dir /tmp/siem.log --vkey /tmp/log.vkey
pass
