#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: what the user saw is in the recording, whichever process was killed; each recording has an end on record

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client gateway web-01'
lab_up "$STAGE"
story
request alice web-01 >/dev/null

# Kills it and waits for the next one.
replace() { # PROCESS
	local old

	old=$(gw_pid "$1")
	gw_kill "$1"
	another() { [ -n "$(gw_pid "$1")" ] && [ "$(gw_pid "$1")" != "$2" ]; }
	wait_for 15 another "$1" "$old"
}
lines() { # N: so many are on the user's screen
	[ "$(wc -l <"$TEST_DIR/seen")" -ge "$1" ]
}
last_sid() {
	records 'select(.event == "session.start") | .sid' | tr -d '"' | tail -n 1
}

echo '- recorder, notary and broker are killed while it runs; nothing is missing'
on_as_bg alice client ssh -tt -p 2222 -o StrictHostKeyChecking=yes deploy@web-01@gateway \
	'stty -opost; i=0; while [ $i -lt 400 ]; do i=$((i+1)); printf "%s \303\244 \377\n" $i; sleep 0.01; done' \
	</dev/null >"$TEST_DIR/seen" 2>/dev/null
ssh=$!
wait_for 10 lines 20
for p in recorder notary recorder broker recorder; do
	at=$(wc -l <"$TEST_DIR/seen")
	replace "$p"
	wait_for 10 lines $((at + 20))
done
wait "$ssh" || fail 'the session was ended'
sid=$(last_sid)
wait_for 10 has_record ".event == \"session.end\" and .sid == \"$sid\""
expect_eq 400 "$(wc -l <"$TEST_DIR/seen")" 'lines on the screen'
expect_eq "$(records "select(.event == \"session.start\" and .sid == \"$sid\") | .start / 1000 | floor")" \
	"$(local_admin sessions --all -o json | jq ".items[] | select(.sid == \"$sid\") |
		.start[:19] + \"Z\" | fromdate")" 'when it began, by the list of the second broker'
local_admin sessions play "$sid" -o json >"$TEST_DIR/cast"
tail -n +2 "$TEST_DIR/cast" | jq -j 'select(.[1] == "o") | .[2]' >"$TEST_DIR/recorded"
LC_ALL=C sed 's/\xff/\xef\xbf\xbd/g' "$TEST_DIR/seen" | cmp - "$TEST_DIR/recorded" ||
	fail 'the recording is not what was on the screen'

echo '- and the bytes are those the channel had, part by part'
bytes=$(records "select(.event == \"session.channel_end\" and .sid == \"$sid\") | .bytes_out")
expect_eq "$(wc -c <"$TEST_DIR/seen")" "$bytes" 'bytes of the channel'
expect_eq "$bytes" "$(records "select(.event == \"recording.end\" and .sid == \"$sid\") |
	.bytes_out // 0" | sort -n | tail -n 1)" 'bytes of the recording'
expect_eq 3 "$(record_count ".event == \"recording.end\" and .sid == \"$sid\" and
	.reason == \"interrupted\" and (.msg // \"\" | contains(\"goes on\"))")" 'parts that were interrupted'

echo '- each part is compared with its digest: one that was changed is not shown, one that is gone is told'
dir=$(host_file gateway /var/lib/sallyport/recorder/recordings)
expect_ok local_admin sessions play "$sid"
expect_out 'Compared with the log: 4 of its 4 parts have the digests'
part=$dir/$sid.1.2.cast
cp -a "$part" "$TEST_DIR/part"
printf '[0.1, "o", "retouched"]\n' >>"$part"
expect_fail 9 local_admin sessions play "$sid"
expect_out 'this is NOT what was recorded'
expect_no_out retouched
mv "$part" "$TEST_DIR/changed"
expect_fail 9 local_admin sessions play "$sid"
expect_out "the file $sid.1.2.cast is gone"
cp -a "$TEST_DIR/part" "$part"
mv "$dir/$sid.1.cast" "$TEST_DIR/first"
expect_fail 9 local_admin sessions play "$sid"
expect_out "the recording of session $sid is gone"
expect_out "says that it was recorded .*: the file $sid.1.cast is gone"
mv "$TEST_DIR/first" "$dir/$sid.1.cast"
expect_ok local_admin sessions play "$sid"

echo '- recorder and session in the same instant: the end says that something may be missing'
on_as_bg alice client ssh -tt -p 2222 -o StrictHostKeyChecking=yes deploy@web-01@gateway \
	'while echo tick; do sleep 0.05; done' </dev/null >"$TEST_DIR/seen" 2>/dev/null
ssh=$!
wait_for 10 lines 20
sid=$(last_sid)
on gateway kill -KILL "$(gw_pid recorder)" "$(on gateway pgrep -P "$(gw_pid zygote)" -x sallyport-sessi)"
wait "$ssh" && fail 'the session went on'
said() {
	has_record ".event == \"recording.end\" and .sid == \"$sid\" and .reason == \"interrupted\" and
		(.msg | contains(\"may be missing\")) and .size > 0 and .bytes_out > 0"
}
wait_for 20 said

echo '- and when everything was killed: at the next start'
on_as_bg alice client ssh -tt -p 2222 -o StrictHostKeyChecking=yes deploy@web-01@gateway \
	'while echo tick; do sleep 0.05; done' </dev/null >"$TEST_DIR/seen" 2>/dev/null
ssh=$!
wait_for 10 lines 20
on gateway kill -KILL "$(on gateway pgrep -P "$(gw_pid zygote)" -x sallyport-sessi)" &
gw_kill supervisor notary broker firewall api admin recorder shipper
wait "$ssh" || true
wait_for 15 gw_gone
gw_start
unended() { # recordings with a start and no end
	records 'select(.event | IN("recording.start", "recording.end")) | select(.file | endswith(".raw") | not)' |
		jq -sr '[group_by([.sid, .file])[] | select(length != 2)] | length'
}
ended() { [ "$(unended)" = 0 ]; }
wait_for 20 ended
expect_ok local_admin audit verify
pass
