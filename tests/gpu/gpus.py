"""What tests on GPUs share: how many GPUs there are, and runs over them.

Environment: as tests/e2e/harness.py; there is a GPU for each rank.
"""

import os
import pathlib
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/e2e"))

from harness import MODEL, PROGRAM, run_json  # noqa: E402

DEMO_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"


def query(fields):
    """-> what nvidia-smi says of each GPU, a list of texts for each."""
    try:
        done = subprocess.run(
            ["nvidia-smi", f"--query-gpu={fields}",
             "--format=csv,noheader,nounits"], capture_output=True, text=True)
    except FileNotFoundError:
        return []
    if done.returncode != 0:
        return []
    return [line.split(", ") for line in done.stdout.splitlines()]


def visible_gpus():
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    here = len(query("index"))
    if visible is None:
        return here
    return min(here, len([name for name in visible.split(",") if name]))


N_GPUS = visible_gpus()
RANKS = [n for n in (1, 2, 4, 8) if n <= N_GPUS]


def has_model():
    folder = pathlib.Path(PROGRAM).resolve().parent
    places = [pathlib.Path(MODEL)] if MODEL != "demo" else [
        folder / "models" / DEMO_FILE, folder.parent / "models" / DEMO_FILE]
    return any(place.exists() for place in places)


needs_gpu = unittest.skipUnless(
    N_GPUS > 0, "no NVIDIA GPU here: nvidia-smi lists none")
needs_two_gpus = unittest.skipUnless(
    N_GPUS > 1, f"needs two NVIDIA GPUs, here are {N_GPUS}")
needs_model = unittest.skipUnless(
    has_model(), f"the model {MODEL} is not here (yet)")


def over(ranks):
    """The flags for so many ranks."""
    return ["-n", ranks, "--backend", "nccl"] if ranks > 1 else []


__all__ = ["MODEL", "N_GPUS", "PROGRAM", "RANKS", "ROOT", "needs_gpu",
           "needs_model", "needs_two_gpus", "over", "query", "run_json"]
