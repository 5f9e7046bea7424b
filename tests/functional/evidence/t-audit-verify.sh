#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: audit verify names the first bad record after one flipped byte

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client gateway web-01'
lab_up "$STAGE"
story
gw_stop # a checkpoint in the middle
gw_start
request alice web-01 >/dev/null
expect_ok gw_ssh alice -- web-01 'echo some evidence'
expect_ok local_admin audit verify
expect_out 'unbroken|intact|verified|records'
expect_ok local_admin audit tail --lines 5
expect_ok local_admin audit search --user alice --event grant.open -o json
expect_eq alice "$(jq -r .user <<<"$OUT")" 'search by user'

echo '- a copy is compared with the gateway that is at hand: how much older it is'
on gateway cp -r /var/lib/sallyport/notary/log /tmp/copy
expect_ok gw_ssh alice -- web-01 'echo more evidence'
wait_for 10 has_record '.event == "session.end" and .by == "alice"'
expect_ok local_admin audit verify --dir /tmp/copy
expect_out '[1-9][0-9]* records more than this copy'
expect_ok local_admin audit verify
expect_out 'compared with no checkpoint'

echo '- every number is one that jq has exactly, in records and in replies'
local_admin sessions ls --all -o json >"$TEST_DIR/replies"
local_admin grants --all -o json >>"$TEST_DIR/replies"
same_numbers() { # FILE
	expect_eq "$(jq -c '[.. | numbers]' "$1")" "$(python3 -I -S -c '
import json, sys
def numbers(v):
    if isinstance(v, bool): return []
    if isinstance(v, (int, float)): return [v]
    if isinstance(v, dict): v = v.values()
    return [n for x in v for n in numbers(x)] if not isinstance(v, (str, type(None))) else []
d = json.JSONDecoder(); s = open(sys.argv[1]).read().lstrip()
while s:
    v, at = d.raw_decode(s); s = s[at:].lstrip()
    print(json.dumps(numbers(v), separators=(",", ":")))' "$1")" "numbers of $1"
}
same_numbers "$TEST_DIR/replies"
gw_stop
cp "$(host_file gateway /var/lib/sallyport/notary/log)"/audit-*.ndjson "$TEST_DIR/numbers"
grep -q '"conn":' "$TEST_DIR/numbers" || fail 'no connection'
same_numbers "$TEST_DIR/numbers"

# offline: a copy of the files and the public key, on another host
cp -r "$(host_file gateway /var/lib/sallyport/notary/log)" "$TEST_DIR/log"
cp "$(host_file gateway /var/lib/sallyport/pub/log.vkey)" "$TEST_DIR/log.vkey"
cp -r "$TEST_DIR/log" "$(host_file client /tmp/log)"
cp "$TEST_DIR/log.vkey" "$(host_file client /tmp/log.vkey)"
verify() { on client jitctl audit verify --dir /tmp/log --vkey /tmp/log.vkey "$@"; }
expect_ok verify
file=$(cd "$TEST_DIR/log" && ls audit-*.ndjson)
expect_eq 1 "$(wc -w <<<"$file")" segments
total=$(wc -l <"$TEST_DIR/log/$file")

echo '- one flipped byte in a value, in any record'
for n in 0 7 $((total / 2)) $((total - 2)); do
	python3 -I -S - "$TEST_DIR/log/$file" "$(host_file client /tmp/log)/$file" "$n" <<'FLIP'
import sys
lines = open(sys.argv[1], "rb").read().split(b"\n")
n = int(sys.argv[3])
line = bytearray(lines[n])
at = line.index(b'"time":"') + 10
line[at] ^= 1
lines[n] = bytes(line)
open(sys.argv[2], "wb").write(b"\n".join(lines))
FLIP
	expect_fail 9 verify
	expect_out "[Rr]ecord $n([^0-9]|$)"
	expect_fail 9 verify -o json
	expect_eq "$n" "$(grep '^{' <<<"$OUT" | jq .bad_first 2>/dev/null || jq .bad_first <<<"$OUT")" 'bad_first'
done

echo '- one flipped bit anywhere: names, values, punctuation, ends of lines'
put_file client /tmp/flip.py <<'EVERYWHERE'
import bisect, json, subprocess, sys
good, bad, vkey = sys.argv[1:]
data = open(good, "rb").read()
starts = [0] + [i + 1 for i, c in enumerate(data) if c == 10]
ends = [i for i, c in enumerate(data) if c == 10]
places = list(range(3, len(data), len(data) // 60)) + ends[:: len(ends) // 6] + [ends[-1]]
for n, at in enumerate(places):
    flipped = bytearray(data)
    flipped[at] ^= 1 << n % 8
    open(bad, "wb").write(flipped)
    r = subprocess.run(["jitctl", "audit", "verify", "--dir", bad.rsplit("/", 1)[0],
                        "--vkey", vkey, "-o", "json"], capture_output=True, text=True)
    want = bisect.bisect_right(starts, at) - 1
    got = json.loads(r.stdout)["bad_first"] if r.returncode == 9 else r.stderr
    if got != want:
        sys.exit(f"byte {at}, in record {want}: exit {r.returncode}, first bad record {got}")
print(len(places), "found")
EVERYWHERE
cp "$TEST_DIR/log/$file" "$(host_file client /tmp/good)"
expect_ok on client python3 -I -S /tmp/flip.py /tmp/good "/tmp/log/$file" /tmp/log.vkey
expect_out '^[67][0-9] found$'

echo '- a record taken out, two swapped, one put in'
log=$(host_file client /tmp/log)/$file
sed '5d' "$TEST_DIR/log/$file" >"$log"
expect_fail 9 verify
sed '5{h;d};6{G}' "$TEST_DIR/log/$file" >"$log"
expect_fail 9 verify
sed '5p' "$TEST_DIR/log/$file" >"$log"
expect_fail 9 verify
cp "$TEST_DIR/log/$file" "$log"
expect_ok verify

echo '- cut back at a record: good by itself, which is said; not with a checkpoint kept elsewhere'
cp "$TEST_DIR/log/$file" "$(host_file client /tmp/sink)"
# one with a record between it and the next
checkpoint=$(awk '/"audit.checkpoint"/ { if (last && NR > last + 1) at = last; last = NR } END { print at }' \
	"$TEST_DIR/log/$file")
head -n "$checkpoint" "$TEST_DIR/log/$file" >"$log"
on client sh -c "truncate -s $((checkpoint * 32)) /tmp/log/leaves-*"
expect_ok verify
expect_out 'Up to record [0-9]+, of 20[0-9-]+ [0-9:.]+ UTC, nothing was changed'
expect_out 'compared with no checkpoint'
expect_fail 9 verify --expect /tmp/sink
expect_out 'cut off'
expect_fail 9 verify --expect /tmp/sink -o json
expect_eq '"short"' "$(jq .verdict <<<"$OUT")" verdict
expect_fail 1 verify --expect /tmp/log.vkey
cp "$TEST_DIR/log/$file" "$log"
cp "$TEST_DIR"/log/leaves-* "$(host_file client /tmp/log)"
expect_ok verify --expect /tmp/sink
expect_out 'newest checkpoint in /tmp/sink, of [0-9]+ records, agrees'

echo '- what is no file is said, not waited for'
for f in audit-00000000000000009999.ndjson leaves-00000000000000009999.bin; do
	on client mkfifo "/tmp/log/$f"
	expect_fail 1 on client timeout 10 jitctl audit verify --dir /tmp/log --vkey /tmp/log.vkey
	on client rm "/tmp/log/$f"
done
expect_ok verify

echo '- the last checkpoint does not count itself: only the next one signs for its line'
on client sh -c 'rm /tmp/log/leaves-*'
sed -i '$s/"sev":1/"sev":2/' "$log"
expect_ok verify
expect_out "^$((total - 1)) records verified .* record $((total - 1))\."
cp "$TEST_DIR/log/$file" "$log"

echo '- another key'
sed -i '/A$/ { s/.$/B/; b }; s/.$/A/' "$(host_file client /tmp/log.vkey)"
expect_fail any verify
pass
