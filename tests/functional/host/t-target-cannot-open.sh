#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: a target that opens a connection from its protected port gets nowhere

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client gateway web-01'
lab_up "$STAGE"
story
request alice web-01 >/dev/null
echo_start client 5000
echo_start gateway 5001
target_sshd_stop web-01

from() { # SPORT ADDR PORT
	on web-01 python3 -I -S -c 'if 1:
		import socket, sys
		a = socket.getaddrinfo(sys.argv[2], int(sys.argv[3]), type=socket.SOCK_STREAM)[0]
		s = socket.socket(a[0])
		s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
		s.settimeout(1)
		s.bind(("::" if ":" in sys.argv[2] else "", int(sys.argv[1])))
		try:
		    s.connect(a[4])
		    s.sendall(b"x\n")
		    print("open" if s.recv(1) else "eof")
		except OSError as e:
		    print("no way")' "$@"
}
for a in 198.51.100.7 2001:db8:1::7; do
	expect_eq open "$(from 0 "$a" 5000)" "an ordinary connection to $a"
	expect_eq 'no way' "$(from 22 "$a" 5000)" "from port 22 to the client at $a"
done
expect_eq open "$(from 0 10.20.0.1 5001)" 'an ordinary connection to the gateway'
expect_eq 'no way' "$(from 22 10.20.0.1 5001)" 'from port 22 to the gateway'
expect_eq 'no way' "$(from 22 fd00:20::1 5001)" 'the same in IPv6'

echo '- nor by data in the first packet, or the second half of a handshake'
capture_start client out0 'tcp and src host 10.20.0.11 and src port 22'
on web-01 python3 -I -S - <<'RAW'
import socket, struct
raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP)
src, dst = socket.inet_aton("10.20.0.11"), socket.inet_aton("198.51.100.7")
def csum(b):
    b += b"\0" * (len(b) % 2)
    n = sum(struct.unpack("!%dH" % (len(b) // 2), b))
    n = (n & 0xffff) + (n >> 16)
    return ~((n & 0xffff) + (n >> 16)) & 0xffff
for i, flags in enumerate((0x02, 0x10, 0x12, 0x18, 0x01)):
    h = struct.pack("!HHLLBBHHH", 22, 41000 + i, 1, 1, 5 << 4, flags, 1024, 0, 0) + b"data"
    ck = csum(src + dst + struct.pack("!BBH", 0, 6, len(h)) + h)
    raw.sendto(h[:16] + struct.pack("!H", ck) + h[18:], ("198.51.100.7", 0))
RAW
sleep 0.5
expect_eq '' "$(capture_stop client)" 'packets from port 22 that reached the client'
pass
