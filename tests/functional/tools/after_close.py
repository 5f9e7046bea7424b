#!/usr/bin/python3 -I
# SPDX-License-Identifier: Apache-2.0
#
# after_close.py - a client that sends data on a channel it has closed:
#
#   after_close.py PORT KEY USER
#
# Opens two channels of one connection, closes the first as RFC 4254 has it, sends
# data on it all the same, and prints what a program on the second answers.
import sys

import paramiko
from paramiko.common import cMSG_CHANNEL_CLOSE, cMSG_CHANNEL_DATA


def message(kind, channel, data=None):
    m = paramiko.Message()
    m.add_byte(kind)
    m.add_int(channel.remote_chanid)
    if data is not None:
        m.add_string(data)
    channel.get_transport()._send_user_message(m)


port, key, user = int(sys.argv[1]), sys.argv[2], sys.argv[3]
transport = paramiko.Transport(("127.0.0.1", port))
transport.connect(username=user, pkey=paramiko.Ed25519Key.from_private_key_file(key))
first, second = transport.open_session(), transport.open_session()
first.exec_command("cat")
second.exec_command("read -r l; echo got $l")
first.sendall(b"before\n")
while first.recv(100) != b"before\n":
    pass
message(cMSG_CHANNEL_CLOSE, first)
for _ in range(100):
    message(cMSG_CHANNEL_DATA, first, b"after\n" * 1000)
second.sendall(b"it\n")
second.shutdown_write()
print(second.makefile().read().decode(), end="")
print("exit", second.recv_exit_status())
transport.close()
