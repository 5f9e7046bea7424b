#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""targets - applies thousands of targets, and revokes all the while.

usage: targets.py SOCKET COUNT HOST_KEY < LIST

LIST names what is ended meanwhile, one after the other, "path GRANT ADDRESS
TARGET PORT", "leg SESSION ADDRESS SPORT TARGET PORT" or "entry GRANT ADDRESS
PORT" each. Runs on the gateway as root. Prints one JSON object: seconds from the
first apply sent until the kernel had shut everything, ports the answers left
open, and per kind the worst and the median of milliseconds from a call sent
until the kernel's element was gone (an entry: until its end was moved), and
until the answer.
"""
import json
import os
import socket
import statistics
import struct
import subprocess
import sys
import threading
import time

SOCKET, COUNT = sys.argv[1], int(sys.argv[2])
PER_CALL = 1000
KEY = " ".join(open(sys.argv[3]).read().split()[:2])


def post(path, body):
    text = json.dumps(body).encode()
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    s.connect(SOCKET)
    s.sendall(b"POST /v1/%s HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
              b"application/json\r\nConnection: close\r\nContent-Length: %d"
              b"\r\n\r\n" % (path.encode(), len(text)) + text)
    reply = b""
    while chunk := s.recv(65536):
        reply += chunk
    head, _, rest = reply.partition(b"\r\n\r\n")
    if b" 200 " not in head.split(b"\r\n", 1)[0]:
        print(reply.decode(errors="replace"), file=sys.stderr, flush=True)
        os._exit(1)  # in whichever thread
    return json.loads(rest)


# --- the kernel's elements, by key

nl = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
nl.bind((0, 0))


def attr(kind, data, nest=0):
    n = 4 + len(data)
    return struct.pack("=HH", n, kind | nest) + data + b"\0" * (-n % 4)


def get(name, key):
    """Milliseconds left; None: it is not there."""
    elem = attr(1, attr(1, attr(1, key), 0x8000), 0x8000)
    body = struct.pack(">BBH", 1, 0, 0) + attr(1, b"sallyport\0") + \
        attr(2, name.encode() + b"\0") + attr(3, elem, 0x8000)
    nl.send(struct.pack("=IHHII", 16 + len(body), 10 << 8 | 13, 1, 1, 0) +
            body)
    got = nl.recv(65536)
    if struct.unpack("=H", got[4:6])[0] == 2:
        return None
    at = got.find(struct.pack("=HH", 12, 5))  # NFTA_SET_ELEM_EXPIRATION
    return struct.unpack(">Q", got[at + 4:at + 12])[0] if at >= 0 else 0


def packed(*fields):
    out = b""
    for f in fields:
        if isinstance(f, str):
            out += socket.inet_aton(f)
        else:
            out += f + b"\0" * (-len(f) % 4)
    return out


def port(text):
    return struct.pack(">H", int(text))


def victim(line):
    kind, name, *w = line.split()
    if kind == "path":
        return kind, name, "path4", packed(w[0], w[1], b"\x06", port(w[2]))
    if kind == "leg":
        return kind, name, "leg4", packed(w[0], port(w[1]), w[2], port(w[3]))
    return kind, name, "entry4", packed(w[0], port(w[1]))


def end(v, result):
    kind, name, setname, key = v
    if get(setname, key) is None:
        sys.exit(f"{kind} {name}: no element")
    answered = []
    call = ("sessions/kill", {"sid": name}) if kind == "leg" else \
        ("grants/revoke", {"grant": name})

    def ask():
        reply = post(*call)
        answered.append((time.monotonic(), reply))

    t = threading.Thread(target=ask)
    t0 = time.monotonic()
    t.start()
    while (left := get(setname, key)) is not None and \
            (kind != "entry" or left > 5000):
        time.sleep(0.0003)
    gone = time.monotonic() - t0
    t.join()
    if answered[0][1].get("state") != "ended":
        sys.exit(f"{kind} {name}: {answered[0][1]}")
    result.setdefault(kind, []).append(gone * 1000)
    result.setdefault(kind + "_answer", []).append(
        (answered[0][0] - t0) * 1000)


def main():
    victims = [victim(line) for line in sys.stdin if line.strip()]
    result, shutting, done = {}, [], threading.Event()

    def apply():
        for n in range(0, COUNT, PER_CALL):
            targets = [{
                "target": f"bench-{i}",
                "addresses": [f"10.77.{i // 250}.{i % 250 + 1}"],
                "logins": ["deploy"],
                "host_keys": [KEY],
            } for i in range(n, min(n + PER_CALL, COUNT))]
            shutting.append(post("policy", {"targets": targets}).get(
                "shutting", 0))
        done.set()

    t = threading.Thread(target=apply)
    t0 = time.monotonic()
    t.start()
    during = 0
    for i, v in enumerate(victims):
        if not done.is_set():
            during += 1
        end(v, result)
        time.sleep(0.01)
    t.join()
    last = packed(f"10.77.{(COUNT - 1) // 250}.{(COUNT - 1) % 250 + 1}",
                  b"\x06", port("22"))
    while get("protected4", last) is None:
        time.sleep(0.001)
    took = time.monotonic() - t0
    n = subprocess.run(
        ["nft", "list", "set", "inet", "sallyport", "protected4"],
        check=True, capture_output=True, text=True).stdout.count("10.77.")
    if n != COUNT:
        sys.exit(f"{n} of {COUNT} targets are shut")
    out = {"seconds": round(took, 2), "left_open": max(shutting),
           "during": during}
    for kind, times in result.items():
        out[kind] = {"n": len(times), "worst": round(max(times), 1),
                     "median": round(statistics.median(times), 1)}
    print(json.dumps(out))


main()
