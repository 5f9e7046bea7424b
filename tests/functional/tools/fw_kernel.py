#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The kernel side of the firewall, with real packets and without the other
processes: client - gateway - target in network namespaces, fwtool drives the
code. Called by t-fw-kernel.sh inside fresh mount and network namespaces.

usage: fw_kernel.py FWTOOL CLOSED new|old [STEP...]
"""
import ctypes
import os
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import time

FWTOOL, CLOSED, MODE = sys.argv[1:4]
ONLY = sys.argv[4:]
OLD = ["--old"] if MODE == "old" else []
CLIENT, GW_C, GW_T, TARGET = "10.1.0.2", "10.1.0.1", "10.2.0.1", "10.2.0.2"
C6, GC6, GT6, T6 = "fd00:1::2", "fd00:1::1", "fd00:2::1", "fd00:2::2"
libc = ctypes.CDLL(None, use_errno=True)
failed = []


def run(*args, ns=None, check=True):
    cmd = (["ip", "netns", "exec", ns] if ns else []) + list(args)
    return subprocess.run(cmd, check=check, capture_output=True, text=True)


class In:
    """Sockets made inside belong to that namespace for good."""

    def __init__(self, ns):
        self.ns = ns

    def __enter__(self):
        self.old = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        fd = os.open("/run/netns/" + self.ns, os.O_RDONLY)
        assert libc.setns(fd, 0) == 0
        os.close(fd)

    def __exit__(self, *exc):
        assert libc.setns(self.old, 0) == 0
        os.close(self.old)


def sock(ns, addr, kind=socket.SOCK_STREAM):
    with In(ns):
        return socket.socket(
            socket.AF_INET6 if ":" in addr else socket.AF_INET, kind)


def listen(ns, addr, port):
    s = sock(ns, addr)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    s.bind((addr, port))
    s.listen(64)
    return s


def dial(ns, addr, port, sport=0, src=None, timeout=0.6):
    s = sock(ns, addr)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    if src or sport:
        s.bind((src or ("::" if ":" in addr else ""), sport))
    s.settimeout(timeout)
    try:
        s.connect((addr, port))
        return s
    except OSError as e:
        s.close()
        return "refused" if isinstance(e, ConnectionRefusedError) else "silent"


def pair(listener, *args, **kw):
    listener.setblocking(False)
    try:
        while True:  # left by others who only wanted to know if they can
            listener.accept()[0].close()
    except OSError:
        pass
    a = dial(*args, **kw)
    if isinstance(a, str):
        return a, None
    listener.settimeout(1)
    b, _ = listener.accept()
    b.settimeout(1)
    return a, b


def passes(a, b, data=b"x"):
    """Do bytes written at a arrive at b?"""
    try:
        a.send(data)
    except OSError:
        return False
    r, _, _ = select.select([b], [], [], 0.5)
    if not r:
        return False
    try:
        return b.recv(100) == data
    except OSError:
        return False


def dead(s, wait=1.0):
    """Was it reset, without having said anything?"""
    end = time.monotonic() + wait
    while time.monotonic() < end:
        if s.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 8)[0] == 7:
            return True  # TCP_CLOSE
        time.sleep(0.01)
    return False


def check(name, ok, more=""):
    print(("ok   " if ok else "FAIL: ") + MODE + ": " + name,
          "" if ok else more, flush=True)
    if not ok:
        failed.append(name)


class Wire:
    """What the gateway's own address sends to the target's port."""

    def __init__(self, proto, port):
        self.want = (proto, port)
        with In("target"):
            self.s = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM,
                                   socket.htons(0x0800))
        self.s.bind(("t0", 0x0800))

    def seen(self):
        n = 0
        while select.select([self.s], [], [], 0.2)[0]:
            p = self.s.recv(2048)
            head = (p[0] & 15) * 4
            if (p[9], struct.unpack("!H", p[head + 2:head + 4])[0]) == \
                    self.want and p[12:16] == socket.inet_aton(GW_T):
                n += 1
        return n


class Tool:
    def __init__(self, *args):
        self.p = subprocess.Popen(
            ["ip", "netns", "exec", "gw", FWTOOL] + OLD + list(args),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=False)
        os.set_blocking(self.p.stdout.fileno(), False)
        self.buf, self.lines = b"", []
        self.ready = self.wait(lambda s: s.startswith(("ready", "error")))

    def pump(self, t):
        if select.select([self.p.stdout], [], [], t)[0]:
            got = os.read(self.p.stdout.fileno(), 65536)
            if not got:
                return False
            self.buf += got
            *whole, self.buf = self.buf.split(b"\n")
            self.lines += [w.decode() for w in whole]
        return True

    def wait(self, want, t=3.0):
        end = time.monotonic() + t
        while True:
            for i, s in enumerate(self.lines):
                if want(s):
                    return self.lines.pop(i)
            if time.monotonic() > end or not self.pump(0.05):
                for i, s in enumerate(self.lines):
                    if want(s):
                        return self.lines.pop(i)
                return ""

    def __call__(self, line):
        self.p.stdin.write(line.encode() + b"\n")
        self.p.stdin.flush()
        return self.wait(lambda s: s.startswith(("ok", "error")))

    def kill(self):
        self.p.send_signal(signal.SIGKILL)
        self.p.wait()

    def quit(self):
        self.p.stdin.write(b"quit\n")
        self.p.stdin.flush()
        self.p.wait()


PROTECT = ["own", "2222", "protect", TARGET, "tcp", "22", "protect", TARGET,
           "udp", "161", "protect", T6, "tcp", "22"]


def lab():
    run("mount", "-t", "tmpfs", "none", "/run")
    os.makedirs("/run/netns")
    for ns in ("client", "gw", "target"):
        run("ip", "netns", "add", ns)
        run("ip", "link", "set", "lo", "up", ns=ns)
        run("sysctl", "-qw", "net.ipv6.conf.all.accept_dad=0",
            "net.ipv6.conf.default.accept_dad=0", ns=ns)
    for a, b, a4, b4, a6, b6 in (
            ("client", "gw", CLIENT, GW_C, C6, GC6),
            ("target", "gw", TARGET, GW_T, T6, GT6)):
        dev = a[0] + "0"
        run("ip", "link", "add", dev, "netns", a, "type", "veth",
            "peer", "name", dev, "netns", b)
        for ns, v4, v6 in ((a, a4, a6), (b, b4, b6)):
            run("ip", "addr", "add", v4 + "/24", "dev", dev, ns=ns)
            run("ip", "addr", "add", v6 + "/64", "dev", dev, "nodad", ns=ns)
            run("ip", "link", "set", dev, "up", ns=ns)
        run("ip", "route", "add", "default", "via", b4, ns=a)
        run("ip", "-6", "route", "add", "default", "via", b6, ns=a)
    run("sysctl", "-qw", "net.ipv4.ip_forward=1",
        "net.ipv6.conf.all.forwarding=1", ns="gw")


def shut_and_untouched(fw, own, t22, t80, t22_6, c_any):
    check("entry without a grant is silent",
          dial("client", GW_C, 2222) == "silent")
    check("path without a grant is silent",
          dial("client", TARGET, 22) == "silent")
    check("path v6 without a grant is silent",
          dial("client", T6, 22) == "silent")
    check("gateway itself without a leg is silent",
          dial("gw", TARGET, 22) == "silent")
    wire = Wire(6, 22)
    dial("gw", TARGET, 22)
    check("not even its SYN leaves", wire.seen() == 0)
    wire = Wire(17, 161)
    try:
        sock("gw", TARGET, socket.SOCK_DGRAM).sendto(b"x", (TARGET, 161))
    except PermissionError:
        pass  # what a drop in output looks like to the sender
    check("nor a datagram", wire.seen() == 0)
    check("gateway v6 without a leg is silent", dial("gw", T6, 22) == "silent")
    a, b = pair(t80, "client", TARGET, 80)
    check("another port of the target is untouched",
          b is not None and passes(a, b) and passes(b, a))
    a, b = pair(c_any, "target", CLIENT, 4000)
    check("the target's own connections are untouched",
          b is not None and passes(a, b))
    check("from its port 22 it gets nowhere (client)",
          dial("target", CLIENT, 4000, sport=22) == "silent")
    check("from its port 22 it gets nowhere (v6)",
          dial("target", C6, 4000, sport=22) == "silent")
    g = listen("gw", "0.0.0.0", 5000)
    a, b = pair(g, "client", GW_C, 5000)
    check("another port of the gateway is untouched",
          b is not None and passes(a, b))
    check("from its port 22 it gets nowhere (gateway)",
          dial("target", GW_T, 5000, sport=22) == "silent")
    a, b = pair(own, "gw", "127.0.0.1", 2222)
    check("loopback is untouched", b is not None and passes(a, b))
    check("ping passes", run("ping", "-n", "-c", "1", "-W", "1", TARGET,
                             ns="client", check=False).returncode == 0)


def entry(fw, own):
    check("entry opens", fw(f"entry {CLIENT} 2222 g-ENTRYAAA 60000") == "ok")
    a, b = pair(own, "client", GW_C, 2222)
    check("entry lets in", b is not None and passes(a, b) and passes(b, a))
    check("entry is for that source only",
          dial("target", GW_T, 2222) == "silent")
    check("entry again, shorter",
          fw(f"entry {CLIENT} 2222 g-ENTRYAAA 1000") == "ok")
    time.sleep(0.7)
    check("still in", passes(a, b))
    time.sleep(0.5)
    check("entry's end cuts the established connection", not passes(a, b))
    check("and tells its client", dead(a))
    check("entry's end shuts", dial("client", GW_C, 2222) == "silent")
    check("entry6 opens", fw(f"entry {C6} 2222 g-ENTRYSIX 800") == "ok")


def path(fw, t22, target, src, name):
    check(name + " opens",
          fw(f"path {src} {target} tcp 22 g-PATHAAAA 1500") == "ok")
    a, b = pair(t22, "client", target, 22)
    i, j = pair(t22, "client", target, 22)
    check(name + " lets through",
          b is not None and passes(a, b) and passes(b, a))
    check(name + " is not for the gateway",
          dial("gw", target, 22) == "silent")
    check(name + " gives the target no way back",
          dial("target", src, 4000, sport=22) == "silent")
    end = time.monotonic() + 1.6
    last = 0
    while time.monotonic() < end:
        if passes(a, b, b"y"):
            last = time.monotonic()
        else:
            break
    check(name + " ended on time", 0 < last < end - 0.05, last - end)
    check(name + " resets the idle client", dead(i))
    check(name + " resets the idle target", dead(j))
    check(name + " resets the talking ends", dead(a) and dead(b))
    check(name + " is shut", dial("client", target, 22) == "silent")
    flow = fw.wait(lambda s: s.startswith("flow") and "kind 2" in s)
    check(name + " leaves a record", " in " in flow and "/0 out" not in flow,
          flow)
    fw.lines = [s for s in fw.lines if not s.startswith("flow")]


def named(grant):
    """Is it in a comment of the kernel's elements?"""
    out = run("nft", "list", "set", "inet", "sallyport", "path4", ns="gw")
    return f'comment "{grant}"' in out.stdout


def shared_path(fw, t22):
    """Two grants, one door: ending one cuts the flows, the door stays."""
    fw(f"path {CLIENT} {TARGET} tcp 22 g-SHAREDAA 20000")
    fw(f"path {CLIENT} {TARGET} tcp 22 g-SHAREDBB 40000")
    a, b = pair(t22, "client", TARGET, 22)
    check("shared path lets through", b is not None and passes(a, b))
    check("it names the one that holds it longest", named("g-SHAREDBB"))
    r = fw("close g-SHAREDBB")
    check("and not one that is over",
          named("g-SHAREDAA") and not named("g-SHAREDBB"))
    check("one of two ends", r.startswith("ok closed 1"), r)
    check("its flow is reset at both ends", dead(a) and dead(b))
    a, b = pair(t22, "client", TARGET, 22)
    check("the other reconnects", b is not None and passes(a, b))
    time.sleep(1.2)
    check("and stays connected", passes(a, b) and passes(b, a))
    check("the other ends", fw("close g-SHAREDAA").startswith("ok closed 1"))
    check("and is reset", dead(a) and dead(b))
    check("then it is shut", dial("client", TARGET, 22) == "silent")
    check("ending it again says so", fw("close g-SHAREDAA").startswith(
        "error -7"))


def dial_as_nobody(*args, **kw):
    """Rules ask whose the socket is: of which uid it was made."""
    libc = ctypes.CDLL(None)
    libc.setfsuid(65534)
    try:
        return dial(*args, **kw)
    finally:
        libc.setfsuid(0)


def leg(fw, t22, target, gw, name):
    check(name + " opens",
          fw(f"leg {gw} 40001 {target} 22 s-LEGAAAAA g-LEGGRANT 2500") == "ok")
    check(name + " is for who dials legs only",
          dial_as_nobody("gw", target, 22, sport=40001, src=gw) == "silent")
    a, b = pair(t22, "gw", target, 22, sport=40001, src=gw)
    check(name + " lets through",
          b is not None and passes(a, b) and passes(b, a))
    check(name + " is for that source port only",
          dial("gw", target, 22, sport=40002, src=gw) == "silent")
    check(name + " is not for a client",
          dial("client", target, 22, sport=40001) == "silent")
    end = time.monotonic() + 2
    n = 0
    while time.monotonic() < end and passes(b, a, b"z"):
        n += 1
    check(name + " ended with live traffic", n > 0 and
          time.monotonic() < end + 0.5)
    check(name + " lets nothing in", not passes(b, a))
    check(name + " lets nothing out", not passes(a, b))
    check(name + " resets the target", dead(b))
    a.close()
    fw.wait(lambda s: s.startswith("flow"))
    fw(f"leg {gw} 40003 {target} 22 s-LEGBBBBB g-LEGGRANT 20000")
    fw(f"leg {gw} 40004 {target} 22 s-LEGCCCCC g-LEGGRANT 20000")
    a, b = pair(t22, "gw", target, 22, sport=40003, src=gw)
    c, d = pair(t22, "gw", target, 22, sport=40004, src=gw)
    check(name + ": two sessions", passes(a, b) and passes(c, d))
    check(name + ": one ends", fw("close s-LEGBBBBB").startswith(
        "ok closed 1 in"))
    check(name + ": its own stops", not passes(a, b) and dead(b))
    check(name + ": the other goes on", passes(c, d) and passes(d, c))
    check(name + ": the grant ends", fw("close g-LEGGRANT").startswith(
        "ok closed 1"))
    check(name + ": all stop", not passes(c, d) and not passes(d, c))


def udp(fw):
    s = sock("target", TARGET, socket.SOCK_DGRAM)
    s.bind((TARGET, 161))
    c = sock("client", CLIENT, socket.SOCK_DGRAM)
    c.bind((CLIENT, 7000))
    c.sendto(b"a", (TARGET, 161))
    check("udp is shut", not select.select([s], [], [], 0.3)[0])
    fw(f"path {CLIENT} {TARGET} udp 161 g-UDPAAAAA 20000")
    s.sendto(b"u", (CLIENT, 7000))
    check("udp: the target may not begin",
          not select.select([c], [], [], 0.3)[0])
    c.sendto(b"a" * 4000, (TARGET, 161))
    check("udp passes, fragments too", bool(select.select([s], [], [], 0.5)[0]))
    s.recv(9000)
    s.sendto(b"b", (CLIENT, 7000))
    check("udp answers pass", bool(select.select([c], [], [], 0.5)[0]))
    c.recv(100)
    fw("close g-UDPAAAAA")
    c.sendto(b"a", (TARGET, 161))
    s.sendto(b"b", (CLIENT, 7000))
    check("udp ends both ways", not select.select([s, c], [], [], 0.3)[0])


def forget(port):
    """The kernel's conntrack forgets all connections to that port."""
    for _ in range(5):  # a listing under load may miss an entry
        for family in ("ipv4", "ipv6"):
            run("conntrack", "-D", "-f", family, "-p", "tcp", "--dport", port,
                ns="gw", check=False)
        left = [run("conntrack", "-L", "-f", family, "-p", "tcp", "--dport",
                    port, ns="gw").stdout for family in ("ipv4", "ipv6")]
        if not any(left):
            break
    check("the kernel forgot the connection", not any(left), left)


def reset_close(s):
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                 struct.pack("ii", 1, 0))
    s.close()


def forgotten(fw, own, listener, gw, client, target, name):
    """What our own socket says last arrives though conntrack has forgotten the
    connection; nothing else does."""
    fw(f"entry {client} 2222 g-FORGOTTE 20000")
    fw(f"leg {gw} 40005 {target} 22 s-FORGOTTE g-FORGOTTE 20000")
    for speaks in (False, True):
        end = name + (", after what did not arrive" if speaks else "")
        for what, port in (("door", "2222"), ("leg", "22")):
            if what == "door":
                a, b = pair(own, "client", GW_C if "." in client else GC6,
                            2222)
            else:
                b, a = pair(listener, "gw", target, 22, sport=40005, src=gw)
            check(f"{what} lets through ({end})",
                  a is not None and b is not None and passes(b, a))
            time.sleep(0.2)  # the last delayed ACK has passed
            forget(port)
            if speaks:
                check(f"{what}: what is said is dropped ({end})",
                      not passes(b, a) and not dead(b, 0.2))
            reset_close(b)
            check(f"{what}: a reset arrives that conntrack does not know "
                  f"({end})", dead(a))
            a.close()
    fw("close g-FORGOTTE")


def no_pick_up(fw, t22):
    """A connection from before the table, or after its entry was lost, is not
    taken up in mid-stream."""
    fw(f"path {CLIENT} {TARGET} tcp 22 g-MIDSTREA 20000")
    a, b = pair(t22, "client", TARGET, 22)
    passes(a, b)
    time.sleep(0.2)  # the last delayed ACK has passed
    forget("22")
    check("nothing is picked up in mid-stream",
          not passes(b, a) and not passes(a, b))
    fw("close g-MIDSTREA")


def others_rules(fw, t22):
    """Address translation, small MTUs and notrack by somebody else."""
    def nft(text):
        subprocess.run(["ip", "netns", "exec", "gw", "nft", "-f", "-"],
                       input=text, text=True, check=True)
    fw(f"path {CLIENT} {TARGET} tcp 22 g-OTHERSAA 30000")
    for ns in ("gw", "target"):
        run("ip", "link", "set", "t0", "mtu", "1300", ns=ns)
    a, b = pair(t22, "client", TARGET, 22)
    a.sendall(b"m" * 60000)
    got = 0
    b.settimeout(2)
    try:
        while got < 60000:
            got += len(b.recv(65536))
    except OSError:
        pass
    check("path MTU discovery works", got == 60000, got)
    for ns in ("gw", "target"):
        run("ip", "link", "set", "t0", "mtu", "1500", ns=ns)
    nft("""table ip othernat {
        chain pre { type nat hook prerouting priority -100;
            ip daddr 10.1.0.1 tcp dport 2200 dnat to 10.2.0.2:22; }
        chain post { type nat hook postrouting priority 100;
            oifname t0 ip saddr 10.1.0.0/24 masquerade; }
        }""")
    a, b = pair(t22, "client", GW_C, 2200)
    check("translated both ways it is still judged as client and target",
          b is not None and passes(a, b) and passes(b, a) and
          b.getpeername()[0] == GW_T)
    fw("close g-OTHERSAA")
    check("and ends", not passes(a, b) and not passes(b, a))
    check("translated it is shut without a grant",
          dial("client", GW_C, 2200) == "silent")
    run("nft", "delete", "table", "ip", "othernat", ns="gw")
    nft("""table inet otheraccept {
        chain i { type filter hook input priority 100; accept; }
        chain f { type filter hook forward priority -300; accept; }
        chain o { type filter hook output priority 100; accept; }
        }""")
    check("accept in somebody's table opens nothing",
          dial("client", TARGET, 22) == "silent" and
          dial("client", GW_C, 2222) == "silent" and
          dial("gw", TARGET, 22) == "silent")
    run("nft", "delete", "table", "inet", "otheraccept", ns="gw")
    nft("""table inet othertrack {
        chain p { type filter hook prerouting priority -300; notrack; }
        chain o { type filter hook output priority -300; notrack; }
        }""")
    fw(f"path {CLIENT} {TARGET} tcp 22 g-OTHERSBB 30000")
    check("somebody's notrack shuts, not opens",
          dial("client", TARGET, 22) == "silent" and
          dial("gw", TARGET, 22) == "silent" and
          dial("client", GW_C, 2222) == "silent")
    run("nft", "delete", "table", "inet", "othertrack", ns="gw")
    fw("close g-OTHERSBB")
    fw.lines = []
    nft("""table netdev otherdev {
        chain harmless { type filter hook ingress device "c0" priority 0;
            udp dport 9 log prefix "fwd" drop; }
        }""")
    check("ingress rules that only drop are nobody's business", fw.wait(
        lambda s: s.startswith("event"), 1.5) == "", fw.lines)
    nft("""table netdev otherdev {
        chain round { type filter hook ingress device "c0" priority 1;
            tcp dport 22 fwd to "t0"; }
        }""")
    check("rules that lead round ours are told", fw.wait(
        lambda s: s.startswith("event 2") and "lead packets round" in s, 5)
        != "", fw.lines)
    run("nft", "delete", "table", "netdev", "otherdev", ns="gw")


def frozen(fw, t22):
    """SIGSTOP: the kernel ends everything without us."""
    fw(f"path {CLIENT} {TARGET} tcp 22 g-FROZENAA 900")
    fw(f"leg {GW_T} 40010 {TARGET} 22 s-FROZENBB g-FROZENAA 900")
    a, b = pair(t22, "client", TARGET, 22)
    c, d = pair(t22, "gw", TARGET, 22, sport=40010, src=GW_T)
    check("open before the freeze", passes(a, b) and passes(c, d))
    # the tool itself: ip netns exec has become it
    fw.p.send_signal(signal.SIGSTOP)
    time.sleep(1.0)
    check("frozen: the path ends", not passes(a, b) and not passes(b, a))
    check("frozen: the leg ends", not passes(c, d) and not passes(d, c))
    check("frozen: whoever speaks is reset", dead(a) and dead(b) and dead(d))
    fw.p.send_signal(signal.SIGCONT)
    check("thawed: records come", fw.wait(
        lambda s: s.startswith("flow g-FROZENAA s-FROZENBB")) != "")


def hostile(fw, own):
    """Somebody with root edits our table."""
    fw(f"entry {CLIENT} 2222 g-HOSTILEA 60000")
    fw.lines = []
    before = run("nft", "-s", "list", "table", "inet", "sallyport", ns="gw")
    run("nft", "flush", "ruleset", ns="gw", check=False)
    if MODE == "old":
        ev = fw.wait(lambda s: s.startswith("event 1"), 1.5)
        check("flush ruleset is noticed", ev != "", fw.lines)
    after = run("nft", "-s", "list", "table", "inet", "sallyport", ns="gw",
                check=False)

    def skeleton(text):
        return re.sub(r"\s*elements = {[^}]*}", "", text)
    check("flush ruleset leaves the table", skeleton(before.stdout) ==
          skeleton(after.stdout), after.stderr)
    check("flush ruleset does not open", dial("client", TARGET, 22) ==
          "silent")
    a, b = pair(own, "client", GW_C, 2222)
    check("flush ruleset does not lose grants", b is not None and passes(a, b))
    for what, cmd in (
            ("an opening put in by hand",
             ["add", "element", "inet", "sallyport", "path4",
              "{ 10.1.0.2 . 10.2.0.2 . tcp . 22 timeout 1h }"]),
            ("a chain flushed by hand",
             ["flush", "chain", "inet", "sallyport", "transit"]),
            ("a protected port taken out by hand",
             ["delete", "element", "inet", "sallyport", "protected4",
              "{ 10.2.0.2 . tcp . 22 }"]),
            ("the table made dormant",
             ["add", "table", "inet", "sallyport", "{ flags dormant; }"])):
        r = run("nft", *cmd, ns="gw", check=False)
        if MODE == "new":
            check(what + " is refused", r.returncode != 0, r.stdout)
        else:
            check(what + " is noticed", fw.wait(
                lambda s: s.startswith("event 1"), 1.5) != "", r.stderr)
        check(what + " does not open", dial("client", TARGET, 22) == "silent")
    if MODE == "old":
        run("nft", "delete", "element", "inet", "sallyport", "entry4",
            "{ 10.1.0.2 . 2222 }", ns="gw")
        check("a grant taken out by hand comes back", fw.wait(
            lambda s: s.startswith("event 3"), 1.5) != "" and
            not isinstance(dial("client", GW_C, 2222), str))
    fw("close g-HOSTILEA")


def restart(fw, own, t22):
    """SIGKILL: shut stays shut, timers run, the next process adopts."""
    fw(f"entry {CLIENT} 2222 g-RESTARTA 60000")
    fw(f"path {CLIENT} {TARGET} tcp 22 g-RESTARTB 2500")
    fw(f"path {CLIENT} {TARGET} udp 161 g-RESTARTC 60000")
    a, b = pair(own, "client", GW_C, 2222)
    c, d = pair(t22, "client", TARGET, 22)
    check("open before the kill", passes(a, b) and passes(c, d))
    fw.kill()
    check("goes on after the kill", passes(a, b) and passes(c, d))
    check("shut stays shut", dial("gw", TARGET, 22) == "silent")
    time.sleep(2.6)
    check("the kernel ends it alone", not passes(c, d) and not passes(d, c))
    check("and tells who speaks", dead(c))
    fw = Tool("own", "2222")
    check("adopted", "loaded 2" in fw.ready, fw.ready)
    check("what was protected stays so", dial("gw", TARGET, 22) == "silent"
          and dial("client", T6, 22) == "silent")
    check("live through adoption", passes(a, b))
    if MODE == "new":
        other = Tool(*PROTECT)
        check("nobody else may have it meanwhile",
              other.ready.startswith("error -9"), other.ready)
        other.kill()
    fw("sync")
    fw(f"entry {CLIENT} 2222 g-RESTARTA 60000")
    r = fw("end")
    check("sync keeps one and removes one", r == "ok removed 1 kept 1", r)
    check("live through sync", passes(a, b))
    listing = run("nft", "list", "set", "inet", "sallyport", "path4",
                  ns="gw").stdout
    check("what nobody asked for is gone", "elements" not in listing, listing)
    return fw


def itself(fw):
    """The gateway is a target: shut for its own users too."""
    t = listen("gw", "0.0.0.0", 2022)
    check("its own port is open before",
          not isinstance(dial("gw", GW_T, 2022), str))
    fw(f"protect {GW_T} tcp 2022")
    check("protected it is shut, from inside and outside",
          dial("gw", GW_T, 2022) == "silent" and
          dial("gw", GW_T, 2022, src=GW_C) == "silent" and
          dial("target", GW_T, 2022) == "silent")
    check("at another address it is untouched",
          not isinstance(dial("gw", GW_C, 2022), str))
    fw(f"leg {GW_T} 40020 {GW_T} 2022 s-ITSELFAA g-ITSELFAA 30000")
    check("a leg is for who dials legs only",
          dial_as_nobody("gw", GW_T, 2022, sport=40020, src=GW_T) == "silent")
    a, b = pair(t, "gw", GW_T, 2022, sport=40020, src=GW_T)
    check("a leg lets through", b is not None and passes(a, b)
          and passes(b, a))
    check("for that port only",
          dial("gw", GW_T, 2022, sport=40021, src=GW_T) == "silent")
    check("it ends", fw("close s-ITSELFAA").startswith("ok closed 1"))
    check("for both sides", not passes(a, b) and not passes(b, a))
    check("who speaks is reset", dead(a) and dead(b))
    t.close()


def boot(state):
    """Without any daemon: sallyport-closed shuts, a daemon adopts."""
    with open(state, "w", encoding="ascii") as f:
        f.write("sallyport-closed 1\nown 2222\nprotect 10.2.0.2 tcp 22\n"
                "end 2\n")
    old = ["--kernel-old"] if MODE == "old" else []

    def closed(*args):
        return run(CLOSED, *old, *args, ns="gw", check=False)
    check("open before (negative control)",
          not isinstance(dial("client", TARGET, 22), str) and
          not isinstance(dial("client", GW_C, 2222), str))
    r = closed(state + ".none")
    check("no state: nothing to do", r.returncode == 0 and
          "nothing is protected yet" in r.stderr, r.stderr)
    r = closed(state)
    check("sallyport-closed runs", r.returncode == 0, r.stderr)
    check("and shuts", dial("client", TARGET, 22) == "silent" and
          dial("client", GW_C, 2222) == "silent" and
          dial("gw", TARGET, 22) == "silent")
    with open(state, "w", encoding="ascii") as f:
        f.write("sallyport-closed 1\nown 2222\nprotect 10.2.0.2 icmp 22\n"
                "protect 10.2.0.2 tcp 23\nend 2\n")
    r = closed(state)
    check("a bad line is named", r.returncode == 1 and ":3:" in r.stderr,
          r.stderr)
    listing = run("nft", "list", "table", "inet", "sallyport", ns="gw").stdout
    check("the good ones are shut", "10.2.0.2 . tcp . 23" in listing)


def main():
    lab()
    own = listen("gw", "::", 2222)  # v4 too
    t22, t22_6 = listen("target", TARGET, 22), listen("target", T6, 22)
    t80, c_any = listen("target", TARGET, 80), listen("client", CLIENT, 4000)
    c_any6 = listen("client", C6, 4000)
    for s in (own, t22, t80, c_any):
        assert s.fileno() >= 0
    boot("/run/closed.state")
    early, early_b = pair(t80, "client", TARGET, 80)
    fw = Tool(*PROTECT)
    check("adopts what sallyport-closed made", "loaded 2" in fw.ready,
          fw.ready)
    check("abilities", ("owner 1 update 1 destroy 1" if MODE == "new" else
                        "owner 0 update 0 destroy 0") in fw.ready, fw.ready)
    steps = {
        "shut": lambda: shut_and_untouched(fw, own, t22, t80, t22_6, c_any),
        "entry": lambda: entry(fw, own),
        "path": lambda: path(fw, t22, TARGET, CLIENT, "path"),
        "path6": lambda: path(fw, t22_6, T6, C6, "path6"),
        "shared": lambda: shared_path(fw, t22),
        "leg": lambda: leg(fw, t22, TARGET, GW_T, "leg"),
        "leg6": lambda: leg(fw, t22_6, T6, GT6, "leg6"),
        "udp": lambda: udp(fw),
        "midstream": lambda: no_pick_up(fw, t22),
        "forgotten": lambda: forgotten(fw, own, t22, GW_T, CLIENT, TARGET,
                                       "v4"),
        "forgotten6": lambda: forgotten(fw, own, t22_6, GT6, C6, T6, "v6"),
        "itself": lambda: itself(fw),
        "others": lambda: others_rules(fw, t22),
        "frozen": lambda: frozen(fw, t22),
        "hostile": lambda: hostile(fw, own),
    }
    for name in ONLY or steps:
        steps[name]()
    if ONLY:
        fw.quit()
        return 1 if failed else 0
    fw = restart(fw, own, t22)
    check("protect at run time", fw(f"protect {TARGET} tcp 80") == "ok new" and
          dial("client", TARGET, 80) == "silent")
    check("an earlier connection to it is shut too",
          not passes(early, early_b))
    for bad in ("entry nonsense 2222 g-1 1000", f"entry {CLIENT} 0 g-1 1000",
                f"entry {CLIENT} 2222 g-1 0", f"entry {CLIENT} 2222 g-1 -5",
                f"entry {CLIENT} 2222 g-1 999999999",
                f"path {CLIENT} {T6} tcp 22 g-1 1000",
                f"path {CLIENT} {TARGET} icmp 22 g-1 1000"):
        check("refused: " + bad, fw(bad).startswith("error"))
    fw.quit()
    del c_any6
    print(f"{len(failed)} failed")
    return 1 if failed else 0


sys.exit(main())
