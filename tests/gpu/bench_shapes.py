#!/usr/bin/env python3
"""Speeds of bench/shapes on 1, 2, 4 … GPUs: one line of JSON for each result.

Environment: LOCKSTEP_PROGRAM; SHAPES (names of bench/shapes), BENCH (arguments
of `lockstep bench` instead of those here), RANKS (numbers of ranks),
MOST_SECONDS (of one run, 200). What fails is told on stderr, and the rest goes
on.
"""

import os
import pathlib
import subprocess
import sys
import time

from gpus import N_GPUS, PROGRAM, RANKS, ROOT, over

SHAPES = "seed-28-layers llama-3-8b llama-3-8b-4bit"
BENCH = "-p 512 -g 64 -s 1,8,32 -r 2"
SECONDS = float(os.environ.get("MOST_SECONDS", "200"))


def measure(shape, ranks):
    """-> whether it came to its end"""
    path = ROOT / "bench/shapes" / f"{shape}.json"
    command = [PROGRAM, "bench", "--model-shape", str(path), "-o", "jsonl",
               *os.environ.get("BENCH", BENCH).split(), *map(str, over(ranks))]
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True,
                               stderr=subprocess.PIPE)
    try:
        out, err = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        # The launcher ends its ranks.
        process.terminate()
        out, err = process.communicate(timeout=30)
        err += f"took over {SECONDS:.0f} s"
    sys.stdout.write(out)
    sys.stdout.flush()
    passed = time.monotonic() - began
    print(f"{shape} on {ranks}: {process.returncode}, {passed:.0f} s {err}",
          file=sys.stderr)
    return process.returncode == 0


def main():
    if N_GPUS == 0:
        sys.exit("bench_shapes: no NVIDIA GPU here: nvidia-smi lists none")
    chosen = os.environ.get("RANKS")
    failed = 0
    for shape in os.environ.get("SHAPES", SHAPES).split():
        for ranks in map(int, chosen.split()) if chosen else RANKS:
            failed += not measure(pathlib.Path(shape).stem, ranks)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
