# SPDX-License-Identifier: BSD-3-Clause
"""Traffic with a running remote: every ping size, a flood, TCP, iperf."""
import os
import re
import shlex
import sys
import unittest

import hvl

HERE = os.path.dirname(os.path.abspath(__file__))


class Traffic(unittest.TestCase):
    transport = ()

    @classmethod
    def setUpClass(cls):
        cls.run_ = hvl.Run(*cls.transport)
        cls.run_.boot()

    @classmethod
    def tearDownClass(cls):
        status = cls.run_.quit()
        cls.run_.__exit__()
        assert status == 0, status

    def peer(self, *argv):
        done = self.run_.inside("python3", os.path.join(HERE, "peer.py"),
                                *argv, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout

    def test_ping_of_every_size(self):
        self.assertIn("1473 sizes", self.peer("sizes", hvl.REMOTE_IP))

    def test_flood_of_10000_loses_none(self):
        self.run_.pings(10000)

    def test_flood_of_large_frames_loses_none(self):
        self.run_.pings(3000, 1472)

    def test_tcp_echo_returns_every_byte(self):
        self.assertIn("10485760 bytes",
                      self.peer("echo", hvl.REMOTE_IP, "10485760"))

    def test_tcp_echo_serves_several_at_once(self):
        self.assertIn("4 connections",
                      self.peer("echoes", hvl.REMOTE_IP, "4", "300000"))

    def test_tcp_echo_waits_for_a_peer_that_reads_late(self):
        # More than both ends' socket buffers and the remote's window hold.
        self.assertIn("33554432 bytes",
                      self.peer("late", hvl.REMOTE_IP, "33554432"))

    def test_tcp_echo_serves_four_of_a_crowd(self):
        for _ in range(2):
            self.assertIn("4 served",
                          self.peer("crowd", hvl.REMOTE_IP, "7", "4"))

    def test_tcp_survives_broken_rings(self):
        argv = self.run_.enter + ["python3", os.path.join(HERE, "peer.py"),
                                  "until-told", hvl.REMOTE_IP]
        with hvl.Process(argv) as peer:
            peer.expect("echoing")
            for _ in range(5):
                self.run_.command("break net", r"net0: reset after a device "
                                               r"error, back in \d+ ms")
                self.run_.pings(2)
            peer.write("enough\n")
            peer.expect(r"all \d+ bytes")
            self.assertEqual(peer.wait(), 0)

    def test_fragmented_pings(self):
        for _ in range(2):
            self.assertIn("50 sizes", self.peer("fragments", hvl.REMOTE_IP))

    def test_fragments_that_are_too_many_do_no_harm(self):
        # What it has no room to answer is not answered, and leaves nothing.
        for size in ("20000", "65507"):
            self.run_.ping("-i", "0.01", "-c", "20", "-W", "1", "-s", size)
        self.assertIn("1473 sizes", self.peer("sizes", hvl.REMOTE_IP))
        self.assertIn("50 sizes", self.peer("fragments", hvl.REMOTE_IP))

    def test_broadcast_and_multicast_do_no_harm(self):
        for address in ("192.168.200.255", "255.255.255.255", "224.0.0.1"):
            self.run_.inside("ping", "-n", "-q", "-b", "-l", "500", "-c",
                             "500", "-w", "1", "-I", hvl.MAIN_IP, address,
                             check=False)
        self.assertIn("1473 sizes", self.peer("sizes", hvl.REMOTE_IP))

    def test_address_requests_by_the_thousand_do_no_harm(self):
        self.assertIn("20000 requests", self.peer("storm", hvl.REMOTE_IP))
        self.assertIn("1473 sizes", self.peer("sizes", hvl.REMOTE_IP))

    def test_a_paste_in_traffic_loses_nothing(self):
        argv = self.run_.enter + [sys.executable, hvl.PEER, "pings",
                                  hvl.REMOTE_IP, "20000"]
        with hvl.Process(argv) as ping:
            for _ in range(1500):
                self.run_.write("uptime\r")
            for _ in range(1500):
                self.run_.expect(r"^\d+ s\r?$")
            ping.expect("20000 of 20000 pings")
            self.assertEqual(ping.wait(), 0)

    def test_iperf_measures_twice(self):
        for _ in range(2):
            done = self.run_.inside("iperf", "-c", hvl.REMOTE_IP, "-t", "1",
                                    "-f", "m")
            rate = re.search(r"([\d.]+) Mbits/sec", done.stdout)
            self.assertTrue(rate, done.stdout)
            self.assertGreater(float(rate.group(1)), 0)

    def test_remote_pings_main(self):
        self.assertRegex(self.run_.remote_pings(5, 10, "-s 1400"),
                         r"5 sent, 5 received, 0 % lost, min/avg/max "
                         r"\d+/\d+/\d+ us")
        self.run_.command("net ping -c 1 -i 10 192.168.200.77",
                          r"1 sent, 0 received, 100 % lost")

    def test_shell_reads_entropy_in_traffic(self):
        first = self.run_.command("rng 16", r"^((?:[0-9a-f]{2} ?){16})\r?$")
        second = self.run_.command("rng 16", r"^((?:[0-9a-f]{2} ?){16})\r?$")
        self.assertNotEqual(first.group(1), second.group(1))


class TrafficOfEveryMtu(unittest.TestCase):
    """What the options allow works, up to the last byte of a frame."""

    def test_full_frames_and_tcp(self):
        for mtu in (68, 576, 9000, 65521):
            with self.subTest(mtu=mtu), \
                    hvl.Run(devices=("--net", f"tap,mtu={mtu}")) as run:
                run.expect(rf"mtu {mtu}\b")
                run.expect(hvl.PROMPT)
                run.enter = shlex.split(run.expect(
                    r"nsenter [^\r\n]*", run.err).group(0))
                for size in (mtu - 28, mtu - 29, mtu + 100):
                    size = min(size, 65493)
                    run.pings(3, size)
                done = run.inside("python3", os.path.join(HERE, "peer.py"),
                                  "echo", hvl.REMOTE_IP, "200000")
                self.assertIn("200000 bytes", done.stdout)
                self.assertEqual(run.quit(), 0)


class TrafficVersion1(Traffic):
    transport = ("--transport", "mmio-v1", "--no-dtb")


if __name__ == "__main__":
    hvl.main()
