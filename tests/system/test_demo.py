# SPDX-License-Identifier: BSD-3-Clause
"""The demo: as it is, as an ordinary user, failing, and killed."""
import os
import shutil
import signal
import subprocess
import tempfile
import unittest

import hvl

STEPS = (
    r"network up",
    r"firmware loaded: \d+ segments, \d+ bytes, entry 0x[0-9a-f]+",
    r"remote started",
    r"remote \| .*virtio-rng",
    r"remote \| .*virtio-net",
    r"entropy test passed",
    r"main pings remote: 3 of 3",
    r"remote pings main: 3 of 3",
    r"remote stopped",
    r"demo passed in \d+\.\d+ s",
)


def demo(*options):
    argv = [hvl.HVL, "demo", *options]
    return argv + (["--firmware", hvl.FIRMWARE] if hvl.FIRMWARE else [])


class Demo(unittest.TestCase):
    def play(self, argv):
        before = hvl.interfaces()
        with hvl.Process(argv) as run:
            run.process.stdin.close()
            run.process.stdin = open(os.devnull, "rb")
            for step in STEPS:
                run.expect(step)
            self.assertEqual(run.wait(), 0)
        self.assertEqual(hvl.interfaces(), before)

    def test_demo_passes(self):
        self.play(demo())

    def test_demo_passes_over_version_1_without_dtb(self):
        self.play(demo("--transport", "mmio-v1", "--no-dtb"))

    @unittest.skipUnless(os.geteuid() == 0, "is an ordinary user already")
    def test_demo_passes_for_an_ordinary_user(self):
        # A tun node that everybody may open, as distributions have it, in a
        # mount namespace of our own; then no privilege is left.
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o755)
            tool = shutil.copy(hvl.HVL, folder)
            argv = [tool, "demo"]
            if hvl.FIRMWARE:
                argv += ["--firmware", shutil.copy(hvl.FIRMWARE, folder)]
                os.chmod(argv[-1], 0o644)
            os.mkdir(folder + "/dev")
            script = (
                'mount -t tmpfs -o mode=755 none "$0/dev" && '
                'mknod -m 666 "$0/dev/tun" c 10 200 && '
                'mount --bind "$0/dev/tun" /dev/net/tun && cd / && '
                'exec setpriv --reuid 65534 --regid 65534 --clear-groups '
                '--bounding-set=-all --inh-caps=-all "$@"')
            self.play(["unshare", "--mount", "sh", "-c", script, folder,
                       *argv])

    def test_killed_demo_leaves_nothing(self):
        for step in ("network up", "remote started", "entropy test"):
            for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT):
                with hvl.Process(demo()) as run:
                    run.expect(step)
                    family = hvl.children(run.pid)
                    run.signal(number)
                    self.assertNotEqual(run.wait(), 0)
                    for pid in family:
                        hvl.eventually(lambda pid=pid: hvl.gone(pid),
                                       f"end of process {pid}")

    def test_failing_step_is_named_with_the_log(self):
        # a path without ping: the step that needs it fails, and says so
        with hvl.Process(demo(), env={**os.environ, "PATH": "/nowhere"}) \
                as run:
            self.assertEqual(run.wait(), 1)
            text = run.out.text + run.err.text
        self.assertRegex(text, r"main pings remote.*ping")
        self.assertRegex(text, r"iputils-ping")
        self.assertNotRegex(text, r"demo passed")

    def test_forbidden_namespaces_are_explained(self):
        # a user namespace that may have no further ones stands for a system
        # that forbids them; root there could do with a network namespace
        done = subprocess.run(
            ["unshare", "--user", "--map-root-user", "sh", "-c",
             'echo 0 >/proc/sys/user/max_user_namespaces; '
             'echo 0 >/proc/sys/user/max_net_namespaces; exec "$@"', "sh",
             *demo()],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            check=False, timeout=hvl.PATIENCE)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertRegex(done.stdout, r"user\.max_user_namespaces")


if __name__ == "__main__":
    hvl.main()
