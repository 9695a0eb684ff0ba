#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Checks the conformance data and writes docs/conformance.md from it.

usage: conformance.py [--root DIR] [--log FILE] [--write]

--log    also check that each named test ran and passed, by ctest's LastTest.log
--write  write the document instead of comparing it
--root   the source tree; this file's own otherwise

The data: published.toml has a line for each section of requirements of virtio
1.3, with the number of its statements by strength, and the sum of all. In the
other files a [[section]] has the rows of one of them (`[[section.row]]`). A row
says one statement, `n` statements if it has that key, in our own words under
the key `must`, `must_not`, `should` or `should_not`, and what of it: `tests`,
`na` (does not apply), `departs` (may have tests too, of what holds instead) or
`open`.
"""
import argparse
import collections
import pathlib
import re
import sys
import tomllib

STRENGTHS = {"must": "MUST", "must_not": "MUST NOT", "should": "SHOULD",
             "should_not": "SHOULD NOT"}
OUTCOMES = {"tests": "shown", "na": "does not apply", "departs": "departs",
            "open": "open"}
PUBLISHED = "published.toml"
PUBLISHED_KEYS = {"number", "title", "side"}
SECTION_KEYS = {"number", "row"}
ROW_KEYS = {"n"} | set(STRENGTHS) | set(OUTCOMES)
SIDES = ("driver", "device")

HEAD = """<!-- SPDX-License-Identifier: BSD-3-Clause -->
<!-- Written by tests/conformance/conformance.py: change the data there. -->
# Conformance with virtio 1.3

Each driver and device requirement of the chapters that concern hvl: 2.1 to
2.10, 3, 4.2, 5.1, 5.4 and 6. Requirements are named by section and in a few
words; the wording that counts is that of the specification.

A statement is one MUST, MUST NOT, SHOULD or SHOULD NOT in a section of driver
or device requirements; where one introduces a list, the list is one statement,
apart from further such words in it. What MAY be done is not counted, nor what
stands outside those sections (legacy interfaces, explanations).

*shown*: the named tests fail when it is violated. *does not apply*: hvl does
not offer what it speaks of. *departs*: hvl does otherwise, for the reason
given; tests, if any, show what holds instead. *open*: not shown yet.

`make check` compares this document with its data in `tests/conformance`, the
rows with the number of statements that each section has as published, and the
named tests with those that ran and passed.
"""


class Bad(Exception):
    """The data says something that cannot be."""


def key_of(row, keys, where, what):
    found = [k for k in keys if k in row]
    if len(found) != 1:
        raise Bad(f"{where}: one of {', '.join(keys)} says the {what}, "
                  f"not {len(found)} of them")
    return found[0]


class Row:
    def __init__(self, raw, where):
        unknown = set(raw) - ROW_KEYS
        if unknown:
            raise Bad(f"{where}: unknown key {sorted(unknown)[0]!r}")
        self.strength = key_of(raw, STRENGTHS, where, "strength")
        self.words = raw[self.strength]
        self.where = f"{where}: {self.words!r}"
        self.n = raw.get("n", 1)
        self.tests = raw.get("tests", [])
        reasons = [k for k in OUTCOMES if k in raw and k != "tests"]
        if "departs" not in raw and self.tests and reasons:
            raise Bad(f"{self.where}: both tests and {reasons[0]!r}")
        if not self.tests or reasons:
            self.outcome = key_of(raw, list(OUTCOMES)[1:], self.where,
                                  "outcome (or tests)")
        else:
            self.outcome = "tests"
        self.reason = raw.get(self.outcome, "") if reasons else ""
        if not self.words or (reasons and not self.reason):
            raise Bad(f"{self.where}: empty")
        if type(self.n) is not int or self.n < 1:
            raise Bad(f"{self.where}: n is {self.n!r}, not a number from 1 on")
        if type(self.tests) is not list or \
                len(set(self.tests)) != len(self.tests):
            raise Bad(f"{self.where}: tests is not a list of different names")


class Section:
    """What was published; the rows come from another file."""

    def __init__(self, raw):
        where = f"{PUBLISHED}: {raw.get('number', '?')}"
        if set(raw) - set(STRENGTHS) != PUBLISHED_KEYS:
            raise Bad(f"{where}: keys are {', '.join(sorted(PUBLISHED_KEYS))} "
                      "and strengths")
        self.number, self.title = raw["number"], raw["title"]
        self.side = raw["side"]
        self.counts = {k: raw[k] for k in STRENGTHS if k in raw}
        if self.side not in SIDES:
            raise Bad(f"{where}: bad side {self.side!r}")
        self.rows = None

    def take_rows(self, raw, where):
        if self.rows is not None:
            raise Bad(f"{where}: there twice")
        self.rows = [Row(r, where) for r in raw["row"]]

    def check_counts(self):
        have = collections.Counter()
        for row in self.rows or []:
            have[row.strength] += row.n
        for strength, name in STRENGTHS.items():
            if have[strength] != self.counts.get(strength, 0):
                raise Bad(f"{self.number}: {have[strength]} rows of {name}, "
                          f"the section has {self.counts.get(strength, 0)}")

    @property
    def order(self):
        return [int(part) for part in self.number.split(".")]


def read_toml(path):
    with open(path, "rb") as file:
        return tomllib.load(file)


def load_published(path):
    data = read_toml(path)
    sections = [Section(raw) for raw in data["section"]]
    sections.sort(key=lambda s: s.order)
    for one, other in zip(sections, sections[1:]):
        if one.number == other.number:
            raise Bad(f"{PUBLISHED}: {one.number}: there twice")
    total = sum(sum(s.counts.values()) for s in sections)
    if not sections or total != data["statements"]:
        raise Bad(f"{PUBLISHED}: {total} statements in its sections, "
                  f"{data['statements']} in all")
    return sections


def load(folder):
    sections = load_published(folder / PUBLISHED)
    known = {section.number: section for section in sections}
    for path in sorted(folder.glob("*.toml")):
        if path.name == PUBLISHED:
            continue
        for raw in read_toml(path)["section"]:
            where = f"{path.name}: {raw.get('number', '?')}"
            if set(raw) != SECTION_KEYS:
                raise Bad(f"{where}: keys are number and row")
            if raw["number"] not in known:
                raise Bad(f"{where}: no such section in {PUBLISHED}")
            known[raw["number"]].take_rows(raw, where)
    for section in sections:
        section.check_counts()
    return sections


def named_tests(sections):
    """Each test that is named, with the first row that names it."""
    tests = {}
    for section in sections:
        for row in section.rows:
            for test in row.tests:
                tests.setdefault(test, f"{section.number}: {row.words}")
    return tests


def check_sources(sections, folder):
    """Each named test is a test function there, or ctest's name of a script."""
    there = {f"test_{path.parent.name}_{path.stem.removeprefix('test_')}"
             for path in folder.rglob("test_*.py")}
    for path in folder.rglob("test_*.c"):
        text = path.read_text(encoding="utf-8")
        words = collections.Counter(re.findall(r"\w+", text))
        # There, and in the list of those that are run.
        there.update(name for name in
                     re.findall(r"^(?:static )?void (\w+)\(void ?\*\*", text,
                                re.M) if words[name] > 1)
    # "test_${part}" is there with every value of its loop.
    for path in folder.rglob("*.cmake"):
        text = path.read_text(encoding="utf-8")
        there.update(re.findall(r"^\s*hvl_add_script_test\((\w+)\s", text,
                                re.M))
        for part, name in re.findall(
                r"foreach\(\w+ ([^)]+)\)\s+hvl_add_script_test\((\w+)\$",
                text):
            there.update(name + value for value in part.split())
    for test, row in named_tests(sections).items():
        if test not in there:
            raise Bad(f"{row}: no test {test} in {folder}")


def left_out(log):
    """Tests that are disabled or were skipped: the log has them as passed."""
    path = log.with_name("LastTestsDisabled.log")
    # A run in which there are none leaves that of an earlier run alone.
    if not path.exists() or path.stat().st_mtime_ns < log.stat().st_mtime_ns:
        return set()
    return set(re.findall(r"^\d+:(\S+)", path.read_text(encoding="utf-8"),
                          re.M))


def did_run(body):
    """Whether ctest found the program, and it did not skip all it has."""
    ran = re.search(r"^Ran (\d+) test", body, re.M)
    skipped = re.search(r"^OK \(skipped=(\d+)\)", body, re.M)
    return not (body.startswith('Command: ""') or
                ran and skipped and ran.group(1) == skipped.group(1))


def check_log(sections, log):
    """Each named test ran and passed, by what ctest wrote of its last run."""
    text = log.read_text(encoding="utf-8", errors="replace")
    passed = set(re.findall(r"^\[ +OK \] (\S+)", text, re.M))
    failed = set(re.findall(r"^\[ +FAILED +\] (\S+)", text, re.M))
    skipped = left_out(log)
    for name, body in re.findall(
            r"^\d+/\d+ Test: (\S+)\n(.*?)^\"\1\" end time", text,
            re.M | re.S):
        if name not in skipped and did_run(body):
            (passed if "\nTest Passed." in body else failed).add(name)
    for test, row in named_tests(sections).items():
        if test in failed:
            raise Bad(f"{row}: {test} failed")
        if test not in passed:
            raise Bad(f"{row}: {test} did not run (the log of a full run of "
                      f"ctest is needed: {log})")


def summary(sections):
    lines = ["## Summary", "",
             "| chapter | statements | shown | does not apply | departs | "
             "open |", "|---|---|---|---|---|---|"]
    chapters = {}
    for section in sections:
        chapter = ".".join(section.number.split(".")[:2])
        count = chapters.setdefault(chapter, collections.Counter())
        for row in section.rows:
            count[row.outcome] += row.n
    chapters["all"] = sum(chapters.values(), collections.Counter())
    for chapter, count in chapters.items():
        cells = [count.total()] + [count[k] for k in OUTCOMES]
        lines.append(f"| {chapter} | " + " | ".join(map(str, cells)) + " |")
    return lines


def cell(text):
    return text.replace("|", "\\|")


def table(section):
    count = sum(section.counts.values())
    lines = ["", f"### {section.number} {section.side.capitalize()}: "
             f"{section.title} ({count})", "",
             "| | statement | |", "|---|---|---|"]
    for row in section.rows:
        strength = STRENGTHS[row.strength]
        if row.n > 1:
            strength += f" ×{row.n}"
        what = [f"`{test}`" for test in row.tests]
        if row.outcome != "tests":
            what.insert(0, f"*{OUTCOMES[row.outcome]}*: {cell(row.reason)}")
        lines.append(f"| {strength} | {cell(row.words)} | "
                     f"{'<br>'.join(what)} |")
    return lines


def document(sections):
    lines = [HEAD] + summary(sections) + ["", "## Statements"]
    for section in sections:
        lines += table(section)
    return "\n".join(lines) + "\n"


def run(args):
    root = pathlib.Path(args.root)
    sections = load(root / "tests" / "conformance")
    check_sources(sections, root / "tests")
    if args.log:
        check_log(sections, pathlib.Path(args.log))
    path = root / "docs" / "conformance.md"
    text = document(sections)
    if args.write:
        path.write_text(text, encoding="utf-8")
    elif not path.exists() or path.read_text(encoding="utf-8") != text:
        raise Bad(f"{path} is not up to date: run {sys.argv[0]} --write")


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n")[1])
    parser.add_argument("--root",
                        default=pathlib.Path(__file__).resolve().parents[2])
    parser.add_argument("--log")
    parser.add_argument("--write", action="store_true")
    try:
        run(parser.parse_args())
    except KeyError as bad:
        print(f"conformance: no {bad} in the data", file=sys.stderr)
        return 1
    except (Bad, OSError, tomllib.TOMLDecodeError) as bad:
        print(f"conformance: {bad}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
