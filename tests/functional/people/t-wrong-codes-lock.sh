#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: after five wrong codes of a key no code of it is looked at, also by a broker that was killed; a stranger cannot cause it

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client gateway web-01'
lab_up "$STAGE"
story
add_role ops --user alice --label env=lab --login deploy --max 1h --mfa-age 0s
right=$(code_for alice)
wrong=$(printf %06d $(((10#$right + 1) % 1000000)))

ask() { # CODE
	put_file client /home/alice/code 0600 alice <<<"$1"
	jit alice request web-01 --for 5m --reason x --code-file /home/alice/code
}

in_step() {
	on gateway curl -s --unix-socket "$GW_SOCKET" http://gateway/v1/readyz |
		grep -q agree
}

echo '- a stranger may try for ever: the key is refused first'
put_file client /tmp/raw.py 0755 <"$(dirname -- "$0")/../tools/raw_request.py"
on client ssh-keygen -q -t ed25519 -N '' -f /tmp/stranger
on client chmod 0644 /tmp/stranger.pub
on client chown alice /tmp/stranger
for _ in 1 2 3 4 5 6; do
	expect_ok on_as alice client python3 /tmp/raw.py --key /tmp/stranger 198.51.100.1 8443 \
		request.create /v1/requests '{"target":"web-01","for":300,"reason":"x"}'
	expect_eq '401 unknown-key' "$OUT" reply
done

echo '- five wrong ones: how many are left is said'
for left in 4 3 2 1 0; do
	expect_fail 4 ask "$wrong"
	expect_out "wrong \($left tr(y|ies) left\)"
done
expect_out 'accepted again after 2' # when, with the one that begins the pause

echo '- now not even the right one'
expect_fail 4 ask "$right"
expect_out 'too many wrong codes.* after 2'
gw_kill broker
wait_for 10 in_step
expect_fail 4 ask "$right"
expect_out 'too many wrong codes.* after 2'
expect_eq 0 "$(gw_elements entry4 | wc -l)" elements
has_record '.event == "auth.mfa" and .reason == "locked" and .user == "alice"' ||
	fail 'no record of it'
expect_eq 0 "$(record_count '.event == "grant.open" and .reach != "probe"')" grants
pass
