#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: with pam_jit a target's sshd admits nobody who came round the gateway

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client gateway web-01 web-02'
lab_up "$STAGE"
story
request alice web-01 >/dev/null

# web-02 is beside the target: no firewall of ours is between them
on web-02 ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id_ed25519
on web-02 ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/ca
round() { # CMD... - straight to the target
	on web-02 ssh -o BatchMode=yes -o StrictHostKeyChecking=no \
		-o ConnectTimeout=10 deploy@10.20.0.11 "$@"
}
# a channel through the target needs no session there
tunnel() {
	on web-02 timeout 10 ssh -o BatchMode=yes -o StrictHostKeyChecking=no \
		-W 127.0.0.1:22 deploy@10.20.0.11 </dev/null
}
module() { # ARGUMENT... - the last line of the target's PAM stack of sshd: the
	# worst place
	on web-01 sed -i '/pam_jit/d' /etc/pam.d/sshd
	printf 'session required /usr/local/lib/security/pam_jit.so %s\n' "$*" |
		on web-01 tee -a /etc/pam.d/sshd >/dev/null
}

echo '- sshd itself would let all of these in'
target_authorize web-01 deploy "$(cat "$(host_file web-02 /root/.ssh/id_ed25519.pub)")"
expect_ok round true
expect_ok tunnel
expect_out '^SSH-2.0-'
on web-01 cp /etc/ssh/sallyport_ca.pub /etc/ssh/gateway_ca.pub
on web-01 tee -a /etc/ssh/sallyport_ca.pub \
	<"$(host_file web-02 /root/.ssh/ca.pub)" >/dev/null
on web-01 rm /home/deploy/.ssh/authorized_keys
on web-02 ssh-keygen -q -s /root/.ssh/ca -n deploy@web-01 -V -1m:+1h \
	-I 'user=alice grant=g-x session=s-x' /root/.ssh/id_ed25519.pub
expect_ok round true
expect_ok gw_ssh alice -- web-01 true

echo '- with the module only who came through the gateway'
module target=web-01 ca=/etc/ssh/gateway_ca.pub
expect_ok gw_ssh alice -- web-01 'echo here; exit'
expect_out '^here$'
expect_fail any round 'echo in >/tmp/in' # another CA that sshd trusts
target_authorize web-01 deploy "$(cat "$(host_file web-02 /root/.ssh/id_ed25519.pub)")"
on web-02 rm /root/.ssh/id_ed25519-cert.pub
expect_fail any round 'echo in >/tmp/in' # a plain key
OUT=$(tunnel 2>&1) || true
expect_no_out '^SSH-2.0-'
expect_fail any on web-01 test -e /tmp/in

echo '- nor with a certificate of ours in a variable of their own'
printf 'ExposeAuthInfo yes\n' | on web-01 tee /etc/ssh/sshd_config.d/expose.conf >/dev/null
target_sshd_restart web-01
# shellcheck disable=SC2016 # for the shell of the target
expect_ok gw_ssh alice -- web-01 'printf "SSH_AUTH_INFO_0 DEFAULT=\"%s\"\n" \
	"$(cat "$SSH_USER_AUTH")" >.pam_environment && wc -l <.pam_environment'
expect_out '^1$'
expect_fail any round 'echo in >/tmp/in'
expect_fail any on web-01 test -e /tmp/in
on web-01 rm /home/deploy/.pam_environment

echo '- a certificate for another target, no CA file, a wrong argument: nobody'
module target=web-02 ca=/etc/ssh/gateway_ca.pub
expect_fail any gw_ssh alice -- web-01 true
module target=web-01 ca=/etc/ssh/nothing
expect_fail any gw_ssh alice -- web-01 true
module target=web-01 ca=/etc/ssh/gateway_ca.pub debug
expect_fail any gw_ssh alice -- web-01 true
module target=web-01 ca=/etc/ssh/gateway_ca.pub
expect_ok gw_ssh alice -- web-01 true
pass
