#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# seccomp_of.py - what the filters of a running process do with system calls:
#
#   seccomp_of.py PID NAME=NUMBER...   prints "NAME WORD", WORD being kill, errno,
#                                      log or allow
#
# Takes the filters from the kernel (ptrace, which needs CAP_SYS_ADMIN) and runs
# their programs; a call whose fate depends on its arguments is tried with zeros.
import ctypes
import struct
import sys

ATTACH, DETACH, GET_FILTER = 16, 17, 0x420C
ARCH_X86_64 = 0xC000003E
ACTIONS = {0x80000000: "kill", 0: "kill", 0x00050000: "errno",
           0x7FFC0000: "log", 0x7FFF0000: "allow"}
ORDER = ["kill", "errno", "log", "allow"]  # the kernel takes the strictest of all filters

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
    a = x = pc = 0
    mem = [0] * 16
    while True:
        code, jt, jf, k = program[pc]
        pc += 1
        kind = code & 7
        if kind == 0:  # load: a word of the call's data, a constant, a cell
            mode = code & 0xE0
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
            return a if code & 0x18 == 0x10 else k
        elif code & 0xF8 == 0:
            x = a
        else:
            a = x


def main():
    progs = filters(int(sys.argv[1]))
    if not progs:
        sys.exit("seccomp_of: no filter")
    for arg in sys.argv[2:]:
        name, number = arg.split("=")
        data = struct.pack("=IIQ6Q", int(number), ARCH_X86_64, 0, *[0] * 6)
        words = [ACTIONS[run(p, data) & 0xFFFF0000] for p in progs]
        print(name, min(words, key=ORDER.index))


main()
