#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: a retry with the same idempotency key gets the first answer, and opens nothing more

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client gateway web-01'
lab_up "$STAGE"
story

key=retry-0123456789abcdef
expect_ok as alice request web-01 --for 5m --reason x -o json --idempotency "$key"
first=$(grep -A99 '^{' <<<"$OUT" | jq -cS 'del(.repeated)')
expect_ok jit alice request web-01 --for 5m --reason x -o json --idempotency "$key"
expect_eq true "$(grep -A99 '^{' <<<"$OUT" | jq .repeated)" repeated
expect_eq "$first" "$(grep -A99 '^{' <<<"$OUT" | jq -cS 'del(.repeated)')" 'the answer'
expect_eq 1 "$(record_count '.event == "grant.open"')" grants

echo '- also when it says something else meanwhile, and after a restart'
expect_ok jit alice request web-01 --for 50m --reason other -o json --idempotency "$key"
expect_eq "$first" "$(grep -A99 '^{' <<<"$OUT" | jq -cS 'del(.repeated)')" 'the answer'
gw_stop
gw_start
expect_ok jit alice request web-01 --for 5m --reason x -o json --idempotency "$key"
expect_eq "$first" "$(grep -A99 '^{' <<<"$OUT" | jq -cS 'del(.repeated)')" 'after a restart'
expect_eq 1 "$(record_count '.event == "grant.open"')" grants

echo '- a refusal is an answer too'
key=refused-0123456789abcdef
expect_fail 3 jit alice request web-01 --for 10h --reason x --idempotency "$key"
before=$(record_count '.event == "request.denied"')
expect_fail 3 jit alice request web-01 --for 5m --reason x -o json --idempotency "$key"
expect_eq true "$(grep -A99 '^{' <<<"$OUT" | jq .repeated)" repeated
expect_eq "$before" "$(record_count '.event == "request.denied"')" refusals

pass
