#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: after a reboot a grant comes back with the time it has left, and no more
#
# Another boot id and no table is what a reboot looks like to the gateway.

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client gateway web-01'
lab_up "$STAGE"
story

left() {
	local_admin grants -o json | jq -r '.items[0].left_s'
}
reboot_as() { # BOOT_ID
	gw_stop
	on gateway nft delete table inet sallyport 2>/dev/null || true
	put_file gateway /etc/lab/boot_id 0644 <<<"$1"
	on gateway mount --bind /etc/lab/boot_id /proc/sys/kernel/random/boot_id
	sleep 3
	gw_start
}

request alice web-01 --for 40s >/dev/null
before=$(left)
reboot_as 99999999-9999-4999-8999-999999999999
after=$(left)
[ "$after" -ge 1 ] && [ "$after" -le $((before - 3)) ] ||
	fail "$before s were left before the reboot, $after s after it"
expect_ok gw_ssh alice -- web-01 id -un
expect_out deploy
timeout=$(gw_elements entry4 | jq '.elem.timeout' | sort -n | tail -1)
[ "$timeout" -le $((before + 2)) ] || fail "the kernel opened for $timeout s"

echo '- nor does the notary begin to count anew with every life'
gw_kill notary
wait_for 10 gw_pid notary
sleep 1
[ "$(left)" -le "$after" ] || fail "$(left) s are left after $after s"
wait_for 50 has_record '.event == "grant.close" and .reason == "expired"'
wait_for 10 no_elements entry4
pass
