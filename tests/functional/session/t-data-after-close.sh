#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: a client that sends data on a channel it has closed loses that data, and nothing else

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"
# shellcheck source=tests/functional/tools/session_lib.sh
. "$(dirname -- "$0")/../tools/session_lib.sh"
# shellcheck disable=SC2154,SC2317 # key, D come from session_start; called by name

CLIENT=$(cd -- "$(dirname -- "$0")/../tools" && pwd)/after_close.py
export CLIENT

closes() {
	want 'the other channel' 'got it exit 0' \
		"$(timeout 60 "$CLIENT" 2200 "$key" root@web-01 | xargs)"
	want_event '^event session.channel_end .*"channel":1,"bytes_in":7,"bytes_out":7,"exit":0'
	want_event '^end reason=logout'
}

session_need
session_inside closes
pass
