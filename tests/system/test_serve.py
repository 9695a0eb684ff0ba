# SPDX-License-Identifier: BSD-3-Clause
"""hvl serve as a person meets it, before any remote comes: what it says, what
it answers, what it refuses, how it ends.
"""
import json
import os
import signal
import socket
import subprocess
import tempfile

import unittest

import hvl

BEFORE = 1 << 20
SIZE = 1 << 20
MAGIC = b"virt"


class Serve(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.env = dict(os.environ, XDG_RUNTIME_DIR=self.folder)
        self.memory = self.path("memory")
        with open(self.memory, "wb") as memory:
            memory.truncate(8 << 30)

    def path(self, name):
        return os.path.join(self.folder, name)

    def command(self, *options, shmem=None, doorbell="poll", devices=("--rng",)):
        shmem = shmem or (f"file={self.memory},offset={BEFORE},"
                          f"addr=0x37000000,size={SIZE}")
        return [hvl.HVL, "serve", "--shmem", shmem, "--doorbell", doorbell,
                *devices, *options]

    def serve(self, *options, **kinds):
        serve = hvl.Process(self.command(*options, **kinds), env=self.env)
        self.addCleanup(serve.__exit__)
        serve.expect("waiting for a driver", serve.err)
        return serve

    def hvl(self, *words, status=0):
        done = subprocess.run(
            words, env=self.env, text=True, check=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, timeout=hvl.PATIENCE)
        self.assertEqual(done.returncode, status, done.stderr)
        return done.stdout + done.stderr

    def read(self, offset, size):
        with open(self.memory, "rb") as memory:
            memory.seek(offset)
            return memory.read(size)

    def test_status_tells_of_memory_and_devices(self):
        serve = self.serve("--transport", "mmio-v1", "--no-dtb")
        text = self.hvl(hvl.HVL, "status")
        self.assertRegex(text, "(?m)^remote +served; something else loads it$")
        self.assertRegex(text, r"(?m)^doorbell +poll$")
        self.assertRegex(text, r"(?m)^rng0 +unused; ")
        now = json.loads(self.hvl(hvl.HVL, "status", "--json"))
        self.assertEqual((now["state"], now["pid"], now["transport"]),
                         ("serving", serve.pid, "mmio-v1"))
        self.assertEqual(now["shared_memory"],
                         {"address": "0x37000000", "size": SIZE,
                          "path": self.memory, "offset": BEFORE})
        self.assertEqual(self.read(BEFORE, 4), MAGIC)

    def test_status_tells_what_was_chosen(self):
        self.serve("--poll-us", "7", "--ring", "packed", "--no-features",
                   "in_order")
        now = json.loads(self.hvl(hvl.HVL, "status", "--json"))
        self.assertEqual(now["polling"],
                         {"most_us": 7, "polls": 0, "hits": 0, "us": 0})
        self.assertEqual(now["devices"][0]["features_offered"],
                         "0x15730000000")

    def test_the_rest_of_a_large_file_stays_as_it_is(self):
        serve = self.serve("--no-dtb")
        serve.signal(signal.SIGTERM)
        self.assertEqual(serve.wait(), 0)
        self.assertEqual(os.path.getsize(self.memory), 8 << 30)
        # Sparse still: one page was written.
        self.assertLessEqual(os.stat(self.memory).st_blocks * 512, 1 << 16)

    def test_commands_about_loading_are_refused(self):
        self.serve()
        for command in ("stop", "start", "restart", "trace"):
            self.assertEqual(
                self.hvl(hvl.HVL, command, status=1),
                f"hvl: {command}: hvl serve does not load the remote; there "
                "are status and version\n")

    def test_signal_ends_it_with_a_summary(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            serve = self.serve("--private", devices=("--rng", "--net", "tap"))
            serve.signal(number)
            self.assertEqual(serve.wait(), 0)
            self.assertIn("hvl: rng0: 0 bytes of entropy; 0 resets, 0 "
                          "violations\n", serve.err.text)
            self.assertRegex(serve.err.text,
                             r"hvl: net0: 0 frames in, 0 out, \d+ dropped; 0 "
                             r"resets, 0 violations\n")

    def test_peers_come_and_go(self):
        bell = self.path("bell")
        serve = self.serve(doorbell=f"unix-listen:{bell}")
        for _ in range(3):
            with socket.socket(socket.AF_UNIX) as peer:
                peer.connect(bell)
                serve.expect("doorbell: peer connected", serve.err)
                now = json.loads(self.hvl(hvl.HVL, "status", "--json"))
                self.assertTrue(now["doorbell"]["peer"])
            serve.expect("doorbell: peer gone", serve.err)
        serve.signal(signal.SIGTERM)
        self.assertEqual(serve.wait(), 0)
        self.assertFalse(os.path.exists(bell))

    def test_what_cannot_be_is_refused_with_one_line(self):
        node = "addr=0x37000000,size=1M"
        for status, kinds, text in (
                (1, {"shmem": f"file={self.memory},offset=8G,{node}"},
                 f'shared memory: "{self.memory}" has 0x200000000 bytes; '
                 "0x100000 from 0x200000000 on need 0x200100000"),
                (1, {"shmem": f"file=/dev/null,{node}"},
                 'shared memory: "/dev/null": not a regular file; name a '
                 "device node with dev="),
                (1, {"shmem": f"file={self.path('none')},{node}"},
                 f'shared memory: "{self.path("none")}": No such file or '
                 "directory"),
                (2, {"shmem": f"file={self.memory},offset=3,{node}"},
                 "--shmem offset 0x3: not at a page's start; 0x0 would be")):
            self.assertEqual(self.hvl(*self.command(**kinds), status=status),
                             f"hvl: {text}\n")
        self.assertFalse(os.path.exists(self.path("none")))

    def test_two_do_not_serve_the_same_memory(self):
        self.serve()
        self.assertRegex(
            self.hvl(*self.command(), status=1),
            'another hvl serves some of them; end it first\n$')

    def test_file_that_is_cut_short_ends_it_with_a_word(self):
        serve = self.serve()
        os.truncate(self.memory, BEFORE)
        self.assertEqual(serve.wait(), 1)
        self.assertIn("hvl: the file of --shmem or --state was truncated "
                      "while it was in use\n", serve.err.text)

    def test_idle_costs_little(self):
        # Per second: 100 re-checks and 1000 looks; no busy loop.
        serve = self.serve()
        before = hvl.cpu_seconds(serve.pid)
        with self.assertRaises(subprocess.TimeoutExpired):
            serve.process.wait(2)
        self.assertLess(hvl.cpu_seconds(serve.pid) - before, 1)


if __name__ == "__main__":
    hvl.main()
