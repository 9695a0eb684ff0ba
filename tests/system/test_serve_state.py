# SPDX-License-Identifier: BSD-3-Clause
"""hvl serve killed in mid-traffic and started again with --state: the remote
is asked for nothing, and no frame is sent twice.
"""
import os
import signal
import unittest

import hvl
import remotes
from remotes import Pinger, Place, up

LIVES = 50
WINDOW = 32
VARIANTS = (("branch", "mmio-v1", ()),
            ("branch", "mmio-v1", ("--quirks", "none")),
            ("deployed", "mmio-v1", ()), ("hvl", "mmio", ()),
            ("hvl", "mmio", ("--ring", "packed")))


class State(unittest.TestCase):
    def options(self, place, *more):
        return ("--state", os.path.join(place.folder, "state")) + more

    def remote(self, place, variant):
        wait = {"branch": ("timeout-us=10000000", "rng-us=2000"),
                "deployed": ("timeout-us=2000000", "waits=10", "rng-us=2000"),
                "hvl": ()}
        return place.remote(variant, *wait[variant], listen=True)

    def lives(self, place, one, kind, options, variant):
        """The PMM dies again and again; each time its tap's traffic goes on."""
        pinger = Pinger()
        for life in range(LIVES):
            with place.serve(*self.options(place, *options), transport=kind,
                             listen=False) as serve:
                if life == 0:
                    up(one, variant)
                pinger.until_answered()
                pinger.run(0.02, WINDOW)
                serve.signal(signal.SIGKILL)
                serve.wait()
                if life > 0:
                    # Nothing was asked of the remote.
                    self.assertNotRegex(serve.err.text,
                                        "found by|set up|DRIVER_OK|reset by")
        return pinger

    def test_killed_in_mid_traffic(self):
        for variant, kind, options in VARIANTS:
            with self.subTest(variant=variant, options=options), \
                    Place() as place, self.remote(place, variant) as one:
                pinger = self.lives(place, one, kind, options, variant)
                self.assertEqual(pinger.twice, 0)
                if variant == "hvl":
                    self.assertNotIn("reset after", one.out.text)
                    continue
                with place.serve(*self.options(place, *options),
                                 transport=kind, listen=False):
                    pinger.until_answered()
                    one.signal(signal.SIGTERM)
                    boots = one.expect(r"boots (\d+) .* rng (\d+)")
                    self.assertEqual(boots.group(1), "1")
                    self.assertGreater(int(boots.group(2)), 0)
                    self.assertEqual(one.wait(), 0, one.err.text)

    def comes_up(self, place, variant):
        """The newer driver may take an acknowledgement that was left by its
        earlier life for an answer, and give a device up; one of its next
        lives works.
        """
        for _ in range(10):
            with self.remote(place, variant) as one:
                one.expect("ready after")
                if "dead" not in one.out.text:
                    Pinger().until_answered()
                    return
        self.fail(one.out.text)

    def test_killed_at_any_step_of_a_set_up(self):
        for variant in ("branch", "deployed"):
            for step in range(1, 26, 3):
                with self.subTest(variant=variant, step=step), \
                        Place() as place:
                    with place.remote(variant, f"stop-at={step}",
                                      "timeout-us=300000", listen=True) as one:
                        with place.serve(*self.options(place),
                                         listen=False) as serve:
                            one.expect("stopped at step|dead|ready")
                            serve.signal(signal.SIGKILL)
                            serve.wait()
                    with place.serve(*self.options(place), listen=False):
                        self.comes_up(place, variant)

    def test_remote_that_was_there_first(self):
        # The registers are there from an earlier PMM.
        for variant in ("branch", "deployed", "hvl"):
            kind = "mmio" if variant == "hvl" else "mmio-v1"
            with self.subTest(variant=variant), Place() as place:
                with place.serve(transport=kind) as serve:
                    serve.expect("waiting for a driver", serve.err)
                with self.remote(place, variant) as one:
                    with place.serve(transport=kind, listen=False):
                        up(one, variant)
                        # A first frame may come before the network is up.
                        pinger = Pinger()
                        pinger.until_answered()
                        pinger.keep(50, 1)

    def test_files_of_something_else_are_refused(self):
        for text, what in ((b"", "create"), (b"not a state" * 1000, "refuse")):
            with self.subTest(what=what), Place() as place:
                path = os.path.join(place.folder, "state")
                with open(path, "wb") as file:
                    file.write(text)
                with place.serve(*self.options(place)) as serve:
                    self.assertEqual(serve.wait(), 1)
                    self.assertRegex(serve.err.text,
                                     rf"\Ahvl: .*{path}.*\n\Z")

    def test_state_of_other_devices_is_refused(self):
        with Place() as place:
            with place.serve(*self.options(place)) as serve:
                serve.expect("waiting for a driver", serve.err)
                serve.signal(signal.SIGTERM)
                self.assertEqual(serve.wait(), 0)
            for kinds in ({"devices": ("--rng",)}, {"transport": "mmio"}):
                with place.serve(*self.options(place), **kinds) as serve:
                    self.assertEqual(serve.wait(), 1)
                    self.assertRegex(serve.err.text, r"\Ahvl: .*state.*\n\Z")

    def test_driver_keeps_the_features_it_has(self):
        with Place() as place, self.remote(place, "hvl") as one:
            pinger = Pinger()

            def serve(*options):
                return place.serve(*self.options(place, *options),
                                   transport="mmio", listen=False)

            with serve("--ring", "packed") as first:
                up(one, "hvl")
                pinger.until_answered()
                first.signal(signal.SIGKILL)
                first.wait()
            for options, names in (
                    (("--ring", "split"), "ring_packed"),
                    (("--no-features", "in_order,event_idx"),
                     "event_idx, ring_packed, in_order")):
                with serve(*options) as less:
                    self.assertEqual(less.wait(), 1)
                    self.assertRegex(
                        less.err.text,
                        rf"\nhvl: --state .*: the driver of rng0 uses {names}; "
                        r"offer that as before, or remove .*\n\Z")
                    self.assertNotIn("warning", less.err.text)
            with serve("--ring", "packed"):
                pinger.until_answered()
            self.assertNotIn("reset after", one.out.text)

    def test_one_state_serves_one_pmm(self):
        with Place() as place, Place() as other, \
                place.serve(*self.options(place)) as first:
            first.expect("waiting for a driver", first.err)
            with other.serve(*self.options(place)) as second:
                self.assertEqual(second.wait(), 1)
                self.assertRegex(second.err.text,
                                 r"\Ahvl: state .*another process uses it\n\Z")


if __name__ == "__main__":
    remotes.enter_network()
    unittest.main(verbosity=2)
