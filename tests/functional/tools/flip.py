#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
#
# flip.py - a network that damages a packet now and then:
#
#   flip.py LISTEN_PORT PORT FOLDER
#
# Passes connections to 127.0.0.1:LISTEN_PORT on to 127.0.0.1:PORT. While the file
# FOLDER/up (to PORT) or FOLDER/down (from it) exists, one bit is changed in the
# last byte of what comes next that way, once per connection; the file is removed.
# The last byte of a piece is in the check sum of an SSH packet, or in the middle
# of one.
import os
import socket
import sys
import threading

listen, port, folder = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]


def pump(src, dst, trigger):
    try:
        while data := src.recv(65536):
            if os.path.exists(trigger):
                data = data[:-1] + bytes([data[-1] ^ 1])
                os.unlink(trigger)
            dst.sendall(data)
    except OSError:
        pass
    # an end or a reset on one side is the end on the other
    try:
        dst.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def serve(client):
    target = socket.create_connection(("127.0.0.1", port))
    ways = [
        threading.Thread(target=pump, args=(client, target, folder + "/up")),
        threading.Thread(target=pump, args=(target, client, folder + "/down")),
    ]
    for way in ways:
        way.start()
    for way in ways:
        way.join()
    client.close()
    target.close()


server = socket.create_server(("127.0.0.1", listen))
print("ready", flush=True)
while True:
    threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
