#!/usr/bin/python3 -Iu
# SPDX-License-Identifier: Apache-2.0
#
# nul.py - a client that sends a NUL in every string it can:
#
#   nul.py PORT KEY USER
#
# Programs, variables, a terminal, a signal, channels and a forwarding, each with one in
# it, and a program without any. Prints what became of each.
import sys

import paramiko

port, key, user = int(sys.argv[1]), sys.argv[2], sys.argv[3]
transport = paramiko.Transport(("127.0.0.1", port))
transport.connect(username=user, pkey=paramiko.Ed25519Key.from_private_key_file(key))


# paramiko closes a channel of which a request is refused
def ask(channel, kind, *strings, answer=False):
    m = paramiko.Message()
    m.add_byte(paramiko.common.cMSG_CHANNEL_REQUEST)
    m.add_int(channel.remote_chanid)
    m.add_string(kind)
    m.add_boolean(answer)
    for s in strings:
        m.add_int(s) if isinstance(s, int) else m.add_string(s)
    channel._event_pending()
    transport._send_user_message(m)
    if not answer:
        return ""
    try:
        channel._wait_for_event()
        return "accepted"
    except paramiko.SSHException:
        return "refused"


def program(*request):
    channel = transport.open_session()
    said = ask(channel, *request, answer=True)
    out = channel.makefile().read().decode(errors="replace") + channel.makefile_stderr().read().decode(errors="replace")
    print(request, said, out.strip())
    channel.close()


program(b"exec", b"echo kept; #\0; echo hidden")
program(b"exec", b":\0x")  # as short as a number
program(b"subsystem", b"sftp\0x")
print("exec with another name", ask(transport.open_session(), b"exec\0x", b"echo named", answer=True))
c = transport.open_session()
for name, value in (b"LC_B\0X", b"v"), (b"LC_A", b"seen\0secret"), (b"LC_C", b"whole"):
    ask(c, b"env", name, value)
ask(c, b"env\0", b"LC_D", b"short name")  # as short as a number
ask(c, b"pty-req", b"xterm\0x", 80, 24, 0, 0, b"")
c.exec_command("trap 'echo trapped' TERM; env | grep LC_; tty -s && echo tty; read -r l; echo $l")
ask(c, b"signal", b"TERM\0x")
c.sendall(b"over\n")
print(c.makefile().read().decode(errors="replace").strip())
for kind in "direct-tcpip", "session\0x":
    try:
        transport.open_channel(kind, ("ho\0st", 4), ("127.0.0.1", 1))
        print(kind, "opened")
    except paramiko.SSHException:
        print(repr(kind), "refused")
try:
    transport.request_port_forward("bo\0und", 4)
except paramiko.SSHException:
    print("forward refused")
c = transport.open_session()
c.exec_command("echo it serves on")
print(c.makefile().read().decode(errors="replace").strip())
transport.close()
