#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: invitation, TOTP, target, user, role, one request: the door opens for that source

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client gateway web-01'
lab_up "$STAGE"
target_sshd_start web-01
gw_init
gw_start

echo '- an invitation that names another server key: nothing is sent'
invitation=$(cat "$(gw_dir)/invitation")
pin=$(cut -d : -f 4 <<<"$invitation")
for other in A B; do
	[ "$other" = "${pin:0:1}" ] ||
		put_file client /home/admin/wrong 0600 admin <<<"${invitation/:$pin:/:$other${pin:1}:}"
done
expect_fail 8 jit admin enroll --invite-file /home/admin/wrong
expect_out 'IS NOT THE ONE .*Nothing was sent'
expect_eq 0 "$(record_count '.event == "mfa.enroll" or .event == "invite.use"')" 'records of it'

echo '- the admin enrols; the invitation works once'
enroll admin "$invitation"
expect_ok as admin whoami
expect_out '^admin at gw-1, admin'
expect_fail 4 jit admin enroll --invite-file /home/admin/invitation
has_record '.event == "invite.use" and .outcome == "failure"' ||
	fail 'no record of the second use'

echo '- a target: fingerprints shown, confirmed, lines for its sshd printed'
expect_fail 1 as admin target add web-01 10.20.0.11,fd00:20::11 --scan --login deploy
expect_out '(^| )ssh-ed25519 +SHA256:'
expect_ok as admin target add web-01 10.20.0.11,fd00:20::11 --scan --yes --login deploy \
	--label env=lab
fp=$(on web-01 ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub | cut -d ' ' -f 2)
grep -qF -- "$fp" <<<"$OUT" || fail "the target's fingerprint $fp is not shown"
expect_out '^TrustedUserCAKeys '
expect_out '^AuthorizedPrincipalsFile '
expect_out 'deploy@web-01'
expect_ok as admin targets -o json
expect_eq "$fp" "$(jq -r '.items[0].host_keys[]' <<<"$OUT")" 'the pinned key'

echo '- doctor says what is missing, then that nothing is'
expect_fail 1 as admin doctor web-01
expect_out '^ok +host key'
expect_out '^fail +CA trusted'
target_trust web-01 "$(gw_ca_lines)" deploy@web-01
expect_ok as admin doctor web-01
for c in address port banner 'host key' 'CA trusted' 'principal mapping' clock; do
	expect_out "^ok +$c"
done

echo '- users and roles, by single commands and by a file'
put_file client /home/admin/alice.pub 0644 admin <<<"$(user_pubkey alice)"
expect_ok as admin user add alice --key /home/admin/alice.pub --group ops
invitation=$(grep -o 'sp2:[^ ]*' <<<"$OUT")
put_file client /home/admin/policy.yaml 0644 admin <<-'YAML'
	roles:
	  - role: ops
	    groups: [ops]
	    labels: {env: lab}
	    logins: [deploy]
	    max: 1h
YAML
expect_ok as admin apply -f /home/admin/policy.yaml --dry-run
expect_out '^[+] role +ops  .*max '
expect_eq 0 "$(as admin roles -o json | jq '.items | length')" 'roles after a dry run'
expect_ok as admin apply -f /home/admin/policy.yaml
expect_eq ops "$(as admin roles -o name)" 'roles'
put_file client /home/admin/bad.yaml 0644 admin <<<'roles: [{role: ops, logns: [x]}]'
expect_fail 2 as admin apply -f /home/admin/bad.yaml
expect_out 'bad.yaml:1:[0-9]+: .*logns.*logins'

echo '- the user enrols and asks'
expect_fail 4 jit alice request web-01 --for 5m --reason x
enroll alice "$invitation"
expect_eq silent "$(tcp_probe client 198.51.100.1 2222)" 'the door before'
expect_ok as alice request web-01 --for 5m --reason 'INC-4711 disk full'
expect_out '^web-01  login deploy  port 22  from 198\.51\.100\.7.* for 5m, terminals and shells recorded  \(role ops\)$'
expect_out '^Door open for .* until '
expect_out '^gateway port 2222 answers over IPv[46] and IPv[46]\.$'
expect_out '^ssh -p 2222 deploy@web-01@gateway$'
expect_eq open "$(tcp_probe client 198.51.100.1 2222)" 'the door'
expect_eq open "$(tcp_probe client 2001:db8:1::1 2222)" 'the door in IPv6'
expect_eq silent "$(tcp_probe client 198.51.100.1 2222 198.51.100.8)" 'from another address'
expect_eq silent "$(tcp_probe client 10.20.0.11 22)" 'the target itself'

echo '- the same once more is the same; a rule that was written is not yet a way'
first=$(as alice grants -o name)
on gateway nft -f - <<-'NFT'
	table inet other {
		chain in {
			type filter hook input priority -300; policy accept;
			ip6 saddr 2001:db8:1::7 tcp dport 2222 drop
		}
	}
NFT
expect_ok jit alice request web-01 --for 5m --reason 'INC-4711 disk full'
expect_out "^Open already, from .* until .*: it is $first, and no other was made"
expect_out '^jitctl: gateway port 2222 does not answer over IPv6 \(2001:db8:1::1: no answer\), though.*; it does over IPv4'
expect_eq "$first" "$(as alice grants -o name)" 'grants'
expect_fail 1 jit alice doctor
expect_out '^fail  door .* does not answer over IPv6'
on gateway nft delete table inet other
expect_ok jit alice doctor
expect_out '^ok    door .* answers over IPv[46] and IPv[46]'
expect_out '^ok    address .* 198\.51\.100\.7 and 2001:db8:1::7'

echo '- the kernel holds the end, not we'
expect_eq 1 "$(gw_elements entry4 | wc -l)" 'elements'
left=$(gw_elements entry4 | jq '.elem.expires')
if [ "$left" -le 280 ] || [ "$left" -gt 306 ]; then
	fail "the element's time left is $left s"
fi

echo '- the evidence, in this order'
grant=$(as alice grants -o name)
expect_eq "request.create grant.open grant.applied" "$(records "select((.event |
	IN(\"request.create\", \"grant.open\", \"grant.applied\")) and
	(.user == \"alice\" or .grant == \"$grant\")) |
	select(.outcome != \"failure\") | .event" | tr -d '"' | tr '\n' ' ' | sed 's/ $//')" records
has_record ".event == \"grant.open\" and .grant == \"$grant\" and .role == \"ops\" and
	.user == \"alice\" and .why == \"INC-4711 disk full\" and .step > 0" ||
	has_record ".event == \"grant.open\" and .grant == \"$grant\" and .role == \"ops\" and
	.user == \"alice\" and .why == \"INC-4711 disk full\"" || fail 'no such grant.open'
expect_ok as admin audit search --grant "$grant" -o json
expect_eq 2 "$(jq -r .event <<<"$OUT" | grep -cE '^grant\.(open|applied)$')" 'found by search'
expect_ok as admin audit verify
pass
