#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""revoke - revokes a grant through the admin socket; prints when it asked.

usage: revoke.py SOCKET GRANT

Prints the UTC time in seconds just before the request was sent.
"""
import json
import socket
import sys
import time


def main():
    body = json.dumps({"grant": sys.argv[2]}).encode()
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    s.connect(sys.argv[1])
    asked = time.time()
    s.sendall(
        b"POST /v1/grants/revoke HTTP/1.1\r\nHost: localhost\r\n"
        b"Content-Type: application/json\r\nConnection: close\r\n"
        b"Content-Length: %d\r\n\r\n" % len(body) + body
    )
    reply = b""
    while chunk := s.recv(65536):
        reply += chunk
    if b" 200 " not in reply.split(b"\r\n", 1)[0]:
        sys.exit(reply.decode(errors="replace"))
    print(f"{asked:.6f}")


main()
