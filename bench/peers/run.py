#!/usr/bin/env python3
"""Runs lockstep and its peers by turns on the same file with the same threads
and prints medians and ratios.

usage: bench/peers/run.py [--repeat 5] [--model FILE] [--markdown] [TEST...]

Tests: decode1 decode2 prompt2 fast2 start bandwidth (default: all). The number
at the end is that of the threads; mlx-lm always has one, and a shorter task.
Run bench/peers/install first.
"""

import argparse
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PEERS = ROOT / "build/peers"
PROGRAM = ROOT / "build/lockstep"
DEMO = ROOT / "build/models/SmolLM2-135M-Instruct.Q4_1.gguf"
WORDS = ("the quick brown fox jumps over the lazy dog and runs away from it "
         "to sleep under a tree until the sun goes down behind the hills ")


def output(*command, **options):
    done = subprocess.run([str(part) for part in command], text=True,
                          stdin=subprocess.DEVNULL, capture_output=True,
                          **options)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\nfailed: {done.stderr[-2000:]}")
    return done.stdout


def requantized(model):
    """The same weights as Q4_0, for which llama.cpp has its fastest kernels."""
    path = PEERS / (model.stem + ".as-Q4_0.gguf")
    if not path.exists():
        output(PEERS / "llama/bin/llama-quantize", "--allow-requantize", "--pure",
               model, path, "Q4_0")
    return path


def prompt_of(model, tokens):
    """A file whose text has that many tokens."""
    path = PEERS / f"prompt{tokens}.txt"
    text = WORDS * (tokens // 16 + 1)
    ids = json.loads(subprocess.run(
        [PROGRAM, "tokenize", str(model), "--json"], input=text, text=True,
        capture_output=True, check=True).stdout)["tokens"][:tokens]
    path.write_text(subprocess.run(
        [PROGRAM, "detokenize", str(model)], input=" ".join(map(str, ids)),
        text=True, capture_output=True, check=True).stdout.rstrip("\n"))
    return path


def lockstep(model, threads, key, prompt=8, generate=2, *more):
    report = json.loads(output(
        PROGRAM, "generate", model, "--raw", "--prompt-file",
        prompt_of(model, prompt), "--temperature", 0, "--ignore-eos",
        "--max-tokens", generate, "--json", "-t", threads, *more))
    return report[key]


def llama(model, threads, kind, n):
    rows = json.loads(output(
        PEERS / "llama/bin/llama-bench", "-m", model, "-t", threads, "-r", 1,
        "-p", n if kind == "p" else 0, "-n", n if kind == "n" else 0,
        "-o", "json"))
    return rows[0]["avg_ts"]


def mlx_lm(args, kind, n):
    return float(output(
        sys.executable, ROOT / "bench/peers/mlx_lm_speed.py", args.model,
        kind, n))


def first_token(*command):
    """Milliseconds from the start of a program to its first byte of text."""
    start = time.monotonic()
    process = subprocess.Popen([str(part) for part in command],
                               stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL)
    os.read(process.stdout.fileno(), 1)
    took = time.monotonic() - start
    process.kill()
    process.wait()
    process.stdout.close()
    return 1e3 * took


def by_turns(repeat, **sides):
    figures = {name: [] for name in sides}
    for _ in range(repeat):
        for name, run in sides.items():
            figures[name].append(run())
    return {name: statistics.median(values)
            for name, values in figures.items()}


def decode(args, threads):
    model, q4_0 = args.model, requantized(args.model)
    return "tok/s", by_turns(
        args.repeat,
        lockstep=lambda: lockstep(model, threads, "generation_tps", 8, 129),
        llama_Q4_1=lambda: llama(model, threads, "n", 128),
        llama_Q4_0=lambda: llama(q4_0, threads, "n", 128),
        mlx_lm=lambda: mlx_lm(args, "generate", 8))


def prompt(args, threads, *more):
    model, q4_0 = args.model, requantized(args.model)
    return "tok/s", by_turns(
        args.repeat,
        lockstep=lambda: lockstep(model, threads, "prompt_tps", 512, 2, *more),
        llama_Q4_1=lambda: llama(model, threads, "p", 512),
        llama_Q4_0=lambda: llama(q4_0, threads, "p", 512),
        mlx_lm=lambda: mlx_lm(args, "prompt", 32))


def start(args):
    text = "Once upon a time"
    # What llama-cli once was is now called llama-completion.
    llama_cli = next(path for path in (
        PEERS / "llama/bin/llama-completion", PEERS / "llama/bin/llama-cli")
        if path.exists())
    return "ms to the first token, less is better", by_turns(
        max(args.repeat, 5),
        lockstep=lambda: first_token(
            PROGRAM, "generate", args.model, "--raw", "-p", text, "-t", 2,
            "--temperature", 0),
        llama_cli=lambda: first_token(
            llama_cli, "-m", args.model, "-p", text, "-t", 2, "-n", 4,
            "--temp", 0, "-no-cnv", "--no-display-prompt"))


def bandwidth(args):
    """Bytes of weights read for each token against what one thread can read."""
    held = lockstep(args.model, 1, "ranks")[0]["weights_bytes"]
    probe = ROOT / "build/bench/kernels_bench"

    def limit():
        rows = json.loads(output(
            probe, "--benchmark_filter=^read_memory$",
            "--benchmark_format=json"))["benchmarks"]
        return rows[0]["bytes_per_second"] / 1e9

    figures = by_turns(
        args.repeat, limit=limit,
        lockstep=lambda: lockstep(
            args.model, 1, "generation_tps", 8, 129) * held / 1e9)
    return "GB/s by one thread", figures


TESTS = {
    "decode1": lambda args: decode(args, 1),
    "decode2": lambda args: decode(args, 2),
    "prompt2": lambda args: prompt(args, 2),
    "fast2": lambda args: prompt(args, 2, "--kernels", "fast"),
    "start": start,
    "bandwidth": bandwidth,
}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("tests", nargs="*", metavar="TEST")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--model", type=pathlib.Path, default=DEMO)
    args = parser.parse_args()
    unknown = set(args.tests) - TESTS.keys()
    if unknown:
        parser.error(f"no test {unknown.pop()!r}; there are {', '.join(TESTS)}")
    if not (PEERS / "llama/bin").is_dir():
        sys.exit("no peers in build/peers; run: bench/peers/install")
    for name in args.tests or TESTS:
        unit, figures = TESTS[name](args)
        ours = figures["lockstep"]
        print(f"{name}: {unit}")
        for side, value in figures.items():
            ratio = "" if side == "lockstep" else f"  lockstep is {ours / value:.2f} of it"
            print(f"  {re.sub('_', ' ', side, 1):12} {value:8.1f}{ratio}",
                  flush=True)


if __name__ == "__main__":
    main()
