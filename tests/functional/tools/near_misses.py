#!/usr/bin/python3 -Iu
# SPDX-License-Identifier: Apache-2.0
#
# near_misses.py - tries commands over SSH that nearly match a list of templates:
#
#   near_misses.py HOST PORT LOGIN KEYS COUNT OUT
#
# KEYS is a directory with a key per user, who share COUNT among them; each has one
# connection after the other. On each a program that is allowed runs all the while, so
# that every try comes on a second channel, and now and then on that program's own.
# They come by exec, with a terminal asked for before, with variables, as a subsystem
# and as what is typed into a shell. The digests of those that came by exec go to OUT,
# a line each; on standard output stands what was not refused, then "COUNT tried".
import hashlib
import os
import random
import re
import sys
import threading

import paramiko

host, port, login = sys.argv[1], int(sys.argv[2]), sys.argv[3]
keys, count, out = sys.argv[4], int(sys.argv[5]), sys.argv[6]
PER_CONNECTION = 400  # a connection has 500 channels at once, then waits
HELD = b"sleep 300"

# What each matches, and what may stand nowhere in it.
VALID = [b"systemctl restart web-01", b"journalctl -u nginx.service -n 200",
         b"tar -C /var/log/nginx -czf - access.log", b"/opt/ci/bin/deploy --job=4711",
         b"sleep 30"]
LITERAL = [17, 10, 3, 11, 5]  # bytes at its begin that are no hole
FOREIGN = [b'"', b"'", b"\\", b"$", b"`", b";", b"&", b"|", b"<", b">", b"(", b")", b"{",
           b"}", b"*", b"?", b"[", b"]", b"~", b"!", b"#", b"\n", b"\r", b"\t", b"\v",
           b"\x00", b"\x01", b"\x1b", b"\x7f", "\u0435".encode(), "\u00a0".encode(),
           "\u2013".encode(), "\u2044".encode(), "\u202e".encode(), "\u200b".encode(),
           b"\xff", b"\xc0\xaf", b"$(id)", b"`id`", b"; id", b"&& id", b"| sh", b"\nid\n",
           b"${IFS}", b"> /etc/passwd", b"' '", b'" "', b"\\ ", b"\x00; id"]
HOLES = [
    (b"web-01", [b"-x", b".x", b"..", b"--now", b"a/b", b"../a", b"a=b", b"a,b", b"/etc/x"]),
    (b"200", [b"-1", b"+1", b"1.0", b"1e3", b"0x10", b"12345678901", b"1_000", b"a", b"1a"]),
    (b"/var/log/nginx", [b"/var/log", b"/var/log/", b"/var/log/..", b"/var/log/../etc",
                         b"/var/log/./x", b"/var/log//x", b"//var/log/x", b"/var/logx/y",
                         b"var/log/x", b"/var/log/x/../../etc", b"/VAR/log/x", b"/", b"-",
                         b"/proc/self/root/var/log/x", b"/dev/fd/0"]),
    (b"/opt/ci/bin/deploy", [b"/opt/ci/bin", b"/opt/ci/bin/", b"/opt/ci/bin/../deploy",
                             b"/opt/ci/binx/deploy", b"deploy", b"/bin/sh"]),
    (b"30", [b"30s", b"3.0", b"-30", b"infinity", b"30 30"]),
]


def near_miss(r):
    k = r.randrange(len(VALID))
    v = VALID[k]
    how = r.randrange(7)
    if how == 0:  # a byte that has no place there, in the place of one or between two
        at = r.randrange(len(v) + 1)
        return v[:at] + r.choice(FOREIGN) + v[at + r.randrange(2):]
    if how == 1:  # words too many, too few, or apart by more than a space
        return r.choice([v + b" ", b" " + v, v + b" x", v + b" -f", v + b" --now",
                         v.replace(b" ", b"  ", 1), v.replace(b" ", b"", 1),
                         v.rsplit(b" ", 1)[0], v.replace(b" ", b"\t", 1)])
    if how == 2:
        old, new = HOLES[k]
        return v.replace(old, r.choice(new))
    if how == 3:  # what is literal, in another case or cut
        at = r.randrange(LITERAL[k])
        other = v[at:at + 1].swapcase()
        return v[:at] + (other if other != v[at:at + 1] else b"") + v[at + 1:]
    if how == 4 and r.randrange(20) == 0:  # around 64 KiB of one hole, words or spaces
        return v + r.choice([b"a", b"1", b" ", b"/", b"."]) * r.randrange(65000, 65600)
    if how == 4:
        return v + r.choice([b"a", b"1", b" ", b"/", b"."]) * r.randrange(256, 2000)
    if how == 5:  # quoted, or given to a shell
        return r.choice([b'"%s"', b"'%s'", b"sh -c '%s'", b"eval %s", b"exec %s", b"%s # ok",
                         b"env %s", b"(%s)", b"true;%s", b"%s\n", b"\n%s", b"%s\r\n",
                         b"%s;", b"%s&"]) % v
    return r.choice([b"", b"id", b"sh", b"bash -i", b"uptime", b"cat /etc/shadow",
                     b"scp -t /tmp/x", b"/usr/lib/openssh/sftp-server", b"rsync --server . x",
                     b"systemctl", b"journalctl -f", b"tar -czf - /etc/shadow"])


NAME, NUMBER = rb"([A-Za-z0-9_][A-Za-z0-9._-]{0,254})", rb"([0-9]{1,10})"
BELOW = rb"((?:/(?!\.{1,2}(?:/|$| ))[%s]+)+)" % re.escape(
    bytes(c for c in range(0x21, 0x7f) if c not in b"\"'\\$`;&|<>(){}*?[]~!#/"))
ALLOWED = [re.compile(p) for p in (
    rb"systemctl restart " + NAME, rb"journalctl -u " + NAME + rb" -n " + NUMBER,
    rb"tar -C (/var/log" + BELOW + rb") -czf - " + NAME,
    rb"(/opt/ci/bin" + BELOW + rb") --job=" + NUMBER, rb"sleep " + NUMBER)]


def matches_by_chance(c):
    """A change may make another command that is allowed: a longer name."""
    return any(m and all(len(hole) <= 255 for hole in m.groups())
               for m in (p.fullmatch(c) for p in ALLOWED))


# paramiko closes a channel of which a request is refused, and forgets why
paramiko.Transport._channel_handler_table[paramiko.common.MSG_CHANNEL_FAILURE] = \
    lambda channel, m: (setattr(channel, "was_refused", True), channel.event.set())


def ask(channel, kind, *strings):
    """Accepted?"""
    m = paramiko.Message()
    m.add_byte(paramiko.common.cMSG_CHANNEL_REQUEST)
    m.add_int(channel.remote_chanid)
    m.add_string(kind)
    m.add_boolean(True)
    for s in strings:
        m.add_int(s) if isinstance(s, int) else m.add_string(s)
    channel.was_refused = False
    channel._event_pending()
    channel.transport._send_user_message(m)
    channel.event.wait(60)
    return not channel.was_refused


said, digests, lock = [], [], threading.Lock()


def complain(how, command, what):
    with lock:
        said.append("%s %r: %r" % (how, command[:200], what))


def expect_refused(how, command, channel):
    """A refusal is a line and exit status 255, of a channel that then closes."""
    channel.settimeout(60)
    output = channel.makefile().read()
    words = channel.makefile_stderr().read()
    status = channel.recv_exit_status()
    if output or status != 255 or not words.startswith(b"sallyport: "):
        complain(how, command, (status, output[:200], words[:200]))


def one(transport, r, held):
    how = r.choice(["exec"] * 12 + ["pty", "env", "subsystem", "shell", "same"])
    command = near_miss(r)
    while matches_by_chance(command):
        command = near_miss(r)
    if how == "same":  # a program more on the channel of one that runs
        if b"\0" in command:  # the others are no requests at all there
            with lock:
                digests.append(hashlib.sha256(command).hexdigest())
        if ask(held, "exec", command):
            complain(how, command, "accepted")
        return
    channel = transport.open_session()
    if how == "pty" and ask(channel, "pty-req", b"xterm", 80, 24, 0, 0, b""):
        complain(how, command, "a terminal")
    if how == "env" and ask(channel, "env", b"LC_ALL", command.replace(b"\0", b"")[:60]):
        complain(how, command, "a variable")
    if how == "shell":
        ask(channel, "shell")
    elif how == "subsystem":
        ask(channel, "subsystem", r.choice([b"sftp", VALID[0], command[:100]]))
    else:
        with lock:
            digests.append(hashlib.sha256(command).hexdigest())
        ask(channel, "exec", command)
    expect_refused(how, command, channel)
    channel.close()


def connection(user, n, r):
    transport = paramiko.Transport((host, port))
    transport.connect(username=login, pkey=paramiko.Ed25519Key.from_private_key_file(
        os.path.join(keys, user)))
    held = transport.open_session()
    if not ask(held, "exec", HELD):
        complain("exec", HELD, "it is allowed, and was refused")
    for _ in range(n):
        one(transport, r, held)
    transport.close()


def tries(user, n):
    r = random.Random(user)
    try:
        while n > 0:
            connection(user, min(n, PER_CONNECTION), r)
            n -= min(n, PER_CONNECTION)
    except Exception as e:
        complain("connection", user.encode(), repr(e))


users = sorted(os.listdir(keys))
threads = [threading.Thread(target=tries, args=(u, count // len(users))) for u in users]
for t in threads:
    t.start()
for t in threads:
    t.join()
with open(out, "w") as f:
    f.writelines(d + "\n" for d in digests)
print("\n".join(said[:20] + ["%d tried" % (count // len(users) * len(users))]))
