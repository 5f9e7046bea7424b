#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: what is new of a request is told at once, to those it concerns, while they may read

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client client2 gateway web-01'
lab_up "$STAGE"
target_sshd_start web-01
gw_init
gw_start
add_target web-01
add_user alice
add_user bob --group sre
add_role ops --user alice --label env=lab --login deploy --max 1h --approvals '1 of sre'
on client sh -c 'echo carol:x:3009:3009::/home/carol:/bin/sh >>/etc/passwd
	echo carol:x:3009: >>/etc/group
	install -d -m 0700 -o 3009 -g 3009 /home/carol /home/carol/.ssh
	ssh-keygen -q -t ed25519 -N "" -f /home/carol/.ssh/id_ed25519
	chown -R 3009:3009 /home/carol'
add_user carol

ask() { request alice web-01 --no-wait 2>/dev/null || [ $? -eq 6 ]; }
watcher() { # USER HOST: its pid in $!
	as "$1" status >/dev/null 2>&1 # a token, so that nothing is asked
	on_as_bg "$1" "$2" jitctl requests --watch >"$TEST_DIR/$1.out" 2>"$TEST_DIR/$1.err"
}
told() { grep -qF -- "$2" "$TEST_DIR/$1.out"; }
# The stream itself, over the admin socket, into a file of TEST_DIR until hush.
stream() { # FILE CURL'S ARGUMENTS...
	on_bg gateway curl -sN --unix-socket /run/sallyport/admin.sock "${@:2}" \
		http://localhost/v1/events >"$TEST_DIR/$1" 2>/dev/null
	streams+=($!)
}
streams=()
hush() {
	kill "${streams[@]}" 2>/dev/null || true
	wait "${streams[@]}" || true
	streams=()
}

echo '- who has to decide hears of it, who has nothing to do with it does not'
watcher bob client2
bob=$!
watcher carol client
carol=$!
stream root
ready() { grep -q '^event: ready' "$TEST_DIR/$1"; }
wait_for 10 ready root
id=$(ask)
wait_for 20 told bob "jitctl approve $id"
wait_for 10 grep -qF "data: {\"request\":\"$id\",\"state\":\"pending\"}" "$TEST_DIR/root"
hush
expect_eq '' "$(cat "$TEST_DIR/carol.out")" 'what carol is told'
expect_eq '' "$(grep -vE '^$|^retry: [0-9]+$|^id: [0-9]+$|^event: (ready|request)$|^: nothing is new$|^data: \{("request":"r-[A-Z0-9]*","state":"[a-z]*")?\}$' "$TEST_DIR/root" || true)" \
	'what else the stream says'

echo '- who comes back hears what they missed; who comes too late is told so'
last=$(sed -n 's/^id: //p' "$TEST_DIR/root" | tail -n 1)
expect_ok as alice cancel "$id"
wait_for 20 told bob "$id of alice for web-01 is withdrawn by alice"
stream again -H "Last-Event-ID: $last"
wait_for 10 grep -qF "\"state\":\"withdrawn\"" "$TEST_DIR/again"
stream late -H 'Last-Event-ID: 7'
wait_for 10 grep -q '^event: reset' "$TEST_DIR/late"
hush

echo '- an auditor hears of all, also of decisions'
local_admin user set carol --auditor >/dev/null 2>&1 || fail 'an auditor'
watcher carol client
auditor_told() {
	expect_ok as alice cancel "$(ask)"
	told carol 'of alice for web-01 is withdrawn by alice'
}
wait_for 30 auditor_told

echo '- whoever waits for their own hears it by the stream, and it opens'
id=$(ask)
on_as_bg alice client jitctl --debug wait "$id" --timeout 2m >"$TEST_DIR/wait" 2>&1
wait=$!
wait_for 20 grep -qF "Request $id stays, whatever becomes of this wait" "$TEST_DIR/wait"
expect_ok as bob approve "$id" --yes
wait "$wait" || fail "what it came to:$(check_show "$(cat "$TEST_DIR/wait")")"
grep -q 'Door open' "$TEST_DIR/wait" || fail "what was opened:$(check_show "$(cat "$TEST_DIR/wait")")"
grep -q 'GET /v1/events' "$TEST_DIR/wait" || fail "no stream:$(check_show "$(cat "$TEST_DIR/wait")")"
expect_ok as alice release web-01

echo '- the gateway may be started anew: the watcher comes back by itself'
gw_kill broker
gw_kill api
id=$(request alice web-01 --no-wait 2>/dev/null || true)
again() { id=$(ask) && [ -n "$id" ]; }
[ -n "$id" ] || wait_for 20 again
wait_for 30 told bob "jitctl approve $id"

echo '- a client that left leaves its place'
for i in 1 2 3 4; do
	stream "place$i"
done
for i in 1 2 3 4; do
	wait_for 20 ready "place$i"
done
hush
left() { # those that are refused end by themselves
	stream fifth
	while kill -0 "${streams[0]}" 2>/dev/null && ! ready fifth; do sleep 0.05; done
	hush
	ready fifth
}
wait_for 30 left

echo '- one who is locked hears no more'
expect_ok local_admin lock user bob --reason lost
gone() { ! kill -0 "$bob" 2>/dev/null; }
wait_for 20 gone
grep -qi 'locked' "$TEST_DIR/bob.err" || fail "what bob is told:$(check_show "$(cat "$TEST_DIR/bob.err")")"
kill "$carol"
wait "$carol" "$bob" || true
pass
