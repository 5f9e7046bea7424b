#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: how old a code may be is said for each action, by the role or the configuration, and in the refusal; a clock that is off is told, of codes to come only after a good one
#
# Codes of minutes ago and of minutes to come; a grant made longer; an admin.

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client gateway web-01'
lab_up "$STAGE"
story

code_off() { # SECONDS - a code of then, in a file
	local secret

	read -r secret _ <"$(gw_dir)/totp.alice"
	put_file client /home/alice/off 0600 alice <<<"$(totp_code "$secret" "$1")"
	printf /home/alice/off
}

echo '- a code of five minutes ago: refused, counted, and told to be one'
expect_fail 4 jit alice mfa codes --code-file "$(code_off -300)"
expect_out '4 tries left\): it is one of (5m|5m30s) ago; if it was on show just now, set the clock'
echo '- one to come: refused, counted, and nothing is told before a good one comes'
expect_fail 4 jit alice mfa codes --code-file "$(code_off 300)"
expect_out '3 tries left\); codes change every 30 s'
expect_no_out 'to come|ahead|ago'
expect_ok jit alice mfa codes --code-file "$(code_file alice)"
expect_out 'The clock that makes your codes is right now, but was (4m30s|5m) ahead'

echo '- longer: by a new code each time, or as old as the role says'
expect_ok as alice request web-01 --for 5m --reason x -o name
grant=$OUT
expect_fail 4 jit alice extend "$grant" --for 1m
expect_out 'role ops wants a new code from your authenticator app each time to extend|a code is needed'
expect_fail 4 jit alice extend "$grant" --for 1m -o json
expect_out 'role ops wants a new code from your authenticator app each time to extend'
add_role ops --user alice --label env=lab --login deploy --max 1h --mfa-age-extend 5m
expect_ok jit alice extend "$grant" --for 1m
has_record '.event == "grant.extend" and .grant == "'"$grant"'" and .step == null' ||
	fail 'the extension is not on record as one without a code'

echo '- what admins do: as old as the configuration says'
local_admin user set alice --admin --yes >/dev/null 2>&1
expect_fail 5 as alice role rm nosuch
gw_config 'policy:' '  mfa_age_admin: 0s'
gw_stop
gw_start
expect_ok jit alice mfa codes --code-file "$(code_file alice)"
expect_fail 4 jit alice role rm nosuch -o json
expect_out 'wants a new code from your authenticator app each time for what admins do'
pass
