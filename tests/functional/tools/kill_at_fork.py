#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# kill_at_fork.py - kills a process in the instant that it has forked:
#
#   kill_at_fork.py PID    says "ready"; after its next fork PID is killed before it
#                          does anything else, the child goes on, and its pid is said
import ctypes
import os
import signal
import sys

CONT, DETACH, GETEVENTMSG, SEIZE = 7, 17, 0x4201, 0x4206
TRACE_FORKS = 2 | 4 | 8  # fork, vfork, clone
WALL = 0x40000000

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long


def ptrace(request, pid, addr=None, data=None):
    if libc.ptrace(request, pid, addr, data) < 0:
        raise OSError(ctypes.get_errno(), f"ptrace {request}")


pid = int(sys.argv[1])
ptrace(SEIZE, pid, None, TRACE_FORKS)
print("ready", flush=True)
while True:
    _, status = os.waitpid(pid, WALL)
    if not os.WIFSTOPPED(status):
        raise SystemExit("kill_at_fork: it ended by itself")
    if status >> 16 in (1, 2, 3):
        break
    ptrace(CONT, pid, None, os.WSTOPSIG(status))
child = ctypes.c_ulong()
ptrace(GETEVENTMSG, pid, None, ctypes.addressof(child))
os.kill(pid, signal.SIGKILL)
os.waitpid(pid, WALL)
os.waitpid(child.value, WALL)
ptrace(DETACH, child.value)
print(child.value, flush=True)
