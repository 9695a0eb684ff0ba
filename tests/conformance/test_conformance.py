# SPDX-License-Identifier: BSD-3-Clause
"""The checks of conformance.py: each finds what it is there for."""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

TOOL = pathlib.Path(__file__).with_name("conformance.py")
DATA = """
[[section]]
number = "2.1.1"
title = "Something"
side = "driver"
counts = { must = 2, should_not = 1 }
[[section.row]]
must = "do this"
tests = ["thing_does_this", "test_system_demo"]
[[section.row]]
must = "do that"
departs = "it is done otherwise"
tests = ["thing_does_other"]
[[section.row]]
should_not = "go there"
na = "there is no there"
"""
TEST = """
static void thing_does_this(void **state) { }
static void thing_does_other(void **state) { }
"""
LOG = """
[ RUN      ] thing_does_this
[       OK ] thing_does_this
[       OK ] thing_does_other
2/9 Testing: test_system_demo
2/9 Test: test_system_demo
Output:
Test time =   0.23 sec
----------------------------------------------------------
Test Passed.
"test_system_demo" end time: Nov 01 00:00 UTC
"""


class Conformance(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = pathlib.Path(self.folder.name)
        for name in ("tests/conformance", "tests/system", "docs"):
            os.makedirs(self.root / name)
        (self.root / "tests/system/test_demo.py").write_text("")
        (self.root / "tests/test_thing.c").write_text(TEST)
        self.log = self.root / "LastTest.log"
        self.log.write_text(LOG)

    def tearDown(self):
        self.folder.cleanup()

    def run_tool(self, data, *options):
        (self.root / "tests/conformance/part.toml").write_text(data)
        return subprocess.run(
            [sys.executable, TOOL, "--root", self.root, *options],
            stderr=subprocess.PIPE, text=True, check=False)

    def expect_bad(self, data, words, *options):
        done = self.run_tool(data, "--write", *options)
        self.assertEqual(done.returncode, 1)
        self.assertIn(words, done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1)

    def test_good_data_passes_and_is_counted(self):
        self.assertEqual(
            self.run_tool(DATA, "--write", "--log", self.log).returncode, 0)
        self.assertEqual(self.run_tool(DATA).returncode, 0)
        text = (self.root / "docs/conformance.md").read_text()
        self.assertIn("| all | 3 | 1 | 1 | 1 | 0 |", text)
        self.assertIn("| MUST | do this | `thing_does_this`<br>", text)

    def test_wrong_total_is_found(self):
        self.expect_bad(DATA.replace("must = 2", "must = 3"),
                        "2.1.1: 2 rows of MUST, the section has 3")
        self.expect_bad(DATA.replace("should_not = 1", "should_not = 0"),
                        "1 rows of SHOULD NOT")

    def test_rows_for_several_statements_count_so_often(self):
        data = DATA.replace("must = 2", "must = 5").replace(
            'must = "do that"', 'must = "do that"\nn = 4')
        self.assertEqual(self.run_tool(data, "--write").returncode, 0)
        self.expect_bad(data.replace("n = 4", "n = 0"), "empty")

    def test_missing_test_is_found(self):
        self.expect_bad(DATA.replace("thing_does_this", "thing_does_them"),
                        "no test thing_does_them")
        self.expect_bad(DATA.replace("system_demo", "system_omed"),
                        "no test test_system_omed")

    def test_script_of_a_loop_is_known(self):
        (self.root / "tests/sim.cmake").write_text(
            "foreach(kind one two)\n  hvl_add_script_test(test_sim_${kind}\n")
        data = DATA.replace("test_system_demo", "test_sim_two")
        self.assertEqual(self.run_tool(data, "--write").returncode, 0)
        self.expect_bad(data.replace("sim_two", "sim_six"), "no test")

    def test_test_that_did_not_run_is_found(self):
        for name in ("thing_does_other", "test_system_demo"):
            self.log.write_text(LOG.replace(name, "another"))
            self.expect_bad(DATA, f"{name} did not run", "--log", self.log)

    def test_test_that_failed_is_found(self):
        self.log.write_text(
            LOG.replace("[       OK ] thing_does_o", "[  FAILED  ] thing_does_o"))
        self.expect_bad(DATA, "thing_does_other failed", "--log", self.log)
        self.log.write_text(LOG.replace("Test Passed.", "Test Failed."))
        self.expect_bad(DATA, "test_system_demo failed", "--log", self.log)

    def test_missing_log_is_found(self):
        self.expect_bad(DATA, "nowhere", "--log", self.root / "nowhere")

    def test_old_document_is_found(self):
        self.run_tool(DATA, "--write")
        done = self.run_tool(DATA.replace("do this", "do so"))
        self.assertEqual(done.returncode, 1)
        self.assertIn("not up to date", done.stderr)

    def test_row_without_outcome_is_found(self):
        self.expect_bad(DATA.replace("na = ", "nay = "), "unknown key 'nay'")
        self.expect_bad(DATA.replace('na = "there is no there"', ""),
                        "outcome")
        self.expect_bad(DATA.replace("departs", "open"), "both tests and")
        self.expect_bad(DATA.replace("there is no there", ""), "empty")
        self.expect_bad(DATA + 'must = "too"\n', "strength")

    def test_section_given_twice_is_found(self):
        self.expect_bad(DATA + DATA, "2.1.1: there twice")

    def test_data_that_is_none_is_found(self):
        self.expect_bad("[[section", "conformance: ")
        self.expect_bad("a = 1", "section")
        self.expect_bad("section = []", "no data")
        self.expect_bad(DATA.replace('"driver"', '"drivel"'), "bad side")


if __name__ == "__main__":
    unittest.main(verbosity=2)
