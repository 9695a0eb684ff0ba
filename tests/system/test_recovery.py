# SPDX-License-Identifier: BSD-3-Clause
"""Crashes: the limit of restarts, and core files that a debugger opens."""
import os
import re
import resource
import shutil
import stat
import subprocess
import sys
import tempfile
import unittest

import hvl

GDB = shutil.which("gdb-multiarch")
STATE_CRASHED = 5


def debug(core, *commands):
    """What gdb-multiarch says of the firmware and a core file."""
    argv = [GDB, "-nx", "-batch"]
    for command in commands:
        argv += ["-ex", command]
    return subprocess.run(argv + [hvl.FIRMWARE, core], check=True, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=hvl.PATIENCE * 2).stdout


def words(text):
    """The numbers of gdb's x/xw, in order."""
    return [int(word, 16)
            for line in re.findall(r"^0x[0-9a-f]+[^:]*:((?:\s+0x[0-9a-f]+)+)$",
                                   text, re.MULTILINE)
            for word in line.split()]


class Recovery(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.core = os.path.join(folder.name, "core")
        self.folder = folder.name

    def start(self, *options, **kinds):
        run = hvl.Run(*options, **kinds)
        self.addCleanup(run.__exit__)
        return run.boot()

    def test_third_crash_is_too_much_for_two_restarts(self):
        run = self.start("--on-crash", "restart:2/600")
        for _ in range(2):
            run.write("crash\r")
            run.expect(r"crashed: .*; restarts$", run.err)
            run.boot()
        run.write("crash\r")
        self.assertEqual(run.wait(), 1)
        self.assertRegex(run.err.text,
                         r"remote crashed: .*; not restarted: the limit "
                         r"is 2 within 600 s\n")

    def test_reboots_do_not_count_as_crashes(self):
        run = self.start("--on-crash", "restart:1/600")
        for _ in range(3):
            run.write("reboot\r")
            run.boot()
        run.write("crash\r")
        run.boot()
        self.assertEqual(run.quit(), 0)

    def test_no_core_file_without_a_crash(self):
        run = self.start("--coredump", self.core)
        run.write("reboot\r")
        run.boot()
        self.assertEqual(run.quit(), 0)
        self.assertEqual(os.listdir(self.folder), [])

    def test_each_crash_leaves_a_core_file(self):
        run = self.start("--coredump", self.core, "--on-crash", "restart")
        for crash in range(5):
            run.write("crash\r")
            run.boot()
            names = ["core", "core.1", "core.2", "core.3"][:crash + 1]
            self.assertEqual(sorted(os.listdir(self.folder)), names)
        mode = os.stat(self.core).st_mode
        self.assertEqual(stat.S_IMODE(mode), 0o600)
        self.assertEqual(run.quit(), 0)

    def test_core_file_that_cannot_be_is_one_warning(self):
        run = self.start("--coredump", self.core, "--on-crash", "restart")
        resource.prlimit(run.pid, resource.RLIMIT_FSIZE, (4096, 4096))
        run.write("crash\r")
        run.expect(r"^hvl: warning: --coredump \".*core\": File too large$",
                   run.err)
        run.boot()
        self.assertEqual(os.listdir(self.folder), [])
        self.assertEqual(run.quit(), 0)

    @unittest.skipUnless(GDB, "no gdb-multiarch")
    def test_gdb_opens_the_core_file(self):
        run = self.start("--coredump", self.core)
        run.command("rng 8", r"^(?:[0-9a-f]{2} ?){8}\r?$")
        run.write("crash\r")
        self.assertEqual(run.wait(), 1)
        text = debug(self.core, "x/23xw &remote_table_hvl",
                     "x/2xw 0x37000000", "x/4xb _start")
        self.assertNotIn("Cannot access", text)
        table = words(text)
        # The entry as the loader filled it in and the firmware left it.
        self.assertEqual(table[2:5], [0x656c7668, 1, 0x37000000])
        self.assertEqual(table[6], 16 << 20)
        self.assertGreater(table[20], 0)
        self.assertEqual(table[21], STATE_CRASHED)
        self.assertIn(f"cause {table[22]}", run.err.text)
        # The shared memory starts with a devicetree blob, big-endian.
        self.assertEqual(table[23], 0xedfe0dd0)

    @unittest.skipUnless(GDB, "no gdb-multiarch")
    def test_gdb_finds_the_code_of_the_firmware_in_the_core_file(self):
        run = self.start("--coredump", self.core)
        run.write("crash\r")
        self.assertEqual(run.wait(), 1)
        # Without the core file gdb reads the same bytes from the ELF file.
        here = debug(self.core, "x/64xw _start", "x/64xw &shell_commands")
        argv = [GDB, "-nx", "-batch", "-ex", "x/64xw _start", "-ex",
                "x/64xw &shell_commands", hvl.FIRMWARE]
        there = subprocess.run(argv, check=True, text=True,
                               stdout=subprocess.PIPE).stdout
        self.assertEqual(len(words(here)), 128)
        self.assertEqual(words(here), words(there))


if __name__ == "__main__":
    if not GDB:
        print("no gdb-multiarch: its tests are left out", file=sys.stderr)
    hvl.main()
