#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: the admin socket serves root only and writes down who it was

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='gateway'
lab_up "$STAGE"
gw_init
gw_start
expect_ok local_admin users -o json
on gateway useradd -m op
sock() { # USER ARG...
	local u=$1

	shift
	on_as "$u" gateway jitctl --socket /run/sallyport/admin.sock --no-input "$@"
}
for u in op nobody sallyport-broker sallyport-session; do
	expect_fail any sock "$u" users
	expect_no_out '^USER'
done

echo '- not even when the file lets them: the peer is asked'
on gateway chmod 0666 /run/sallyport/admin.sock
on gateway chmod 0755 /run/sallyport
expect_fail any sock op users
expect_no_out '^USER'
n=$(record_count '.event == "user.create"')
on gateway ssh-keygen -q -t ed25519 -N '' -f /tmp/k
on gateway chmod 0644 /tmp/k.pub
expect_fail any sock op user add mallory --key /tmp/k.pub --admin
expect_eq "$n" "$(record_count '.event == "user.create"')" 'users made'
has_record '.event == "api.denied"' || fail 'no record of the refusal'

echo '- root, by name of what the kernel says'
expect_ok sock root user add carol --key /tmp/k.pub
has_record '.event == "user.create" and .user == "carol" and .by == "local" and .uid == 0' ||
	fail 'no such record'
echo '- and by who that was at login, where the kernel knows'
if on gateway sh -c 'echo 1234 >/proc/self/loginuid && exec jitctl --no-input \
	--socket /run/sallyport/admin.sock role add r --user carol --target web-01 \
	--login deploy --max 5m' >/dev/null 2>&1; then
	has_record '.event == "role.set" and .by == "local" and .uid == 0 and .loginuid == 1234' ||
		fail 'no such record'
fi
echo '- what needs the key of a user is not here'
expect_fail 2 sock root request web-01 --for 5m --reason x
expect_fail 2 sock root enroll
pass
