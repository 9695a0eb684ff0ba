# SPDX-License-Identifier: BSD-3-Clause
"""Features by name, packed rings, single queues that are reset, polling: what
is asked for is negotiated, and traffic goes on.
"""
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

import hvl

RINGS = (("--ring", "split"), ("--ring", "packed"),
         ("--no-features", "event_idx,in_order"),
         ("--ring", "packed", "--no-features", "event_idx,in_order"),
         ("--transport", "mmio-v1", "--features", "event_idx",
          "--no-features", "any_layout,indirect_desc"),
         ("--transport", "mmio-v1", "--no-features", "any_layout"))


class Features(unittest.TestCase):
    def start(self, *options):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.socket = os.path.join(folder.name, "control")
        run = hvl.Run("--control", self.socket, *options)
        self.addCleanup(run.__exit__)
        return run.boot()

    def status(self, *options):
        return subprocess.run(
            [hvl.HVL, "status", "--control", self.socket, *options],
            check=True, text=True, stdout=subprocess.PIPE).stdout

    def device(self, name):
        devices = json.loads(self.status("--json"))["devices"]
        return [one for one in devices if one["name"] == name][0]

    def peer(self, run, *argv):
        done = run.inside(sys.executable, hvl.PEER, *argv, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)

    def demo(self, *options):
        argv = [hvl.HVL, "demo", "-v", *options]
        argv += ["--firmware", hvl.FIRMWARE] if hvl.FIRMWARE else []
        with hvl.Process(argv) as demo:
            demo.expect(r"demo passed")
            self.assertEqual(demo.wait(), 0)
            return demo

    def test_demo_passes_with_each_ring(self):
        for options in RINGS:
            with self.subTest(options=options):
                demo = self.demo(*options)
                said = re.search(r"net0: DRIVER_OK, features \S+ \((.*)\)",
                                 demo.err.text).group(1).split(", ")
                packed = "packed" in options
                self.assertEqual("ring_packed" in said, packed)
                self.assertEqual("packed ring" in demo.out.text, packed)
                for name in options[-1].split(","):
                    if options[-2] == "--no-features":
                        self.assertNotIn(name, said)

    def test_traffic_over_each_ring(self):
        for options in RINGS:
            with self.subTest(options=options):
                run = self.start(*options)
                run.pings(1000)
                run.pings(300, 1472)
                self.peer(run, "echo", hvl.REMOTE_IP, "2000000")
                run.command("rng 1024", r"^[0-9a-f]{64}\r?$")
                run.remote_pings(50, 0)
                net = self.device("net0")
                self.assertEqual(net["violations"], 0)
                self.assertEqual(net["ring"], "packed" if "packed" in options
                                 else "split")
                self.assertEqual(run.quit(), 0)

    def test_both_sides_name_the_same_features(self):
        run = self.start("--ring", "packed")
        for name in ("rng0", "net0"):
            names = self.device(name)["feature_names"]
            self.assertIn("ring_packed", names)
            run.command("device features",
                        rf"^{name} +" + ", ".join(names) + r"\r?$")
            self.assertRegex(self.status(), rf"(?m)^{name} .*\n +packed ring; "
                             + ", ".join(names) + "$")

    def test_each_queue_is_reset_in_mid_traffic(self):
        for options in (("--ring", "split"), ("--ring", "packed")):
            with self.subTest(options=options):
                run = self.start(*options)
                argv = run.enter + [sys.executable, hvl.PEER, "until-told",
                                    hvl.REMOTE_IP]
                with hvl.Process(argv) as peer:
                    peer.expect("echoing")
                    for _ in range(5):
                        for queue in ("rx", "tx"):
                            run.command(f"net reset {queue}",
                                        f"net reset: {queue} starts anew")
                            run.pings(2)
                    peer.write("enough\n")
                    peer.expect(r"all \d+ bytes")
                    self.assertEqual(peer.wait(), 0)
                net = self.device("net0")
                self.assertEqual((net["resets"], net["violations"]), (0, 0))
                self.assertEqual(net["queues"], 12)
                run.remote_pings(50, 0)
                self.assertEqual(run.quit(), 0)

    def test_polling_is_as_long_as_it_was_told(self):
        for options, most in ((), 50), (("--poll-us", "7"), 7):
            run = self.start(*options)
            run.pings(20)
            polling = json.loads(self.status("--json"))["polling"]
            self.assertEqual(polling["most_us"], most)
            self.assertGreater(polling["polls"], 0)
            self.assertEqual(run.quit(), 0)
        run = self.start("--poll-us", "0")
        run.pings(20)
        self.assertEqual(json.loads(self.status("--json"))["polling"],
                         {"most_us": 0, "polls": 0, "hits": 0, "us": 0})

    def test_queue_is_not_reset_without_the_feature(self):
        run = self.start("--no-features", "ring_reset")
        run.command("net reset rx", "net reset: ring_reset was not negotiated")
        run.pings(10)

    def test_what_cannot_be_is_refused_with_one_line(self):
        with tempfile.NamedTemporaryFile() as memory:
            serve = ("serve", "--doorbell", "poll", "--shmem",
                     f"file={memory.name},addr=0x37000000,size=1M")
            for command in (("run",), ("demo",), serve):
                for options, text in (
                        ("--transport mmio-v1 --ring packed", "split rings"),
                        ("--transport mmio-v1 --features in_order",
                         '"in_order": mmio-v1 has no room'),
                        ("--no-features version_1", '"version_1": mmio'),
                        ("--features any_layout", '"any_layout": is for'),
                        ("--features ring_packed --ring split", "two only"),
                        ("--features nosuch", '"nosuch": unknown; there are: '
                         "mtu, mac, .*ring_packed")):
                    done = subprocess.run(
                        [hvl.HVL, *command, *options.split()], text=True,
                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                        stderr=subprocess.PIPE, check=False)
                    self.assertEqual(done.returncode, 2, done.stderr)
                    self.assertRegex(done.stderr, rf"\Ahvl: .*{text}.*\n\Z")
            self.assertEqual(os.path.getsize(memory.name), 0)

    def polling(self):
        return json.loads(self.status("--json"))["polling"]

    def test_polls_in_traffic_only(self):
        run = self.start()
        run.pings(2000)
        polls = self.polling()
        self.assertEqual(polls["most_us"], 50)
        self.assertGreater(polls["polls"], 0)
        before, cpu = self.polling()["us"], hvl.cpu_seconds(run.pid)
        with self.assertRaises(subprocess.TimeoutExpired):
            run.process.wait(2)
        # Less than 1 % of the time, by its own count; the system's is coarse.
        self.assertLess(self.polling()["us"] - before, 20000)
        self.assertLess(hvl.cpu_seconds(run.pid) - cpu, 0.5)
        self.assertEqual(run.quit(), 0)

    def test_polls_never_where_told_so(self):
        run = self.start("--poll-us", "0")
        run.pings(2000)
        self.assertEqual(self.polling(),
                         {"most_us": 0, "polls": 0, "hits": 0, "us": 0})


if __name__ == "__main__":
    hvl.main()
