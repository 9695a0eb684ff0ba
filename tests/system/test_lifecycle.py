# SPDX-License-Identifier: BSD-3-Clause
"""Life and death: reboots, crashes, broken rings, a killed PMM, signals."""
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
import unittest

import hvl


class LifeCycle(unittest.TestCase):
    transport = ()

    def start(self, *options, **kinds):
        run = hvl.Run(*self.transport, *options, **kinds)
        self.addCleanup(run.__exit__)
        return run.boot()

    def test_20_reboots_with_traffic_before_and_after(self):
        run = self.start()
        for _ in range(20):
            run.pings(3)
            # who reboots faster than that is made to wait
            run.remote_pings(6, 100)
            run.write("reboot\r")
            run.boot()
        run.pings(3)
        run.remote_pings(2, 10)
        self.assertEqual(run.quit(), 0)

    def test_reboot_in_mid_flood(self):
        run = self.start()
        flood = subprocess.Popen(
            run.enter + ["ping", "-q", "-f", "-w", "60", hvl.REMOTE_IP],
            stdout=subprocess.DEVNULL)
        try:
            for _ in range(5):
                run.write("reboot\r")
                run.boot()
        finally:
            flood.kill()
            flood.wait()
        run.pings(3)
        self.assertEqual(run.quit(), 0)

    def test_answers_wait_until_main_tells_its_address(self):
        run = self.start()
        run.ping("-c", "1")  # main knows the remote's address
        link = run.inside("ip", "-o", "link").stdout
        name = re.search(r": (hvl\d+):", link).group(1)
        shell = run.inside("ip", "neigh", "show", hvl.REMOTE_IP).stdout
        mac = re.search(r"lladdr (\S+)", shell).group(1)
        run.inside("ip", "neigh", "replace", hvl.REMOTE_IP, "lladdr", mac,
                   "dev", name, "nud", "permanent")
        ignore = "echo %d >/proc/sys/net/ipv4/conf/all/arp_ignore"
        run.inside("sh", "-c", ignore % 8)
        run.write("reboot\r")
        run.boot()  # the remote has forgotten main's
        with hvl.Process(run.enter + ["ping", "-c", "3", "-i", "0.01", "-W",
                                      "60", hvl.REMOTE_IP]) as ping:
            hvl.eventually(lambda: run.command("net stats", r"received (\d+)"
                                               ).group(1) >= "3",
                           "three requests at the remote")
            run.inside("sh", "-c", ignore % 0)
            ping.expect(r"3 packets transmitted, 3 received")
        self.assertEqual(run.quit(), 0)

    def test_crash_is_reported_and_ends_the_run(self):
        run = self.start()
        run.write("crash\r")
        self.assertEqual(run.wait(), 1)
        self.assertRegex(run.err.text, r"crashed: .*signal 1?[0-9]")

    def test_crash_restarts_when_asked(self):
        run = self.start("--on-crash", "restart")
        for _ in range(3):
            run.write("crash\r")
            run.expect(r"crashed: .*signal", run.err)
            run.boot()
            run.pings(3)
        self.assertEqual(run.quit(), 0)

    def test_hanging_firmware_restarts_when_asked(self):
        run = self.start("--on-crash", "restart")
        run.write("crash hang\r")
        # Counted in looks of the PMM, which may be late ones.
        run.expect(r"crashed: watchdog: no heartbeat for 5 s", run.err,
                   timeout=4 * hvl.PATIENCE)
        run.boot()
        self.assertEqual(run.quit(), 0)

    def test_remote_killed_from_outside_restarts_when_asked(self):
        run = self.start("--on-crash", "restart")
        os.kill(run.remote_pid(), signal.SIGKILL)
        run.expect(r"crashed: .*signal 9", run.err)
        run.boot()
        self.assertEqual(run.quit(), 0)

    def test_broken_net_ring_heals_at_once(self):
        run = self.start()
        run.pings(2)
        # It is told, and does not find out by waiting.
        run.command("break net", r"net0: reset after a device error, back in "
                    r"\d+ ms")
        run.pings(3)
        run.command("rng 8", r"^(?:[0-9a-f]{2} ?){8}\r?$")
        self.assertNotRegex(run.out.text, r"rng0: reset")
        self.assertEqual(run.quit(), 0)

    def test_broken_rng_ring_heals_while_net_goes_on(self):
        run = self.start()
        run.command("break rng", r"rng0: reset .*back in \d+ ms")
        run.command("rng 8", r"^(?:[0-9a-f]{2} ?){8}\r?$")
        run.pings(3)
        self.assertNotRegex(run.out.text, r"net0: reset")
        self.assertEqual(run.quit(), 0)

    def test_breaking_again_and_again(self):
        run = self.start()
        for _ in range(10):
            run.command("break net", r"net0: reset .*back in \d+ ms")
            run.command("break rng", r"rng0: reset .*back in \d+ ms")
            run.pings(2)
        self.assertEqual(run.quit(), 0)

    def test_killed_pmm_leaves_nothing(self):
        before = hvl.interfaces()
        run = self.start()
        family = [run.pid] + hvl.children(run.pid)
        self.assertGreater(len(family), 1)
        self.assertEqual(hvl.files_to_leave(run.pid), [])
        run.signal(signal.SIGKILL)
        run.wait()
        for pid in family:
            hvl.eventually(lambda pid=pid: hvl.gone(pid),
                           f"end of process {pid}")
        self.assertEqual(hvl.interfaces(), before)

    def test_every_stop_signal_ends_in_good_order(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            run = self.start()
            child = run.remote_pid()
            run.signal(number)
            self.assertEqual(run.wait(), 0)
            self.assertTrue(hvl.gone(child))

    def test_remote_is_sandboxed(self):
        run = self.start()
        pid = run.remote_pid()
        with open(f"/proc/{pid}/status", encoding="ascii") as status:
            text = status.read()
        self.assertRegex(text, r"Seccomp:\s+2")
        self.assertRegex(text, r"NoNewPrivs:\s+1")
        self.assertRegex(text, r"CapEff:\s+0+\n")
        self.assertRegex(text, r"CapBnd:\s+0+\n")
        if os.geteuid() == 0:
            fds = sorted(map(int, os.listdir(f"/proc/{pid}/fd")))
            self.assertLessEqual(set(fds), {0, 1, 2, 3, 4})
            with open(f"/proc/{pid}/maps", encoding="ascii") as maps:
                names = re.findall(r"(?:\S+ +){5}(\S+)", maps.read())
            self.assertFalse([n for n in names if ".so" in n or
                              n.endswith("/hvl") or n == "[heap]"], names)
        self.assertEqual(run.quit(), 0)

    def test_idle_costs_little(self):
        run = self.start()
        pids = (run.pid, run.remote_pid())
        start = [hvl.cpu_seconds(pid) for pid in pids]
        with self.assertRaises(subprocess.TimeoutExpired):
            run.process.wait(3)
        for pid, used in zip(pids, start):
            # nobody spins: far above what idling costs, far below a core
            self.assertLess(hvl.cpu_seconds(pid) - used, 0.5)
        run.pings(2)
        self.assertEqual(run.quit(), 0)


class Standstill(unittest.TestCase):
    def test_remote_outlives_a_main_side_that_stands_still(self):
        with hvl.Run() as run:
            run.boot()
            run.command(f"net ping -c 1000 -i 100 {hvl.MAIN_IP}", r"seq 2,")
            run.signal(signal.SIGSTOP)
            # A frame is stuck after 3 s, a reset not confirmed after another;
            # the rest is for a busy machine.
            time.sleep(12)
            run.signal(signal.SIGCONT)
            run.expect(r"net0: stopped by a time-out, and a reset brings a "
                       r"time-out; trying on")
            run.expect(r"net0: reset after a time-out, back in \d+ ms")
            run.expect(r"\d+ bytes from 192\.168\.200\.254")
            run.command("\x03", r"sent, .* received")
            run.pings(3)
            run.command("rng 16", r"^((?:[0-9a-f]{2} ?){16})\r?$")
            self.assertEqual(run.quit(), 0)


class LifeCycleVersion1(LifeCycle):
    transport = ("--transport", "mmio-v1")


class Terminal(unittest.TestCase):
    """`hvl run` on a terminal: raw while it runs, restored afterwards."""

    def setUp(self):
        self.main, self.side = pty.openpty()
        self.before = termios.tcgetattr(self.side)
        self.text = ""

    def tearDown(self):
        os.close(self.main)
        os.close(self.side)

    def start(self):
        argv = [hvl.HVL, "run", "--private", "--net", "tap", "--rng"]
        argv += ["--firmware", hvl.FIRMWARE] if hvl.FIRMWARE else []
        process = subprocess.Popen(argv, stdin=self.side, stdout=self.side,
                                   stderr=self.side, start_new_session=True)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def expect(self, pattern):
        end = time.monotonic() + hvl.PATIENCE
        while not re.search(pattern, self.text):
            if not select.select([self.main], [], [],
                                 max(0, end - time.monotonic()))[0]:
                self.fail(f"no {pattern!r} in time: {self.text}")
            self.text += os.read(self.main, 4096).decode()

    def test_ctrl_bracket_quits_and_restores_the_terminal(self):
        process = self.start()
        self.expect(hvl.PROMPT)
        self.assertEqual(termios.tcgetattr(self.side)[3] & termios.ICANON, 0)
        os.write(self.main, b"\x03")  # raw: Ctrl-C is the remote's
        os.write(self.main, b"help\r")
        self.expect(r"net ping")
        self.assertIsNone(process.poll())
        os.write(self.main, b"\x1d")
        self.assertEqual(process.wait(hvl.PATIENCE), 0)
        self.assertEqual(termios.tcgetattr(self.side), self.before)

    def test_signal_restores_the_terminal(self):
        process = self.start()
        self.expect(hvl.PROMPT)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(hvl.PATIENCE), 0)
        self.assertEqual(termios.tcgetattr(self.side), self.before)


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    hvl.main()
