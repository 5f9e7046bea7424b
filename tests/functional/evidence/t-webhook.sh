#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: what waits for approval reaches a webhook, signed, at least once, and nothing leads it astray

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client gateway web-01 siem'
lab_up "$STAGE"
target_sshd_start web-01
siem_certs
put_file siem /tmp/hook.py <"$(dirname -- "$0")/../tools/hook_receiver.py"
hook_start() {
	on siem sh -c 'exec setsid -f sh -c '\''echo $$ >/run/hook.pid; exec python3 \
		/tmp/hook.py 8443 /etc/lab/siem.pem /etc/lab/siem.key /var/log/hook \
		/run/hook.mode'\'' </dev/null >>/var/log/hook.err 2>&1'
	wait_for 10 is_listening siem 8443
}
got() { cat "$(host_file siem /var/log/hook)" 2>/dev/null || true; }
got_id() { # JQ FILTER: the ids of those
	got | jq -r "select($1) | .headers[\"webhook-id\"]"
}
is_true() { [ "$(got | jq -s "$1")" = true ]; }

sink() { # NAME PATH [MORE]
	printf '  - {name: %s, type: webhook, url: "https://siem:8443%s", ca: %s, secret: /etc/lab/hook.secret%s}\n' \
		"$1" "$2" "$(siem_ca_path)" "${3:-}"
}
nets=', networks: [10.30.0.0/24, "fd00:30::/64"]'
on gateway mkdir -p /etc/lab
other=/etc/lab/other-ca.pem
on gateway openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 \
	-subj /CN=other -keyout /etc/lab/other.key -out "$other" 2>/dev/null

hook_start
gw_init
openssl rand -out "$TEST_DIR/secret" 32
printf 'whsec_%s\n' "$(base64 -w 0 "$TEST_DIR/secret")" |
	put_file gateway /etc/lab/hook.secret 0640
on gateway chgrp sallyport-shipper /etc/lab/hook.secret
gw_config 'sinks:' "$(sink chat '/hook?to=ops' "$nets")" "$(sink moved /redirect "$nets")" \
	"$(sink endless /endless "$nets")" "$(sink inside /inside)"
gw_start
down() { has_record ".event == \"sink.down\" and .sink == \"$1\" and (.msg | test(\"$2\"))"; }

echo '- a name that leads inside leads nowhere, unless its network is named'
wait_for 20 down inside 'leads to [0-9a-f:.]*, which is not public'
up() { has_record '.event == "sink.up" and .sink == "chat"'; }
wait_for 20 up

echo '- who waits for approval is told, and nothing else is'
add_target web-01
expect_ok local_admin user add bob --group sre
add_role ops --user alice --label env=lab --login deploy --max 1h --approvals '1 of sre'
add_user alice
ask() { # REASON: prints the request
	as alice request web-01 --for 10m --reason "$1" --no-wait -o json 2>/dev/null |
		jq -r .request || true
}
printf '500 2' | put_file siem /run/hook.mode
id=$(ask '<!channel> see http://evil.example/@here')
has_record ".event == \"request.pending\" and .req == \"$id\"" || fail "$id does not wait"
refused() { is_true 'any(.path == "/hook?to=ops" and .status == 500)'; }
wait_for 20 refused
wait_for 20 down chat 'it answers 500'
on siem rm /run/hook.mode
taken() { is_true 'any(.path == "/hook?to=ops" and .status == 204)'; }
wait_for 20 taken
expect_eq 1 "$(got_id '.path == "/hook?to=ops"' | sort -u | wc -l)" 'ids of what was sent'
left_alone='map(select(.path == "/hook?to=ops")) | . as $a | [range(1; length) |
	select($a[. - 1].status == 500) | $a[.].at - $a[. - 1].at] | length > 0 and min >= 2'
is_true "$left_alone" || fail "it was not left alone for 2 s: $(got | jq -c '[.status, .at]' | tr '\n' ' ')"
body=$(got | jq -r 'select(.status == 204 and .path == "/hook?to=ops") | .body' | sed -n 1p)
expect_eq "request.pending pending alice web-01 deploy jitctl approve $id" \
	"$(jq -r '"\(.type) \(.data.state) \(.data.user) \(.data.target) \(.data.login) \(.data.command)"' <<<"$body")" \
	'what it says'
why=$(jq -r .data.why <<<"$body")
case $why in *'<'* | *@* | *://*) fail "her words could do harm: $why" ;; esac
case $why in *channel*see*evil.example*here*) ;; *) fail "her words are not there: $why" ;; esac

echo '- the signature is one that openssl makes, too'
line=$(got | jq -c 'select(.status == 204 and .path == "/hook?to=ops")' | sed -n 1p)
header() { jq -r ".headers[\"webhook-$1\"]" <<<"$line"; }
signed=$(printf '%s.%s.%s' "$(header id)" "$(header timestamp)" "$body" |
	openssl dgst -sha256 -mac HMAC -macopt "hexkey:$(od -An -v -tx1 "$TEST_DIR/secret" | tr -d ' \n')" \
		-binary | base64)
expect_eq "v1,$signed" "$(header signature)" 'signature'

echo '- a redirect is not followed, an answer without end is cut'
wait_for 20 down moved 'it answers 302'
wait_for 20 down endless 'more than 64 KiB'
expect_eq 0 "$(got | jq -s 'map(select(.path == "/elsewhere" or .path == "/inside" or .method == "GET")) | length')" \
	'requests that went elsewhere'
local_admin doctor >"$TEST_DIR/doctor" 2>&1 || true
grep -q 'moved.*it answers 302' "$TEST_DIR/doctor" ||
	fail "doctor does not say why:$(check_show "$(cat "$TEST_DIR/doctor")")"

echo '- down over a kill and a new configuration, then it catches up'
server_end siem /run/hook.pid
expect_ok as alice cancel "$id"
id=$(ask 'another')
wait_for 20 down chat '[Cc]onnect'
gw_kill shipper
on gateway sed -i '/name: \(moved\|endless\|inside\)/d' /etc/sallyport/gatewayd.yaml
gw_config "$(sink chat2 /hang "$nets")" "$(sink wrong /wrong "$nets" | sed "s#ca: [^,]*#ca: $other#")"
on gateway kill -HUP "$(gw_pid supervisor)"
reloaded() { has_record '.event == "gateway.reload" and .outcome == "success"'; }
wait_for 20 reloaded
hook_start
up2() { has_record '.event == "sink.up" and .sink == "chat2"'; }
wait_for 20 up2
new=$(ask 'from now on')
caught_up() { is_true "any(.path == \"/hook?to=ops\" and .status == 204 and (.body | fromjson).data.req == \"$id\")"; }
wait_for 30 caught_up

echo '- one that says nothing is left; one that nobody vouches for hears nothing'
wait_for 30 down chat2 'no whole answer within'
expect_eq "$new" "$(got | jq -r 'select(.path == "/hang") | .body | fromjson | .data.req' | sort -u)" \
	'requests that the new one was told of'
wait_for 20 down wrong 'is not trusted'
is_true 'all(.path != "/wrong")' || fail 'a message went to one that is not trusted'
grep -q 'whsec_' "$(host_file gateway "$GW_LOG")" && fail 'the secret is in the log'
pass
