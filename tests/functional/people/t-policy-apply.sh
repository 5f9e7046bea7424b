#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: policy.yaml sets up what single commands do; all of it or nothing

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client gateway web-01'
lab_up "$STAGE"
target_sshd_start web-01
gw_init
gw_start
add_target web-01
add_role ops --user alice --group oncall --label env=lab --login deploy --max 90m --mfa-age 1m --source 198.51.100.0/24
on client cat /home/alice/.ssh/id_ed25519.pub | put_file gateway /etc/lab/alice.pub
expect_ok local_admin user add alice --key /etc/lab/alice.pub --group oncall

everything() {
	local c

	for c in targets users roles; do
		local_admin "$c" -o json | jq -S '.items | sort_by(.target // .user // .role)'
	done
}
single=$(everything)
expect_ok local_admin export
exported=$OUT
put_file gateway /etc/lab/exported.yaml <<<"$exported"

echo '- the same as a file: nothing changes'
{
	printf 'targets:\n  - target: web-01\n    addresses: [10.20.0.11, "fd00:20::11"]\n'
	printf '    logins: [deploy]\n    labels: {env: lab}\n    host_keys: ["%s"]\n' "$(target_hostkey web-01)"
	printf 'users:\n  - user: alice\n    groups: [oncall]\n    keys: ["%s"]\n' "$(user_pubkey alice)"
	printf 'roles:\n  - role: ops\n    users: [alice]\n    groups: [oncall]\n    labels: {env: lab}\n'
	printf '    logins: [deploy]\n    max: 1h30m\n    mfa_age: 1m\n    sources: [198.51.100.0/24]\n'
} >"$TEST_DIR/policy.yaml"
put_file gateway /etc/lab/policy.yaml <"$TEST_DIR/policy.yaml"
expect_ok local_admin apply -f /etc/lab/policy.yaml --dry-run
file=$OUT
expect_ok local_admin apply -f - --dry-run <"$(host_file gateway /etc/lab/policy.yaml)"
expect_eq "$file" "$OUT" 'the same from standard input'
expect_out '^Would be: 0 added, 0 changed, 3 unchanged[.] This was a dry run: nothing was changed;'
expect_ok local_admin apply -f /etc/lab/policy.yaml
expect_eq "$single" "$(everything)" 'what there is after apply'

echo '- on an empty gateway: the same things come to be, with ids of their own'
gw_stop
on gateway sh -c 'rm -rf /var/lib/sallyport /etc/sallyport'
on gateway nft delete table inet sallyport 2>/dev/null || true
gw_init
gw_start
expect_ok local_admin apply -f /etc/lab/policy.yaml -o json
expect_eq true "$(jq .applied <<<"$OUT")" applied
expect_eq "$(jq -cS 'map(del(.protected, .target_id))' <<<"$(jq -s '.[0]' <<<"$single")")" \
	"$(local_admin targets -o json | jq -cS '.items | map(del(.protected, .target_id))')" targets
expect_eq "$(jq -cs '.[2] | map(del(.role_id))' <<<"$single")" \
	"$(local_admin roles -o json | jq -cS '.items | map(del(.role_id))')" roles
expect_eq silent "$(tcp_probe client 10.20.0.11 22)" 'the target'

echo '- what was exported goes in unchanged, and changes nothing where it is so'
expect_ok local_admin apply -f /etc/lab/exported.yaml
expect_out '^0 added, 0 changed, [0-9]+ unchanged[.]$'
expect_ok local_admin export
expect_eq "$exported" "$OUT" 'the export of another gateway with the same policy'
expect_ok local_admin get role ops -o yaml
expect_eq "$(sed -n '/^roles/,$p' <<<"$exported")" "$OUT" 'one of it'
expect_fail 5 local_admin get role osp -o yaml
expect_out 'Did you mean ops'
grep -qE 'totp|invit|SHA256:|_id:' <<<"$exported" && fail "more than policy is exported:$(check_show "$exported")"

echo '- whose access changes how, before anything does'
sed 's/max: "1h30m"/max: "45m"/; s/auditor: false/auditor: true/' <<<"$exported" | put_file gateway /etc/lab/shorter.yaml
expect_ok local_admin diff -f /etc/lab/exported.yaml
expect_out '^Nobody.s access changes[.]$'
expect_ok local_admin diff -f /etc/lab/shorter.yaml
expect_out '^~ alice: web-01 as deploy, by ops$'
expect_out '^  max +1h30m -> 45m$'
expect_out '^~ user alice$'
expect_out '^  auditor +no -> yes$'
printf '%s\n' "${exported//10.20.0.11/10.20.0.99}" | put_file gateway /etc/lab/elsewhere.yaml
expect_ok local_admin diff -f /etc/lab/elsewhere.yaml
expect_no_out 'access changes'
expect_out '^~ target web-01$'
expect_out '^  addresses +10[.]20[.]0[.]11.* -> 10[.]20[.]0[.]99'
put_file gateway /etc/lab/nogroup.yaml <<'EOF'
roles:
  - {role: ops, users: [alice], labels: {env: lab}, logins: [deploy], max: 1h, approvals: [1 of nosuch]}
EOF
expect_fail 7 local_admin diff -f /etc/lab/nogroup.yaml
expect_out 'role ops: nobody is in a group of "1 of nosuch"'
expect_fail 7 local_admin apply -f /etc/lab/nogroup.yaml
put_file gateway /etc/lab/none.yaml <<<'roles: []'
expect_ok local_admin diff -f /etc/lab/none.yaml
expect_out '^Nobody.s access changes[.]$'
expect_ok local_admin diff -f /etc/lab/none.yaml --prune -o json
expect_eq '["lost","alice","web-01","deploy","ops"]' \
	"$(jq -c '.items[0] | [.access, .users[0], .targets[0], .logins[0], .before_by[0]]' <<<"$OUT")" 'who loses what'
expect_ok local_admin export
expect_eq "$exported" "$OUT" 'what there is after all this'

echo '- one bad entry and nothing of it happens'
now=$(everything)
sed 's/max: 1h30m/max: 2h/; s/logins: \[deploy\]/logins: ["de ploy"]/' "$TEST_DIR/policy.yaml" |
	put_file gateway /etc/lab/bad.yaml
expect_fail 2 local_admin apply -f /etc/lab/bad.yaml
expect_out 'bad.yaml:[0-9]+:[0-9]+: .*de ploy'
expect_out '\^'
expect_eq "$now" "$(everything)" 'what there is'
# well-formed, but wrong in itself: one key for two users
awk -v key="$(user_pubkey alice)" '/^  - user: alice/ { print "  - user: eve\n    keys: [\"" key "\"]" } { print }' \
	"$TEST_DIR/policy.yaml" | sed 's/max: 1h30m/max: 2h/' | put_file gateway /etc/lab/two.yaml
expect_fail any local_admin apply -f /etc/lab/two.yaml
expect_out 'users, entry 1: '
at=$(grep -n 'user: eve' "$(host_file gateway /etc/lab/two.yaml)" | cut -d : -f 1)
expect_out "^/etc/lab/two.yaml:$at:5: entry 1 of users"
expect_eq "$now" "$(everything)" 'what there is'

echo '- a folder of files; what changed is on record'
on gateway mkdir /etc/lab/policy.d
sed -n '/^targets/,/^users/p' "$TEST_DIR/policy.yaml" | sed '$d' | put_file gateway /etc/lab/policy.d/10-targets.yaml
sed -n '/^roles/,$p' "$TEST_DIR/policy.yaml" | sed 's/max: 1h30m/max: 2h/' | put_file gateway /etc/lab/policy.d/20-roles.yml
expect_ok local_admin apply -f /etc/lab/policy.d
expect_out '^~ role +ops$'
expect_out '^  max +1h30m -> 2h$'
expect_out '^0 added, 1 changed, 1 unchanged[.]$'
has_record '.event == "policy.apply"' || fail 'no policy.apply record'
echo '- what a policy has to answer is tried, here and before it is applied'
{
	cat "$(host_file gateway /etc/lab/policy.yaml)"
	printf 'tests:\n  - {user: alice, target: web-01, expect: allow, by: ops}\n'
	printf '  - {user: alice, target: web-01, login: root, expect: deny}\n'
	printf '  - {user: alice, target: web-01, from: 192.0.2.1, expect: deny}\n'
	printf '  - {user: nobody, target: web-01, expect: deny}\n'
} | put_file gateway /etc/lab/tested.yaml
expect_ok local_admin policy test /etc/lab/tested.yaml
expect_out '^4 tests, 0 failed[.]$'
put_file gateway /etc/lab/tests.yaml <<<'tests: [{user: alice, target: web-01, for: 45m, expect: deny, by: ops}]'
expect_fail 1 local_admin policy test /etc/lab/tests.yaml -f /etc/lab/policy.yaml
expect_out 'tests.yaml:1:[0-9]+ .*deny by ops +allow by ops'
now=$(local_admin export)
expect_fail 1 local_admin apply -f /etc/lab/policy.yaml --tests /etc/lab/tests.yaml
expect_out 'nothing was changed at the gateway$'
expect_eq "$now" "$(local_admin export)" 'policy after an apply whose tests fail'

echo '- what the files do not name goes, if that is meant and said'
put_file gateway /etc/lab/no-roles.yaml <<<'roles: []'
expect_fail 1 local_admin apply -f /etc/lab/no-roles.yaml --prune
expect_out '^- alice: web-01 as deploy, by ops'
expect_out '^- role +ops$'
expect_out 'users 0, targets 0, roles 1[.]$'
expect_out 'say --yes'
expect_ok local_admin apply -f /etc/lab/no-roles.yaml
expect_out '^0 added, 0 changed, 0 unchanged[.]$'
now=$(local_admin get roles -o yaml)
expect_ok local_admin apply -f /etc/lab/no-roles.yaml --prune --yes
expect_out '1 removed[.]$'
expect_eq 'roles: []' "$(local_admin get roles -o yaml)" 'roles'
put_file gateway /etc/lab/roles.yaml <<<"$now"
expect_ok local_admin apply -f /etc/lab/roles.yaml
expect_eq "$now" "$(local_admin get roles -o yaml)" 'roles that were removed, from their export'

shorter=$(sed 's/max: 2h/max: 45m/' "$(host_file gateway /etc/lab/policy.d/20-roles.yml)")
put_file gateway /etc/lab/policy.d/20-roles.yml <<<"$shorter"
plan=$(local_admin apply -f /etc/lab/policy.d --dry-run 2>/dev/null)
grep -q '^  max  *2h -> 45m$' <<<"$plan" || fail "a plan that is kept lacks what changes:$(check_show "$plan")"
pass
