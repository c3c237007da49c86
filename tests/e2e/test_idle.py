"""A world that stays while nobody asks it anything: its ranks sleep, wake for
the next question, and notice when one of them is lost.

Seen to fail with: follow() that does not sleep; pauses that serve() does not
put into the header.
"""

import itertools
import json
import os
import signal
import subprocess
import time
import unittest
import uuid

from harness import MODEL, PROGRAM
from world import HAS_PROC, end_all, processes, rank_of

ASKED_WORLD = os.path.join(os.path.dirname(PROGRAM), "asked_world")
WAYS = list(itertools.product(("mpi", "ring"), (2, 3)))
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


class AskedWorld:
    """A world that does what the steps say; see tests/support/asked_world.cpp.

    Use as a context manager: whatever a test does, nothing is left behind.
    """

    def __init__(self, ranks, backend, *steps):
        self.mark = uuid.uuid4().hex
        self.process = subprocess.Popen(
            [ASKED_WORLD, MODEL, str(ranks), backend, *steps], text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, start_new_session=True,
            env={**os.environ, "LOCKSTEP_TEST_MARK": self.mark})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        end_all(self.mark, self.process)

    def line(self):
        """Its next line; fails when there is none."""
        line = self.process.stdout.readline()
        assert line, f"it ended: {self.process.stderr.read()}"
        return line.strip()

    def answer(self):
        return json.loads(self.line())

    def ranks(self):
        """-> {rank: pid}"""
        found = {rank_of(words): pid
                 for pid, words in processes(self.mark).items()}
        return {rank: pid for rank, pid in found.items() if rank is not None}

    def end(self):
        """-> its exit code, and what it wrote to stderr"""
        _, err = self.process.communicate(timeout=60)
        return self.process.returncode, err


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


class Idle(unittest.TestCase):
    def test_ranks_sleep_and_wake(self):
        for backend, ranks in WAYS:
            with self.subTest(backend=backend, ranks=ranks), AskedWorld(
                    ranks, backend, "ask", "rest=3000", "ask", "ask") as world:
                first = world.answer()["tokens"]
                self.assertEqual(world.line(), "rest")
                if HAS_PROC:
                    for share in self.shares(world.ranks(), ranks):
                        # The promise is 3 % for two ranks on two cores.
                        self.assertLess(share, 0.35)
                for _ in range(2):
                    self.assertEqual(world.answer()["tokens"], first)
                self.assertEqual(world.end(), (0, ""))

    def shares(self, pids, n):
        """Of a core, by rank, after a moment in which pauses have grown."""
        self.assertEqual(len(pids), n)
        time.sleep(0.5)
        began = time.monotonic()
        before = {rank: cpu_seconds(pid) for rank, pid in pids.items()}
        time.sleep(1.5)
        passed = time.monotonic() - began
        return [(cpu_seconds(pid) - before[rank]) / passed
                for rank, pid in pids.items()]

    def test_a_rank_alone_is_asked(self):
        with AskedWorld(1, "auto", "ask", "rest=50", "ask") as world:
            first = world.answer()["tokens"]
            self.assertEqual(world.line(), "rest")
            self.assertEqual(world.answer()["tokens"], first)
            self.assertEqual(world.end(), (0, ""))

    def test_a_lost_rank_is_noticed(self):
        for backend, victim in itertools.product(("mpi", "ring"), (0, 1)):
            with self.subTest(backend=backend, victim=victim), \
                    AskedWorld(2, backend, "ask", "rest=60000") as world:
                world.answer()
                self.assertEqual(world.line(), "rest")
                pid = world.ranks()[victim]
                os.kill(pid, signal.SIGKILL)
                code, err = world.end()
                self.assertEqual(code, 71, err)
                self.assertIn(
                    "killed by signal 9 while waiting to be asked", err)
                self.assertEqual(processes(world.mark), {})


if __name__ == "__main__":
    unittest.main()
