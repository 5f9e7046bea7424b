#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: a terminal session is recorded as asciicast v2, its digests in the log meanwhile

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client gateway web-01'
lab_up "$STAGE"
story
request alice web-01 >/dev/null

put_file client /home/alice/rec.exp 0644 alice <<'EXPECT'
set timeout 15
set stty_init "rows 30 cols 90"
spawn ssh -tt -p 2222 -o StrictHostKeyChecking=yes deploy@web-01@gateway
expect -re {\$ $} {} timeout { exit 90 }
send "echo re''corded-\u00e9; sleep 1; echo la''ter\r"
expect "later" {} timeout { exit 91 }
send "exit\r"
expect eof
lassign [wait] pid spawn os status
exit $status
EXPECT
expect_ok on_as alice client expect /home/alice/rec.exp
sid=$(records 'select(.event == "session.start") | .sid' | tr -d '"' | tail -n 1)
wait_for 10 has_record ".event == \"recording.end\" and .sid == \"$sid\""

echo '- the list says of which session there is a recording: not of a command without a terminal'
expect_ok gw_ssh alice -- web-01 true
recorded() { # SID
	local_admin sessions ls --all -o json | jq --arg s "$1" '.items[] | select(.sid == $s) | .recorded'
}
plain=$(records 'select(.event == "session.start") | .sid' | tr -d '"' | tail -n 1)
[ "$plain" != "$sid" ] || fail 'no second session'
wait_for 10 has_record ".event == \"session.end\" and .sid == \"$plain\" and .by == \"alice\""
expect_eq true "$(recorded "$sid")" 'of the terminal'
expect_eq false "$(recorded "$plain")" 'of the command'
expect_fail 5 local_admin sessions play "$plain"
expect_out 'no recording of session.*a command or a copy without a terminal is not'
expect_eq 0 "$(record_count '.event == "recording.view"')" 'records of looks at nothing'

echo '- any player takes it'
cast=$(on gateway sh -c "ls /var/lib/sallyport/recorder/recordings/$sid.*.cast")
expect_eq 1 "$(wc -l <<<"$cast")" recordings
cp "$(host_file gateway "$cast")" "$TEST_DIR/rec.cast"
expect_eq '[2,90,30]' "$(head -n 1 "$TEST_DIR/rec.cast" | jq -c '[.version, .width, .height]')" header
tail -n +2 "$TEST_DIR/rec.cast" | jq -se 'all(.[]; length == 3 and (.[1] | IN("o", "r")))' >/dev/null ||
	fail 'events other than output'
script -qec "asciinema cat $TEST_DIR/rec.cast" /dev/null </dev/null >"$TEST_DIR/played" # it insists on a terminal
grep -q 'recorded-é' "$TEST_DIR/played" || fail 'asciinema does not show what was on the screen'
tail -n +2 "$TEST_DIR/rec.cast" | jq -se '.[-1][0] >= 1' >/dev/null || fail 'no time passed in it'

echo '- our own player, for an auditor; not for others'
expect_ok local_admin sessions play "$sid" --speed 0
expect_out 'recorded-é'
expect_out '^Compared with the log: it has the digest of record [0-9]+ '
expect_ok local_admin sessions play "$sid" --speed 1000
expect_fail any as alice sessions play "$sid" --speed 1000
local_admin sessions play "$sid" -o json >"$TEST_DIR/export.cast"
cmp "$TEST_DIR/export.cast" "$TEST_DIR/rec.cast" || fail 'what is exported is not the file'
has_record ".event == \"recording.view\" and .sid == \"$sid\"" || fail 'nobody wrote who looked'

echo '- a channel that there is none of is no recording that is gone'
expect_fail 5 local_admin sessions play "$sid" --channel 7
expect_out 'no recording of channel 7'
expect_out "Recorded were its channel 1: jitctl .*sessions play $sid --channel 1"
expect_no_out 'gone'

echo '- one that was changed is not shown, but by force'
on gateway sed -i 's/recorded-/retouched-/' "$cast"
expect_fail 9 local_admin sessions play "$sid"
expect_out 'this is NOT what was recorded'
expect_no_out 'retouched'
expect_ok local_admin sessions play "$sid" --force
expect_out 'retouched'

echo '- the digests in the log are those of the file'
records "select(.event == \"recording.chunk\" and .sid == \"$sid\") |
	[.offset, .size, .sha256] | @tsv" | jq -r . >"$TEST_DIR/chunks"
[ -s "$TEST_DIR/chunks" ] || fail 'no chunk in the log'
at=0
while read -r offset size sum; do
	expect_eq "$at" "$offset" 'offset of a chunk'
	expect_eq "$sum" "$(tail -c +$((offset + 1)) "$TEST_DIR/rec.cast" | head -c "$size" |
		sha256sum | cut -d ' ' -f 1)" "digest at $offset"
	at=$((offset + size))
done <"$TEST_DIR/chunks"
expect_eq "$(stat -c %s "$TEST_DIR/rec.cast")" "$at" 'bytes with a digest'

echo '- and there is one while the session still runs'
n=$(record_count '.event == "recording.chunk"')
on_as_bg alice client timeout 20 ssh -tt -p 2222 -o StrictHostKeyChecking=yes deploy@web-01@gateway \
	'while echo tick; do sleep 0.2; done' </dev/null >/dev/null 2>&1
ssh=$!
more() { [ "$(record_count '.event == "recording.chunk"')" -gt "$n" ]; }
wait_for 15 more
kill -0 "$ssh" || fail 'the session was over before'
kill "$ssh"
expect_ok gw_ssh alice -- web-01 'echo not on a terminal'
pass
