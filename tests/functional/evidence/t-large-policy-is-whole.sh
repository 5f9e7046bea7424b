#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: a policy of any size stands in the log byte by byte as it was signed

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client gateway'
lab_up "$STAGE"
gw_init
gw_start
enroll admin "$(cat "$(gw_dir)/invitation")"
{
	echo 'targets:'
	for i in $(seq 300); do
		printf '  - {target: t%s, addresses: [10.20.1.%s], port: %s, logins: [deploy], host_keys: ["%s"]}\n' \
			"$i" "$((i % 250 + 1))" "$((i + 1000))" "$(user_pubkey alice)"
	done
} | put_file client /home/admin/large.yaml 0600 admin
expect_ok as admin apply -f /home/admin/large.yaml
expect_out '^300 added, 0 changed, 0 unchanged[.]$'
digest=$(records 'select(.event == "policy.apply" and .count == 300) | .sha256' | tr -d '"')
records "select(.event == \"policy.part\" and .sha256 == \"$digest\")" |
	jq -sj 'sort_by(.chunk) | map(.payload) | join("")' >"$TEST_DIR/signed"
[ "$(records "select(.event == \"policy.part\")" | wc -l)" -gt 3 ] || fail 'no parts'
expect_eq "$digest" "$(sha256sum <"$TEST_DIR/signed" | cut -d ' ' -f 1)" 'digest of the parts'
records 'select(.event == "policy.apply" and .count == 300) | .signature' |
	jq -r . >"$TEST_DIR/sig"
printf 'admin %s\n' "$(user_pubkey admin)" >"$TEST_DIR/allowed"
expect_ok ssh-keygen -Y verify -f "$TEST_DIR/allowed" -I admin -n request@sallyport \
	-s "$TEST_DIR/sig" <"$TEST_DIR/signed"
expect_ok local_admin audit verify
pass
