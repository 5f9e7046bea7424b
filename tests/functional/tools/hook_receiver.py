#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A receiver of webhooks, as good or as bad as the path says, for tests.

usage: hook_receiver.py PORT CERTIFICATE KEY LOG MODE

Each request is a line of JSON in LOG: path, headers, body. Of paths /redirect
goes elsewhere, /endless never ends its answer, /hang never begins it; any other
gets the status that the file MODE has, 204 when there is none, and after a space
in it the seconds of a Retry-After.
"""
import http.server
import json
import ssl
import sys
import threading
import time

log_lock = threading.Lock()


class Receiver(http.server.BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def endless(self):
        self.send_response(200)
        self.end_headers()
        while True:
            self.wfile.write(b"x" * 4096)

    def status(self):
        try:
            with open(sys.argv[5]) as f:
                words = f.read().split()
            return int(words[0]), words[1:]
        except (OSError, ValueError, IndexError):
            return 204, []

    def answer(self):
        n = int(self.headers.get("Content-Length", 0))
        line = {"method": self.command, "path": self.path,
                "headers": {k.lower(): v for k, v in self.headers.items()},
                "body": self.rfile.read(n).decode()}
        status, after = self.status()
        line["status"] = status
        line["at"] = time.monotonic()
        with log_lock, open(sys.argv[4], "a") as f:
            f.write(json.dumps(line) + "\n")
        try:
            if self.path == "/endless":
                self.endless()
            if self.path == "/hang":
                time.sleep(3600)
            if self.path == "/redirect":
                self.send_response(302)
                self.send_header("Location", "/elsewhere")
            else:
                self.send_response(status)
                for s in after:
                    self.send_header("Retry-After", s)
            self.end_headers()
        except (OSError, ssl.SSLError):
            self.close_connection = True

    do_POST = do_GET = answer


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def finish_request(self, request, client_address):
        # the handshake is in the connection's thread: a probe holds up nobody
        try:
            tls = context.wrap_socket(request, server_side=True)
            super().finish_request(tls, client_address)
        except (OSError, ssl.SSLError):
            pass


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[2], sys.argv[3])
Server(("", int(sys.argv[1])), Receiver).serve_forever()
