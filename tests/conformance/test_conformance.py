# SPDX-License-Identifier: BSD-3-Clause
"""The checks of conformance.py: each finds what it is there for."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

TOOL = pathlib.Path(__file__).with_name("conformance.py")
PUBLISHED = """
statements = 4
section = [
  { number = "2.1.1", side = "driver", title = "A", must = 2, should_not = 1 },
  { number = "2.10.1", side = "device", title = "More", must_not = 1 },
]
"""
DATA = """
[[section]]
number = "2.1.1"
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
[[section]]
number = "2.10.1"
[[section.row]]
must_not = "go on"
open = "nobody looked"
"""
TEST = """
static void thing_does_this(void **state) { }
static void thing_does_other(void **state) { }
static void thing_is_not_run(void **state) { }
  cmocka_unit_test(thing_does_this), cmocka_unit_test(thing_does_other),
"""
LOG = """
[ RUN      ] thing_does_this
[       OK ] thing_does_this
[       OK ] thing_does_other
2/9 Testing: test_system_demo
2/9 Test: test_system_demo
Command: "python3" "test_demo.py"
Output:
Ran 3 tests in 1.5s

OK
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

    def run_tool(self, data, *options, published=PUBLISHED):
        (self.root / "tests/conformance/published.toml").write_text(published)
        (self.root / "tests/conformance/part.toml").write_text(data)
        return subprocess.run(
            [sys.executable, TOOL, "--root", self.root, *options],
            stderr=subprocess.PIPE, text=True, check=False)

    def expect_bad(self, data, words, *options, published=PUBLISHED):
        done = self.run_tool(data, "--write", *options, published=published)
        self.assertEqual(done.returncode, 1)
        self.assertIn(words, done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)

    def test_good_data_passes_and_is_counted(self):
        self.assertEqual(
            self.run_tool(DATA, "--write", "--log", self.log).returncode, 0)
        self.assertEqual(self.run_tool(DATA).returncode, 0)
        text = (self.root / "docs/conformance.md").read_text()
        self.assertIn("| all | 4 | 1 | 1 | 1 | 1 |", text)
        self.assertIn("| MUST | do this | `thing_does_this`<br>", text)

    def test_row_left_out_is_found(self):
        for row, words in (('must = "do this"', "1 rows of MUST, the section "
                            "has 2"),
                           ('should_not = "go', "0 rows of SHOULD NOT, the "
                            "section has 1")):
            start = DATA.index("[[section.row]]\n" + row)
            end = DATA.index("[[", start + 2)
            self.expect_bad(DATA[:start] + DATA[end:], "2.1.1: " + words)

    def test_row_too_many_is_found(self):
        self.expect_bad(DATA + '[[section.row]]\nmust_not = "stop"\n'
                        'na = "it does not"\n',
                        "2.10.1: 2 rows of MUST NOT, the section has 1")

    def test_row_of_another_strength_is_found(self):
        self.expect_bad(DATA.replace('must = "do that"', 'should = "do that"'),
                        "2.1.1: 1 rows of MUST, the section has 2")

    def test_section_left_out_is_found(self):
        end = DATA.index('[[section]]\nnumber = "2.10.1"')
        self.expect_bad(DATA[:end], "2.10.1: 0 rows of MUST NOT")
        published = re.sub(r"  .*2\.10\.1.*\n", "", PUBLISHED)
        self.expect_bad(DATA[:end], "3 statements in its sections, 4 in all",
                        published=published)
        self.expect_bad(DATA, "2.10.1: no such section",
                        published=published.replace("= 4", "= 3"))

    def test_rows_for_several_statements_count_so_often(self):
        data = DATA.replace('must = "do that"', 'must = "do that"\nn = 4')
        published = PUBLISHED.replace("must = 2", "must = 5").replace(
            "statements = 4", "statements = 7")
        done = self.run_tool(data, "--write", published=published)
        self.assertEqual(done.returncode, 0, done.stderr)
        for n in ("0", "-1", '"4"', "true"):
            self.expect_bad(data.replace("n = 4", f"n = {n}"),
                            "not a number from 1 on", published=published)

    def test_missing_test_is_found(self):
        self.expect_bad(DATA.replace("thing_does_this", "thing_does_them"),
                        "no test thing_does_them")
        self.expect_bad(DATA.replace("thing_does_this", "thing_is_not_run"),
                        "no test thing_is_not_run")
        self.expect_bad(DATA.replace("system_demo", "system_omed"),
                        "no test test_system_omed")

    def test_script_without_a_loop_is_known(self):
        (self.root / "tests/sim.cmake").write_text(
            "# hvl_add_script_test(test_not ...\n"
            "hvl_add_script_test(test_mutants LABEL sim)\n")
        data = DATA.replace("test_system_demo", "test_mutants")
        self.assertEqual(self.run_tool(data, "--write").returncode, 0)
        self.expect_bad(data.replace("test_mutants", "test_not"), "no test")

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

    def test_function_that_was_skipped_is_found(self):
        self.log.write_text(LOG.replace("[       OK ] thing_does_t",
                                        "[  SKIPPED ] thing_does_t"))
        self.expect_bad(DATA, "thing_does_this did not run", "--log", self.log)

    def test_disabled_or_skipped_test_is_found(self):
        # ctest's log has it as passed; another file names it.
        other = self.root / "LastTestsDisabled.log"
        other.write_text("1:test_other\n2:test_system_demo\n")
        self.expect_bad(DATA, "test_system_demo did not run", "--log", self.log)
        other.write_text("2:test_system_demo_of_another\n")
        self.assertEqual(
            self.run_tool(DATA, "--write", "--log", self.log).returncode, 0)

    def test_skipped_test_of_an_older_run_is_none(self):
        other = self.root / "LastTestsDisabled.log"
        other.write_text("2:test_system_demo\n")
        os.utime(other, ns=(0, self.log.stat().st_mtime_ns - 1))
        self.assertEqual(
            self.run_tool(DATA, "--write", "--log", self.log).returncode, 0)

    def test_test_without_program_is_found(self):
        self.log.write_text(
            LOG.replace('Command: "python3" "test_demo.py"', 'Command: ""'))
        self.expect_bad(DATA, "test_system_demo did not run", "--log", self.log)

    def test_script_that_skips_all_is_found(self):
        self.log.write_text(LOG.replace("\nOK\n", "\nOK (skipped=3)\n"))
        self.expect_bad(DATA, "test_system_demo did not run", "--log", self.log)
        self.log.write_text(LOG.replace("\nOK\n", "\nOK (skipped=2)\n"))
        self.assertEqual(
            self.run_tool(DATA, "--write", "--log", self.log).returncode, 0)

    def test_test_that_failed_is_found(self):
        self.log.write_text(LOG.replace("[       OK ] thing_does_o",
                                        "[  FAILED  ] thing_does_o"))
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
        self.expect_bad(DATA.replace('"nobody looked"', '""'), "empty")
        self.expect_bad(DATA + 'must = "too"\n', "strength")

    def test_list_of_tests_that_is_none_is_found(self):
        self.expect_bad(DATA.replace('["thing_does_other"]',
                                     '"thing_does_other"'), "not a list")
        self.expect_bad(DATA.replace(
            '["thing_does_other"]', '["thing_does_this", "thing_does_this"]'),
                        "different names")
        self.expect_bad(DATA.replace('["thing_does_this", "test_system_demo"]',
                                     "[]"), "outcome (or tests)")

    def test_section_given_twice_is_found(self):
        self.expect_bad(DATA + DATA, "2.1.1: there twice")
        line = PUBLISHED.splitlines(True)[3]
        self.expect_bad(DATA, "2.1.1: there twice",
                        published=PUBLISHED.replace(line, line * 2))

    def test_data_that_is_none_is_found(self):
        self.expect_bad("[[section", "conformance: ")
        self.expect_bad("a = 1", "no 'section'")
        self.expect_bad("section = []", "2.1.1: 0 rows")
        self.expect_bad(DATA.replace("[[section.row]]", "[[section.raw]]"),
                        "keys are number and row")
        for old, new, words in (('"driver"', '"drivel"', "bad side"),
                                ("must_not", "may", "keys are"),
                                ("title", "name", "keys are"),
                                ("statements = 4", "", "no 'statements'")):
            self.expect_bad(DATA, words, published=PUBLISHED.replace(old, new))


if __name__ == "__main__":
    unittest.main(verbosity=2)
