# SPDX-License-Identifier: BSD-3-Clause
"""Runs the real hvl for the system tests and benchmarks.

HVL and HVL_FIRMWARE name the command and the firmware (without: the one that
hvl finds), HVL_BOARD the board (without: native). Everything waits for a
condition with a deadline; nothing sleeps in the hope that it is enough.
"""
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
import time
import unittest

HVL = os.environ.get("HVL", "build/host-debug/cli/hvl")
FIRMWARE = os.environ.get("HVL_FIRMWARE")
BOARD = os.environ.get("HVL_BOARD", "native")
PEER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "peer.py")
MAIN_IP = "192.168.200.254"
REMOTE_IP = "192.168.200.2"
PROMPT = "hvl> "
# Sanitizer builds are slower; none of the limits is a measurement.
PATIENCE = float(os.environ.get("HVL_TEST_PATIENCE", "30"))


class Stream:
    """Collects what a process writes and lets a test wait for a pattern."""

    def __init__(self, fd, changed):
        self.text = ""
        self.at = 0  # everything before has been matched
        self.closed = False
        self._fd = fd
        self._changed = changed
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        while True:
            try:
                data = os.read(self._fd, 65536)
            except OSError:
                data = b""
            with self._changed:
                self.text += data.decode("utf-8", "replace")
                self.closed = not data
                self._changed.notify_all()
            if not data:
                return

    def join(self):
        self._thread.join(PATIENCE)


class Process:
    """A process with its output streams, killed when the block ends."""

    def __init__(self, argv, **popen):
        self.argv = argv
        self._changed = threading.Condition()
        self.process = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, bufsize=0, **popen)
        self.out = Stream(self.process.stdout.fileno(), self._changed)
        self.err = Stream(self.process.stderr.fileno(), self._changed)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for stream in (self.out, self.err):
            stream.join()
        for pipe in (self.process.stdin, self.process.stdout,
                     self.process.stderr):
            pipe.close()

    @property
    def pid(self):
        return self.process.pid

    def expect(self, pattern, stream=None, timeout=None):
        """Wait for a pattern behind what was matched before."""
        stream = stream or self.out
        regex = re.compile(pattern, re.MULTILINE)
        deadline = time.monotonic() + (timeout or PATIENCE)
        with self._changed:
            while True:
                match = regex.search(stream.text, stream.at)
                if match:
                    stream.at = match.end()
                    return match
                left = deadline - time.monotonic()
                if left <= 0 or stream.closed:
                    raise AssertionError(
                        f"no {pattern!r} in time from {self.argv}\n"
                        f"--- stdout\n{self.out.text[-3000:]}\n"
                        f"--- stderr\n{self.err.text[-3000:]}")
                self._changed.wait(left)

    def write(self, text):
        self.process.stdin.write(text.encode())

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self, timeout=None):
        """Wait for the end; the exit status (negative: a signal)."""
        try:
            status = self.process.wait(timeout or PATIENCE)
        except subprocess.TimeoutExpired as late:
            raise AssertionError(
                f"{self.argv} does not end\n--- stdout\n"
                f"{self.out.text[-3000:]}\n--- stderr\n"
                f"{self.err.text[-3000:]}") from late
        self.out.join()
        self.err.join()
        return status


class Run(Process):
    """`hvl run --private` with a network and entropy, and its remote."""

    def __init__(self, *options, devices=("--net", "tap", "--rng"),
                 private=True, **popen):
        argv = [HVL, "run", "--board", BOARD]
        if FIRMWARE:
            argv += ["--firmware", FIRMWARE]
        argv += ["--private"] if private else []
        super().__init__(argv + list(devices) + list(options), **popen)
        self.enter = []

    def boot(self, timeout=None):
        """Wait until the remote has its shell."""
        if not self.enter:
            match = self.expect(r"(nsenter [^\r\n]*)", self.err, timeout)
            self.enter = shlex.split(match.group(1))
        self.expect(r"get_entropy test passed", timeout=timeout)
        self.expect(r"192\.168\.200\.2/24 up", timeout=timeout)
        self.expect(PROMPT, timeout=timeout)
        return self

    def command(self, line, answer, timeout=None):
        """Type a command into the remote's shell, wait for its answer."""
        self.write(line + "\r")
        match = self.expect(answer, timeout=timeout)
        return match

    def inside(self, *argv, check=True, timeout=None, **run):
        """Run a program in the namespaces of `--private`."""
        return subprocess.run(
            self.enter + list(argv), check=check, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            timeout=timeout or PATIENCE * 6, **run)

    def ping(self, *options):
        """The real ping, from main to remote. Return: (sent, received)."""
        done = self.inside("ping", "-n", "-q", *options, REMOTE_IP,
                           check=False)
        match = re.search(r"(\d+) packets transmitted, (\d+) received",
                          done.stdout)
        if not match:
            raise AssertionError(done.stdout)
        return int(match.group(1)), int(match.group(2))

    def pings(self, count, size=56):
        """Echo requests from main to remote, each of which is answered.

        The real ping gives up on an answer that is late by more than twice
        the longest time it has seen, which a busy machine may well make it.
        """
        done = self.inside(sys.executable, PEER, "pings", REMOTE_IP,
                           str(count), str(size), check=False)
        if done.returncode != 0:
            raise AssertionError(done.stdout)

    def remote_pings(self, count, interval, *options):
        """As pings(), from remote to main, typed into the remote's shell.

        It gives up on an answer after a second, which a machine that stands
        still for as long makes of it: then once more.
        """
        line = " ".join(["net ping", f"-c {count} -i {interval}", *options,
                         MAIN_IP])
        for _ in range(3):
            answer = self.command(line, rf"{count} sent, (\d+) received.*")
            if int(answer.group(1)) == count:
                return answer.group(0)
        raise AssertionError(answer.group(0))

    def remote_pid(self):
        """The process that is the remote, None when there is none."""
        for child in children(self.pid):
            return child
        return None

    def quit(self):
        self.signal(signal.SIGTERM)
        return self.wait()


def children(pid):
    """Process ids of the children of a process."""
    found = []
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/children",
                  encoding="ascii") as listing:
            found += [int(word) for word in listing.read().split()]
    return found


def interfaces():
    """Network interfaces here that may be ours; others' come and go."""
    return {name for name in os.listdir("/sys/class/net")
            if name.startswith("hvl")}


def files_to_leave(pid):
    """Files of a process that would stay if it were killed now: those that it
    has open for writing, and that have a name.
    """
    found = []
    for number in os.listdir(f"/proc/{pid}/fd"):
        try:
            path = os.readlink(f"/proc/{pid}/fd/{number}")
            with open(f"/proc/{pid}/fdinfo/{number}", encoding="ascii") as info:
                flags = int(re.search(r"flags:\s+(\d+)",
                                      info.read()).group(1), 8)
        except FileNotFoundError:
            continue  # closed meanwhile
        if flags & os.O_ACCMODE != os.O_RDONLY and os.path.isfile(path):
            found.append(path)
    return found


def gone(pid):
    """Whether a process has ended (or is only waiting to be collected)."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return True


def eventually(condition, what):
    """Wait for something that gives no notice of itself."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not in time: {what}")
        time.sleep(0.01)


def cpu_seconds(pid):
    """User and system time that a process has used."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def need_namespaces():
    """Leave with the status of a skipped test where --private cannot be."""
    probe = subprocess.run(["unshare", "--user", "--map-root-user", "--net",
                            "true"], stderr=subprocess.PIPE, check=False)
    if probe.returncode != 0 or not os.access("/dev/net/tun", os.R_OK):
        print("skipped: no user namespaces, or no access to /dev/net/tun")
        sys.exit(77)


def main():
    need_namespaces()
    unittest.main(verbosity=2)
