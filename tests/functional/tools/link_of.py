#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# link_of.py - the socket pair between two running processes:
#
#   link_of.py PID PID [cut|fd]   prints the first one's end (inode, with fd its
#                                 descriptor), a line for each; with cut, shuts it
#                                 down, which both processes see, and touches
#                                 nothing else
import ctypes
import os
import socket
import subprocess
import sys

PIDFD_OPEN, PIDFD_GETFD = 434, 438

libc = ctypes.CDLL(None, use_errno=True)


def call(*args):
    n = libc.syscall(*args)
    if n < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return n


def sockets(pid):
    """Descriptors by the inode of the socket."""
    found = {}
    for fd in os.listdir(f"/proc/{pid}/fd"):
        name = os.readlink(f"/proc/{pid}/fd/{fd}")
        if name.startswith("socket:["):
            found[name[8:-1]] = int(fd)
    return found


a, b = int(sys.argv[1]), int(sys.argv[2])
ours, theirs = sockets(a), sockets(b)
for line in subprocess.run(["ss", "-Hxn"], check=True, capture_output=True,
                           text=True).stdout.splitlines():
    word = line.split()
    if word[5] not in ours or word[7] not in theirs:
        continue
    print(ours[word[5]] if sys.argv[3:] == ["fd"] else word[5])
    if sys.argv[3:] == ["cut"]:
        fd = call(PIDFD_GETFD, call(PIDFD_OPEN, a, 0), ours[word[5]], 0)
        socket.socket(fileno=fd).shutdown(socket.SHUT_RDWR)
