#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: a target that shows another host key gets no session

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client gateway web-01'
lab_up "$STAGE"
story
request alice web-01 >/dev/null
expect_ok gw_ssh alice -- web-01 true

target_sshd_stop web-01
on web-01 rm -f /etc/ssh/ssh_host_ed25519_key /etc/ssh/ssh_host_ed25519_key.pub
target_sshd_start web-01
expect_fail 255 gw_ssh alice -- web-01 'touch /tmp/reached'
expect_out '^sallyport: .*host key'
expect_fail any on web-01 test -e /tmp/reached
has_record '.event == "hostkey.changed" and .target == "web-01" and (.expected | test("^SHA256:")) and .expected != .found and (.found | test("^SHA256:"))' ||
	fail 'no hostkey.changed record'
has_record '.event == "session.end" and .reason == "hostkey_changed"' || fail 'no such end'
grep -q 'Accepted ' <(target_log web-01 | tail -n 5) && fail 'the target was logged in to'

echo '- the new key, confirmed by an admin, serves'
put_file gateway /etc/lab/web-01.hostkey <<<"$(target_hostkey web-01)"
expect_ok local_admin target set web-01 "$(lab_address web-01)" --login deploy \
	--host-key /etc/lab/web-01.hostkey --label env=lab
expect_ok gw_ssh alice -- web-01 true
pass
