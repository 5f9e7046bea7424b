#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: a policy larger than a request goes in parts, is signed for as a whole, and is applied whole or not at all

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client gateway web-01'
lab_up "$STAGE"
story # alice, role ops
expect_ok local_admin user set alice --admin
key=$(target_hostkey web-01)

policy() { # TARGETS USERS ROLES: of that many each, more or less
	printf 'targets:\n'
	seq -f '  - {target: t%05g, addresses: [10.90.0.1], port: PORT, logins: [deploy], labels: {env: bulk}, host_keys: ["KEY"]}' 1 "$1" |
		awk -v key="$key" '{ sub(/PORT/, 1024 + NR); sub(/KEY/, key); print }'
	printf 'users:\n'
	seq -f '  - {user: u%05g, groups: [bulk]}' 1 "$2"
	printf 'roles:\n'
	seq -f '  - {role: r%04g, groups: [bulk], labels: {env: bulk}, logins: [deploy], max: 1h}' 1 "$3"
}
counts() {
	local c

	for c in targets users roles; do
		local_admin "$c" -o json | jq '.items | length'
	done | paste -sd ' '
}
policy 2000 800 200 | put_file client /home/alice/large.yaml

echo '- tried: it goes in parts, and changes nothing'
before=$(counts)
expect_ok as alice apply -f /home/alice/large.yaml --dry-run
expect_out 'KiB go in [0-9]+ parts'
expect_out '^Would be: 3000 added, 0 changed, 0 unchanged'
expect_eq "$before" "$(counts)" 'what there is'
has_record '.event == "policy.upload" and .by == "alice" and (.sha256 | length) == 64' ||
	fail 'the upload is not on record'

echo '- applied: all of it, with an invitation for each; a door is shut meanwhile'
grant=$(request alice web-01 2>/dev/null)
on_as_bg alice client jitctl apply -f /home/alice/large.yaml --yes >"$TEST_DIR/out" 2>"$TEST_DIR/err"
apply=$!
parts() { has_record '.event == "policy.part" and .by == "alice"'; }
wait_for 60 parts
local_admin revoke "$grant" >/dev/null 2>&1 || fail 'revoke'
kill -0 "$apply" 2>/dev/null || fail 'the revoke has waited for the policy'
# what is left is the tail in which a session is told why
[[ $(on gateway nft list set inet sallyport entry4) == *"timeout 5s "* ]] || fail 'the door is open'
wait "$apply" || fail "apply:$(check_show "$(cat "$TEST_DIR/err")")"
expect_eq 800 "$(grep -c '^invitation u' "$TEST_DIR/out")" invitations
expect_eq '2001 802 201' "$(counts)" 'what there is'
has_record '.event == "policy.apply" and .by == "alice" and .count == 3000' || fail 'not on record'

echo '- every byte of it is on record, as it was signed for'
digest=$(records 'select(.event == "policy.apply" and .count == 3000)' | jq -r .sha256)
expect_eq "$digest" "$(records "select(.event == \"policy.part\" and .sha256 == \"$digest\")" | jq -js 'map(.payload) | add' | sha256sum | cut -d ' ' -f 1)" 'the parts'

echo '- again: nothing changes'
expect_ok as alice apply -f /home/alice/large.yaml
expect_out '^0 added, 0 changed, 3000 unchanged'
pass
