# SPDX-License-Identifier: BSD-3-Clause
"""Bad input: one clear line, a non-zero exit, and nothing was started."""
import os
import struct
import subprocess
import tempfile
import unittest

import hvl


class Image:
    """A firmware file to be spoilt."""

    def __init__(self, data):
        self.data = bytearray(data)
        self.phoff, = struct.unpack_from("<Q", data, 32)
        self.shoff, = struct.unpack_from("<Q", data, 40)
        (self.phentsize, self.phnum, self.shentsize, self.shnum,
         self.shstrndx) = struct.unpack_from("<5H", data, 54)

    def loads(self):
        """Positions of the program headers that load something."""
        for i in range(self.phnum):
            at = self.phoff + i * self.phentsize
            if struct.unpack_from("<I", self.data, at)[0] == 1 and \
                    struct.unpack_from("<Q", self.data, at + 40)[0] > 0:
                yield at

    def section(self, name):
        """Offset of a section's bytes."""
        names, = struct.unpack_from(
            "<Q", self.data, self.shoff + self.shstrndx * self.shentsize + 24)
        for i in range(self.shnum):
            at = self.shoff + i * self.shentsize
            label = names + struct.unpack_from("<I", self.data, at)[0]
            if self.data[label:].startswith(name.encode() + b"\0"):
                return struct.unpack_from("<Q", self.data, at + 24)[0]
        raise AssertionError(f"no section {name}")


class Refused(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        with open(hvl.FIRMWARE, "rb") as file:
            self.good = file.read()

    def path(self, data):
        path = os.path.join(self.folder.name, "firmware.elf")
        with open(path, "wb") as file:
            file.write(data)
        return path

    def refuse(self, message, *options, status=1):
        done = subprocess.run(
            [hvl.HVL, "run", *options], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            check=False, timeout=hvl.PATIENCE)
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertRegex(done.stderr, message)
        self.assertEqual(done.stdout, "")
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)

    def refuse_image(self, message, data):
        self.refuse(message, "--private", "--rng", "--firmware",
                    self.path(data))

    def test_command(self):
        for words, status, text in (
                ("", 2, "hvl --help"), ("nosuch", 2, '"nosuch".*--help'),
                ("--version now", 2, '"now"'), ("help nosuch", 2, "nosuch"),
                ("help run now", 2, '"now"'), ("help", 0, "^$"),
                ("help run", 0, "^$"), ("run --help", 0, "^$"),
                ("--version", 0, "^$")):
            done = subprocess.run([hvl.HVL, *words.split()],
                                  stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True,
                                  check=False, timeout=hvl.PATIENCE)
            self.assertEqual(done.returncode, status, words)
            self.assertRegex(done.stderr, text)
            self.assertEqual(done.stderr.count("\n"), status != 0, words)
            self.assertEqual(done.stdout == "", status != 0, words)

    def test_output_that_is_lost(self):
        for words in ("--version", "--help", "run --help"):
            with open("/dev/full", "wb") as full:
                done = subprocess.run([hvl.HVL, *words.split()], stdout=full,
                                      stderr=subprocess.PIPE, text=True,
                                      check=False, timeout=hvl.PATIENCE)
            self.assertEqual(done.returncode, 1, words)
            self.assertRegex(done.stderr, "standard output")

    def test_missing_file(self):
        self.refuse(r"/no/such\.elf.*No such file", "--rng", "--firmware",
                    "/no/such.elf")

    def test_name_of_two_lines(self):
        self.refuse(r'"/no\?such\?\[2J".*No such file', "--rng", "--firmware",
                    "/no\nsuch\x1b[2J")

    def test_folder(self):
        self.refuse(r"directory", "--rng", "--firmware", self.folder.name)

    def test_empty_file(self):
        self.refuse_image(r"firmware\.elf.*is empty", b"")

    def test_not_an_elf(self):
        self.refuse_image(r"not an ELF", b"#!/bin/sh\n" * 100)

    def test_other_machine(self):
        image = Image(self.good)
        struct.pack_into("<H", image.data, 18, 183)
        self.refuse_image(r"aarch64.*x86-64", image.data)

    def test_other_class(self):
        image = Image(self.good)
        image.data[4] = 1
        self.refuse_image(r"32-bit.*64-bit", image.data)

    def test_dynamic(self):
        self.refuse(r"dynamic.*-static", "--rng", "--firmware", "/bin/true")

    def test_truncated(self):
        image = Image(self.good)
        last = max(struct.unpack_from("<Q", image.data, at + 8)[0] +
                   struct.unpack_from("<Q", image.data, at + 32)[0]
                   for at in image.loads())
        self.refuse_image(r"cut off", self.good[:last - 1])
        self.refuse_image(r"cut off|not an ELF", self.good[:40])

    def test_overlapping(self):
        image = Image(self.good)
        first, second = list(image.loads())[:2]
        image.data[second + 16:second + 32] = \
            image.data[first + 16:first + 32]
        self.refuse_image(r"overlap", image.data)

    def test_outside_the_board(self):
        image = Image(self.good)
        # Not the last: the resource table is in it.
        rodata = list(image.loads())[-2]
        struct.pack_into("<QQ", image.data, rodata + 16, 1 << 40, 1 << 40)
        self.refuse_image(r"0x10000000000.*memory", image.data)

    def test_bad_resource_table(self):
        image = Image(self.good)
        at = image.section(".resource_table")
        struct.pack_into("<I", image.data, at, 7)
        self.refuse_image(r"resource table.*version 7", image.data)
        image = Image(self.good)
        struct.pack_into("<I", image.data, at + 4, 1000)
        self.refuse_image(r"resource table", image.data)
        image = Image(self.good)
        struct.pack_into("<I", image.data, at + 16, 0xfffffff0)
        self.refuse_image(r"resource table", image.data)

    def test_shared_memory_over_the_boards(self):
        self.refuse(r"shared memory.*overlap", "--rng", "--shmem-addr",
                    "0x38100000", "--firmware", hvl.FIRMWARE, status=2)

    def test_shared_memory_up_to_the_boards(self):
        self.refuse(r"--shmem-size.*overlap.*would fit", "--rng",
                    "--shmem-size", "1G", "--firmware", hvl.FIRMWARE,
                    status=2)

    def test_shared_memory_too_small(self):
        self.refuse(r"--shmem-size.*at least", "--rng", "--net", "tap",
                    "--shmem-size", "4K", "--firmware", hvl.FIRMWARE,
                    status=2)

    def test_nine_devices_without_dtb(self):
        self.refuse(r"--no-dtb.*8", "--no-dtb", *["--rng"] * 9,
                    "--firmware", hvl.FIRMWARE, status=2)

    def test_duplicate_tap(self):
        self.refuse(r"tap7.*twice", "--net", "tap,ifname=tap7", "--net",
                    "tap,ifname=tap7", "--firmware", hvl.FIRMWARE, status=2)

    def test_unknown_board(self):
        self.refuse(r"board.*nosuch.*native", "--board", "nosuch", "--rng",
                    "--firmware", hvl.FIRMWARE, status=2)

    def test_entropy_source_that_is_not_there(self):
        self.refuse(r"/no/hwrng.*No such file", "--rng=/no/hwrng",
                    "--firmware", hvl.FIRMWARE)


if __name__ == "__main__":
    hvl.main()
