# SPDX-License-Identifier: BSD-3-Clause
"""Times of hvl serve and a driver in another process, as JSON lines: variant,
options and what was measured. bench/run starts it and prints the results.
"""
import json
import os
import signal
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests", "system"))
import hvl
import remotes

PINGS = 1000
STARTS = 50
IDLE_S = 5
WAIT_US = 100000


def pings(variant, transport, quirks):
    with remotes.Place() as place, \
            place.serve("--quirks", quirks, transport=transport) as serve, \
            place.remote(variant) as one:
        remotes.up(one, variant)
        pinger = remotes.Pinger()
        pinger.until_answered()
        pinger.times.clear()
        pinger.keep(PINGS, 1)
        before = {"pmm": hvl.cpu_seconds(serve.pid),
                  "remote": hvl.cpu_seconds(one.pid)}
        time.sleep(IDLE_S)
        idle = {name: (hvl.cpu_seconds(pid) - before[name]) / IDLE_S * 100
                for name, pid in (("pmm", serve.pid), ("remote", one.pid))}
    print(json.dumps({"what": "ping", "variant": variant, "quirks": quirks,
                      "transport": transport, "idle": idle,
                      "us": [t * 1e6 for t in pinger.times]}), flush=True)


def starts(variant):
    """One remote that starts over; its wait of 4 s is cut to WAIT_US."""
    found = []
    with remotes.Place() as place, place.serve(), \
            place.remote(variant, f"timeout-us={WAIT_US}") as one:
        hits = reads = 0
        for _ in range(STARTS):
            us, hits, reads = remotes.up(one, variant)
            found.append(us)
            one.signal(signal.SIGUSR1)
    print(json.dumps({"what": "start", "variant": variant, "us": found,
                      "hits": hits, "reads": reads}), flush=True)


def main():
    remotes.enter_network()
    for variant, transport, quirks in (
            ("branch", "mmio-v1", "pace"), ("branch", "mmio-v1", "none"),
            ("deployed", "mmio-v1", "pace"), ("deployed", "mmio-v1", "none"),
            ("hvl", "mmio", "none")):
        pings(variant, transport, quirks)
    for variant in ("branch", "deployed"):
        starts(variant)


try:
    main()
except (AssertionError, subprocess.SubprocessError) as why:
    sys.exit(str(why))
