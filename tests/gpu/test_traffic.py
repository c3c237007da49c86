"""Thousands of ticks of random traffic over all GPUs, every rank late at random.

The traffic is that of tools/soak; its program `soak` lies beside lockstep.
Nothing may hang, and every request must end once. Whether a request gets the
tokens that it gets alone is not for GPUs to promise, as batches decide how
their kernels round; the share that does is printed.

Environment: TICKS (5,000).
"""

import os
import pathlib
import subprocess
import tempfile
import unittest

from gpus import PROGRAM, RANKS, needs_gpu

SOAK = pathlib.Path(PROGRAM).parent / "soak"
LIBRARIES = pathlib.Path(PROGRAM).parent.parent / "lib/lockstep"
TICKS = int(os.environ.get("TICKS", "5000"))
SECONDS = 400


def soak(*words):
    # In a bundle its libraries are lockstep's.
    paths = [LIBRARIES / "mlx/lib", LIBRARIES]
    if "LD_LIBRARY_PATH" in os.environ:
        paths.append(os.environ["LD_LIBRARY_PATH"])
    subprocess.run(
        [SOAK, *map(str, words)], check=True, timeout=SECONDS,
        env={**os.environ, "LD_LIBRARY_PATH": ":".join(map(str, paths))})


def results(folder):
    """-> {id: (how it ended, its tokens)}; between them is what it reused"""
    told = {}
    for line in (folder / "results").read_text().splitlines():
        number, finish, _, *tokens = line.split(" ")
        told[int(number)] = (finish, [t.split(":")[0] for t in tokens])
    return told


@needs_gpu
@unittest.skipUnless(SOAK.exists(), f"the program {SOAK} is not here")
class Traffic(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        (self.folder / "model").mkdir()
        soak("model", f"to={self.folder}/model")

    def ran(self, verb, *words):
        to = self.folder / "to"
        to.mkdir(exist_ok=True)
        soak(verb, f"model={self.folder}/model", f"to={to}", "seed=1", *words)
        return results(to)

    def test_random_traffic(self):
        ranks = RANKS[-1]
        backend = "nccl" if ranks > 1 else "auto"
        told = self.ran("ranks", f"n={ranks}", f"backend={backend}",
                        "exchange=gather", f"ticks={TICKS}")
        self.assertGreater(len(told), 0)
        self.assertEqual(sorted(told), list(range(len(told))))
        for number, (finish, tokens) in told.items():
            self.assertIn(finish, ("stop", "length", "cancelled"), number)
            places = [int(token.split("=")[0]) for token in tokens]
            self.assertEqual(places, list(range(places[0], places[0] + len(
                places))) if places else [], number)
        alone = self.ran("alone", f"requests={len(told)}")
        same = sum(tokens == alone[number][1][:len(tokens)]
                   for number, (_, tokens) in told.items())
        print(f"\n{ranks} ranks, {TICKS} ticks: {len(told)} requests, "
              f"{same} with the tokens that they have alone")


if __name__ == "__main__":
    unittest.main()
