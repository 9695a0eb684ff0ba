# SPDX-License-Identifier: BSD-3-Clause
"""The main side's end of the traffic tests; runs inside the namespaces."""
import errno
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


def sizes(address, wanted):
    """One echo request of each size, compared byte by byte."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_RAW,
                         socket.IPPROTO_ICMP)
    ident = os.getpid() & 0xffff
    noise = random.Random(1).randbytes(max(wanted))
    for size in wanted:
        sock.sendto(echo_request(ident, size, noise[:size]), (address, 0))
        end = time.monotonic() + DEADLINE_S
        while True:
            left = end - time.monotonic()
            if left <= 0 or not select.select([sock], [], [], left)[0]:
                sys.exit(f"no answer to a ping of {size} bytes")
            reply = sock.recv(65536)[20:]
            kind, _, _, who, number = struct.unpack("!BBHHH", reply[:8])
            if (kind, who, number) == (0, ident, size):
                break
        if reply[8:] != noise[:size]:
            sys.exit(f"a ping of {size} bytes came back changed")
    print(f"{len(wanted)} sizes")


def pings(address, count, size=56, window=16):
    """Some echo requests on the way at any time; each must come back.

    The first goes alone: the remote may have to ask for our address first.
    The real ping takes an answer for lost that is late, on a busy machine,
    by more than twice the longest time it has seen.
    """
    sock = socket.socket(socket.AF_INET, socket.SOCK_RAW,
                         socket.IPPROTO_ICMP)
    ident = os.getpid() & 0xffff
    noise = random.Random(5).randbytes(size)
    sent, missing = 0, set()
    while sent < count or missing:
        room = window if sent > len(missing) else 1
        while sent < count and len(missing) < room:
            sock.sendto(echo_request(ident, sent, noise), (address, 0))
            missing.add(sent)
            sent += 1
        if not select.select([sock], [], [], DEADLINE_S)[0]:
            sys.exit(f"lost {sorted(missing)} of {count} pings")
        reply = sock.recv(65536)[20:]
        kind, _, _, who, number = struct.unpack("!BBHHH", reply[:8])
        if (kind, who) == (0, ident) and reply[8:] == noise:
            missing.discard(number)
    print(f"{count} of {count} pings")


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


def late(address, count):
    """Send all there is room for on the way, and only then begin to read."""
    data = random.Random(3).randbytes(count)
    sent, got = 0, bytearray()
    with socket.create_connection((address, 7), timeout=DEADLINE_S) as sock:
        sock.setblocking(False)
        # Full to the brim: nothing has moved for a while.
        while select.select([], [sock], [], 0.5)[1] and sent < count:
            sent += sock.send(data[sent:sent + 65536])
        if sent == count:
            sys.exit(f"{count} bytes are not enough to fill the way")
        while len(got) < count:
            write = [sock] if sent < count else []
            ready = select.select([sock], write, [], DEADLINE_S)
            if ready[1]:
                sent += sock.send(data[sent:sent + 65536])
                if sent == count:
                    sock.shutdown(socket.SHUT_WR)
            if ready[0]:
                part = sock.recv(65536)
                if not part:
                    break
                got += part
            if not ready[0] and not ready[1]:
                break
    if bytes(got) != data:
        sys.exit(f"sent {sent} bytes, got {len(got)}, or others")
    print(f"{count} bytes")


def until_told(address):
    """Echo without a pause until a line is typed, then compare the rest."""
    noise = random.Random(4).randbytes(1 << 20)
    sent = got = 0
    told = False
    with socket.create_connection((address, 7), timeout=DEADLINE_S) as sock:
        sock.setblocking(False)
        print("echoing", flush=True)
        while not told or got < sent:
            read = [sock] if told else [sock, sys.stdin]
            write = [] if told else [sock]
            ready = select.select(read, write, [], DEADLINE_S)
            if not ready[0] and not ready[1]:
                sys.exit(f"nothing moves: sent {sent} bytes, got {got}")
            told = told or sys.stdin in ready[0]
            if sock in ready[0]:
                part = sock.recv(65536)
                if not part:
                    sys.exit(f"closed: sent {sent} bytes, got {got}")
                at = got % len(noise)
                want = noise[at:at + len(part)]
                want += noise[:len(part) - len(want)]
                if part != want:
                    sys.exit(f"others than sent, after {got} bytes")
                got += len(part)
            if ready[1] and not told:
                at = sent % len(noise)
                sent += sock.send(noise[at:at + 65536])
    print(f"all {got} bytes")


def crowd(address, connections, places):
    """More connections than there are places: some are refused, none harmed."""
    socks = []
    served = 0
    for _ in range(connections):
        try:
            socks.append(socket.create_connection((address, 7),
                                                  timeout=DEADLINE_S))
        except ConnectionResetError:
            pass  # refused before connect() had returned
    for number, sock in enumerate(socks):
        text = b"number %d" % number
        try:
            sock.sendall(text)
            got = sock.recv(100)
        except OSError:
            got = b""
        if got not in (b"", text):
            sys.exit(f"connection {number} got {got}")
        served += got == text
    for sock in socks:
        sock.close()
    if served != places:
        sys.exit(f"{served} of {connections} were served")
    print(f"{served} served")


def storm(address):
    """ARP requests (RFC 826) from ever other hosts, most of them forged."""
    name = [name for _, name in socket.if_nameindex() if name != "lo"][0]
    dice = random.Random(5)
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sock:
        sock.bind((name, 0))
        for _ in range(20000):
            mac = b"\x02" + dice.randbytes(5)
            frame = b"\xff" * 6 + mac + struct.pack(
                "!HHHBBH6s4s6s4s", 0x0806, 1, 0x0800, 6, 4, 1, mac,
                bytes((192, 168, 200, dice.randrange(3, 250))), b"\0" * 6,
                socket.inet_aton(address))
            try:
                sock.send(frame)
            except OSError as why:
                if why.errno != errno.ENOBUFS:  # the remote is behind
                    raise
    print("20000 requests")


def main():
    what, address = sys.argv[1:3]
    if what == "sizes":
        sizes(address, range(1473))
    elif what == "fragments":
        sizes(address, range(1473, 9001, 151))
    elif what == "pings":
        pings(address, *map(int, sys.argv[3:]))
    elif what == "echo":
        echo(address, int(sys.argv[3]))
        print(f"{sys.argv[3]} bytes")
    elif what == "late":
        late(address, int(sys.argv[3]))
    elif what == "storm":
        storm(address)
    elif what == "until-told":
        until_told(address)
    elif what == "crowd":
        crowd(address, int(sys.argv[3]), int(sys.argv[4]))
    else:
        echoes(address, int(sys.argv[3]), int(sys.argv[4]))


if __name__ == "__main__":
    main()
