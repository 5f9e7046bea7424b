#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: gatewayd -t names every error with file, line, column and a caret

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/lib.sh"

need_stage
LAB_HOSTS='gateway'
lab_up "$STAGE"
gw_init
expect_ok on gateway gatewayd -t
expect_out '^/etc/sallyport/gatewayd.yaml: ok$'

put_file gateway /etc/lab/bad.yaml <<'YAML'
server_id: gw-1
host: "gateway"
policy:
  max_grant: 3hours
session:
  idel: 5m
kernel: "5.4"
YAML
expect_fail 1 on gateway gatewayd -t -c /etc/lab/bad.yaml
expect_out '^/etc/lab/bad.yaml:4:14: .*3hours'
expect_out '^ +4 \|   max_grant: 3hours$'
expect_out '^ +\|              \^~*$'
expect_out '^/etc/lab/bad.yaml:6:3: .*idel.*idle'
expect_out '^/etc/lab/bad.yaml:7:9: '

echo '- what is no YAML, twice the same key, an alias, a file anybody may write'
put_file gateway /etc/lab/bad.yaml <<<'server_id: [gw-1'
expect_fail 1 on gateway gatewayd -t -c /etc/lab/bad.yaml
expect_out '^/etc/lab/bad.yaml:[0-9]+:[0-9]+: '
printf 'server_id: gw-1\nhost: a\nhost: b\n' | put_file gateway /etc/lab/bad.yaml
expect_fail 1 on gateway gatewayd -t -c /etc/lab/bad.yaml
expect_out '^/etc/lab/bad.yaml:3:1: .*host'
printf 'server_id: &x gw-1\nhost: *x\n' | put_file gateway /etc/lab/bad.yaml
expect_fail 1 on gateway gatewayd -t -c /etc/lab/bad.yaml
expect_out '^/etc/lab/bad.yaml:[12]:[0-9]+: '
printf 'server_id: gw-1\nhost: a\n' | put_file gateway /etc/lab/bad.yaml 0666
expect_fail 1 on gateway gatewayd -t -c /etc/lab/bad.yaml
expect_out 'writ'

echo '- and gatewayd does not start with it'
expect_fail 1 on gateway timeout 20 gatewayd -c /etc/lab/bad.yaml
expect_eq '' "$(on gateway nft list tables)" 'kernel tables'
pass
