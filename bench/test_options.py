# SPDX-License-Identifier: BSD-3-Clause
"""What the benchmark programs and bench/compare do when told nonsense, and that
their lines of JSON are whole: test_options.py FOLDER-OF-PROGRAMS
"""
import importlib.machinery
import importlib.util
import json
import os
import signal
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
NOT_SUPPORTED = 77

# Program, options, exit status, what the line has to say.
REFUSED = (
    ("net", "--seconds 0", 2, "a number from 0.001"),
    ("net", "--seconds nan", 2, "a number from 0.001"),
    ("net", "--seconds", 2, "its value is missing"),
    ("net", "--size 63", 2, "a number from 64 to 1518"),
    ("net", "--size -1", 2, "a number from 64 to 1518"),
    ("net", "--size=", 2, "a number from 64 to 1518"),
    ("net", "--sizes 64", 2, "--sizes: no such option"),
    ("net", "--check=1", 2, "takes no value"),
    ("net", "--mode both", 2, "there are drv2dev, dev2drv, io"),
    ("net", "--ring-size 3", 2, "a power of two"),
    ("net", "--features ring_packed", 2, "there are indirect_desc, "),
    ("net", "--features in_order,", 2, '"": unknown'),
    ("net", "--inflight 2", 2, "only with --mode io"),
    ("net", "--cores 1", 2, "two numbers, as in 0,1"),
    ("net", "--cores 0,0", 2, "two different ones"),
    ("probe", "--cores 0,99999", NOT_SUPPORTED, "core 99999: there is none"),
    ("rng", "--size 4097", 2, "a number from 1 to 4096"),
    ("rng", "--wait poll --cores 0,0", 2, "needs two cores"),
    ("ring", "--batch 200 --chain 2", 2, "do not fit into 256"),
    ("ring", "--many --chain 2", 2, "only chains of one descriptor"),
    ("compare", "--rounds 0", 2, "a number from 1"),
    ("compare", "--rounds 3 --tries 2", 2, "at least as many as --rounds"),
    ("compare", "--seconds x", 2, "a number from 0.01"),
    ("compare", "--only rtt,all", 2, "there are drv2dev, dev2drv, io, rtt"),
    ("compare", "--cores 0,0", 2, "two numbers, as in 0,1"),
    ("compare", "--tune --no-dpdk", 1, "--tune measures DPDK"),
)

WHOLE = (
    ("net", "--mode io --inflight 1 --features in_order --check",
     {"mpps", "gbit_s", "rtt_ns", "seconds", "pages", "placement", "ring"}),
    ("ring", "--many --ring packed --features=in_order",
     {"add_ns", "pop_ns", "push_ns", "get_ns", "descriptor_ns",
      "descriptor_cycles"}),
)


def run(program, *options):
    argv = [os.path.join(BUILD, f"bench_{program}"), *options]
    if program == "compare":
        argv = [os.path.join(HERE, "compare"), os.path.dirname(BUILD),
                *options]
    return subprocess.run(argv, capture_output=True, text=True, timeout=60,
                          check=False)


def load_compare():
    loader = importlib.machinery.SourceFileLoader(
        "compare", os.path.join(HERE, "compare"))
    module = importlib.util.module_from_spec(
        importlib.util.spec_from_loader("compare", loader))
    loader.exec_module(module)
    return module


class Options(unittest.TestCase):
    def test_nonsense_is_refused_in_one_line(self):
        for program, options, status, why in REFUSED:
            with self.subTest(program=program, options=options):
                done = run(program, *options.split())
                self.assertEqual(done.returncode, status, done)
                self.assertEqual(done.stdout, "")
                self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
                self.assertIn(why, done.stderr)

    def test_results_are_whole(self):
        for program, options, members in WHOLE:
            with self.subTest(program=program):
                done = run(program, "--seconds=0.05", *options.split())
                if done.returncode == NOT_SUPPORTED:
                    self.skipTest(done.stderr)
                found = json.loads(done.stdout, parse_constant=self.fail)
                self.assertEqual(members - set(found), set())
                self.assertEqual(found["features"], "in_order")


class Hugepages(unittest.TestCase):
    """The machine's setting, played by a file."""

    def setUp(self):
        self.compare = load_compare()
        with tempfile.NamedTemporaryFile("w", delete=False) as file:
            file.write("7")
        self.addCleanup(os.unlink, file.name)
        self.compare.HUGEPAGES = file.name
        for number in self.compare.ENDINGS:
            self.addCleanup(signal.signal, number, signal.getsignal(number))

    def test_are_put_back_at_the_end(self):
        with self.compare.hugepages(True) as huge:
            self.assertTrue(huge)
            self.assertEqual(self.compare.get_hugepages(),
                             7 + self.compare.PAGES)
        self.assertEqual(self.compare.get_hugepages(), 7)

    def test_are_put_back_when_it_is_ended(self):
        with self.assertRaises(SystemExit):
            with self.compare.hugepages(True):
                sys.exit(1)
        self.assertEqual(self.compare.get_hugepages(), 7)

    def test_are_left_alone_unless_wanted(self):
        with self.compare.hugepages(False) as huge:
            self.assertFalse(huge)
            self.assertEqual(self.compare.get_hugepages(), 7)


if __name__ == "__main__":
    BUILD = os.path.abspath(sys.argv.pop())
    unittest.main()
