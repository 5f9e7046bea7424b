#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# seccomp_of.py - what the filters of a running process do with system calls:
#
#   seccomp_of.py PID NAME=NUMBER...   prints "NAME WORD", WORD being kill, errno,
#                                      log or allow
#   seccomp_of.py PID                  prints all of it, in the words of doc/SANDBOX
#   seccomp_of.py PID DOC PROCESS      says where DOC's section of that process differs
#
# Takes the filters from the kernel (ptrace, which needs CAP_SYS_ADMIN) and runs
# their programs; without more, a call whose fate depends on its arguments is tried
# with zeros. The numbers are those of x86_64.
import ctypes
import struct
import sys
import textwrap

ATTACH, DETACH, GET_FILTER = 16, 17, 0x420C
ARCH_X86_64 = 0xC000003E
ACTIONS = {0x80000000: "kill", 0: "kill", 0x00050000: "errno",
           0x7FFC0000: "log", 0x7FFF0000: "allow"}
ORDER = ["kill", "errno", "log", "allow"]  # the kernel takes the strictest of all filters
CALLS = 470  # and none above is allowed
GARBAGE = 0xDEAD << 32  # the kernel does not read the high half of an int

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long
libc.waitpid.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_int]


def ptrace(request, pid, addr, data):
    n = libc.ptrace(request, pid, addr, data)
    if n < 0:
        raise OSError(ctypes.get_errno(), f"ptrace {request:#x}")
    return n


def filters(pid):
    got = []
    ptrace(ATTACH, pid, None, None)
    try:
        libc.waitpid(pid, None, 0x40000000)
        while True:
            try:
                n = ptrace(GET_FILTER, pid, len(got), None)
            except OSError:
                return got
            raw = ctypes.create_string_buffer(8 * n)
            ptrace(GET_FILTER, pid, len(got), ctypes.cast(raw, ctypes.c_void_p))
            got.append(list(struct.iter_unpack("=HBBI", raw.raw)))
    finally:
        ptrace(DETACH, pid, None, None)


def run(program, data):
    """The program's answer, and whether it looked at an argument."""
    a = x = pc = 0
    mem = [0] * 16
    looked = False
    while True:
        code, jt, jf, k = program[pc]
        pc += 1
        kind = code & 7
        if kind == 0:  # load: a word of the call's data, a constant, a cell
            mode = code & 0xE0
            looked = looked or mode == 0x20 and k >= 16
            a = (struct.unpack_from("=I", data, k)[0] if mode == 0x20
                 else mem[k] if mode == 0x60 else k)
        elif kind == 1:
            x = mem[k] if code & 0xE0 == 0x60 else k
        elif kind == 2:
            mem[k] = a
        elif kind == 3:
            mem[k] = x
        elif kind == 4:
            v = x if code & 8 else k
            op = code & 0xF0
            a = {0x00: a + v, 0x10: a - v, 0x40: a | v, 0x50: a & v,
                 0x60: a << (v & 31), 0x70: a >> (v & 31), 0xA0: a ^ v}[op] & 0xFFFFFFFF
        elif kind == 5:
            v = x if code & 8 else k
            op = code & 0xF0
            if op == 0:
                pc += k
            else:
                pc += jt if {0x10: a == v, 0x20: a > v, 0x30: a >= v,
                             0x40: bool(a & v)}[op] else jf
        elif kind == 6:
            return (a if code & 0x18 == 0x10 else k), looked
        elif code & 0xF8 == 0:
            x = a
        else:
            a = x


class Filters:
    def __init__(self, pid):
        self.progs = filters(pid)
        if not self.progs:
            sys.exit("seccomp_of: no filter")

    def answer(self, number, *args):
        """(word, depends on arguments)"""
        data = struct.pack("=IIQ6Q", number, ARCH_X86_64, 0, *args, *[0] * (6 - len(args)))
        got = [run(p, data) for p in self.progs]
        return (min((ACTIONS[k & 0xFFFF0000] for k, _ in got), key=ORDER.index),
                any(looked for _, looked in got))

    def ok(self, number, *args):
        return self.answer(number, *args)[0] == "allow"

    def constants(self):
        return {k for p in self.progs for code, _, _, k in p if code & 7 == 5}


# ---- arguments, in the words of doc/SANDBOX

MSG = {0x1: "MSG_OOB", 0x40: "MSG_DONTWAIT", 0x4000: "MSG_NOSIGNAL", 0x8000: "MSG_MORE",
       0x4000000: "MSG_ZEROCOPY", 0x20000000: "MSG_FASTOPEN"}
FCNTL = {0: "F_DUPFD", 1: "F_GETFD", 2: "F_SETFD", 3: "F_GETFL", 4: "F_SETFL", 5: "F_GETLK",
         6: "F_SETLK", 7: "F_SETLKW", 8: "F_SETOWN", 10: "F_SETSIG", 15: "F_SETOWN_EX",
         1024: "F_SETLEASE", 1030: "F_DUPFD_CLOEXEC"}
IOCTL = {0x5401: "TCGETS", 0x541B: "FIONREAD", 0x5421: "FIONBIO", 0x5451: "FIOCLEX",
         0x5452: "FIOASYNC", 0x8901: "FIOSETOWN", 0x8902: "SIOCSPGRP", 0x5412: "TIOCSTI"}
OPTIONS = {(1, 2): "SO_REUSEADDR", (1, 7): "SO_SNDBUF", (1, 8): "SO_RCVBUF",
           (1, 9): "SO_KEEPALIVE", (1, 13): "SO_LINGER", (1, 16): "SO_PASSCRED",
           (1, 20): "SO_RCVTIMEO", (1, 21): "SO_SNDTIMEO", (1, 26): "SO_ATTACH_FILTER",
           (1, 32): "SO_SNDBUFFORCE", (1, 33): "SO_RCVBUFFORCE", (6, 1): "TCP_NODELAY",
           (6, 3): "TCP_CORK", (6, 4): "TCP_KEEPIDLE", (6, 5): "TCP_KEEPINTVL",
           (6, 6): "TCP_KEEPCNT", (6, 12): "TCP_QUICKACK", (6, 18): "TCP_USER_TIMEOUT",
           (6, 31): "TCP_ULP", (0, 11): "IP_RECVERR", (41, 25): "IPV6_RECVERR",
           (41, 26): "IPV6_V6ONLY"}
LEVELS = [0, 1, 6, 17, 41, 58, 132, 136, 255, 263, 270, 279, 282, 283, 284]
PRCTL = {4: "PR_SET_DUMPABLE", 38: "PR_SET_NO_NEW_PRIVS"}
FAMILIES = {1: "AF_UNIX", 2: "AF_INET", 10: "AF_INET6", 16: "AF_NETLINK", 17: "AF_PACKET"}
TYPES = {1: "SOCK_STREAM", 2: "SOCK_DGRAM", 3: "SOCK_RAW", 5: "SOCK_SEQPACKET"}
FORK = 0x1200011  # CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD
PTR = 0x7FFFFFFFE000


def flags(f, nr, arg):
    def args(v):
        return [0] * arg + [v]
    return [MSG.get(1 << b, hex(1 << b)) for b in range(32)
            if f.ok(nr, *args(1 << b)) and f.ok(nr, *args(GARBAGE | 1 << b))]


def sendto(f, nr):
    anywhere = f.ok(nr, 0, 0, 0, 0, PTR) or f.ok(nr, 0, 0, 0, 0, 1 << 32)
    return ["address" if anywhere else "no-address"] + flags(f, nr, 3)


def fcntl(f, nr):
    words = []
    for cmd in range(2000):
        if f.ok(nr, 0, cmd) and f.ok(nr, 0, GARBAGE | cmd):
            bits = [b for b in range(32) if not f.ok(nr, 0, cmd, 1 << b)]
            words.append(FCNTL.get(cmd, str(cmd)) +
                         "".join("-O_ASYNC" if b == 13 else f"-{1 << b:#x}" for b in bits))
    return words


def ioctl(f, nr):
    return [IOCTL.get(c, hex(c)) for c in sorted(f.constants() | set(IOCTL) | {0x1234})
            if f.ok(nr, 0, c)]


def setsockopt(f, nr):
    return [OPTIONS.get((level, name), f"{level}/{name}") for level in LEVELS
            for name in range(140) if f.ok(nr, 0, level, name)]


def socket(f, nr):
    return [f"{FAMILIES.get(family, family)}/{TYPES.get(kind, kind)}"
            for family in range(48) for kind in range(16)
            if f.ok(nr, family, kind) and f.ok(nr, family, kind | 0o2004000)]


def clone(f, nr):
    tried = f.constants() | {FORK} | {FORK | 1 << b for b in range(8, 32)}
    return ["fork" if c == FORK else hex(c) for c in sorted(tried) if f.ok(nr, c)]


def kill(f, nr):
    return ["SIGKILL" if s == 9 else str(s) for s in range(65) if f.ok(nr, 5, s)]


def prctl(f, nr):
    return [PRCTL.get(o, str(o)) for o in [*range(80), 0x53564D41, 0x59616D61]
            if f.ok(nr, o)]


def prlimit64(f, nr):
    return [word for word, args in (("ask", (5, 0, 0)), ("set-own", (0, 0, PTR)),
                                    ("set-other", (5, 0, PTR))) if f.ok(nr, *args)]


def protection(f, nr):
    return [name for bit, name in ((1, "PROT_READ"), (2, "PROT_WRITE"), (4, "PROT_EXEC"))
            if f.ok(nr, 0, 0, bit)]


BY_ARGUMENT = {"sendto": sendto, "sendmsg": lambda f, nr: flags(f, nr, 2),
               "sendmmsg": lambda f, nr: flags(f, nr, 3), "fcntl": fcntl, "ioctl": ioctl,
               "setsockopt": setsockopt, "socket": socket, "clone": clone, "kill": kill,
               "prctl": prctl, "prlimit64": prlimit64, "mmap": protection,
               "mprotect": protection}


def name_of(number):
    lib = ctypes.CDLL("libseccomp.so.2")
    lib.seccomp_syscall_resolve_num_arch.restype = ctypes.c_char_p
    name = lib.seccomp_syscall_resolve_num_arch(ARCH_X86_64, number)
    return name.decode() if name else str(number)


def held(pid):
    """What the kernel holds: {"allow": names, "refuse": names, CALL: words}."""
    f = Filters(pid)
    got = {"allow": set(), "refuse": set()}
    _, _ = f.answer(CALLS + 1000)
    rest = f.answer(CALLS + 1000)[0]
    got["rest"] = {"refused" if rest == "errno" else rest}
    for number in range(CALLS):
        name = name_of(number)
        word, depends = f.answer(number)
        if depends and word != "kill":
            words = BY_ARGUMENT[name](f, number) if name in BY_ARGUMENT else ["?"]
            got["allow" if words else "refuse"].add(name)
            if words:
                got[name] = set(words)
        elif word == "allow":
            got["allow"].add(name)
        elif word == "errno" and rest != "errno":
            got["refuse"].add(name)
        elif word == "log":
            got.setdefault("log", set()).add(name)
    return got


def section(doc, process):
    """What the page says of a process, with what it says of all."""
    parts, key = {}, None
    with open(doc, encoding="utf-8") as page:
        for line in page:
            if line.rstrip().endswith(":") and not line.startswith(" "):
                part, key = parts.setdefault(line.rstrip()[:-1], {}), None
            elif line.startswith("  ") and " = " in line[:16]:
                key, words = line.split(" = ")
                key = key.strip()
                part[key] = set(words.split())
            elif line.startswith("   ") and key:
                part[key] |= set(line.split())
            else:
                key = None
    said = parts[process]
    for of in ("common", "probes"):
        for key in ("allow", "refuse"):
            if of in said.get(key, set()):
                said[key] = said[key] - {of} | parts[of][key]
                for more in parts[of]:
                    said.setdefault(more, parts[of][more])
    said["refuse"] = said.get("refuse", set()) - said["allow"]
    return said


def show(got):
    for key in sorted(got, key=lambda k: (k not in ("allow", "refuse", "rest"), k)):
        print(textwrap.fill(" ".join(sorted(got[key])), 79, initial_indent=f"  {key} = ",
                            subsequent_indent="      ", break_on_hyphens=False))


def main():
    pid, words = int(sys.argv[1]), sys.argv[2:]
    if not words:
        show(held(pid))
    elif "=" in words[0]:
        f = Filters(pid)
        for word in words:
            name, number = word.split("=")
            print(name, f.answer(int(number))[0])
    else:
        got, said = held(pid), section(words[0], words[1])
        for key in sorted(set(got) | set(said)):
            for word in sorted(got.get(key, set()) ^ said.get(key, set())):
                print(f"{words[1]}: {key}: {word} is",
                      "in the kernel only" if word in got.get(key, set()) else "on the page only")


main()
