#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: who floods a recorded terminal ends that, on a small disk too; log, other users and admins go on

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client client2 gateway web-01'
lab_up "$STAGE"
on gateway mount -t tmpfs -o size=64m,mode=0755 small "$GW_STATE"
story
add_role bobs --user bob --label env=lab --login deploy --max 1h
add_user bob
request alice web-01 >/dev/null
recorded_k() { on gateway du -sk "$GW_STATE/recorder/recordings" | cut -f 1; }
free_k() { on gateway df -k --output=avail "$GW_STATE" | tail -n 1; }

echo '- a flood ends by its share of the disk, a fourth of it'
expect_fail any gw_ssh alice -tt -- web-01 'timeout 60 yes' </dev/null
expect_out "user's share of the disk for a day of recordings .* a new day of it begins 20.*Z"
[ "$(recorded_k)" -le $((17 * 1024)) ] || fail "$(recorded_k) KiB are recorded"
[ "$(free_k)" -gt $((32 * 1024)) ] || fail "only $(free_k) KiB are left"
has_record '.event == "recording.failed" and (.msg | test("share of the disk"))' ||
	fail 'that is not on record'
n_bytes() { records "select(.event == \"$1\" and .channel == 1) | .bytes_out" | tail -n 1; }
wait_for 10 has_record '.event == "recording.end" and .reason == "full"'
wait_for 10 has_record '.event == "session.channel_end"'
echo "- $(n_bytes session.channel_end) bytes reached alice, $(n_bytes recording.end) are recorded"
[ "$(n_bytes recording.end)" -ge "$(n_bytes session.channel_end)" ] ||
	fail 'what alice saw is not in the recording'

echo '- then nothing of hers begins that is recorded'
starts=$(record_count '.event == "session.shell" or .event == "session.exec"')
expect_fail any gw_ssh alice -tt -- web-01 'touch /tmp/unseen; timeout 60 yes' </dev/null
expect_out "user's share of the disk for a day of recordings"
expect_fail any on web-01 test -e /tmp/unseen
expect_eq "$starts" "$(record_count '.event == "session.shell" or .event == "session.exec"')" 'programs begun'
[ "$(recorded_k)" -le $((17 * 1024)) ] || fail "$(recorded_k) KiB are recorded"

echo '- what is not recorded goes on, so does everybody else'
expect_ok gw_ssh alice -- web-01 'echo unrecorded'
request bob web-01 >/dev/null
expect_ok gw_ssh bob -tt -- web-01 'echo recorded'
expect_out recorded
has_record '.event == "recording.end" and .reason == null' || fail "bob's recording"

echo '- recordings leave room for the log: users, admins and revoking go on'
on gateway head -c "$((($(free_k) - 5000) * 1024))" /dev/zero |
	on gateway tee "$GW_STATE/filler" >/dev/null
expect_fail any gw_ssh bob -tt -- web-01 true
expect_out 'no room left for its recording'
expect_ok gw_ssh bob -- web-01 'echo unrecorded'
before=$(record_count true)
request bob web-01 --for 6m >/dev/null
for grant in $(local_admin grants -o name); do
	expect_ok local_admin revoke "$grant"
done
wait_for 10 no_elements entry4 path4 leg4
expect_eq 0 "$(record_count '.event == "audit.degraded"')" 'times the log was full'
[ "$(record_count true)" -gt "$before" ] || fail 'the log has stopped'

echo '- with room again all is as before'
on gateway rm "$GW_STATE/filler"
request bob web-01 >/dev/null
expect_ok gw_ssh bob -tt -- web-01 true
expect_ok local_admin audit verify
pass
