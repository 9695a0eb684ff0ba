# SPDX-License-Identifier: BSD-3-Clause
"""An emulated board, HVL_BOARD: demo, reboots, crashes, kills, traffic."""
import os
import re
import signal
import struct
import sys
import tempfile
import unittest

import hvl
from test_demo import STEPS

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.join(os.path.dirname(os.path.abspath(hvl.HVL)), "../..")
BOARDS = {
    "virt-a53": "qemu-system-aarch64",
    "virt-rv64": "qemu-system-riscv64",
    "mps2-m3": "qemu-system-arm",
    "zcu102-r5": "qemu-system-aarch64",
}


def firmware(board):
    """Where make has built it."""
    return os.path.join(BUILD, board, "firmware", board, "hvl_net_rng.elf")


def need_board():
    """Leave with the status of a skipped test where it is not installed."""
    have = any(os.access(os.path.join(folder, BOARDS[hvl.BOARD]), os.X_OK)
               for folder in os.environ["PATH"].split(":"))
    if os.path.exists(firmware(hvl.BOARD)) and have:
        return
    print(f"no {BOARDS[hvl.BOARD]}, or no {firmware(hvl.BOARD)}: "
          f"make {hvl.BOARD}")
    sys.exit(1 if os.environ.get("CI") else 77)


def elf32(machine, entry, where, code):
    """The smallest program file: one segment."""
    ident = b"\x7fELF\x01\x01\x01" + bytes(9)
    head = struct.pack("<HHIIIIIHHHHHH", 2, machine, 1, entry, 52, 0, 0, 52,
                       32, 1, 0, 0, 0)
    segment = struct.pack("<IIIIIIII", 1, 84, where, where, len(code),
                          len(code), 5, 2)
    return ident + head + segment + code


def peer(run, what, *numbers):
    """peer.py beside a remote: what it says when all was well."""
    done = run.inside("python3", os.path.join(HERE, "peer.py"), what,
                      hvl.REMOTE_IP, *numbers, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{what} {numbers}: {done.stdout}")
    return done.stdout


class Board(unittest.TestCase):
    def start(self, *options):
        run = hvl.Run(*options)
        self.addCleanup(run.__exit__)
        return run.boot()

    def alive(self, run):
        """It serves, in both directions and of both devices."""
        self.assertIn("20 of 20", peer(run, "pings", "20"))
        run.remote_pings(2, 10)
        run.command("rng 8", r"^(?:[0-9a-f]{2} ?){8}\r?$")

    def test_demo_passes(self):
        with hvl.Process([hvl.HVL, "demo", "--board", hvl.BOARD]) as run:
            for step in STEPS:
                run.expect(step)
            self.assertEqual(run.wait(), 0)

    def test_demo_passes_over_version_1_without_dtb(self):
        with hvl.Process([hvl.HVL, "demo", "--board", hvl.BOARD, "--transport",
                          "mmio-v1", "--no-dtb"]) as run:
            for step in STEPS:
                run.expect(step)
            self.assertEqual(run.wait(), 0)

    def test_demo_passes_with_packed_rings(self):
        with hvl.Process([hvl.HVL, "demo", "--board", hvl.BOARD, "--ring",
                          "packed"]) as run:
            run.expect(r"rng0: .*packed ring 8")
            run.expect(r"net0: .*packed ring")
            for step in STEPS[-4:]:
                run.expect(step)
            self.assertEqual(run.wait(), 0)

    def test_pasted_commands_all_run(self):
        run = self.start()
        run.write("uptime\r" * 300)
        for _ in range(300):
            run.expect(r"^\d+ s\r?$")
        self.assertEqual(run.quit(), 0)

    def test_10_reboots(self):
        run = self.start()
        for _ in range(10):
            self.assertIn("5 of 5", peer(run, "pings", "5"))
            run.write("reboot\r")
            run.boot()
        self.alive(run)
        self.assertEqual(run.quit(), 0)

    def test_crashes_of_each_kind_recover(self):
        run = self.start("--on-crash", "restart")
        for kind in ("fault", "assert", "stack", "hang"):
            with self.subTest(kind=kind):
                run.write(f"crash {kind}\r")
                how = r"watchdog: no heartbeat for 5 s" if kind == "hang" \
                    else r"cause \d+"
                run.expect(rf"remote crashed: .*{how}", run.err)
                run.boot()
                self.alive(run)
        self.assertEqual(run.quit(), 0)

    def test_crash_ends_the_run(self):
        run = self.start()
        run.write("crash\r")
        self.assertEqual(run.wait(), 1)
        self.assertRegex(run.err.text, r"remote crashed: ")
        self.assertRegex(run.out.text, r"(?i)fault|abort|exception")

    def test_last_words_have_registers(self):
        for kind in ("fault", "assert", "stack"):
            with self.subTest(kind=kind):
                run = self.start()
                run.write(f"crash {kind}\r")
                self.assertEqual(run.wait(), 1)
                self.assertRegex(run.out.text, r"(panic|fault): .*\r\n"
                                 r"( .*\r\n)* .*\bsp [0-9a-f]{8,16}\b")

    def test_killed_emulator_is_a_crash(self):
        run = self.start("--on-crash", "restart")
        for number in (signal.SIGKILL, signal.SIGTERM):
            os.kill(run.remote_pid(), number)
            run.expect(r"remote crashed: .*(signal 9|told to quit)", run.err)
            run.boot()
            self.alive(run)
        self.assertEqual(run.quit(), 0)

    @unittest.skipUnless(hvl.BOARD == "mps2-m3", "a Cortex-M locks up")
    def test_lockup_is_a_crash(self):
        # a fault at once, whose handler's address is where nothing is
        code = struct.pack("<H", 0xde00)
        with tempfile.NamedTemporaryFile() as elf:
            elf.write(elf32(40, 0x21000001, 0x21000000, code))
            elf.flush()
            with hvl.Process([hvl.HVL, "run", "--board", hvl.BOARD, "--private",
                              "--firmware", elf.name]) as run:
                self.assertEqual(run.wait(), 1)
                self.assertRegex(run.err.text, r"remote crashed: qemu-system-"
                                 r"arm killed by signal 6 .*Lockup")

    def test_missing_emulator_is_named_with_its_package(self):
        with hvl.Process([hvl.HVL, "run", "--board", hvl.BOARD, "--private"],
                         env={"PATH": "/nonexistent"}) as run:
            self.assertEqual(run.wait(), 1)
            self.assertRegex(
                run.err.text, rf"board {hvl.BOARD} needs {BOARDS[hvl.BOARD]}: "
                rf"apt install qemu-system-\w+ \(or make demo "
                rf"BOARD={hvl.BOARD}\)")

    def test_emulator_outlives_nobody(self):
        run = self.start()
        emulator = run.remote_pid()
        self.assertEqual(hvl.files_to_leave(run.pid) +
                         hvl.files_to_leave(emulator), [])
        # Ctrl-C on our terminal is not for it
        self.assertEqual(os.getsid(emulator), emulator)
        run.signal(signal.SIGKILL)
        run.wait()
        hvl.eventually(lambda: hvl.gone(emulator), "end of the emulator")

    def test_stop_signal_ends_in_good_order(self):
        run = self.start()
        emulator = run.remote_pid()
        self.assertEqual(run.quit(), 0)
        self.assertTrue(hvl.gone(emulator))

    def test_firmware_of_other_boards_is_refused(self):
        others = [other for other in BOARDS if other != hvl.BOARD and
                  os.path.exists(firmware(other))]
        files = [firmware(other) for other in others]
        native = os.path.join(os.path.dirname(hvl.HVL),
                              "../firmware/native/hvl_net_rng.elf")
        for path in files + [native]:
            with self.subTest(path=path), hvl.Process(
                    [hvl.HVL, "run", "--board", hvl.BOARD, "--private",
                     "--firmware", path]) as run:
                self.assertEqual(run.wait(), 1)
                self.assertRegex(run.err.text, r"^hvl: firmware \".*\": ")

    def test_shared_memory_elsewhere(self):
        good = {
            "virt-a53": ("0x30000000", "8M"),
            "virt-rv64": ("0x60000000", "32M"),
            "mps2-m3": ("0x21e00000", "2M"),
            "zcu102-r5": ("0x36000000", "8M"),
        }
        where, size = good[hvl.BOARD]
        run = self.start("--shmem-addr", where, "--shmem-size", size)
        self.alive(run)
        self.assertEqual(run.quit(), 0)


class Traffic(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.run_ = hvl.Run()
        cls.run_.boot()

    @classmethod
    def tearDownClass(cls):
        status = cls.run_.quit()
        cls.run_.__exit__()
        assert status == 0, status

    def test_flood_of_2000_loses_none(self):
        self.assertIn("2000 of 2000", peer(self.run_, "pings", "2000"))

    def test_flood_of_large_frames_loses_none(self):
        self.assertIn("500 of 500", peer(self.run_, "pings", "500", "1472"))

    def test_tcp_echo_returns_every_byte(self):
        self.assertIn("1048576 bytes", peer(self.run_, "echo", "1048576"))

    def test_iperf_measures(self):
        done = self.run_.inside("iperf", "-c", hvl.REMOTE_IP, "-t", "1",
                                "-f", "m")
        rate = re.search(r"([\d.]+) Mbits/sec", done.stdout)
        self.assertTrue(rate, done.stdout)
        self.assertGreater(float(rate.group(1)), 0)


if __name__ == "__main__":
    need_board()
    hvl.main()
