# SPDX-License-Identifier: BSD-3-Clause
"""hvl serve and remotes that drive its devices: those of the existing stack,
with their faults, and the library's own.
"""
import re
import signal
import subprocess
import time
import unittest

import hvl
import remotes
from remotes import Pinger, Place, up

# Both drivers wait for 4 s on their boards; a busy machine may need more. The
# newer one's wait has an end as soon as it is answered; the older one's is cut
# to pieces.
WAIT = {"branch": ("timeout-us=10000000",),
        "deployed": ("timeout-us=300000", "waits=34")}
LEGACY = ("branch", "deployed")
VARIANTS = LEGACY + ("hvl",)


def transport(variant):
    return "mmio" if variant == "hvl" else "mmio-v1"


def remote(place, variant, *options, **kinds):
    words = () if variant == "hvl" else WAIT[variant] + ("rng-us=20000",) + options
    return place.remote(variant, *words, **kinds)


def counts(driver):
    """The legacy driver's own, at its end."""
    driver.signal(signal.SIGTERM)
    match = driver.expect(r"boots (\d+) rx (\d+) tx (\d+) rng (\d+)")
    assert driver.wait() == 0, driver.err.text
    return dict(zip(("boots", "rx", "tx", "rng"),
                    map(int, match.groups())))


def comes_up(place, variant):
    """The newer driver may take an interrupt, with an acknowledgement that was
    left by its earlier life, for an answer, and give a device up: that is its
    own fault. One of its next lives works.
    """
    for _ in range(10):
        with remote(place, variant) as one:
            one.expect("ready after")
            if "dead" not in one.out.text:
                Pinger().until_answered()
                return
    raise AssertionError(one.out.text)


class Drivers(unittest.TestCase):
    def test_remote_before_or_after_either_way_round(self):
        for variant in VARIANTS:
            for listen in (True, False):
                with self.subTest(variant=variant, listen=listen), \
                        Place() as place:
                    kinds = {"transport": transport(variant),
                             "listen": listen}
                    with place.serve(**kinds) as serve, \
                            remote(place, variant, listen=not listen) as one:
                        up(one, variant)
                        serve.expect("net0: DRIVER_OK", serve.err)
                        pinger = Pinger()
                        pinger.until_answered()
                        pinger.keep(50, 1)

    def test_only_its_range_of_a_large_file_is_touched(self):
        for variant in LEGACY:
            with Place(offset=4 << 30, file_size=8 << 30) as place:
                with place.serve() as serve, remote(place, variant) as one:
                    up(one, variant)
                    pinger = Pinger()
                    pinger.until_answered()
                    pinger.keep(200, 4)
                    counts(one)
                    serve.signal(signal.SIGTERM)
                    self.assertEqual(serve.wait(), 0)
                end = place.offset + remotes.SIZE
                self.assertTrue(remotes.holes(place.memory, place.offset, end))
                self.assertEqual(remotes.holes(place.memory, 0, place.offset)
                                 + remotes.holes(place.memory, end, 8 << 30),
                                 [])

    def test_fifty_pings_outstanding_lose_none(self):
        for variant in VARIANTS:
            with self.subTest(variant=variant), Place() as place:
                with place.serve(transport=transport(variant)), \
                        remote(place, variant) as one:
                    up(one, variant)
                    pinger = Pinger()
                    pinger.until_answered()
                    pinger.keep(20000, 50)
                    self.assertEqual(pinger.twice, 0)
                    if variant != "hvl":
                        self.assertGreater(counts(one)["rng"], 0)

    def test_deployed_driver_dies_of_what_pacing_spares_it(self):
        with Place() as place, place.serve("--quirks", "none"), \
                remote(place, "deployed") as one:
            up(one, "deployed")
            pinger = Pinger()
            pinger.until_answered()
            # One that keeps up with a burst gets another.
            deadline = time.monotonic() + hvl.PATIENCE
            while one.process.poll() is None and time.monotonic() < deadline:
                for _ in range(50):
                    pinger.send()
                pinger.receive(0.1)
            self.assertEqual(one.wait(), 3)
            self.assertIn("more frames to send than", one.err.text)

    def test_pacing_spares_a_driver_that_was_held_up(self):
        with Place() as place, place.serve(), \
                remote(place, "deployed") as one:
            up(one, "deployed")
            pinger = Pinger()
            pinger.until_answered()
            for _ in range(5):
                one.signal(signal.SIGSTOP)
                # Ten of the times after which a frame is given anyway.
                pinger.run(0.1, 50, age=hvl.PATIENCE)
                one.signal(signal.SIGCONT)
                deadline = time.monotonic() + hvl.PATIENCE
                while pinger.sent and time.monotonic() < deadline:
                    pinger.receive(0.1)
                self.assertEqual(pinger.sent, {})
            counts(one)

    def test_frames_too_large_are_dropped_and_counted(self):
        with Place() as place, place.serve() as serve, \
                remote(place, "deployed") as one:
            up(one, "deployed")
            pinger = Pinger()
            pinger.until_answered()
            subprocess.run(["ip", "link", "set", remotes.TAP, "mtu", "1500"],
                           check=True)
            for _ in range(20):
                pinger.send(1500 - 28)
            pinger.forget(-1)
            pinger.until_answered()
            # 1500 bytes with the Ethernet header are what fits.
            pinger.send(1486 - 28)
            deadline = time.monotonic() + hvl.PATIENCE
            while pinger.sent and time.monotonic() < deadline:
                pinger.receive(0.1)
            self.assertEqual(pinger.sent, {})
            counts(one)
            serve.signal(signal.SIGTERM)
            self.assertEqual(serve.wait(), 0)
            dropped = re.search(r"net0: .*?(\d+) dropped", serve.err.text)
            self.assertGreaterEqual(int(dropped.group(1)), 20)

    def test_missing_devices(self):
        for devices, net in ((("--rng",), False),
                             (remotes.DEVICES[1:], True)):
            for variant in LEGACY:
                with Place() as place, place.serve(devices=devices), \
                        remote(place, variant, devices=1) as one:
                    one.expect("found 1 devices")
                    up(one, variant)
                    if net:
                        pinger = Pinger()
                        pinger.until_answered()
                        pinger.keep(20, 1)
                    counts(one)


class Restarts(unittest.TestCase):
    def test_remote_killed_fifty_times(self):
        for variant in LEGACY:
            with self.subTest(variant=variant), Place() as place, \
                    place.serve() as serve:
                pinger = Pinger()
                for _ in range(50):
                    with remote(place, variant) as one:
                        up(one, variant)
                        pinger.until_answered()
                        pinger.run(0.02, 4)
                        one.signal(signal.SIGKILL)
                        one.wait()
                self.assertEqual(pinger.twice, 0)
                self.assertIsNone(serve.process.poll())

    def test_remote_starts_over_in_its_process(self):
        for variant in LEGACY + ("reset",):
            options = ("reset=1",) if variant == "reset" else ()
            name = "branch" if variant == "reset" else variant
            with self.subTest(variant=variant), Place() as place, \
                    place.serve():
                pinger = Pinger()
                with remote(place, name, *options) as one:
                    for _ in range(20):
                        up(one, name)
                        pinger.until_answered()
                        one.signal(signal.SIGUSR1)
                    up(one, name)
                    self.assertEqual(counts(one)["boots"], 21)

    def test_hvl_driver_heals_after_the_pmm_is_killed(self):
        with Place() as place, remote(place, "hvl", listen=True) as one:
            pinger = Pinger()
            for life in range(10):
                with place.serve(transport="mmio", listen=False) as serve:
                    if life == 0:
                        up(one, "hvl")
                    pinger.until_answered()
                    pinger.run(0.05, 16)
                    serve.signal(signal.SIGKILL)
                    serve.wait()
            self.assertEqual(pinger.twice, 0)


class Misbehaviour(unittest.TestCase):
    def cpu_share(self, serve, seconds):
        before, since = hvl.cpu_seconds(serve.pid), time.monotonic()
        with self.assertRaises(subprocess.TimeoutExpired):
            serve.process.wait(seconds)
        used = hvl.cpu_seconds(serve.pid) - before
        return used / (time.monotonic() - since)

    def test_remote_that_stops_in_mid_setup(self):
        for variant in LEGACY:
            for step in (1, 8, 12, 20):
                with self.subTest(variant=variant, step=step), \
                        Place() as place, place.serve() as serve:
                    with remote(place, variant, f"stop-at={step}") as one:
                        one.expect("stopped at step")
                        self.assertLess(self.cpu_share(serve, 0.5), 0.5)
                    comes_up(place, variant)

    def test_doorbell_storm(self):
        for variant in LEGACY:
            with self.subTest(variant=variant), Place() as place, \
                    place.serve() as serve, \
                    remote(place, variant, "storm=20000") as one:
                up(one, variant)
                pinger = Pinger()
                pinger.until_answered()
                self.assertLess(self.cpu_share(serve, 1), 0.9)
                pinger.keep(200, 1)

    def test_garbage_in_the_registers(self):
        for kind in ("mmio-v1", "mmio"):
            with self.subTest(transport=kind), Place() as place, \
                    place.serve(transport=kind) as serve:
                with place.remote("branch", "garbage=20000") as one:
                    one.expect("writes garbage")
                    self.assertLess(self.cpu_share(serve, 2), 1.5)
                    self.assertIsNone(serve.process.poll())
                serve.signal(signal.SIGTERM)
                self.assertEqual(serve.wait(), 0)

    def test_doorbell_peer_comes_and_goes(self):
        with Place() as place, place.serve() as serve, \
                remote(place, "branch") as one:
            up(one, "branch")
            pinger = Pinger()
            pinger.until_answered()
            # Another takes its place; it comes back.
            for _ in range(5):
                with remote(place, "branch", "ids=0x80000000") as other:
                    other.expect("found 0 devices")
                    serve.expect("peer", serve.err)
                pinger.until_answered()


if __name__ == "__main__":
    remotes.enter_network()
    unittest.main(verbosity=2)
