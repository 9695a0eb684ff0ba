# SPDX-License-Identifier: BSD-3-Clause
"""hvl serve and remotes that are processes, for tests and benchmarks.

The program runs itself anew in a network namespace of its own, where a tap
stays while PMMs come and go.
"""
import os
import select
import socket
import subprocess
import sys
import tempfile
import time

import hvl
import peer

ADDRESS = 0x37000000
SIZE = 16 << 20
TAP = "tap0"
DEVICES = ("--rng", "--net", f"tap,ifname={TAP}")


def enter_network():
    """Go on as the same program, alone in a network."""
    hvl.need_namespaces()
    if os.environ.get("HVL_TEST_NETWORK") != "own":
        os.environ["HVL_TEST_NETWORK"] = "own"
        os.execvp("unshare", ["unshare", "--user", "--map-root-user", "--net",
                              sys.executable] + sys.argv)
    for words in (f"tuntap add {TAP} mode tap", f"link set {TAP} up",
                  f"addr add {hvl.MAIN_IP}/24 dev {TAP}"):
        subprocess.run(["ip"] + words.split(), check=True)
    # Nothing but the tests' own frames.
    with open(f"/proc/sys/net/ipv6/conf/{TAP}/disable_ipv6", "w",
              encoding="ascii") as switch:
        switch.write("1")


class Place:
    """The memory and the doorbell between a PMM and a remote."""

    def __init__(self, offset=0, file_size=None):
        self._folder = tempfile.TemporaryDirectory()
        self.folder = self._folder.name
        self.memory = os.path.join(self.folder, "memory")
        self.bell = os.path.join(self.folder, "bell")
        self.offset = offset
        with open(self.memory, "wb") as memory:
            memory.truncate(file_size or offset + SIZE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._folder.cleanup()

    def serve(self, *options, transport="mmio-v1", listen=True,
              devices=DEVICES):
        way = "listen" if listen else "connect"
        env = dict(os.environ, XDG_RUNTIME_DIR=self.folder)
        return hvl.Process(
            [hvl.HVL, "serve", "--shmem",
             f"file={self.memory},offset={self.offset},addr={ADDRESS:#x},"
             f"size={SIZE:#x}", "--doorbell", f"unix-{way}:{self.bell}",
             "--transport", transport, "--no-dtb", *devices, *options],
            env=env)

    def remote(self, variant, *options, listen=False, devices=2):
        way = "listen" if listen else "connect"
        words = [self.memory, str(self.offset), hex(ADDRESS), hex(SIZE),
                 f"{way}:{self.bell}", str(devices)]
        if variant == "hvl":
            return hvl.Process([os.environ["HVL_DRV_PROCESS"]] + words)
        return hvl.Process([os.environ["HVL_LEGACY_DRIVER"]] + words +
                           [f"variant={variant}", *options])


def up(remote, variant):
    """Wait until a remote has both its devices. Return: (us, hits, reads)."""
    if variant == "hvl":
        remote.expect(r"192\.168\.200\.2/24 up")
        return None
    match = remote.expect(r"ready after (\d+) us, first reads (\d+) of (\d+)")
    if "dead" in remote.out.text[:match.end()]:
        raise AssertionError(remote.out.text)
    return tuple(map(int, match.groups()))


class Pinger:
    """Numbered echo requests; counts what comes back, and what twice."""

    def __init__(self):
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_RAW,
                                  socket.IPPROTO_ICMP)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.ident = os.getpid() & 0xffff
        self.next = 0
        self.sent = {}  # on the way, with the time
        self.seen = set()
        self.twice = 0
        self.lost = 0
        self.times = []

    def __del__(self):
        self.sock.close()

    def send(self, size=56):
        number = self.next
        self.next += 1
        payload = number.to_bytes(8, "big") + bytes(max(0, size - 8))
        try:
            self.sock.sendto(peer.echo_request(
                self.ident, number & 0xffff, payload), (hvl.REMOTE_IP, 0))
        except OSError:
            return  # the link is down for a moment
        self.sent[number] = time.monotonic()

    def receive(self, timeout):
        """Take what has come. Return: whether there was an answer."""
        if not select.select([self.sock], [], [], timeout)[0]:
            return False
        reply = self.sock.recv(65536)[20:]
        if reply[0] != 0 or int.from_bytes(reply[4:6], "big") != self.ident:
            return False
        number = int.from_bytes(reply[8:16], "big")
        if number in self.seen:
            self.twice += 1
        self.seen.add(number)
        since = self.sent.pop(number, None)
        if since is None:
            return False
        self.times.append(time.monotonic() - since)
        return True

    def forget(self, age):
        """What has been on the way for so long is lost."""
        before = time.monotonic() - age
        for number in [n for n, since in self.sent.items() if since < before]:
            del self.sent[number]
            self.lost += 1

    def until_answered(self):
        """The link works: an answer to something sent from now on."""
        first = self.next
        deadline = time.monotonic() + hvl.PATIENCE
        self.sent.clear()
        while not any(number >= first for number in self.seen):
            if time.monotonic() > deadline:
                raise AssertionError("no ping was answered in time")
            self.send()
            self.receive(0.02)
        self.sent.clear()

    def keep(self, count, window):
        """Send, with so many on the way all the time; the last come in too."""
        answers, sent = 0, 0
        while answers < count:
            while sent < count and len(self.sent) < window:
                self.send()
                sent += 1
            if self.receive(hvl.PATIENCE / 3):
                answers += 1
            elif not select.select([self.sock], [], [], hvl.PATIENCE / 3)[0]:
                raise AssertionError(f"{answers} of {count} were answered")

    def run(self, seconds, window, age=0.3):
        """As keep(), for a time, whatever gets lost."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            while len(self.sent) < window:
                before = len(self.sent)
                self.send()
                if len(self.sent) == before:
                    break
            self.receive(0.01)
            self.forget(age)


def holes(path, start, end):
    """The parts of a range of a file that hold data."""
    found = []
    with open(path, "rb") as file:
        at = start
        while at < end:
            try:
                at = os.lseek(file.fileno(), at, os.SEEK_DATA)
            except OSError:
                break
            if at >= end:
                break
            stop = os.lseek(file.fileno(), at, os.SEEK_HOLE)
            found.append((at, min(stop, end)))
            at = stop
    return found
