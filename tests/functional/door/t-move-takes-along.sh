#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: what is open goes along to another address by a code; the old door closes first, and whoever is killed then leaves one or none

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"
# shellcheck source=tests/functional/tools/stream.sh
. "$(dirname -- "$0")/../tools/stream.sh"

need_stage
LAB_HOSTS='client gateway web-01'
lab_up "$STAGE"
story
grant=$(request alice web-01 --for 20m)
end=$(grant_end_ms "$grant")
stream_start alice web-01

come_from() { on client ip route change 198.51.100.0/24 dev out0 src "$1"; }
# Who the door is open for, over IPv4.
open_for() { gw_elements entry4 | jq -rs '[.[] | .. | strings | select(startswith("198.51.100."))] | unique | join(" ")'; }
is_open_for() { [ "$(open_for)" = "$1" ]; }
is_open_for '198.51.100.7' || fail "open for $(open_for)"

echo '- it is open for here: said, and nothing is done'
out=$(as alice move web-01 2>&1) || fail "move:$(check_show "$out")"
grep -q "^Open already.* it is $grant, and no other was made" <<<"$out" ||
	fail "what it says:$(check_show "$out")"

echo '- from another address: the old door closes, with what ran on it'
come_from 198.51.100.8
out=$(as alice move 2>&1) || fail "move:$(check_show "$out")"
new=$(sed -n "s/^Moved: $grant is \(g-[0-9A-Z]*\) now[.]$/\1/p" <<<"$out")
[ -n "$new" ] || fail "what it says:$(check_show "$out")"
wait_for 10 is_open_for 198.51.100.8
stream_ended_moved() { grep -q '^sallyport: session ended: moved at .* jitctl move web-01' "$TEST_DIR/stream.err"; }
wait_for 10 stream_ended_moved
expect_eq hello "$(gw_ssh alice -- web-01 echo hello)" 'ssh from there'
expect_eq "$end" "$(grant_end_ms "$new")" 'its end'
has_record ".event == \"grant.move\" and .grant == \"$grant\" and .grant_new == \"$new\" and .outcome == \"success\" and (.signature | length) > 100" ||
	fail 'it is not on record'
has_record ".event == \"grant.close\" and .grant == \"$grant\" and .reason == \"moved\"" ||
	fail 'no such grant.close'
first_seq() { records | jq -s "map(select($1)) | .[0].seq"; }
[ "$(first_seq ".event == \"grant.close\" and .grant == \"$grant\"")" -lt \
	"$(first_seq ".event == \"grant.open\" and .grant == \"$new\"")" ] ||
	fail 'the new one was there before the old one had ended'

echo '- the broker dies in between: none, and one where it is asked for again'
come_from 198.51.100.7
f=$(code_file alice)
gw_hold firewall
rc=0
jit alice move web-01 --code-file "$f" >"$TEST_DIR/out" 2>&1 &
pid=$!
closed() { has_record ".event == \"grant.close\" and .grant == \"$new\" and .reason == \"moved\""; }
wait_for 10 closed
gw_kill broker
gw_release firewall
wait "$pid" || rc=$?
[ "$rc" -ne 0 ] || fail 'it says that it is moved'
wait_for 20 gw_lives broker
wait_for 20 is_open_for ''
expect_eq 0 "$(as alice grants -o json | jq '.items | length')" 'open grants'
request alice web-01 >/dev/null
is_open_for '198.51.100.7' || fail "open for $(open_for)"
pass
