#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: a session outlives broker, notary and firewall, and the new ones can still end it

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"
# shellcheck source=tests/functional/tools/stream.sh
. "$(dirname -- "$0")/../tools/stream.sh"

need_stage
LAB_HOSTS='client gateway web-01'
lab_up "$STAGE"
story
grant=$(request alice web-01)
stream_start alice web-01
sid=$(as alice sessions -o name)
sid=${sid:?no session is listed}

for p in broker notary firewall; do
	echo "- $p killed: the stream goes on"
	old=$(gw_pid "$p")
	gw_kill "$p"
	another() { [ -n "$(gw_pid "$p")" ] && [ "$(gw_pid "$p")" != "$old" ]; }
	wait_for 15 another
	listed() { [ "$(local_admin sessions -o name 2>/dev/null)" = "$sid" ]; }
	wait_for 15 listed
	n=$(wc -l <"$TEST_DIR/stream.out")
	wait_for 10 stream_longer "$n"
	sleep 6 # longer than a session without its process may be listed
	listed || fail "the session is no longer listed: $(local_admin sessions --all)"
	n=$(wc -l <"$TEST_DIR/stream.out")
	wait_for 10 stream_longer "$n"
done

echo '- and it ends when its grant does'
now=$(on gateway date +%s%3N)
expect_ok local_admin revoke "$grant"
stream_ended "$now" revoked
has_record ".event == \"session.end\" and .sid == \"$sid\" and .reason == \"revoked\"" ||
	fail 'no such session.end'
expect_eq 1 "$(record_count '.event == "session.start" and .reach != "probe"')" 'sessions begun'
pass
