# SPDX-License-Identifier: BSD-3-Clause
"""A running hvl obeys: status, stop, start, restart, trace, and hostile clients.
"""
import json
import os
import re
import signal
import socket
import stat
import subprocess
import tempfile
import unittest

import hvl


class Control(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.path = os.path.join(folder.name, "control")
        self.env = dict(os.environ, XDG_RUNTIME_DIR=self.folder)

    def start(self, *options, control=True, **kinds):
        if control:
            options += ("--control", self.path)
        run = hvl.Run(*options, env=self.env, **kinds)
        self.addCleanup(run.__exit__)
        return run.boot()

    def hvl(self, *words, status=0):
        """What a command says on standard output; the exit status checked."""
        done = subprocess.run(
            [hvl.HVL, *words], env=self.env, text=True, check=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, timeout=hvl.PATIENCE)
        self.assertEqual(done.returncode, status, done.stderr)
        self.message = done.stderr
        return done.stdout

    def ask(self, command, *words, status=0):
        return self.hvl(command, "--control", self.path, *words, status=status)

    def look(self):
        """The exit status of `hvl status`, and what it says."""
        done = subprocess.run(
            [hvl.HVL, "status", "--control", self.path, "--json"],
            check=False, stdout=subprocess.PIPE, timeout=hvl.PATIENCE)
        return done.returncode, json.loads(done.stdout)

    def status(self, status=0):
        return json.loads(self.ask("status", "--json", status=status))

    def connect(self):
        client = socket.socket(socket.AF_UNIX)
        self.addCleanup(client.close)
        # With a deadline it would not wait for its turn.
        client.connect(self.path)
        client.settimeout(hvl.PATIENCE)
        return client

    def test_status_tells_state_and_counters(self):
        run = self.start()
        run.pings(3)
        now = self.status()
        self.assertEqual(now["state"], "running")
        self.assertGreater(now["uptime"], 0)
        self.assertEqual((now["starts"], now["restarts"], now["crashes"],
                          now["coredumps"], now["last_end"],
                          now["restart_in"]), (1, 0, 0, 0, "", None))
        self.assertEqual(now["pid"], run.pid)
        self.assertEqual((now["board"], now["transport"]), ("native", "mmio"))
        self.assertEqual(now["firmware"], hvl.FIRMWARE)
        self.assertEqual(now["shared_memory"],
                         {"address": "0x37000000", "size": 16 << 20})
        self.assertEqual(now["report"]["state"], "running")
        net, rng = now["devices"]
        self.assertEqual((net["name"], net["type"], rng["name"], rng["type"]),
                         ("net0", "net", "rng0", "rng"))
        for device in (net, rng):
            self.assertTrue(device["ready"])
            self.assertFalse(device["broken"])
            self.assertEqual(device["status"] & 0xf, 0xf)
            self.assertTrue(int(device["features"], 16) >> 32 & 1)
            self.assertGreater(device["chains"], 0)
            self.assertEqual(device["violations"], 0)
        self.assertGreaterEqual(net["net"]["rx_frames"], 3)
        self.assertGreaterEqual(net["net"]["rx_bytes"], 3 * 98)
        self.assertGreaterEqual(net["net"]["tx_frames"], 3)
        self.assertTrue(net["net"]["link_up"])
        self.assertRegex(net["net"]["ifname"], r"^hvl\d+$")
        self.assertGreater(rng["rng"]["bytes"], 0)
        text = self.ask("status")
        self.assertRegex(text, r"(?m)^remote +running for \d+\.\d s; "
                         r"0 restarts, 0 crashes$")
        self.assertRegex(text, r"(?m)^net0 +ready; tap \"hvl\d+\"; \d+ frames "
                         r"in, \d+ out, 0 dropped; 0 resets, 0 violations$")
        self.assertRegex(text, r"(?m)^rng0 +ready; \d+ bytes of entropy")
        self.assertEqual(self.message, "")
        self.assertEqual(run.quit(), 0)

    def test_broken_rings_are_counted(self):
        run = self.start()
        run.command("break net", r"net0: reset .*back in \d+ ms")
        net = self.status()["devices"][0]
        self.assertEqual(net["violations"], 1)
        self.assertGreater(net["resets"], 0)
        self.assertEqual(run.quit(), 0)

    def test_stop_and_start(self):
        run = self.start()
        self.assertEqual(self.ask("stop"), "")
        self.assertEqual(run.ping("-c", "2", "-i", "0.01", "-W", "1")[1], 0)
        self.assertIsNone(run.remote_pid())
        now = self.status(status=3)
        self.assertEqual((now["state"], now["uptime"], now["last_end"]),
                         ("stopped", 0, "stopped on request"))
        self.assertRegex(self.ask("status", status=3),
                         r"(?m)^remote +stopped; 0 restarts, 0 crashes$")
        self.ask("stop")
        self.assertEqual(self.message, "hvl: it is stopped already\n")
        self.ask("start")
        run.boot()
        run.pings(3)
        now = self.status()
        self.assertEqual((now["state"], now["starts"], now["restarts"]),
                         ("running", 2, 1))
        self.ask("start")
        self.assertEqual(self.message, "hvl: it is running already\n")
        self.assertIsNone(run.process.poll())
        self.assertEqual(run.quit(), 0)

    def test_restarts_are_counted(self):
        run = self.start()
        for count in range(1, 6):
            self.ask("restart")
            run.boot()
            self.assertEqual(self.status()["restarts"], count)
        self.ask("stop")
        self.ask("restart")
        run.boot()
        run.write("reboot\r")
        run.boot()
        now = self.status()
        self.assertEqual((now["restarts"], now["crashes"]), (7, 0))
        self.assertIn("asked for a restart", now["last_end"])
        run.pings(3)
        self.assertEqual(run.quit(), 0)

    def test_crash_is_told_and_start_does_not_wait(self):
        run = self.start("--on-crash", "restart")
        # The pause grows, until it is long enough for a busy machine to see.
        for crashes in range(1, 12):
            run.write("crash\r")
            run.expect(r"crashed: .*; restarts", run.err)
            if crashes >= 5:
                code, now = self.look()
                if code == 3:
                    break
            run.boot()
        self.assertEqual((now["state"], now["crashes"]), ("crashed", crashes))
        self.assertRegex(now["last_end"], r"^crashed: .*signal")
        self.assertGreater(now["restart_in"], 0)
        self.ask("start")
        run.boot()
        now = self.status()
        self.assertEqual((now["state"], now["restart_in"]), ("running", None))
        run.write("crash\r")
        run.expect(r"crashed: .*; restarts", run.err)
        self.ask("stop")
        now = self.status(status=3)
        self.assertEqual((now["state"], now["restart_in"], now["crashes"]),
                         ("stopped", None, crashes + 1))
        self.assertEqual(run.quit(), 0)

    def test_trace_is_what_the_firmware_wrote(self):
        run = self.start()
        text = self.ask("trace")
        self.assertIn("get_entropy test passed", text)
        self.ask("stop")
        self.assertEqual(self.ask("trace"), text)
        self.assertEqual(run.quit(), 0)

    def test_trace_follows_through_a_restart_to_the_end(self):
        run = self.start()
        follow = hvl.Process([hvl.HVL, "trace", "-f", "--control", self.path])
        self.addCleanup(follow.__exit__)
        follow.expect(r"get_entropy test passed")
        self.ask("restart")
        run.boot()
        follow.expect(r"get_entropy test passed")
        self.assertEqual(run.quit(), 0)
        self.assertEqual(follow.wait(), 0)
        self.assertEqual(follow.err.text, "")
        self.assertEqual(
            len(re.findall(r"get_entropy test passed", follow.out.text)), 2)

    def test_socket_is_ours_alone_and_goes_with_us(self):
        run = self.start()
        self.assertEqual(stat.S_IMODE(os.stat(self.path).st_mode), 0o600)
        second = hvl.Run("--control", self.path, env=self.env)
        self.addCleanup(second.__exit__)
        self.assertEqual(second.wait(), 1)
        self.assertRegex(second.err.text, r"control\": a running hvl has it\n")
        self.assertEqual(self.status()["pid"], run.pid)
        self.assertEqual(run.quit(), 0)
        self.assertFalse(os.path.exists(self.path))
        self.ask("status", status=1)
        self.assertRegex(self.message, r"^hvl: status: control socket .*: No "
                         r"such file or directory\n$")

    def test_socket_of_a_killed_hvl_is_taken_over(self):
        run = self.start()
        run.signal(signal.SIGKILL)
        run.wait()
        self.ask("stop", status=1)
        self.assertRegex(self.message, r"its hvl runs no more\n$")
        run = self.start()
        self.assertEqual(self.status()["pid"], run.pid)
        self.assertEqual(run.quit(), 0)

    def test_what_is_no_socket_is_said_to_be_none(self):
        for path in ("/dev/null", os.path.dirname(self.path)):
            self.hvl("status", "--control", path, status=1)
            self.assertRegex(self.message, r": is no socket\n$")

    def test_the_only_one_is_found(self):
        self.hvl("status", status=1)
        self.assertRegex(self.message,
                         r"^hvl: status: no hvl runs with a socket in ")
        first = self.start(control=False)
        self.assertEqual(json.loads(self.hvl("status", "--json"))["pid"],
                         first.pid)
        second = self.start(control=False)
        self.hvl("stop", status=1)
        self.assertRegex(
            self.message, r"^hvl: stop: 2 run; choose with --control SOCKET: "
            rf".*native-{first.pid}\.sock.*\n$")
        self.assertEqual(self.message.count("\n"), 1)
        first.signal(signal.SIGKILL)
        first.wait()
        self.assertEqual(json.loads(self.hvl("status", "--json"))["pid"],
                         second.pid)
        self.assertEqual(second.quit(), 0)
        self.hvl("status", status=1)
        third = self.start(control=False)
        self.assertEqual(os.listdir(os.path.join(self.folder, "hvl")),
                         [f"native-{third.pid}.sock"])
        self.assertEqual(third.quit(), 0)
        self.assertEqual(os.listdir(os.path.join(self.folder, "hvl")), [])

    def test_none_means_none(self):
        run = self.start("--control", "none", control=False)
        self.assertEqual(os.listdir(self.folder), [])
        self.assertEqual(run.quit(), 0)

    def test_without_a_runtime_folder_there_is_no_socket(self):
        del self.env["XDG_RUNTIME_DIR"]
        run = self.start("-v", control=False)
        self.hvl("trace", status=1)
        self.assertRegex(self.message, r"^hvl: trace: XDG_RUNTIME_DIR is not "
                         r"set; .*\n$")
        self.assertEqual(run.quit(), 0)
        self.assertRegex(run.err.text, r"no control socket: XDG_RUNTIME_DIR "
                         r"is not set; name a socket with --control SOCKET\n")

    def test_wrong_options_are_one_line(self):
        for words in (["status", "--jsn"], ["stop", "now"], ["start", "-f"],
                      ["trace", "--control"]):
            self.assertEqual(self.hvl(*words, status=2), "")
            self.assertEqual(self.message.count("\n"), 1, self.message)
        for command in ("status", "stop", "start", "restart", "trace"):
            self.assertIn("--control SOCKET", self.hvl(command, "--help"))

    def test_hostile_clients_hold_up_nobody(self):
        run = self.start()
        self.connect().sendall(b"{\"command\":")  # and nothing more
        self.connect().sendall(b"\0\xff[[[[" * 4000)
        slow = self.connect()
        slow.setblocking(False)
        try:
            while True:  # asks for much and reads nothing
                slow.send(b"{\"command\":\"status\"}\n" * 100)
        except BlockingIOError:
            pass
        run.pings(20)
        self.assertEqual(self.status()["state"], "running")
        many = [self.connect() for _ in range(40)]
        refused = [c for c in many[20:] if b"too many" in c.recv(200)]
        self.assertEqual(len(refused), 20)
        run.pings(20)
        for client in many:
            client.close()
        hvl.eventually(lambda: b"true" in self.once(b"version"),
                       "an answer once the others have gone")
        self.assertEqual(run.quit(), 0)

    def once(self, command):
        with self.connect() as client:
            try:
                client.sendall(b"{\"command\":\"%s\"}\n" % command)
            except BrokenPipeError:
                pass
            return client.recv(1000)

    def test_protocol_over_a_plain_socket(self):
        run = self.start()
        client = self.connect()
        lines = client.makefile("rw", encoding="utf-8", newline="\n")
        self.addCleanup(lines.close)

        def reply(line):
            lines.write(line + "\n")
            lines.flush()
            return json.loads(lines.readline())

        version = reply('{"command":"version","id":"x"}')
        self.assertEqual((version["ok"], version["id"],
                          version["result"]["protocol"]), (True, "x", 1))
        self.assertIn(version["result"]["version"], self.hvl("--version"))
        self.assertEqual(reply('{"command":"fly"}')["error"], "unknown")
        self.assertEqual(reply('{"command":"trace","index":9}')["error"],
                         "failed")
        self.assertEqual(reply('{"command":"trace","index":-1}')["error"],
                         "invalid")
        self.assertEqual(reply('{"command":"trace","index":"0"}')["error"],
                         "invalid")
        trace = reply('{"command":"trace","index":0}')["result"]
        self.assertEqual((trace["cut"], trace["starts"]), (False, 1))
        self.assertEqual(reply('{"command":"stop"}')["result"],
                         {"state": "stopped", "changed": True})
        self.assertEqual(reply('{"command":"stop"}')["result"],
                         {"state": "stopped", "changed": False})
        self.assertEqual(reply('{"command":"restart"}')["result"],
                         {"state": "running", "changed": True})
        self.assertEqual(run.quit(), 0)


if __name__ == "__main__":
    hvl.main()
