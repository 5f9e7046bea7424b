#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: a log that was rolled back behind the store is not served from

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client gateway web-01'
lab_up "$STAGE"
story
gw_stop

echo '- the log loses its last records: the store knows of them'
on gateway python3 -c '
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("UPDATE removed SET seq = 1000000")
db.commit()' /var/lib/sallyport/broker/store.db
gw_start_only
wait_for 30 gw_gone
OUT=$(gw_log)
expect_out 'the store knows record 1000000, but the log ends at [0-9]+'
expect_out 'rolled back'
expect_out 'does not start: giving up'
expect_eq silent "$(tcp_probe client 198.51.100.1 2222)" 'the door'

echo '- put right, it serves again'
on gateway python3 -c '
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute("UPDATE removed SET seq = 0")
db.commit()' /var/lib/sallyport/broker/store.db
gw_start
request alice web-01 >/dev/null
expect_eq open "$(tcp_probe client 198.51.100.1 2222)" 'the door'
gw_stop

echo "- the gateway's own log, cut back at a record that signs for all before it"
log=$(host_file gateway "$GW_STATE/notary/log")/audit-00000000000000000000.ndjson
cp "$log" "$TEST_DIR/log"
cp "$log" "$(host_file gateway /etc/lab/copy)"
at=$(grep -n '"audit.checkpoint"' "$log" | sed -n '2{s/:.*//;p}')
sed "${at}q" "$TEST_DIR/log" >"$log"
leaves=${log%/*}/leaves-00000000000000000000.bin
cp "$leaves" "$TEST_DIR/leaves"
truncate -s $((at * 32)) "$leaves"
expect_ok on gateway jitctl audit verify --dir "$GW_STATE/notary/log" \
	--vkey "$GW_STATE/pub/log.vkey"
expect_fail 9 on gateway jitctl audit verify --dir "$GW_STATE/notary/log" \
	--vkey "$GW_STATE/pub/log.vkey" --expect /etc/lab/copy
gw_start_only
wait_for 30 gw_gone
OUT=$(gw_log)
expect_out 'the store knows record [0-9]+, but the log ends at [0-9]+'
expect_out 'rolled back'
expect_eq silent "$(tcp_probe client 198.51.100.1 2222)" 'the door'
cat "$TEST_DIR/log" >"$log"
cat "$TEST_DIR/leaves" >"$leaves"
gw_start
expect_ok local_admin audit verify
pass
