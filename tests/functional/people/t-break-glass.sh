#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: a code from paper opens a door once, recorded whole and told to every admin, and the next waits for a review by another admin

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client client2 gateway web-01'
lab_up "$STAGE"
target_sshd_start web-01
gw_init
gw_start
add_target web-01
add_user alice
add_user bob --admin

paper() { # CODE: a file with it
	put_file client /home/alice/paper 0600 alice <<<"$1"
	printf /home/alice/paper
}
use() { # CODE FLAG...
	jit alice breakglass use web-01 --code-file "$(paper "$1")" "${@:2}"
}

echo '- no role gives it, and there are no codes'
expect_fail 3 as alice request web-01 --for 5m --reason x
expect_fail 7 use 4H7K-2MQX-9TRB-6WNC --reason 'INC-1 all down'
expect_out 'there are no break-glass codes: an admin prints them'
expect_fail 3 jit alice breakglass print --code-file "$(code_file alice)"
expect_ok jit bob breakglass print --code-file "$(code_file bob)"
expect_out 'they are not shown again'
mapfile -t code < <(grep -oE '^([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$' <<<"$OUT")
expect_eq 8 "${#code[@]}" 'codes'
for c in "${code[@]}"; do
	! records | grep -F "$c" >/dev/null || fail 'a code is in the log'
done
has_record '.event == "breakglass.print" and .by == "bob"' || fail 'the codes are not on record'

echo '- what is no code, too long, without a reason or locked opens nothing'
expect_fail 4 use 4H7K-2MQX-9TRB-6WNC --reason x
expect_out 'none of the break-glass codes'
expect_fail 3 use "${code[0]}" --reason x --for 31m
expect_out '31m is over the 30m that break-glass lasts at most'
expect_fail 2 use "${code[0]}"
id=$(local_admin lock target web-01 --reason INC-2 -o name 2>/dev/null)
expect_fail 3 use "${code[0]}" --reason x
expect_out 'the target web-01 is locked'
has_record '.event == "breakglass.use" and .outcome == "failure" and .reason == "locked"' ||
	fail 'a refusal is not on record'
expect_ok local_admin unlock "$id"
no_elements entry4 || fail 'something is open'

echo '- a code opens a door; all of it is recorded, also a command without a terminal'
expect_ok use "${code[0]}" --reason 'INC-1 all down' --for 10m -o name -q
grant=$OUT
has_record ".event == \"breakglass.use\" and .code == \"JG2201E\" and .outcome == \"success\" and .grant == \"$grant\" and .user == \"alice\" and .why == \"INC-1 all down\"" ||
	fail 'the use is not on record'
has_record ".event == \"grant.open\" and .grant == \"$grant\" and .break_glass and .record and .role == \"break-glass\"" ||
	fail 'its grant is not on record'
expect_eq glass "$(gw_ssh alice -- web-01 echo glass)" 'ssh'
recorded() { has_record ".event == \"recording.end\" and .grant == \"$grant\""; }
wait_for 10 recorded

echo '- it is owed a review, over a restart, and nobody gets another'
gw_stop
gw_start
grep -q "BREAK-GLASS: alice took deploy@web-01 .*breakglass review b-" \
	<(as bob status 2>/dev/null) || fail 'the status of an admin does not say so'
expect_ok local_admin breakglass ls -o json
use=$(jq -r .items[0].use <<<"$OUT")
expect_eq "used alice web-01 deploy $grant" \
	"$(jq -r '.items[0] | "\(.state) \(.user) \(.target) \(.login) \(.grant)"' <<<"$OUT")" 'the use'
expect_fail 7 as bob breakglass review "$use" --reason 'as INC-1 says'
expect_out "$grant is still open"
expect_ok jit alice release "$grant"
expect_fail 3 use "${code[1]}" --reason again
expect_out "$use, by alice .* was not reviewed"

echo '- not by who used it; then by another, and a code works once'
expect_ok local_admin user set alice --admin --yes
expect_fail 3 as alice breakglass review "$use" --reason 'it was right'
expect_out 'you used it yourself'
has_record '.event == "breakglass.review" and .outcome == "failure" and .reason == "own"' ||
	fail 'her own review is not on record'
expect_ok as bob breakglass review "$use" --reason 'as INC-1 says'
has_record ".event == \"breakglass.review\" and .outcome == \"success\" and .by == \"bob\" and .glass == \"$use\"" ||
	fail 'the review is not on record'
expect_fail 7 as bob breakglass review "$use" --reason 'twice'
expect_fail 4 use "${code[0]}" --reason again
expect_out 'this break-glass code was used before'
expect_ok use "${code[1]}" --reason again
expect_out 'nobody gets another before'
pass
