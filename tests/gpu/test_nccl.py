"""Ranks on GPUs, one GPU each, over NCCL.

Not yet seen to fail: these need GPUs.
"""

import json
import os
import pathlib
import signal
import subprocess
import tempfile
import time
import unittest

from gpus import (N_GPUS, PROGRAM, RANKS, ROOT, needs_gpu, needs_model,
                  needs_two_gpus, over, query, run_json)
from harness import run
from world import World

SHAPE = ROOT / "bench/shapes/smollm2-135m.json"


@needs_gpu
class Nccl(unittest.TestCase):
    def test_collectives_are_exact(self):
        for ranks in RANKS:
            with self.subTest(ranks=ranks):
                told = run_json("selftest", "--ticks", 3000, "--json",
                                *over(ranks), timeout=300)
                self.assertEqual(told["ranks"], ranks)
                self.assertEqual(told["backend"],
                                 "nccl" if ranks > 1 else "none")
                failed = [check["name"] for check in told["checks"]
                          if not check["passed"]]
                self.assertEqual(failed, [])
                print(f"\n{ranks} ranks:", [
                    (t["operation"], t["bytes"], round(t["us"], 1))
                    for t in told["timings"]])

    @needs_two_gpus
    def test_nccl_joins_where_there_is_a_gpu_for_each_rank(self):
        row = run_json("bench", "--model-shape", SHAPE, "-n", 2, "-p", 8,
                       "-g", 4, "-r", 1, "--json")[0]
        self.assertIn("nccl", row["backend"])

    @needs_two_gpus
    def test_a_hosts_file_starts_them_too(self):
        """Entries that are this machine need no ssh; each has a GPU."""
        with tempfile.TemporaryDirectory() as folder:
            hosts = pathlib.Path(folder) / "hosts.json"
            hosts.write_text(json.dumps({"backend": "nccl", "hosts": [
                {"ssh": "localhost", "ips": ["127.0.0.1"]}] * 2}))
            told = run_json("selftest", "--ticks", 100, "--json", "--hosts",
                            hosts, timeout=200)
            self.assertEqual((told["backend"], told["ranks"]), ("nccl", 2))
            self.assertEqual([check["name"] for check in told["checks"]
                              if not check["passed"]], [])
            row = run_json("bench", "--model-shape", SHAPE, "--hosts", hosts,
                           "-p", 8, "-g", 4, "-r", 1, "--json")[0]
            self.assertIn("nccl", row["backend"])

    @needs_two_gpus
    def test_each_rank_has_a_gpu_of_its_own(self):
        """While they compute, every GPU holds weights."""
        before = [int(used) for used, in query("memory.used")]
        process = subprocess.Popen(
            [PROGRAM, "bench", "--model-shape", str(SHAPE), "-p", "0", "-g",
             "4000", "-r", "50", *map(str, over(N_GPUS))],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            deadline = time.monotonic() + 90
            idle = list(range(N_GPUS))
            while idle and time.monotonic() < deadline:
                self.assertIsNone(process.poll(), "it ended early")
                time.sleep(0.5)
                idle = [i for i, (used,) in enumerate(query("memory.used"))
                        if int(used) < before[i] + 100]
            self.assertEqual(idle, [], "GPUs on which nothing was put")
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)

    @unittest.skipIf("CUDA_VISIBLE_DEVICES" in os.environ,
                     "CUDA_VISIBLE_DEVICES is set")
    def test_a_rank_without_a_gpu_is_refused(self):
        done = run("selftest", "-n", N_GPUS + 1, "--backend", "nccl")
        self.assertEqual(done.returncode, 69, done.stderr)
        self.assertIn(f"CUDA_VISIBLE_DEVICES={N_GPUS}", done.stderr)

    @needs_two_gpus
    @needs_model
    def test_the_end_of_a_rank_ends_all(self):
        """Survivors never notice by themselves: NCCL waits for ever."""
        with World(2, "nccl") as world:
            world.wait_for_ranks(2)
            world.wait_for_text()
            subprocess.run(["kill", "-KILL", str(world.ranks()[1])],
                           check=True)
            self.assertEqual(world.finish(), 71, world.told())
            self.assertIn(b"rank 1", world.err)
            world.wait_until_nothing_left()


if __name__ == "__main__":
    unittest.main()
