#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: store, log, keys and recordings of one build live on under the next, also from Debian 12 to 13
#
# What one gateway leaves is carried to another machine and goes on there. With
# UPGRADE_TO=FOLDER only the first half is made, and what it leaves is in that
# folder; with UPGRADE_FROM=FOLDER only the second, from it (scripts/check: the
# first on Debian 12, the second on Debian 13).

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client gateway web-01'
left=${UPGRADE_FROM:-${UPGRADE_TO:-$TEST_DIR/left}}

lists() {
	local what

	for what in 'users ls' 'targets ls' 'roles ls' 'grants ls --all'; do
		# what is counted down is not the same a moment later
		# shellcheck disable=SC2086 # words
		local_admin $what -o json | jq -cS '.items | map(del(.left_s))'
	done
}

# carry HOST FOLDER...: what is there is packed, with its owners
carry() {
	on "$1" tar --numeric-owner -cpf - -C / "${@:2}" >"$left/$1.tar"
}

unpack() {
	on "$1" tar --numeric-owner -xpf - -C / <"$left/$1.tar"
}

sids() {
	records 'select(.event == "session.start") | .sid' | tr -d '"'
}

leave() {
	lab_up "$STAGE"
	story
	mkdir -p "$left"
	request alice web-01 --for 50m >"$left/grant"
	expect_ok gw_ssh alice -tt -- web-01 'echo on""record; sleep 0.2'
	wait_for 10 has_record '.event == "recording.end"'
	sids | tail -n 1 >"$left/sid"
	lists >"$left/lists"
	expect_ok local_admin audit verify
	gw_stop
	records >"$left/records"
	on gateway grep -h '^sallyport-' /etc/passwd >"$left/passwd"
	on gateway grep -h '^sallyport-' /etc/group >"$left/group"
	cp "$(gw_dir)/totp.alice" "$left/totp.alice"
	carry gateway etc/sallyport var/lib/sallyport
	carry client home/alice
	carry web-01 etc/ssh
	lab_down
}

go_on() {
	local grant sid n

	lab_up "$STAGE"
	for n in passwd group; do
		on gateway tee -a "/etc/$n" <"$left/$n" >/dev/null
	done
	for n in gateway client web-01; do
		unpack "$n"
	done
	cp "$left/totp.alice" "$(gw_dir)/totp.alice"
	target_sshd_start web-01
	gw_start
	read -r grant <"$left/grant"
	read -r sid <"$left/sid"

	echo '- all is there: people, targets, roles, the open grant, the log, the recording'
	lists >"$TEST_DIR/lists"
	expect_eq '' "$(diff "$left/lists" "$TEST_DIR/lists")" 'the lists'
	expect_ok local_admin audit verify
	n=$(wc -l <"$left/records")
	records >"$TEST_DIR/records"
	head -n "$n" "$TEST_DIR/records" | cmp - "$left/records" || fail 'the log of before is another'
	expect_ok local_admin sessions play "$sid" --speed 0
	expect_out onrecord

	echo '- and goes on: the grant, a new session, a new request by the same key and app'
	expect_ok gw_ssh alice -- web-01 'echo after'
	expect_out '^after'
	has_record ".event == \"session.start\" and .grant == \"$grant\" and .sid != \"$sid\"" ||
		fail 'no session of that grant'
	expect_ok as alice release "$grant"
	expect_fail 255 gw_ssh alice -- web-01 true
	request alice web-01 >/dev/null
	expect_ok gw_ssh alice -tt -- web-01 'echo on""record'
	wait_for 10 has_record ".event == \"recording.end\" and .sid != \"$sid\""
	expect_ok local_admin audit verify
	gw_stop
}

[ -n "${UPGRADE_FROM:-}" ] || leave
[ -n "${UPGRADE_TO:-}" ] || go_on
pass
