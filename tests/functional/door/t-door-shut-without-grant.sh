#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: without a grant no SYN gets an answer from the door or a protected port
#
# Everything else on the host, and behind it, is untouched.

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client gateway web-01'
lab_up "$STAGE"
target_sshd_start web-01
echo_start web-01 5000
jump_sshd_start 22
gw_init
expect_eq refused "$(tcp_probe client 198.51.100.1 2222)" 'before the start'
expect_eq open "$(tcp_probe client 10.20.0.11 22)" 'before the start'
gw_start
add_target web-01

for a in 198.51.100.1 2001:db8:1::1; do
	expect_eq silent "$(tcp_probe client "$a" 2222)" "the gateway's SSH port at $a"
	expect_eq open "$(tcp_probe client "$a" 22)" "the host's own sshd at $a"
	expect_eq open "$(tcp_probe client "$a" 8443)" "the API at $a"
	expect_eq refused "$(tcp_probe client "$a" 2223)" "a port nobody serves at $a"
done
expect_eq silent "$(tcp_probe client 198.51.100.1 2222 198.51.100.8)" 'from another address'
expect_eq silent "$(tcp_probe client 10.20.0.1 2222)" "the gateway's inner address"
for a in 10.20.0.11 fd00:20::11; do
	expect_eq silent "$(tcp_probe client "$a" 22)" "the protected port of $a"
	expect_eq open "$(tcp_probe client "$a" 5000)" "another port of $a"
done
expect_ok on client ping -n -c 1 -W 2 10.20.0.11

echo '- a scan of the flags gets nothing either'
capture_start client out0 'tcp and src host 198.51.100.1 and src port 2222'
on client python3 -I -S - <<'SCAN'
import socket, struct
raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP)
src, dst = socket.inet_aton("198.51.100.7"), socket.inet_aton("198.51.100.1")
def csum(b):
    n = sum(struct.unpack("!%dH" % (len(b) // 2), b))
    n = (n & 0xffff) + (n >> 16)
    return ~((n & 0xffff) + (n >> 16)) & 0xffff
for i, flags in enumerate((0x02, 0x10, 0x12, 0x01, 0x29, 0x00, 0x18)):
    h = struct.pack("!HHLLBBHHH", 40000 + i, 2222, 1, 1, 5 << 4, flags, 1024, 0, 0)
    ck = csum(src + dst + struct.pack("!BBH", 0, 6, len(h)) + h)
    h = h[:16] + struct.pack("!H", ck) + h[18:]
    raw.sendto(h, ("198.51.100.1", 0))
SCAN
sleep 0.5
expect_eq '' "$(capture_stop client)" 'answers to a scan of the door'
pass
