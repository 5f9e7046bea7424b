#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: a review tells who holds which role and whether they used it; others than themselves answer, and its end takes away what they said, in one step

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client client2 gateway web-01'
lab_up "$STAGE"
target_sshd_start web-01
gw_init
gw_start
add_target web-01
add_user alice --group sre
add_user bob --group leads
enroll admin "$(cat "$(gw_dir)/invitation")"
add_role ops --user alice --user bob --user ghost --label env=lab --login deploy --max 1h
add_role night --group sre --label env=lab --login root --max 1h
add_role spare --group nobody --label env=lab --login root --max 1h
grant=$(request alice web-01 --login deploy)

show() { as "$1" review show q4 -o json; }
row() { # USER ROLE FILTER
	jq -r --arg u "$1" --arg r "$2" ".items[] | select(.kind == \"member\" and .user == \$u and .role == \$r) | $3" <<<"$lines"
}

echo '- it is what was found when it began'
expect_fail 3 as bob review start q4 --reviewers leads
expect_ok as admin review start q4 --reviewers leads --unused 90d
expect_fail 7 as admin review start q4 --reviewers leads
lines=$(show bob)
expect_eq 'used keep 1' "$(row alice ops '"\(.why) \(.advice) \(.times)"')" 'alice in ops'
expect_eq 'never used remove sre' "$(row alice night '"\(.why) \(.advice) \(.via)"')" 'alice in night'
expect_eq 'no such user' "$(row ghost ops .why)" 'a name that is nobody'
expect_eq 'night spare' "$(jq -r '[.items[] | select(.kind == "role").role] | join(" ")' <<<"$lines")" 'unused roles'
expect_eq 'admin bob' "$(jq -r '[.items[] | select(.kind == "user").user] | join(" ")' <<<"$lines")" 'unused people'
expect_eq "$lines" "$(show admin)" 'read twice'
expect_fail 5 as alice review show q4
sum=$(as bob review ls -o json | jq -r '.items[0].sha256')
has_record ".event == \"review.start\" and .review == \"q4\" and .sha256 == \"$sum\" and .by == \"admin\"" ||
	fail 'its start is not on record'
expect_eq "$sum" "$(jq -c '.items[]' <<<"$lines" | sha256sum | cut -d ' ' -f 1)" 'the digest of its lines'

echo '- never about oneself, and by reviewers alone; each refusal is on record'
expect_fail 3 as bob review answer q4 "$(row bob ops .line)" --keep --reason 'I need it'
has_record '.event == "review.answer" and .outcome == "failure" and .reason == "own" and .by == "bob"' ||
	fail 'an answer about oneself is not on record'
expect_fail 3 as admin review answer q4 "$(row alice ops .line)" --keep
has_record '.event == "review.answer" and .outcome == "failure" and .reason == "reviewer"' ||
	fail 'the answer of no reviewer is not on record'
expect_ok as bob review answer q4 "$(row alice ops .line)" "$(row alice night .line)" "$(row ghost ops .line)" --remove --reason 'left the team'
has_record '.event == "review.answer" and .outcome == "success" and .by == "bob" and .value == "remove" and .count == 3 and (.lines | test("alice night via sre")) and (.signature | length) > 100' ||
	fail 'the answer is not on record'
expect_eq "$grant" "$(as alice grants -o name)" 'before its end nothing changes'

echo '- its end takes away what was answered, and no more, and what it held open ends'
expect_ok as admin review end q4 --apply --dry-run -o json
expect_eq '3 0 0 1' "$(jq -r '"\(.removed) \(.kept) \(.left) \(.unanswered)"' <<<"$OUT")" 'what would be'
expect_eq "$grant" "$(as alice grants -o name)" 'after a dry run'
expect_ok as admin review end q4 --apply --yes
expect_eq '' "$(as alice grants -o name)" 'what was open'
wait_for 10 no_elements entry4
expect_eq bob "$(local_admin role show ops -o json | jq -r '.users | join(" ")')" 'who is in ops'
expect_eq '' "$(local_admin user show alice -o json | jq -r '.groups | join(" ")')" 'her groups'
has_record '.event == "review.end" and .review == "q4" and .value == "apply" and .count == 3 and (.changes | fromjson).unanswered == 1 and (.lines | test("alice ops\n"))' ||
	fail 'its end is not on record'
expect_fail 7 as admin review end q4 --report
expect_fail 7 as bob review answer q4 "$(row ghost ops .line)" --keep
lines=$(show bob)
expect_eq removed "$(row alice night .done)" 'what became of it'

echo '- a membership that also gives what was kept is left, and said to be'
expect_ok local_admin user set alice --group sre --yes
add_role day --group sre --label env=lab --login deploy --max 1h
expect_ok local_admin review start again --role night --reviewers leads
expect_ok as bob review answer again 1 --remove
expect_ok as admin review end again --apply --yes
expect_out '^What is left, and why: jitctl review show again$'
expect_eq 'left: the group also gives a role that was not to be removed' \
	"$(as bob review show again -o json | jq -r '.items[0].done')" 'what is left'
expect_eq sre "$(local_admin user show alice -o json | jq -r '.groups | join(" ")')" 'her groups'
pass
