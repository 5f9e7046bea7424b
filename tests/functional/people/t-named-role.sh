#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: where naming a role gives more than all give together, it is told before it happens

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client client2 gateway web-01'
lab_up "$STAGE"
story # role ops: alice, an hour, nobody asked
expect_ok local_admin user add eve --group sre

echo '- who sets a role is told which other gives the same on easier terms'
expect_ok local_admin role add prod --user alice --label env=lab --login deploy --max 30m \
	--approvals '1 of sre' --dry-run
expect_out 'whoever names role ops [(]--role[)] has more of web-01 than with role prod as well: no approval, up to 1h [(]alice is in both[)]'
expect_ok local_admin role add prod --user alice --label env=lab --login deploy --max 30m \
	--approvals '1 of sre'
expect_out 'whoever names role ops .* no approval, up to 1h'
put_file gateway /etc/lab/files.yaml <<'EOF'
roles:
  - {role: files, users: [alice], labels: {env: lab}, logins: [deploy], max: 10m, approvals: [1 of sre], sources: [198.51.100.0/24]}
  - {role: root, users: [alice], labels: {env: lab}, logins: [root]}
EOF
expect_ok local_admin apply -f /etc/lab/files.yaml --dry-run
expect_out 'files: .*whoever names role ops .* has more of web-01 than with role files as well: no approval'
expect_no_out '^jitctl: root: .*names role' # another login

echo '- whoever asks what somebody may have reads it, as text and as JSON'
expect_ok local_admin access --target web-01
expect_out '^alice +web-01 +deploy +ops,prod +30m +yes'
expect_out '^alice +web-01 +deploy +--role ops +1h  '
expect_ok local_admin access --user alice -o json
expect_eq 'ops deploy 3600 false no approval, up to 1h' "$(jq -r '.items[0].named[] |
	[.role, .logins[0], .max, .approval, .more] | join(" ")' <<<"$OUT")" 'named'
expect_ok as alice explain web-01
expect_out 'approved by +1 of sre'
expect_out '--role ops +as deploy: no approval, up to 1h'
expect_ok as alice explain web-01 --role prod
expect_no_out '--role ops'

echo '- which is what a request gets'
rc=0
request alice web-01 >/dev/null 2>&1 || rc=$?
expect_eq 6 "$rc" 'a request under both'
rc=0
request alice web-01 --role prod >/dev/null 2>&1 || rc=$?
expect_eq 6 "$rc" 'a request under prod'
expect_ok request alice web-01 --role ops

echo '- without the stricter of two there is more: told of the one that goes, and of the one that is widened'
expect_ok local_admin role rm prod --dry-run
expect_out 'role prod: without it alice has more of web-01: no approval, up to 1h'
expect_ok local_admin role rm ops --dry-run
expect_no_out 'has more'
set_prod() {
	local_admin role set prod --user alice --label env=lab --login deploy --approvals '1 of sre' "$@"
}
expect_ok set_prod --max 30m --command id --yes
expect_no_out 'gives more than before'
expect_ok local_admin roles
expect_out '^prod .* 1 command only '
expect_fail 1 set_prod --max 45m --no-input
expect_out 'role prod: it gives more than before: up to 45m, any command, shell,'
expect_out 'nothing was changed: if that is meant, say --yes'
expect_ok set_prod --max 30m --yes

echo '- a lock and a role that denies hold whatever is named'
lock=$(local_admin lock target web-01 --reason freeze --yes -o name 2>/dev/null)
expect_fail 3 as alice request web-01 --for 6m --reason 'INC-4711 lab' --role ops
local_admin unlock "$lock" --yes >/dev/null 2>&1
expect_ok local_admin role add freeze --deny --user alice --label env=lab --yes
expect_fail 3 as alice request web-01 --for 6m --reason 'INC-4711 lab' --role ops
expect_out 'freeze'
expect_ok local_admin role rm freeze --yes
expect_out 'role freeze: without it alice has more of web-01: what is refused with it'

echo '- a group of those who approve is named by a role'
expect_ok local_admin user add bob --group sre
expect_no_out 'no role names'
expect_ok local_admin user set bob --group sre --group sree
expect_out 'no role names the group sree'

echo '- as README has it: the one role that gives it wants approval'
expect_ok local_admin role rm prod --yes
expect_ok local_admin role set ops --user alice --label env=lab --login deploy --max 1h \
	--approvals '1 of sre' --yes
expect_no_out 'whoever names'
expect_ok local_admin access --user alice -o json
expect_eq null "$(jq -c '.items[0].named' <<<"$OUT")" 'named'
rc=0
request alice web-01 --role ops >/dev/null 2>&1 || rc=$?
expect_eq 6 "$rc" 'a request under the only one'
pass
