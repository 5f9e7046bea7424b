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
pass
