#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: with a store that cannot be opened the gateway says so, shuts all doors and does not try for ever

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client gateway web-01'
lab_up "$STAGE"
story
request alice web-01 >/dev/null
expect_eq open "$(tcp_probe client 198.51.100.1 2222)" 'the door'
gw_stop
store=/var/lib/sallyport/broker/store.db

# refused WORDS: what the start says, once each try, in one line
refused() {
	gw_start_only
	wait_for 30 gw_gone
	OUT=$(gw_log)
	expect_out "$1"
	expect_out 'does not start: giving up'
	expect_eq silent "$(tcp_probe client 198.51.100.1 2222)" 'the door'
	expect_eq silent "$(tcp_probe client 10.20.0.11 22)" 'the target'
}

echo '- it is no database'
on gateway sh -c "cp -p $store /etc/lab/store && rm -f $store-wal $store-shm && head -c 100000 /dev/urandom >$store"
refused "cannot use $store: file is not a database; every door stays shut until .* put a copy of it in its place"

echo '- it may not be read'
on gateway sh -c "cp -p /etc/lab/store $store; chown root:root $store; chmod 600 $store"
refused "cannot use $store: unable to open database file \\(Permission denied\\); every door"

echo '- it cannot be read'
on gateway sh -c "rm $store; mkdir $store"
refused "cannot use $store: unable to open database file \\(Is a directory\\)"

echo '- put right, it serves again'
on gateway sh -c "rmdir $store; cp -p /etc/lab/store $store"
gw_start
request alice web-01 >/dev/null
expect_eq open "$(tcp_probe client 198.51.100.1 2222)" 'the door'
pass
