#!/usr/bin/python3 -Iu
# SPDX-License-Identifier: Apache-2.0
#
# odd_requests.py - a client that asks for what no honest one does:
#
#   odd_requests.py PORT KEY USER
#
# Requests of types that nobody knows, one whose fields are missing, ports beyond 16
# bits; at last a program, of which it prints the output.
import sys

import paramiko

port, key, user = int(sys.argv[1]), sys.argv[2], sys.argv[3]
transport = paramiko.Transport(("127.0.0.1", port))
transport.connect(username=user, pkey=paramiko.Ed25519Key.from_private_key_file(key))


def send(byte, *parts):
    m = paramiko.Message()
    m.add_byte(byte)
    for p in parts:
        if isinstance(p, bool):
            m.add_boolean(p)
        elif isinstance(p, int):
            m.add_int(p)
        else:
            m.add_string(p)
    transport._send_user_message(m)


channel = transport.open_session()
request = paramiko.common.cMSG_CHANNEL_REQUEST
send(request, channel.remote_chanid, b"break", False, 500)
send(request, channel.remote_chanid, b"xyz@example", False)
send(request, channel.remote_chanid, b"exec", False, 5000)
send(request, channel.remote_chanid, b"eow@openssh.com", False)
everything = paramiko.common.cMSG_GLOBAL_REQUEST
send(everything, b"hostkeys-prove-00@openssh.com", False, b"key")
send(everything, b"tcpip-forward", False, b"", 65536)
send(paramiko.common.cMSG_CHANNEL_OPEN, b"direct-tcpip", 77, 65536, 32768,
     b"10.9.8.7", 4294967295, b"127.0.0.1", 1)
channel.exec_command("echo still")
print(channel.makefile().read().decode(errors="replace").strip())
transport.close()
