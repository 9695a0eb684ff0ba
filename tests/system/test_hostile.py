# SPDX-License-Identifier: BSD-3-Clause
"""A firmware that was taken over: `hvl run` goes on, and ends when told to."""
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import hvl

EVIL = os.environ["HVL_EVIL"]
MARK = b"evil-mode="
# How long it may do its worst, and how long a stop may take.
A_WHILE = 0.7
STOP = hvl.PATIENCE / 3
PAGE = 4096
MEMORY = 200 << 20  # far above what any of it needs, sanitizers aside


def rss(pid):
    with open(f"/proc/{pid}/statm", encoding="ascii") as statm:
        fields = statm.read().split()
    # without the memory that it shares with the remote
    return (int(fields[1]) - int(fields[2])) * os.sysconf("SC_PAGE_SIZE")


class Attack(unittest.TestCase):
    transport = ()
    devices = ("--net", "tap", "--rng", "--net", "tap", "--rng")

    def firmware(self, mode):
        with open(EVIL, "rb") as file:
            image = file.read()
        self.assertEqual(image.count(MARK + b"?"), 1)
        copy = tempfile.NamedTemporaryFile(suffix=".elf")
        self.addCleanup(copy.close)
        copy.write(image.replace(MARK + b"?", MARK + mode.encode()))
        copy.flush()
        os.chmod(copy.name, 0o644)
        return copy.name

    def argv(self, mode, *options):
        return [hvl.HVL, "run", "--private", "--firmware",
                self.firmware(mode), *self.transport, *self.devices, *options]

    def start(self, mode, *options):
        run = hvl.Process(self.argv(mode, *options))
        self.addCleanup(run.__exit__)
        run.expect("evil")
        return run

    def stop(self, process):
        """What SIGTERM asks for happens, and soon. Return: exit status."""
        since = time.monotonic()
        process.send_signal(signal.SIGTERM)
        try:
            status = process.wait(hvl.PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            self.fail("it does not stop")
        self.assertLess(time.monotonic() - since, STOP)
        return status

    def survives(self, mode, *options):
        """It runs for a while, in bounds, and stops in good order."""
        run = self.start(mode, *options)
        time.sleep(A_WHILE)
        self.assertIsNone(run.process.poll(), run.err.text[-3000:])
        self.assertLess(rss(run.pid), MEMORY)
        self.assertEqual(self.stop(run.process), 0)
        run.wait()
        return run

    def quiet_reader(self, mode, err, *options, **popen):
        """Nobody reads its output; stop it all the same."""
        out, into = os.pipe()
        process = subprocess.Popen(
            self.argv(mode, *options), stdin=subprocess.DEVNULL, stdout=into,
            stderr=into if err else subprocess.DEVNULL, **popen)
        os.close(into)
        self.addCleanup(os.close, out)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        time.sleep(A_WHILE * 2)
        self.assertIsNone(process.poll())
        return process, out


class Memory(Attack):
    def test_shared_memory_scribbled(self):
        self.survives("m", "-v")

    def test_registers_scribbled(self):
        self.survives("r", "-v")

    def test_everything_at_once(self):
        self.survives("a", "-v")


class MemoryVersion1(Memory):
    transport = ("--transport", "mmio-v1")


class Wires(Attack):
    def test_doorbells_without_end(self):
        self.survives("d")

    def test_entry_and_table_scribbled(self):
        self.survives("e")

    def test_output_without_end(self):
        self.survives("t")

    def test_nobody_reads_the_output(self):
        process, _ = self.quiet_reader("t", False)
        self.assertEqual(self.stop(process), 0)

    @unittest.skipUnless(os.geteuid() == 0, "only root can be another")
    def test_nobody_reads_the_output_that_another_user_gave_it(self):
        self.devices = ("--rng",)  # no tap for everybody
        process, _ = self.quiet_reader("t", False, user=65534, group=65534,
                                       extra_groups=[])
        self.assertEqual(self.stop(process), 0)

    def test_slow_reader_does_not_delay_the_end(self):
        process, out = self.quiet_reader("t", False)
        process.send_signal(signal.SIGTERM)
        pages = 0
        while process.poll() is None:
            self.assertEqual(len(os.read(out, PAGE)), PAGE)
            pages += 1
            # It has 8 more of them, but waits for a second in all.
            self.assertLess(pages, 7)
            try:
                process.wait(2)
            except subprocess.TimeoutExpired:
                pass
        self.assertEqual(process.wait(), 0)

    def test_output_closed(self):
        process, out = self.quiet_reader("t", False)
        os.dup2(os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC), out)
        time.sleep(A_WHILE / 2)
        self.assertIsNone(process.poll())
        self.assertEqual(self.stop(process), 0)


class Queues(Attack):
    """The firmware has a driver for these, which begins well."""

    def test_queues_always_full(self):
        run = self.start("h")
        run.expect("busy")
        time.sleep(A_WHILE)
        self.assertIsNone(run.process.poll(), run.err.text[-3000:])
        self.assertEqual(self.stop(run.process), 0)

    def test_messages_are_limited(self):
        since = time.monotonic()
        run = self.start("b", "-v")
        run.expect("messages left out", run.err)
        time.sleep(A_WHILE)
        self.assertIsNone(run.process.poll(), run.err.text[-3000:])
        self.assertEqual(self.stop(run.process), 0)
        run.wait()
        # About 20 at once, then 5 a second, each time with what was left out;
        # a summary at the end.
        self.assertLess(run.err.text.count("\n"),
                        60 + 10 * (time.monotonic() - since))

    def test_messages_that_nobody_reads(self):
        process, _ = self.quiet_reader("b", True, "-v")
        self.assertEqual(self.stop(process), 0)


class Ends(Attack):
    def ends_at_once(self, mode, *options):
        run = self.start(mode, *options)
        time.sleep(3)
        lives = run.out.text.count("evil")
        self.assertLess(lives, 8)
        for _ in range(2):
            run.expect("evil")
        self.assertIsNone(run.process.poll(), run.err.text[-3000:])
        self.assertEqual(self.stop(run.process), 0)

    def test_crash_after_crash(self):
        self.ends_at_once("x", "--on-crash", "restart")

    def test_restart_after_restart(self):
        self.ends_at_once("w")


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    hvl.main()
