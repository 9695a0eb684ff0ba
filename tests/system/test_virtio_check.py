# SPDX-License-Identifier: BSD-3-Clause
"""The driver library against QEMU's own virtio-mmio devices.

HVL_VIRTIO_CHECK names the firmware, remote/app/virtio_check, which says itself
what passed.
"""
import os
import shutil
import sys
import unittest

import hvl

FIRMWARE = os.environ.get("HVL_VIRTIO_CHECK", "")
EMULATOR = "qemu-system-aarch64"
MAC = "52:54:00:68:76:6c"


def emulator(*options):
    return hvl.Process([
        EMULATOR, "-M", "virt,highmem=off,gic-version=2", "-cpu", "cortex-a53",
        "-smp", "1,maxcpus=2", "-m", "64M", "-display", "none", "-serial",
        "stdio", "-nic", "none", "-no-reboot", *options, "-kernel", FIRMWARE])


class VirtioCheck(unittest.TestCase):
    def check(self, legacy, version, *more):
        with emulator(
                "-global", f"virtio-mmio.force-legacy={legacy}", "-device",
                "virtio-rng-device", "-netdev", "user,id=n", "-device",
                f"virtio-net-device,netdev=n,mac={MAC}", *more) as run:
            self.assertEqual(run.wait(), 0)
        lines = run.out.text.splitlines()
        self.assertIn(f"net address {MAC}", lines)
        self.assertIn(f"net, mmio version {version}: passed", lines)
        self.assertIn(f"rng, mmio version {version}: passed", lines)
        self.assertEqual(lines[-1], "virtio_check: 2 passed, 0 failed",
                         run.out.text)

    def test_version_2_passes(self):
        self.check("false", 2)

    def test_version_1_passes(self):
        self.check("true", 1)

    def test_nobody_answers_fails(self):
        with emulator("-netdev", "user,id=n,net=10.9.0.0/24", "-device",
                      "virtio-net-device,netdev=n") as run:
            run.expect(r"^net, mmio version 1: no answer to ARP\r?$")
            run.expect(r"^virtio_check: 0 passed, 1 failed")
            self.assertEqual(run.wait(), 0)


def need_firmware():
    """Leave with the status of a skipped test where something is missing."""
    if os.path.exists(FIRMWARE) and shutil.which(EMULATOR):
        return
    print(f"skipped: no {EMULATOR}, or no {FIRMWARE}: make virt-a53")
    sys.exit(1 if os.environ.get("CI") else 77)


if __name__ == "__main__":
    need_firmware()
    unittest.main(verbosity=2)
