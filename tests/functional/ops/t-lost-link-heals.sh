#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: a link lost between two processes that live is made again, and costs nobody a grant or session

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"
# shellcheck source=tests/functional/tools/stream.sh
. "$(dirname -- "$0")/../tools/stream.sh"

need_stage
LAB_HOSTS='client gateway web-01'
lab_up "$STAGE"
story
grant=$(request alice web-01 --for 20m)
stream_start alice web-01
sid=$(as alice sessions -o name)
sid=${sid:?no session is listed}
all='supervisor broker notary firewall api admin recorder shipper zygote'

pids() {
	local p

	for p in $all; do
		gw_pid "$p"
	done
}
link_of() {
	on gateway python3 -I -S - "$(gw_pid "$1")" "$(gw_pid "$2")" "${@:3}" \
		<"$(dirname -- "$0")/../tools/link_of.py"
}
linked() { # by one, and it is another
	local now

	now=$(link_of "$a" "$b")
	[ "$(wc -w <<<"$now")" -eq 1 ] && [ "$now" != "$old" ]
}
listed() { [ "$(local_admin sessions -o name 2>/dev/null)" = "$sid" ]; }
granted() {
	[ "$(as alice grants -o json 2>/dev/null | jq -r '.items[] |
		select(.state == "active") | .grant')" = "$grant" ]
}
works() { gw_ssh alice -tt -- web-01 true </dev/null; }

before=$(pids)
for pair in 'broker api' 'broker admin' 'broker notary' 'broker firewall' \
	'broker recorder' 'broker shipper' 'notary firewall' 'notary api' \
	'notary admin' 'notary recorder' 'notary shipper'; do
	read -r a b <<<"$pair"
	echo "- $a and $b"
	old=$(link_of "$a" "$b" cut)
	expect_eq 1 "$(wc -w <<<"$old")" "links between $a and $b"
	wait_for 15 linked
	wait_for 15 listed
	wait_for 15 granted
	wait_for 15 works
	stream_lives
done
expect_eq "$before" "$(pids)" 'the processes'

echo '- everything works as before'
expect_ok local_admin release "$grant"
stream_ended "$(now_ms)" released
wait_for 10 door_is silent
grant=$(request alice web-01)
works || fail 'ssh does not work'
expect_ok local_admin doctor web-01
expect_ok local_admin revoke "$grant"
wait_for 10 door_is silent
expect_ok local_admin audit verify
expect_eq 0 "$(record_count '.event == "process.exit" or .event == "peer.protocol"')" \
	'processes that ended, messages that were refused'
pass
