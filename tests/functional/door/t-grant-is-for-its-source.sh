#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: a grant serves its own source only, also where another's grant opened the door

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client client2 gateway web-01'
lab_up "$STAGE"
story
add_role bobs --user bob --label env=lab --login deploy --max 1h
add_user bob
request bob web-01 >/dev/null
request alice web-01 >/dev/null
expect_ok gw_ssh alice -- web-01 true
expect_ok gw_ssh bob -- web-01 true

echo "- alice's key at bob's address, where the door is open for bob"
put_file client2 /home/bob/alices 0600 bob \
	<"$(host_file client /home/alice/.ssh/id_ed25519)"
on client2 mv /home/bob/.ssh/id_ed25519 /home/bob/own
on client2 mv /home/bob/alices /home/bob/.ssh/id_ed25519
on client2 rm -f /home/bob/.ssh/id_ed25519.pub
expect_fail 255 gw_ssh bob -- web-01 true
expect_out 'no live grant for web-01 as deploy from (198\.51\.100\.20|2001:db8:1::20); ask: jitctl request web-01'

echo '- and nobody is told anything who has no key here'
on client2 rm -f /home/bob/.ssh/id_ed25519
on client2 ssh-keygen -q -t ed25519 -N '' -f /home/bob/.ssh/id_ed25519
on client2 chown bob /home/bob/.ssh/id_ed25519 /home/bob/.ssh/id_ed25519.pub
expect_fail 255 gw_ssh bob -- web-01 true
! grep -q 'sallyport:' <<<"$OUT" || fail "a stranger is told: $OUT"
expect_ok gw_ssh alice -- web-01 true
pass
