#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# syscall_in.py - makes a running process make system calls:
#
#   syscall_in.py PID <LINES   a line is: LABEL NUMBER ARGUMENT..., or sleep SECONDS;
#                              prints "LABEL RESULT": a number, the name of an error,
#                              or "killed" and ends
#
# An argument is a number; tcp:ADDRESS:PORT, the descriptor of the socket connected
# to there; tcp:listen and unix:listen, of one that listens; bytes:HEX, memory with
# that, in which PTR0 stands for the address of the line's first memory. Memory that
# only others point to comes first; LABEL/N leaves N arguments out. The process
# stands still from the first line to the last.
import ctypes
import errno
import os
import struct
import sys
import time

ATTACH, DETACH, SINGLESTEP, GETREGS, SETREGS = 16, 17, 9, 12, 13
NAMES = ("r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax rip cs "
         "eflags rsp ss fs_base gs_base ds es fs gs").split()
ARGS = ["rdi", "rsi", "rdx", "r10", "r8", "r9"]
LISTEN = "0A"

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long


def ptrace(request, pid, addr=None, data=None):
    if libc.ptrace(request, pid, addr, data) < 0:
        raise OSError(ctypes.get_errno(), f"ptrace {request}")


class Process:
    def __init__(self, pid):
        self.pid = pid
        self.fds = self.sockets()  # before it stands still, for /proc needs no stop
        ptrace(ATTACH, pid)
        os.waitpid(pid, 0x40000000)
        self.mem = os.open(f"/proc/{pid}/mem", os.O_RDWR)
        self.saved = self.regs()
        self.gate = self.find_gate()

    def regs(self):
        raw = ctypes.create_string_buffer(8 * len(NAMES))
        ptrace(GETREGS, self.pid, None, ctypes.cast(raw, ctypes.c_void_p))
        return dict(zip(NAMES, struct.unpack(f"={len(NAMES)}Q", raw.raw)))

    def set_regs(self, regs):
        raw = ctypes.create_string_buffer(struct.pack(f"={len(NAMES)}Q",
                                                      *(regs[n] for n in NAMES)))
        ptrace(SETREGS, self.pid, None, ctypes.cast(raw, ctypes.c_void_p))

    def find_gate(self):
        """Where its code has a syscall instruction."""
        with open(f"/proc/{self.pid}/maps", encoding="ascii") as maps:
            for line in maps:
                span, perms = line.split()[:2]
                if "x" not in perms or "vsyscall" in line:
                    continue
                start, end = (int(v, 16) for v in span.split("-"))
                at = os.pread(self.mem, end - start, start).find(b"\x0f\x05")
                if at >= 0:
                    return start + at
        raise SystemExit("syscall_in: no syscall instruction")

    def sockets(self):
        """{"tcp:ADDRESS:PORT": fd}"""
        inodes = {}
        for fd in os.listdir(f"/proc/{self.pid}/fd"):
            name = os.readlink(f"/proc/{self.pid}/fd/{fd}")
            if name.startswith("socket:["):
                inodes[name[8:-1]] = int(fd)
        found = {}
        with open(f"/proc/{self.pid}/net/tcp", encoding="ascii") as table:
            for word in map(str.split, table):
                if word[9] not in inodes:
                    continue
                host, port = word[2].split(":")
                dotted = ".".join(map(str, reversed(bytes.fromhex(host))))
                key = "listen" if word[3] == LISTEN else f"{dotted}:{int(port, 16)}"
                found[f"tcp:{key}"] = inodes[word[9]]
        with open(f"/proc/{self.pid}/net/unix", encoding="ascii") as table:
            for word in map(str.split, table):
                if word[6] in inodes and word[3] == "00010000":
                    found["unix:listen"] = inodes[word[6]]
        return found

    def call(self, number, args):
        regs = dict(self.saved, rip=self.gate, rax=number, orig_rax=2**64 - 1)
        for name, value in zip(ARGS, args):
            regs[name] = value & (2**64 - 1)
        try:
            self.set_regs(regs)
            ptrace(SINGLESTEP, self.pid)
            _, status = os.waitpid(self.pid, 0x40000000)
            if os.WIFSIGNALED(status) or os.WIFEXITED(status):
                return "killed"
            value = self.regs()["rax"]
        except ProcessLookupError:  # from outside, meanwhile
            return "killed"
        value -= 2**64 if value >= 2**63 else 0
        return errno.errorcode.get(-value, str(value)) if -4096 < value < 0 else str(value)

    def arguments(self, words):
        top = (self.saved["rsp"] - 8192) & ~15
        at, values = [], []
        for word in words:
            if word.startswith("bytes:"):
                raw = word[6:]
                for n, where in enumerate(at):
                    raw = raw.replace(f"PTR{n}", struct.pack("<Q", where).hex())
                data = bytes.fromhex(raw)
                top -= (len(data) + 15) & ~15
                os.pwrite(self.mem, data, top)
                at.append(top)
                values.append(top)
            elif word.startswith(("tcp:", "unix:")):
                values.append(self.fds[word])
            else:
                values.append(int(word, 0))
        return values

    def leave(self):
        try:
            self.set_regs(self.saved)
            ptrace(DETACH, self.pid)
        except ProcessLookupError:
            return


def main():
    p = Process(int(sys.argv[1]))
    for line in sys.stdin:
        words = line.split()
        if not words:
            continue
        if words[0] == "sleep":
            time.sleep(float(words[1]))
            continue
        label, _, left_out = words[0].partition("/")
        got = p.call(int(words[1]), p.arguments(words[2:])[int(left_out or 0):])
        print(label, got, flush=True)
        if got == "killed":
            return
    p.leave()


main()
