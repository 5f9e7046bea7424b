#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: a peer that vanished ends its session in time, with reason and record, and leaves no socket

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client client2 gateway web-01 web-02'
lab_up "$STAGE"
story web-01 web-02
add_user bob
add_role ops --user alice --user bob --label env=lab --login deploy --max 1h
for u in alice bob; do
	for t in web-01 web-02; do
		[ "$u$t" = bobweb-01 ] || request "$u" "$t" >/dev/null
	done
done

# silent_session USER TARGET: prints nothing until it is told to
silent_session() {
	gw_ssh_bg "$1" -- "$2" 'echo begun; cat' <"$TEST_DIR/$1.$2.in" \
		>"$TEST_DIR/$1.$2.out" 2>"$TEST_DIR/$1.$2.err"
	SILENT_PID=$!
}

begun() {
	grep -qs begun "$TEST_DIR/$1.$2.out"
}

for s in alice.web-01 alice.web-02 bob.web-02; do
	mkfifo "$TEST_DIR/$s.in"
done
exec 5<>"$TEST_DIR/alice.web-01.in" 6<>"$TEST_DIR/alice.web-02.in" \
	7<>"$TEST_DIR/bob.web-02.in"
silent_session alice web-02
lives_pid=$SILENT_PID
wait_for 20 begun alice web-02
port=$(on client ss -Htn state established 'dport = :2222' | awk '{ sub(/.*:/, "", $3); print $3 }')
silent_session alice web-01
silent_session bob web-02
wait_for 20 begun alice web-01
wait_for 20 begun bob web-02

echo '- the target of one vanishes, the client of another, the third is forgotten'
on web-01 ip link set in0 down
on client2 ip link set out0 down
expect_ok on gateway sh -c "conntrack -D -p tcp --sport $port ||
	conntrack -D -f ipv6 -p tcp --sport $port"
ended() {
	has_record ".event == \"session.end\" and .user == \"$1\" and
		.target == \"$2\" and .reason == \"$3\""
}
# alive: what is typed comes back
echo typed >&6
lives_or_ends() {
	grep -qs typed "$TEST_DIR/alice.web-02.out" || ! kill -0 "$lives_pid" 2>/dev/null
}
wait_for 75 ended alice web-01 target_gone
wait_for 30 ended bob web-02 client_gone
wait_for 30 lives_or_ends
OUT=$(cat "$TEST_DIR/alice.web-01.err")
expect_out '^sallyport: session ended: target_gone .*nothing came from the target'
if ! kill -0 "$lives_pid" 2>/dev/null; then
	has_record '.event == "session.end" and .user == "alice" and
		.target == "web-02"' || fail 'a session that ended without a record'
fi

echo '- and no socket stays'
none_left() {
	[ -z "$(on gateway ss -Htn state fin-wait-1 state closing state last-ack)" ]
}
wait_for 20 none_left
pass
