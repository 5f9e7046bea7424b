#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: gatewayd -t names every error with file, line, column and a caret

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

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

echo '- what would only fail later, or do nothing'
complains() { # complains LINE:COLUMN ERE, about the file on stdin
	put_file gateway /etc/lab/bad.yaml
	expect_fail 1 on gateway gatewayd -t -c /etc/lab/bad.yaml
	expect_out "^/etc/lab/bad.yaml:$1: .*$2"
}
complains 2:7 'not a name or address' <<<$'server_id: a\nhost: "a b"'
complains 2:7 'not a name or address' <<<$'server_id: a\nhost: ""'
good=$'server_id: a\nhost: a'
complains 3:32 'twice' \
	<<<"$good"$'\nssh: {listen: ["0.0.0.0:2222", "0.0.0.0:2222"]}'
complains '[0-9]+:[0-9]+' 'different ports: both have 8443' \
	<<<"$good"$'\nssh: {listen: ["0.0.0.0:8443"]}'
complains '3:[0-9]+' 'at least one' <<<"$good"$'\nssh: {entry: networks, networks: []}'
complains '3:[0-9]+' 'entry: networks' <<<"$good"$'\nssh: {networks: [192.0.2.0/24]}'
complains 5:3 'two sinks.*"x"' <<-YAML
	$good
	sinks:
	- {name: x, host: h, ca: /y}
	- {name: x, host: i, ca: /z}
YAML
hook='name: x, type: webhook, secret: /s'
complains '4:[0-9]+' 'begin with https' <<<"$good"$'\nsinks:\n'"- {$hook, url: \"http://h/\"}"
complains '4:[0-9]+' 'no user or password' <<<"$good"$'\nsinks:\n'"- {$hook, url: \"https://a@h/\"}"
complains '4:[0-9]+' 'not an event.*"request.pendign' \
	<<<"$good"$'\nsinks:\n'"- {$hook, url: \"https://h/\", events: [request.pendign]}"
complains '4:[0-9]+' 'not a network' \
	<<<"$good"$'\nsinks:\n'"- {$hook, url: \"https://h/\", networks: [10.0.0.1/8]}"
complains '4:[0-9]+' '"host" is not for a sink of type webhook' \
	<<<"$good"$'\nsinks:\n'"- {$hook, url: \"https://h/\", host: h}"
complains '4:[0-9]+' '"url" is not for a sink of type syslog' \
	<<<"$good"$'\nsinks:\n- {name: x, host: h, ca: /y, url: "https://h/"}'
echo '- the files of a receiver: there, to be read by who sends, and what they should be'
on gateway sh -c 'cd /etc/lab && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 \
	-nodes -subj /CN=x -days 2 -keyout a.key -out a.pem 2>/dev/null &&
	openssl genpkey -algorithm ed25519 -out b.key && echo no >no.pem &&
	chgrp sallyport-shipper b.key && chmod 640 b.key && chmod 600 a.key'
tls='name: x, host: h, cert: /etc/lab/a.pem'
complains '4:[0-9]+' 'ca: /y/ca.pem cannot be used: No such file' \
	<<<"$good"$'\nsinks:\n- {name: x, host: h, ca: /y/ca.pem}'
complains '4:[0-9]+' 'ca: /etc/lab/no.pem cannot be used: it has no certificate' \
	<<<"$good"$'\nsinks:\n- {name: x, host: h, ca: /etc/lab/no.pem}'
complains '4:[0-9]+' 'secret: /s cannot be used' <<<"$good"$'\nsinks:\n'"- {$hook, url: \"https://h/\"}"
complains '4:[0-9]+' 'key: /etc/lab/a.key cannot be used: Permission denied' \
	<<<"$good"$'\nsinks:\n'"- {$tls, ca: /etc/lab/a.pem, key: /etc/lab/a.key}"
complains '4:[0-9]+' 'b.key cannot be used: it is not the key of the certificate' \
	<<<"$good"$'\nsinks:\n'"- {$tls, ca: /etc/lab/a.pem, key: /etc/lab/b.key}"
on gateway sh -c 'chgrp sallyport-shipper /etc/lab/a.key && chmod 640 /etc/lab/a.key'
put_file gateway /etc/lab/bad.yaml <<<"$good"$'\nsinks:\n'"- {$tls, ca: /etc/lab/a.pem, key: /etc/lab/a.key}"
expect_ok on gateway gatewayd -t -c /etc/lab/bad.yaml
complains "3:[0-9]+" 'too long: at most 107' <<<"$good
admin_socket: /$(printf 'a%.0s' {1..120})"
complains 3:1 'a tab: YAML is indented with spaces' <<<$'server_id: a\nssh:\n\tentry: grant'
{
	printf '%s\n' "$good"
	printf '#%.0s' {1..300}
	head -c 1048576 /dev/zero | tr '\0' '#'
} | put_file gateway /etc/lab/bad.yaml
expect_fail 1 on gateway gatewayd -t -c /etc/lab/bad.yaml
expect_out '^/etc/lab/bad.yaml: larger than 1048576 bytes'
on gateway ln -s bad.yaml /etc/lab/link.yaml
expect_fail 1 on gateway gatewayd -t -c /etc/lab/link.yaml
expect_out 'link.yaml: is a symbolic link'
printf '\xef\xbb\xbfserver_id: a\r\nhost: a\r\n' | put_file gateway /etc/lab/bad.yaml
expect_ok on gateway gatewayd -t -c /etc/lab/bad.yaml

echo '- and gatewayd does not start with it'
printf 'server_id: gw-1\n' | put_file gateway /etc/lab/bad.yaml
expect_fail 1 on gateway timeout 20 gatewayd -c /etc/lab/bad.yaml
expect_eq '' "$(on gateway nft list tables)" 'kernel tables'
pass
