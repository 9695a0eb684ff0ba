# SPDX-License-Identifier: BSD-3-Clause
"""The main side's end of the traffic tests; runs inside the namespaces."""
import os
import random
import select
import socket
import struct
import sys
import threading
import time

DEADLINE_S = 50


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def echo_request(ident, number, payload):
    head = struct.pack("!BBHHH", 8, 0, 0, ident, number)
    return struct.pack("!BBHHH", 8, 0, checksum(head + payload), ident,
                       number) + payload


def sizes(address):
    """One echo request of each size from 0 to 1472, compared byte by byte."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_RAW,
                         socket.IPPROTO_ICMP)
    ident = os.getpid() & 0xffff
    noise = random.Random(1).randbytes(1472)
    for size in range(1473):
        sock.sendto(echo_request(ident, size, noise[:size]), (address, 0))
        end = time.monotonic() + 5
        while True:
            left = end - time.monotonic()
            if left <= 0 or not select.select([sock], [], [], left)[0]:
                sys.exit(f"no answer to a ping of {size} bytes")
            reply = sock.recv(4096)[20:]
            kind, _, _, who, number = struct.unpack("!BBHHH", reply[:8])
            if (kind, who, number) == (0, ident, size):
                break
        if reply[8:] != noise[:size]:
            sys.exit(f"a ping of {size} bytes came back changed")
    print("1473 sizes")


def echo(address, count, seed=2):
    """Send through TCP echo and compare; both ways at once."""
    data = random.Random(seed).randbytes(count)
    got = bytearray()
    with socket.create_connection((address, 7), timeout=DEADLINE_S) as sock:
        def send():
            sock.sendall(data)
            sock.shutdown(socket.SHUT_WR)
        sender = threading.Thread(target=send, daemon=True)
        sender.start()
        while True:
            part = sock.recv(65536)
            if not part:
                break
            got += part
        sender.join(DEADLINE_S)
    if bytes(got) != data:
        sys.exit(f"sent {len(data)} bytes, got {len(got)}, or others")


def echoes(address, connections, count):
    failed = []

    def one(seed):
        try:
            echo(address, count, seed)
        except (OSError, SystemExit) as why:
            failed.append(why)
    threads = [threading.Thread(target=one, args=(n,))
               for n in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE_S)
    if failed:
        sys.exit(str(failed))
    print(f"{connections} connections")


def main():
    what, address = sys.argv[1:3]
    if what == "sizes":
        sizes(address)
    elif what == "echo":
        echo(address, int(sys.argv[3]))
        print(f"{sys.argv[3]} bytes")
    else:
        echoes(address, int(sys.argv[3]), int(sys.argv[4]))


main()
