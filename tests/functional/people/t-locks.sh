#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: what a lock covers is shut before the lock's answer, and nothing of it opens until it is gone

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client gateway web-01'
lab_up "$STAGE"
target_sshd_start web-01
gw_init
gw_start
add_target web-01
add_role ops --group ops --label env=lab --login deploy --max 1h
add_user alice --group ops
key=$(on client ssh-keygen -lf /home/alice/.ssh/id_ed25519.pub | cut -d' ' -f2)

in_step() {
	on gateway curl -s --unix-socket "$GW_SOCKET" http://gateway/v1/readyz |
		grep agree >/dev/null
}
session_up() { # $grant, $ssh
	grant=$(request alice web-01 2>/dev/null)
	gw_ssh_bg alice -- web-01 'echo here; sleep 60' \
		</dev/null >"$TEST_DIR/out" 2>&1
	ssh=$!
	wait_for 10 grep -q here "$TEST_DIR/out"
}
refused() { # WHAT SAYS
	local rc=0

	request alice web-01 >/dev/null 2>"$TEST_DIR/err" || rc=$?
	expect_eq 3 "$rc" "a request while $1 is locked"
	grep -q -- "$2" "$TEST_DIR/err" ||
		fail "what she is told of $1:$(check_show "$(cat "$TEST_DIR/err")")"
	expect_eq '' "$(local_admin grants -o json | jq -r '.items[] | select(.state != "ended")')" \
		"what is open while $1 is locked"
}
lock() { # KIND [VALUE] FLAG...; prints its id
	local_admin lock "$@" --reason INC-1 -o name 2>"$TEST_DIR/lock"
}
ended() { # KIND
	local rc=0

	# what is left of her side takes the last line to her, a few seconds
	no_elements leg4 leg6 path4 path6 ||
		fail "the lock on $1 was answered, and the way to the target is open"
	wait "$ssh" || rc=$?
	expect_eq 255 "$rc" "exit status of ssh after a lock on $1"
	grep -q 'sallyport: session ended: locked' "$TEST_DIR/out" ||
		fail "the user was not told of $1:$(check_show "$(cat "$TEST_DIR/out")")"
}

echo '- each kind ends what is open, and is told'
for kind in grant user group role target login source key everything; do
	session_up
	case $kind in
	grant) what=("$kind" "$grant") ;;
	user) what=("$kind" alice) ;;
	group | role) what=("$kind" ops) ;;
	target) what=("$kind" web-01) ;;
	login) what=("$kind" deploy) ;;
	source) what=("$kind" 198.51.100.0/24) ;;
	key) what=("$kind" "$key") ;;
	*) what=("$kind") ;;
	esac
	if [ "$kind" = grant ]; then
		local_admin lock "${what[@]}" --dry-run 2>&1 |
			grep 'This ends: 1 grant, 1 session' >/dev/null ||
			fail 'what it would end is not told'
		kill -0 "$ssh" || fail 'a dry run ended the session'
	fi
	id=$(lock "${what[@]}") || fail "lock $kind:$(check_show "$(cat "$TEST_DIR/lock")")"
	ended "$kind"
	[ "$kind" = grant ] || refused "$kind" "is locked ($id) by local: INC-1"
	local_admin unlock "$id" >/dev/null 2>&1 || fail "unlock $kind"
	has_record ".event == \"grant.close\" and .grant == \"$grant\" and .reason == \"locked\" and .by == \"local\"" ||
		fail "the end by a lock on $kind is not on record"
	has_record ".event == \"lock.create\" and .lock == \"$id\" and .kind == \"$kind\" and .why == \"INC-1\"" ||
		fail "the lock on $kind is not on record"
done
# within a second, by the log's own times
slow=$(records | jq -rs '
	[.[] | select(.event == "lock.create")] as $l
	| .[] | select(.event == "grant.close" and .reason == "locked")
	| .time as $t | ([$l[] | select(.time <= $t)] | last).time as $s
	| def ms: (.[0:19] + "Z" | fromdate) * 1000 + (.[20:23] | tonumber);
	($t | ms) - ($s | ms) | select(. > 1000)')
expect_eq '' "$slow" 'milliseconds from a lock to its ends'

echo '- it is there after the broker, and all of the gateway, died in between'
session_up
id=$(lock target web-01 --for 20m)
expect_ok as alice locks
expect_out 'One on a target, login or role is told to who asks for it'
gw_kill broker
wait_for 15 in_step
expect_eq "$id" "$(local_admin locks -o name)" 'the lock after kill -9 of the broker'
wait_for 10 no_elements entry4 leg4
refused 'the target, the broker started again,' "$id"
gw_kill supervisor
wait_for 15 gw_gone
on gateway rm -f /run/gatewayd.pid
gw_start
expect_eq "$id" "$(local_admin locks -o name)" 'the lock after kill -9 of the supervisor'
wait_for 10 no_elements entry4 leg4
refused 'the target, the gateway started again,' "$id"
wait "$ssh" || true
local_admin unlock "$id" >/dev/null 2>&1

echo '- it runs out'
id=$(lock everything --for 2s)
refused everything "is locked ($id) by local until"
has_record ".event == \"lock.expire\" and .lock == \"$id\"" ||
	fail 'that it ran out is not on record'
expect_eq '' "$(local_admin locks -o name)" 'locks'
request alice web-01 >/dev/null || fail 'a request after the lock'
expect_eq hello "$(gw_ssh alice -- web-01 echo hello)" 'ssh after the lock'

echo '- a second key of hers: the grant lives, and the locked one does not get in'
on_as alice client ssh-keygen -q -t ed25519 -N '' -f /home/alice/.ssh/id_two
on client cat /home/alice/.ssh/id_two.pub | put_file gateway /etc/lab/two.pub
local_admin user set alice --key /etc/lab/alice.pub --key /etc/lab/two.pub >/dev/null 2>&1
id=$(lock key "$(on client ssh-keygen -lf /home/alice/.ssh/id_two.pub | cut -d' ' -f2)")
expect_eq hello "$(gw_ssh alice -- web-01 echo hello)" 'ssh by the other key'
rc=0
gw_ssh alice -o IdentitiesOnly=yes -i /home/alice/.ssh/id_two -- web-01 echo hello >"$TEST_DIR/out" 2>&1 || rc=$?
[ "$rc" -ne 0 ] || fail 'the locked key got in'
has_record '.event == "auth.login" and .outcome == "failure" and .reason == "locked"' ||
	fail 'the login by the locked key is not on record'
pass
