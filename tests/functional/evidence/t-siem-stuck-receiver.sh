#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: what a receiver acknowledged by TCP but never read is sent again

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='gateway siem'
lab_up "$STAGE"
siem_start
gw_init
gw_start

cursor() { cat "$(host_file gateway /var/lib/sallyport/shipper/cursor.siem)"; }
rsyslog() { on siem kill "-$1" "$(cat "$(host_file siem /run/rsyslogd.pid)")"; }
# records of the log the SIEM does not have
missing() {
	siem_log | sed -n 's/^[^{]*\({.*}\)$/\1/p' | sort -u >"$TEST_DIR/siem"
	cat "$(host_file gateway /var/lib/sallyport/notary/log)"/audit-*.ndjson |
		sort | comm -13 "$TEST_DIR/siem" -
}
settled() { [ -z "$(missing)" ]; }
wait_for 20 settled

echo '- it hangs; its kernel goes on acknowledging'
rsyslog STOP
for i in 1 2 3 4 5; do
	add_role "r$i" --user x --label a=b --login deploy --max 1h
done
first=$(records 'select(.event == "role.set") | .seq' | sed -n 1p)
silent() { has_record '.event == "sink.down" and (.msg | test("reads nothing"))'; }
wait_for 70 silent
[ "$(cursor 2>/dev/null || echo 0)" -le "$first" ] ||
	fail "the cursor, $(cursor), is past what nobody has read ($first)"

echo '- it dies with all that in its socket; its successor gets it'
rsyslog KILL
on siem rm -f /run/rsyslogd.pid
siem_start
wait_for 60 settled

echo '- a healthy one answers: the cursor follows, and nobody hears of it'
ups=$(record_count '.event == "sink.up" or .event == "sink.down"')
last=$(records .seq | tail -n 1)
follows() { [ "$(cursor)" -gt "$last" ]; }
wait_for 90 follows
expect_eq "$ups" "$(record_count '.event == "sink.up" or .event == "sink.down"')" \
	'records of the sink'

echo '- one that talks without end keeps nobody busy: it is told, and left'
siem_stop
on siem sh -c 'echo $$ >/run/talker.pid; exec openssl s_server -accept 6514 \
	-cert /etc/lab/siem.pem -key /etc/lab/siem.key -quiet </dev/zero' \
	>/dev/null 2>&1 &
talks() { has_record '.event == "sink.down" and (.msg | test("sends data"))'; }
wait_for 60 talks
on siem kill "$(cat "$(host_file siem /run/talker.pid)")"
talker_gone() { ! is_listening siem 6514; }
wait_for 10 talker_gone
siem_start
wait_for 60 settled
pass
