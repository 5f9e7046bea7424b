#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: a connection that ends without a login is one record: why, with which keys, by which name

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client gateway web-01'
lab_up "$STAGE"
story
request alice web-01 >/dev/null # its door is open for all on this address
enroll admin "$(cat "$(gw_dir)/invitation")"

try() { # SSH-ARGUMENT...
	on client ssh -p 2222 -o BatchMode=yes -o StrictHostKeyChecking=no \
		-o UserKnownHostsFile=/tmp/known -o IdentitiesOnly=yes "$@" true </dev/null
}

# The record of the last connection is so, and the only one about it.
tried() { # JQ_CONDITION
	local conn

	has_record ".event == \"auth.login\" and .outcome == \"failure\" and ($1)" ||
		fail "no record with $1: $(records 'select(.event == "auth.login")')"
	conn=$(records "select(.event == \"auth.login\" and .outcome == \"failure\") | .conn" | tail -n 1)
	expect_eq 1 "$(record_count ".event == \"auth.login\" and .conn == $conn")" 'records of it'
	has_record ".event == \"ssh.connect\" and .conn == $conn" || fail 'no such connection'
}

echo '- keys that nobody has, each of them'
for k in one two; do on client ssh-keygen -q -t ed25519 -N '' -f "/tmp/$k"; done
fp() { on client ssh-keygen -lf "/tmp/$1.pub" | cut -d ' ' -f 2; }
expect_fail 255 try -i /tmp/one -i /tmp/two deploy@web-01@gateway
tried ".reason == \"unknown_key\" and .tried == \"deploy@web-01\" and
	.keys == \"$(fp one) $(fp two)\" and .src == \"2001:db8:1::7\" and
	(.client | startswith(\"SSH-2.0-OpenSSH\"))"

echo '- a known one without a grant'
expect_fail 255 gw_ssh admin -- web-01 true
expect_out 'no live grant'
tried '.reason == "no_grant" and .user == "admin" and .target == "web-01" and .login == "deploy"'

echo '- no key, and a strange name'
expect_fail 255 try -o PubkeyAuthentication=no -l $'ro\xffot' gateway
tried '.reason == "no_key" and .tried_b64 == "cm//b3Q="'

echo '- no SSH that we speak, with what was wrong with it'
expect_fail 255 try -o Ciphers=aes128-cbc deploy@web-01@gateway
tried '.reason == "no_login" and (.msg | length) > 10'

echo '- an algorithm that the other setting has'
expect_fail 255 try -o KexAlgorithms=ecdh-sha2-nistp256 deploy@web-01@gateway
tried '.reason == "no_login" and (.msg | startswith("no algorithm in common: ssh.algorithms is default")) and (.msg | test("fips has others"))'
expect_fail 255 try -o Ciphers=aes128-cbc deploy@web-01@gateway
tried '.msg | startswith("no algorithm in common: ssh.algorithms is default here; fips has none of these either")'
expect_fail 255 try -o HostKeyAlgorithms=ssh-rsa deploy@web-01@gateway
expect_no_out fips
tried '.msg | startswith("no algorithm in common: the gateway'"'"'s host key is ssh-ed25519, and only that:")'

echo '- a type of key that nobody here knows: it is named, and the next one serves'
put_file client /tmp/newkey.py <<'PY'
import sys

import paramiko

class New(paramiko.Ed25519Key):
    def asbytes(self):
        m = paramiko.Message()
        m.add_string("ssh-mldsa44")
        m.add_bytes(super().asbytes()[15:])
        return m.asbytes()

    def get_name(self):
        return "ssh-mldsa44"

    def sign_ssh_data(self, data, algorithm=None):
        m = paramiko.Message()
        m.add_string("ssh-mldsa44")
        m.add_string(b"x" * 64)
        return m

t = paramiko.Transport(("198.51.100.1", 2222))
t.banner_timeout = 20
t.start_client()
t._preferred_pubkeys += ("ssh-mldsa44",)
name = "deploy@web-01"
for k in (paramiko.Ed25519Key.from_private_key_file("/tmp/one"),
          New.from_private_key_file("/tmp/one")):
    try:
        t.auth_publickey(name, k)
    except paramiko.SSHException as e:
        print(type(e).__name__, flush=True)
    print(t.get_banner(), flush=True)
PY
expect_ok on client timeout 25 python3 /tmp/newkey.py
expect_out 'keys of the type ssh-mldsa44'
tried '.keys | test("ssh-mldsa44")'

echo '- a name with a NUL in it is not the name before it'
put_file client /tmp/nul.py <<'PY'
import paramiko

t = paramiko.Transport(("198.51.100.1", 2222))
t.banner_timeout = 20
t.start_client()
try:
    t.auth_none("deploy@web-01\0zzz")
except paramiko.SSHException as e:
    print(type(e).__name__, flush=True)
PY
expect_ok on client timeout 25 python3 /tmp/nul.py
tried '.tried_b64 == "ZGVwbG95QHdlYi0wMQB6eno=" and (.msg | test("a NUL in the name"))'

echo '- one that leaves after its version: no cause is told that it has not'
on client bash -c 'exec 9<>/dev/tcp/198.51.100.1/2222; read -r _ <&9; printf "SSH-2.0-gone\r\n" >&9'
tried '.reason == "no_login" and .client == "SSH-2.0-gone" and .msg == "Socket error: disconnected"'

echo '- nothing at all'
on client bash -c 'exec 9<>/dev/tcp/198.51.100.1/2222; read -r _ <&9'
tried '.reason == "no_version" and .client == null and .keys == null and .tried == null'

echo '- a login has none'
n=$(record_count '.event == "auth.login" and .outcome == "failure"')
expect_ok gw_ssh alice -- web-01 true
wait_for 10 has_record '.event == "session.end"'
expect_eq "$n" "$(record_count '.event == "auth.login" and .outcome == "failure"')" 'refused logins'
pass
