#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: a peer that vanished, or whom the kernel forgot, ends its session in time, with reason and record, is told, and leaves no socket

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client client2 gateway web-01 web-02'
lab_up "$STAGE"
story web-01 web-02
add_user bob
add_role ops --user alice --user bob --label env=lab --login deploy --max 1h
for s in alice.web-01 alice.web-02 bob.web-02; do
	request "${s%.*}" "${s#*.}" >/dev/null
done

# silent_session USER TARGET [MORE]: prints nothing until it is told to
silent_session() {
	gw_ssh_bg "$1" -- "$2" 'echo begun; cat' <"$TEST_DIR/$1.$2${3:-}.in" \
		>"$TEST_DIR/$1.$2${3:-}.out" 2>"$TEST_DIR/$1.$2${3:-}.err"
	SILENT_PID=$!
}

begun() {
	grep -qs begun "$TEST_DIR/$1.$2.out"
}

# the port from which HOST is connected to PORT of others; others than $3
port_from() {
	on "$1" ss -Htn state established "dport = :$2" |
		awk -v but="${3:-}" '{ sub(/.*:/, "", $3) } $3 != but { print $3 }'
}

for s in alice.web-01 alice.web-02 bob.web-02 alice.web-02.first; do
	mkfifo "$TEST_DIR/$s.in"
done
exec 5<>"$TEST_DIR/alice.web-01.in" 6<>"$TEST_DIR/alice.web-02.in" \
	7<>"$TEST_DIR/bob.web-02.in" 8<>"$TEST_DIR/alice.web-02.first.in"
silent_session alice web-02 .first
forgotten_pid=$SILENT_PID
wait_for 20 begun alice web-02.first
forgotten=$(port_from client 2222) leg=$(port_from gateway 22)
silent_session alice web-02
lives_pid=$SILENT_PID
wait_for 20 begun alice web-02
port=$(port_from client 2222 "$forgotten")
silent_session alice web-01
silent_session bob web-02
wait_for 20 begun alice web-01
wait_for 20 begun bob web-02

echo '- the target of one vanishes, the client of another, the others are forgotten'
on web-01 ip link set in0 down
on client2 ip link set out0 down
for p in "$port" "$forgotten" "$leg"; do
	expect_ok on gateway sh -c "conntrack -D -p tcp --sport $p ||
		conntrack -D -f ipv6 -p tcp --sport $p"
done
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

# one whose both ends are forgotten, and say nothing: they are told
wait_for 30 ended alice web-02 target_gone
told() {
	! kill -0 "$forgotten_pid" 2>/dev/null &&
		[ -z "$(on web-02 ss -Htn state established "dport = :$leg")" ]
}
wait_for 30 told

echo '- and no socket stays'
none_left() {
	[ -z "$(on gateway ss -Htn state fin-wait-1 state closing state last-ack)" ]
}
wait_for 20 none_left
pass
