#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: a source has so many connections and a grant so many sessions, and the others theirs

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client client2 gateway web-01'
lab_up "$STAGE"
target_sshd_start web-01
gw_init
on gateway sed -i 's|^  entry: grant$|  entry: networks\n  networks: ["2001:db8:1::/64"]|
$a connections:\n  per_source: 33' /etc/sallyport/gatewayd.yaml
gw_start
add_target web-01
add_role ops --user alice --label env=lab --login deploy --max 1h
add_user alice
grant=$(request alice web-01)

echo '- who says nothing keeps no place: not until the time to log in is over'
put_file client /tmp/silent.py <<'PY'
import socket, time

conns = [socket.create_connection(("2001:db8:1::1", 2222), 5) for i in range(3)]
begin = time.monotonic()
for s in conns:
    s.settimeout(60)
    while s.recv(4096):
        pass
print("early" if time.monotonic() - begin < 20 else "late")
PY
expect_ok on client python3 /tmp/silent.py
expect_out '^early$'
silent='.event == "auth.login" and .reason == "no_version" and (.msg | test("no SSH version within 3"))'
has_record "$silent" || fail 'no record of a silent one'
gone() { ! on gateway pgrep -P "$(gw_pid zygote)" >/dev/null; }
wait_for 40 gone

# many.py SOURCE... - 40 connections from each; prints how many are served: they
# hear of key exchanges, and are not hung up on for those that came later
put_file client /tmp/many.py <<'PY'
import socket, sys, time

conns = []
for source in sys.argv[1:]:
    for i in range(40):
        conns.append(socket.create_connection(("2001:db8:1::1", 2222), 5, (source, 0)))

def served(s):
    try:
        s.sendall(b"SSH-2.0-Test\r\n")
        s.settimeout(10)
        got = b""
        while b"curve25519" not in got:
            more = s.recv(4096)
            if not more:
                return False
            got += more
        return True
    except OSError:
        return False

def stays(s):
    s.setblocking(False)
    try:
        while s.recv(4096):
            pass
    except BlockingIOError:
        return True
    except OSError:
        pass
    return False

conns = [s for s in conns if served(s)]
time.sleep(0.5)
print(sum(stays(s) for s in conns))
PY

echo '- an IPv6 network is one source, however many addresses it has'
expect_ok on client python3 /tmp/many.py 2001:db8:1::7 2001:db8:1::8
expect_out '^33$'
has_record '.event == "ssh.refused" and .reason == "too_many_from_source"' ||
	fail 'no ssh.refused'

echo '- who does not log in shuts out no user of the same address'
wait_for 40 gone # those of before count until they are
put_file client /tmp/fill.py <<'PY'
import socket, sys, time

conns = [socket.create_connection(("2001:db8:1::1", 2222), 5, (sys.argv[1], 0))
         for i in range(33)]
for s in conns:
    s.sendall(b"SSH-2.0-Test\r\n")
print("full", flush=True)
time.sleep(60)
PY
on_bg client python3 /tmp/fill.py 2001:db8:1::7 >"$TEST_DIR/fill" 2>&1 </dev/null
fill=$!
full() { grep -q full "$TEST_DIR/fill"; }
wait_for 20 full
for ((i = 0; i < 3; i++)); do
	gw_ssh alice -6 -- web-01 true ||
		fail 'who does not log in shuts out no user: one was refused'
done
kill "$fill"
wait "$fill" || true

echo '- a grant has 32 sessions, one more is told'
wait_for 40 gone
ssh=()
for ((i = 0; i < 32; i++)); do
	gw_ssh_bg alice -- web-01 sleep 600 </dev/null >/dev/null 2>&1
	ssh+=("$!")
done
live() { [ "$(local_admin sessions -o name | wc -l)" -eq 32 ]; }
wait_for 60 live
expect_fail 255 gw_ssh alice -- web-01 true
expect_out "^sallyport: grant $grant has 32 sessions already"
has_record '.event == "auth.login" and .outcome == "failure" and .reason == "too_many_sessions"' ||
	fail 'no such auth.login'

echo '- another one of the same user has its own'
other=$(request alice web-01 --for 20m)
gw_ssh_bg alice -- web-01 sleep 600 </dev/null >/dev/null 2>&1
ssh+=("$!")
all() { [ "$(local_admin sessions -o name | wc -l)" -eq 33 ]; }
wait_for 20 all

echo '- whoever is above a cap of those who have logged in reads why'
expect_fail 255 gw_ssh alice -- web-01 true
expect_out 'sallyport: your address has too many connections'
expect_ok local_admin revoke "$other"
expect_ok local_admin revoke "$grant"
wait "${ssh[@]}" || true
pass
