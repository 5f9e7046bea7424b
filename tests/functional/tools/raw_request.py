#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A client of the API that lies, for tests: signs and sends what it is told.

usage: raw_request.py [--key FILE] [--nonce-from FILE | --nonce-to FILE]
           [--sleep S] [--set NAME=JSON] [--tamper] [--source ADDRESS]
           [--repeat N] HOST PORT VERB PATH BODY

Prints status and code of the reply for each try. --nonce-to keeps the challenge
for a later --nonce-from; --set changes a member of the signed payload; --tamper
changes the payload after it was signed.
"""
import argparse
import base64
import hashlib
import http.client
import json
import os
import ssl
import subprocess
import time


def spki(der):
    p = subprocess.run(["openssl", "x509", "-inform", "DER", "-pubkey", "-noout"],
                       input=der, capture_output=True, check=True)
    q = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"],
                       input=p.stdout, capture_output=True, check=True)
    return hashlib.sha256(q.stdout).hexdigest()


def connect(a):
    ctx = ssl._create_unverified_context()
    c = http.client.HTTPSConnection(a.host, a.port, context=ctx, timeout=20)
    c.connect()
    return c


def call(a, path, body):
    c = connect(a)
    tls = spki(c.sock.getpeercert(True))
    c.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
    r = c.getresponse()
    text = r.read()
    try:
        return r.status, json.loads(text), tls
    except ValueError:
        return r.status, {"code": "not-json"}, tls


def sign(key, data):
    p = subprocess.run(["ssh-keygen", "-q", "-Y", "sign", "-n", "request@sallyport",
                        "-f", key], input=data, capture_output=True, check=True)
    return p.stdout.decode()


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--key", default=os.path.expanduser("~/.ssh/id_ed25519"))
    p.add_argument("--nonce-from")
    p.add_argument("--nonce-to")
    p.add_argument("--sleep", type=float, default=0)
    p.add_argument("--set", action="append", default=[])
    p.add_argument("--tamper", action="store_true")
    p.add_argument("--source")
    p.add_argument("--repeat", type=int, default=1)
    p.add_argument("host")
    p.add_argument("port", type=int)
    p.add_argument("verb")
    p.add_argument("path")
    p.add_argument("body", type=json.loads)
    a = p.parse_args()
    for _ in range(a.repeat):
        status, ch, tls = call(a, "/v1/challenge", {})
        if status != 200:
            print(status, ch.get("code"))
            continue
        if a.nonce_to:
            with open(a.nonce_to, "w", encoding="ascii") as f:
                json.dump(ch, f)
        if a.nonce_from:
            with open(a.nonce_from, encoding="ascii") as f:
                ch = json.load(f)
        time.sleep(a.sleep)
        payload = {"v": 1, "verb": a.verb, "server": ch["server_id"], "tls": tls,
                   "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
                   "sources": [{"address": a.source or ch["source"],
                                "nonce": ch["nonce"]}],
                   "idempotency": os.urandom(12).hex(), "body": a.body}
        for s in a.set:
            name, value = s.split("=", 1)
            payload[name] = json.loads(value)
        data = json.dumps(payload, separators=(",", ":")).encode()
        sig = sign(a.key, data)
        if a.tamper:
            data = data.replace(b'"v":1', b'"v": 1')
        status, reply, _ = call(a, a.path, {
            "payload": base64.b64encode(data).decode(), "signature": sig})
        print(status, reply.get("code") or "-")


main()
