"""The same program as a rank of somebody else's launcher: mpirun, mlx.launch,
and variables set by hand.

Seen to fail with: started_by() ignoring MLX_HOSTFILE; Watch::run not looking
at the parent.
"""

import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

from harness import MODEL, PROGRAM, ROOT, run_json
from world import World

ANSWER = ["generate", MODEL, "--raw", "-p", "The capital of France is",
          "--temperature", "0", "--max-tokens", "6", "--json"]
WHEEL = pathlib.Path(os.environ.get("LOCKSTEP_PYTHON_DIR",
                                    ROOT / "build/python"))
MPIRUN = ["mpirun", "--oversubscribe", "--bind-to", "none", "-n"]
AS_ROOT = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
MLX_LAUNCH = [sys.executable, "-B", "-c",
              "from mlx._distributed_utils.launch import main; main()"]


def free_ports(n):
    sockets = [socket.socket() for _ in range(n)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def output_of(command, env=None, timeout=120):
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=timeout, env={**os.environ, **(env or {})})
    assert done.returncode == 0, f"{command}: {done.returncode} {done.stderr}"
    return json.loads(done.stdout)


class HandMadeRing:
    """Environments of the ranks of a ring on this machine."""

    def __init__(self, ranks):
        self.directory = tempfile.TemporaryDirectory()
        hostfile = pathlib.Path(self.directory.name) / "ring.json"
        hostfile.write_text(json.dumps(
            [[f"127.0.0.1:{port}"] for port in free_ports(ranks)]))
        self.environments = [
            {"MLX_RANK": str(rank), "MLX_HOSTFILE": str(hostfile)}
            for rank in range(ranks)]

    def __enter__(self):
        return self.environments

    def __exit__(self, *_):
        self.directory.cleanup()


class SameAnswer(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.alone = run_json(*ANSWER)

    def check(self, answer, backend, ranks=2):
        self.assertEqual(answer["tokens"], self.alone["tokens"])
        self.assertEqual(answer["backend"], backend)
        self.assertEqual(len(answer["ranks"]), ranks)

    @unittest.skipUnless(shutil.which("mpirun"), "no mpirun here")
    def test_mpirun(self):
        answer = output_of([*MPIRUN, "2", PROGRAM, *ANSWER], AS_ROOT)
        self.check(answer, "mpi")

    @unittest.skipUnless((WHEEL / "mlx").exists(), "no MLX for Python here")
    def test_mlx_launch(self):
        answer = output_of(
            [*MLX_LAUNCH, "-n", "2", "--backend", "ring", "--starting-port",
             str(free_ports(1)[0]), "--", PROGRAM, *ANSWER],
            {"PYTHONPATH": str(WHEEL)})
        self.check(answer, "ring")

    def test_variables_by_hand(self):
        with HandMadeRing(2) as environments:
            others = subprocess.Popen(
                [PROGRAM, *ANSWER], env={**os.environ, **environments[1]},
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
            answer = output_of([PROGRAM, *ANSWER], environments[0])
            self.assertEqual(others.communicate(timeout=60)[0], b"")
            self.assertEqual(others.returncode, 0)
        self.check(answer, "ring")

    def test_a_ranks_number_cannot_be_asked_for(self):
        done = subprocess.run(
            [PROGRAM, *ANSWER, "-n", "3"], stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=60,
            env={**os.environ, "OMPI_COMM_WORLD_RANK": "0",
                 "OMPI_COMM_WORLD_SIZE": "2"})
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("-n is 3", done.stderr)

    def test_contradictions(self):
        for env, words in (
                ({"MLX_RANK": "1"}, ["MLX_RANK=1", "MLX_HOSTFILE"]),
                ({"OMPI_COMM_WORLD_RANK": "2", "OMPI_COMM_WORLD_SIZE": "2"},
                 ["OMPI_COMM_WORLD_RANK=2", "OMPI_COMM_WORLD_SIZE=2"])):
            with self.subTest(env=env):
                done = subprocess.run(
                    [PROGRAM, *ANSWER], stdin=subprocess.DEVNULL,
                    capture_output=True, text=True, timeout=60,
                    env={**os.environ, **env})
                self.assertEqual(done.returncode, 2, done.stderr)
                for word in words:
                    self.assertIn(word, done.stderr)


class Faults(unittest.TestCase):
    @unittest.skipUnless(shutil.which("mpirun"), "no mpirun here")
    def test_killed_rank_of_mpirun(self):
        with World(2, "mpi", prefix=[*MPIRUN, "2"], env=AS_ROOT) as world:
            world.wait_for_text()
            os.kill(world.ranks()[1], signal.SIGKILL)
            self.assertNotEqual(world.finish(), 0)
            world.wait_until_nothing_left(5)

    @unittest.skipUnless(shutil.which("mpirun"), "no mpirun here")
    def test_killed_mpirun(self):
        with World(2, "mpi", prefix=[*MPIRUN, "2"], env=AS_ROOT) as world:
            world.wait_for_text()
            world.process.kill()
            world.wait_until_nothing_left(5)

    def test_killed_rank_of_a_ring_by_hand(self):
        with HandMadeRing(2) as environments, \
                World(2, "ring", prefix=["env"], env=environments[0]) as first, \
                World(2, "ring", prefix=["env"], env=environments[1]) as second:
            first.wait_for_text()
            second.process.kill()
            self.assertEqual(first.finish(), 71, first.told())
            self.assertRegex(first.err.decode(), "lockstep: .*peer")
            first.wait_until_nothing_left(1)

    def test_killed_parent_of_a_stuck_rank(self):
        """Its peer never comes; whoever started it is killed."""
        with HandMadeRing(2) as environments, \
                World(2, "ring", prefix=["sh", "-c", '"$@" & wait', "sh"],
                      env=environments[0]) as world:
            deadline = time.monotonic() + 30
            while len(world.left()) < 2:  # the shell and the rank
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.01)
            time.sleep(1)
            world.process.kill()
            world.wait_until_nothing_left(5)


if __name__ == "__main__":
    unittest.main()
