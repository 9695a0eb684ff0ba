# SPDX-License-Identifier: BSD-3-Clause
"""DPDK's virtio-user and vhost as the yardstick: two testpmd processes.

The one with net_virtio_user plays the driver, the one with net_vhost the
device; each has one core. testpmd wants a main lcore beside the one that
forwards: both are put on the same core, where the main one waits for commands.
"""
import os
import re
import select
import shutil
import subprocess
import tempfile
import time
import tty

TESTPMD = "dpdk-testpmd"
PROMPT = "testpmd> "

# The paths that DPDK's own loopback tests measure, with header and frame in one
# buffer; `bench/compare --tune` measures them all.
PATHS = {
    "split": [
        "packed_vq=0,mrg_rxbuf=0,in_order=1",
        "packed_vq=0,mrg_rxbuf=1,in_order=1",
        "packed_vq=0,mrg_rxbuf=0,in_order=0",
        "packed_vq=0,mrg_rxbuf=0,in_order=0,vectorized=1",
    ],
    "packed": [
        "packed_vq=1,mrg_rxbuf=0,in_order=1,vectorized=1",
        "packed_vq=1,mrg_rxbuf=0,in_order=1",
        "packed_vq=1,mrg_rxbuf=1,in_order=1",
        "packed_vq=1,mrg_rxbuf=0,in_order=0",
    ],
}

# Those that came out best; which of two depends on how far apart the cores are,
# so both are measured and hvl is compared with the faster one.
BEST = {
    ("split", "drv2dev"): PATHS["split"][:2],
    ("split", "dev2drv"): PATHS["split"][:1],
    ("split", "io"): PATHS["split"][:1],
    ("split", "rtt"): PATHS["split"][:2],
    ("packed", "drv2dev"): PATHS["packed"][:1],
    ("packed", "dev2drv"): [PATHS["packed"][0], PATHS["packed"][2]],
    ("packed", "io"): PATHS["packed"][:1],
    ("packed", "rtt"): [PATHS["packed"][0], PATHS["packed"][2]],
}

# Who forwards how (device, driver), who starts with a burst, who counts.
MODES = {
    "drv2dev": ("rxonly", "txonly", "device"),
    "dev2drv": ("txonly", "rxonly", "driver"),
    "io": ("io", "io", "device"),
    "rtt": ("io", "io", "device"),
}


class Failed(Exception):
    """testpmd did not do what it was asked for."""


class Testpmd:
    """One interactive testpmd, ended with the `with` block."""

    def __init__(self, name, core, vdev, forward, setup):
        burst = 1 if setup["inflight"] else setup["batch"]
        eal = [TESTPMD, "--lcores", f"(0)@{core},(1)@{core}", "--no-pci",
               "--no-telemetry", f"--file-prefix=hvl-{name}-{os.getpid()}",
               "--force-max-simd-bitwidth=512", "--vdev", vdev]
        if setup["hugepages"]:
            eal += ["--in-memory", "--single-file-segments", "-m", "256"]
        else:
            eal += ["--no-huge", "-m", "1024"]
        own = ["-i", "--nb-cores=1", f"--burst={burst}",
               f"--txd={setup['ring_size']}", f"--rxd={setup['ring_size']}",
               f"--forward-mode={forward}", f"--txpkts={setup['size']}",
               "--total-num-mbufs=8192", "--no-mlockall"]
        self.argv = eal + ["--"] + own
        self.forward = forward
        # A terminal, since it buffers its answers on a pipe.
        self.fd, theirs = os.openpty()
        tty.setraw(theirs)
        # What it leaves in its folder goes with ours.
        # pylint: disable-next=consider-using-with
        self.process = subprocess.Popen(
            self.argv, stdin=theirs, stdout=theirs, stderr=theirs,
            start_new_session=True,
            env=dict(os.environ, RUNTIME_DIRECTORY=setup["folder"]))
        os.close(theirs)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        try:
            os.killpg(self.process.pid, 9)
        except ProcessLookupError:
            pass
        self.process.wait()
        os.close(self.fd)

    def until_prompt(self, seconds=20):
        """What it says until it waits for the next command."""
        deadline = time.monotonic() + seconds
        said = ""
        while PROMPT not in said:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.fd], [], [], left)[0]:
                raise Failed(f"no prompt: {' '.join(self.argv)}\n{said}")
            try:
                said += os.read(self.fd, 65536).decode(errors="replace")
            except OSError as error:  # EIO: the other end is closed
                raise Failed(f"it ended: {' '.join(self.argv)}\n{said}") \
                    from error
        return said

    def command(self, line):
        os.write(self.fd, line.encode() + b"\n")
        return self.until_prompt()

    def packets(self):
        """Received and sent so far."""
        said = self.command("show port stats 0")
        return tuple(int(re.search(rf"{way}-packets:\s*(\d+)", said).group(1))
                     for way in ("RX", "TX"))

    def realtime(self):
        """Keep everything else off the core; the one that takes commands
        comes before the one that forwards."""
        folder = f"/proc/{self.process.pid}/task"
        for task in os.listdir(folder):
            with open(f"{folder}/{task}/comm", encoding="ascii") as file:
                worker = "worker" in file.read()
            os.sched_setscheduler(int(task), os.SCHED_FIFO,
                                  os.sched_param(5 if worker else 6))

    def link_up(self):
        return "Link status: up" in self.command("show port info 0")


def available():
    return shutil.which(TESTPMD) is not None


def version():
    if not shutil.which("dpkg-query"):
        return "of unknown version"
    done = subprocess.run(["dpkg-query", "-W", "-f", "${Version}",
                           "dpdk-dev"], capture_output=True, text=True,
                          check=False)
    return done.stdout.strip() or "of unknown version"


def _await_links(device, driver):
    for end in device, driver:
        deadline = time.monotonic() + 10
        while not end.link_up():
            if time.monotonic() > deadline:
                raise Failed("no link between the two testpmd")
            time.sleep(0.05)


def _start(mode, device, driver, setup):
    """The receiver first, so that nothing is lost at the start."""
    if mode == "drv2dev":
        device.command("start")
        driver.command("start")
    else:
        driver.command("start")
        bursts = setup["inflight"] or setup["ring_size"] // setup["batch"]
        device.command(f"start tx_first {bursts}"
                       if device.forward == "io" else "start")
    if setup["realtime"]:
        device.realtime()
        driver.realtime()


def measure(mode, setup, path, seconds, cores):
    """Frames per second.

    setup: size, ring_size, batch, inflight (0: no limit), hugepages,
    realtime; cores: driver's and device's.
    """
    device_mode, driver_mode, counter = MODES[mode]
    with tempfile.TemporaryDirectory(prefix="hvl-bench-") as folder:
        setup = dict(setup, folder=folder)
        sock = os.path.join(folder, "vhost")
        with Testpmd("device", cores[1],
                     f"net_vhost0,iface={sock},queues=1,client=0",
                     device_mode, setup) as device:
            device.until_prompt()
            vdev = (f"net_virtio_user0,path={sock},queues=1,"
                    f"queue_size={setup['ring_size']},{path}")
            with Testpmd("driver", cores[0], vdev, driver_mode,
                         setup) as driver:
                driver.until_prompt()
                _await_links(device, driver)
                _start(mode, device, driver, setup)
                who = device if counter == "device" else driver
                time.sleep(0.2)
                start, before = time.monotonic(), who.packets()[0]
                time.sleep(seconds)
                end, after = time.monotonic(), who.packets()[0]
    if after == before:
        raise Failed(f"no frames: {mode}, {path}")
    return (after - before) / (end - start)
