"""Whatever happens to a world over hosts, it ends, says why, and leaves nothing.

The long form repeats each end and prints how long it took; the numbers are in
docs/performance.md.
"""

import os
import signal
import statistics
import time
import unittest

from cluster import Cluster
from worlds import FULL, World, ask, needs_hosts, wait_until_none_is_left

BACKENDS = ("mpi", "ring")
KILLS = 50 if FULL else 1  # for each back end
STOPS = 15 if FULL else 1


def percentile_95(numbers):
    return sorted(numbers)[int(len(numbers) * 0.95 - 1e-9)]


@needs_hosts
class Ends(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(3)
        cls.addClassCleanup(cls.cluster.close)

    def assert_nothing_is_left(self, seconds=2):
        self.assertEqual(wait_until_none_is_left(self.cluster, seconds), {})
        for host in self.cluster.hosts:
            deadline = time.monotonic() + seconds
            while time.monotonic() < deadline and (
                    host.run("ls", "/dev/shm").stdout
                    or os.listdir(host.home / "tmp")):
                time.sleep(0.05)
            self.assertEqual(host.run("ls", "/dev/shm").stdout, "", host.name)
            self.assertEqual(os.listdir(host.home / "tmp"), [], host.name)

    def ends(self, times, harm):
        """Does `harm(world, host)` to worlds that generate; -> seconds each"""
        for backend in BACKENDS:
            took = []
            for i in range(times):
                host = (i + 1) % 3
                with self.subTest(backend=backend, host=host, round=i):
                    world = World(self.cluster, backend, 3)
                    since = time.monotonic()
                    harm(world, host)
                    code, err, seconds = world.end(since)
                    took.append(seconds)
                    self.assertEqual(code, 71, err)
                    self.assertIn(f"rank {host} (pid ", err)
                    self.assertIn(f"host mini-{host + 1}", err)
                    self.assertEqual(err.count("\n"), 1, err)
                    self.assert_nothing_is_left()
            if took:
                print(f"\n{backend}, {len(took)} times: median "
                      f"{statistics.median(took):.3f} s, p95 "
                      f"{percentile_95(took):.3f} s, most {max(took):.3f} s",
                      end="")

    # Seen to fail with: keepers that ignore the end of their stdin.
    def test_a_killed_rank(self):
        self.ends(KILLS, lambda world, host: os.kill(
            world.rank(host), signal.SIGKILL))

    # Seen to fail with: Supervisor::run() not looking at the pulse.
    def test_a_stopped_rank(self):
        self.ends(STOPS, lambda world, host: os.kill(
            world.rank(host), signal.SIGSTOP))

    def test_a_cut_link(self):
        def cut(_, host):
            self.cluster.set_link(self.cluster.hosts[host], False)

        for backend in BACKENDS:
            took = []
            for i in range(STOPS):
                host = 1 + i % 2  # not the launcher's own
                with self.subTest(backend=backend, host=host, round=i):
                    world = World(self.cluster, backend, 3)
                    since = time.monotonic()
                    cut(world, host)
                    code, err, seconds = world.end(since)
                    took.append(seconds)
                    # The host that is cut off ends its rank by itself.
                    self.assertEqual(
                        wait_until_none_is_left(self.cluster, 8), {})
                    self.cluster.set_link(self.cluster.hosts[host], True)
                    self.assertEqual(code, 71, err)
                    self.assertIn("no sign of life", err)
            print(f"\n{backend}, cut, {len(took)} times: median "
                  f"{statistics.median(took):.3f} s, p95 "
                  f"{percentile_95(took):.3f} s", end="")

    def launcher(self, world):
        for pid in self.cluster.hosts[0].pids("--hosts"):
            with open(f"/proc/{pid}/environ", "rb") as file:
                if b"LOCKSTEP_LIFELINE=" not in file.read():
                    return pid
        raise AssertionError("no launcher")

    def test_the_launcher_ends(self):
        for backend in BACKENDS:
            for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143),
                                 (signal.SIGKILL, -9)):
                with self.subTest(backend=backend, signal=number):
                    world = World(self.cluster, backend, 3)
                    since = time.monotonic()
                    os.kill(self.launcher(world), number)
                    ended, err, _ = world.end(since)
                    # nsenter passes on how its program ended.
                    self.assertIn(ended, (code, 128 + number), err)
                    self.assertEqual(err, "")
                    self.assertEqual(
                        wait_until_none_is_left(self.cluster, 5), {})
        # What a killed launcher left in memory goes with the next one.
        code, _, err, _ = self.cluster.lockstep(*ask(1, "-n", "2"))
        self.assertEqual(code, 0, err)
        self.assert_nothing_is_left(5)

    def test_ssh_that_ends_takes_the_rank_along(self):
        world = World(self.cluster, "ring", 3)
        since = time.monotonic()
        mini_2 = self.cluster.hosts[1].name.encode()
        for pid in self.cluster.hosts[0].pids("ssh_config"):
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                words = file.read().split(b"\0")
            if words[0] == b"ssh" and mini_2 in words:
                os.kill(pid, signal.SIGKILL)
        code, err, _ = world.end(since)
        self.assertEqual(code, 71, err)
        self.assertIn("rank 1", err)
        self.assert_nothing_is_left()

    @unittest.skipUnless(FULL, "a minute for each; make check-hosts")
    def test_a_slow_rank_is_no_lost_rank(self):
        for round_ in range(20):
            backend = BACKENDS[round_ % 2]
            with self.subTest(backend=backend, round=round_):
                world = World(self.cluster, backend, 3)
                slow = world.rank(1)
                deadline = time.monotonic() + 60
                while time.monotonic() < deadline:
                    # A tenth of the time, in pieces of a tenth of a second.
                    os.kill(slow, signal.SIGSTOP)
                    time.sleep(0.09)
                    os.kill(slow, signal.SIGCONT)
                    time.sleep(0.01)
                    if world.process.poll() is not None:
                        break
                self.assertIsNone(world.process.poll())
                os.kill(self.launcher(world), signal.SIGINT)
                world.end(0)


if __name__ == "__main__":
    unittest.main()
