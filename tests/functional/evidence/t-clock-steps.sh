#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: a clock that was far ahead, or dead, lengthens nothing, is told, and has a cure
#
# The lab cannot set its host's clock: a build with --enable-faults adds what
# stands in a file to it (lib/base/clock.c).

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"
# shellcheck source=tests/functional/tools/stream.sh
. "$(dirname -- "$0")/../tools/stream.sh"

STAGE=${STAGE_FAULTS:-$STAGE}
SALLYPORT_FAULTS=${SALLYPORT_FAULTS:+$SALLYPORT_FAULTS,}clock_moved
DAY_S=86400
need_stage
LAB_HOSTS='client gateway web-01'
lab_up "$STAGE"
on gateway gatewayd --version | grep -c fault-test >/dev/null ||
	fail 'needs a build with --enable-faults: STAGE_FAULTS'
# in place: it is mapped
clock_is() { # SECONDS off
	python3 -I -S -c '
import struct, sys
f = open(sys.argv[1], "r+b" if sys.argv[3:] else "wb")
f.write(struct.pack("<q", int(sys.argv[2]) * 1000))' \
		"$(host_file gateway /run/sallyport-clock)" "$@"
	on gateway chmod 0644 /run/sallyport-clock
}
clock_set() { clock_is "$1" again; }
left() { local_admin grants -o json | jq -r '.items[0].left_s // 0'; }
# seconds that the newest record is ahead of us
ahead() {
	records '.time' | tail -n 1 | jq -r \
		'sub("[.][0-9]+Z$"; "Z") | fromdateiso8601 - now | floor'
}
some_record() { add_role "r$((n += 1))" --user alice --label env=none --login deploy --max 1h; }
n=0
clock_is 0
story
is_behind() { [[ $(local_admin doctor 2>&1 || true) =~ 'behind the log' ]]; }

echo '- 400 days ahead and back: on record, and time goes on'
request alice web-01 --for 40s >/dev/null
from=$(now_ms)
clock_set $((400 * DAY_S))
some_record
has_record '.event == "clock.step" and .moved_ms > 34000000000' || fail 'the step is not on record'
clock_set 0
some_record
has_record '.event == "clock.step" and .moved_ms < -34000000000 and .behind_ms > 34000000000' ||
	fail 'the step back is not on record'
one=$(ahead)
[ "$one" -gt $((399 * DAY_S)) ] || fail "the log's time went back by itself: $one"
sleep_until_ms $((from + 4000))
some_record
two=$(ahead)
[ $((one - two)) -lt 3 ] && [ $((two - one)) -lt 3 ] || fail "the log's time stands: $one, $two"
expect_eq '' "$(records .time | uniq -c | awk '$1 > 30')" 'times of many records'

echo '- a restart gives a grant nothing'
gw_stop
gw_start
now=$(left)
passed=$((($(now_ms) - from) / 1000))
[ "$now" -le $((41 - passed)) ] || fail "after $passed of 40 s there are $now s left"
[ -z "$(gw_elements entry4 | jq -r 'select((.elem.expires // 0) > 40) | 1')" ] ||
	fail 'the kernel opened for longer'

echo '- it is told, and has a cure'
is_behind || fail 'doctor does not tell'
put_file gateway /etc/lab/accept.exp <<'EXPECT'
set timeout 20
spawn -noecho jitctl --socket /run/sallyport/admin.sock clock accept
expect {
	"y/N" { send "[lindex $argv 0]\r"; exp_continue }
	timeout { exit 90 }
	eof {}
}
exit [lindex [wait] 3]
EXPECT
expect_ok local_admin user add dave
expect_fail 1 on gateway expect /etc/lab/accept.exp n
expect_out 'This voids: 1 invitation'
expect_out 'nothing was changed'
is_behind || fail 'it was accepted without a yes'
expect_ok on gateway expect /etc/lab/accept.exp y
expect_out 'Void: 1 invitation'
has_record '.event == "clock.set"' || fail 'that is not on record'
some_record
[ "$(ahead)" -lt 60 ] || fail "records are ahead of us: $(ahead) s"
! is_behind || fail 'doctor still tells'

echo '- a code used while the clock was an hour ahead locks nobody out'
clock_set 3600
read -r secret _ <"$(gw_dir)/totp.alice"
code=$(totp_code "$secret" 3600)
put_file client /home/alice/ahead 0600 alice <<<"$code"
expect_ok jit alice request web-01 --for 5m --reason ahead --code-file /home/alice/ahead
has_record '.event == "auth.mfa" and .outcome != "failure" and .step > (now / 30 + 60)' ||
	fail 'that code was not used'
clock_set 0
out=$(local_admin user set alice --reset-code 2>/dev/null)
enroll alice "$(grep -o 'sp2:[^[:space:]]*' <<<"$out")"
expect_ok local_admin clock accept

echo '- a boot with a dead clock: what was open has ended, and when it is right all goes on'
gw_stop
on gateway nft delete table inet sallyport 2>/dev/null || true
put_file gateway /etc/lab/boot_id 0644 <<<99999999-9999-4999-8999-999999999999
on gateway mount --bind /etc/lab/boot_id /proc/sys/kernel/random/boot_id
clock_set $((-$(date +%s)))
gw_start
has_record '.code == "JG5010W" and .behind_ms > 1000000000000' || fail 'that boot is not on record'
expect_eq '' "$(local_admin grants -o name)" 'grants of before'
no_elements entry4 || fail 'a door is open'
clock_set 0
grant=$(request alice web-01 --for 60s)
end=$(grant_end_ms "$grant")
[ "$end" -lt $(($(now_ms) + 70000)) ] || fail "a new grant ends at $end"
expect_ok gw_ssh alice -- web-01 true
[ "$(ahead)" -lt 60 ] || fail "records are ahead of us: $(ahead) s"
expect_ok local_admin audit verify
pass
