#!/usr/bin/env python3
"""What `lockstep plan` predicts beside what `lockstep bench` measures, by turns.

usage: bench/predictions.py [ROUNDS]              1 to 4 ranks of one thread here
       bench/predictions.py --link MBIT [ROUNDS]  3 hosts in namespaces, links of
                                                  so many Mbit/s (needs root)
"""

import json
import os
import pathlib
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = os.environ.get("LOCKSTEP_PROGRAM", str(ROOT / "build/lockstep"))
TOKENS = ["-p", "0", "-g", "64", "-s", "1", "-r", "1"]


def here(*words):
    done = subprocess.run([PROGRAM, *words], capture_output=True, text=True,
                          timeout=120)
    if done.returncode != 0:
        sys.exit(done.stderr)
    return json.loads(done.stdout)


def pair(run, *world):
    """-> tokens/s and the exchange's share of a tick: planned, measured"""
    plan = run("plan", "demo", "-t", "1", *world, "--json")
    split = ",".join(map(str, plan["split"]))
    bench, = run("bench", "demo", "-t", "1", *world, "--split", split, *TOKENS,
                 "--json")
    exchange = plan["exchange"] or {"decode_share": 0}
    n = bench["ranks"]
    return ((plan["predicted"]["generation_tps"], bench["tps"]),
            (exchange["decode_share"],
             bench["exchange_ms"] * bench["tps"] * n / 1e3 if n > 1 else 0))


def show(name, pairs):
    speeds, shares = zip(*pairs)
    median = [[statistics.median(column) for column in zip(*values)]
              for values in (speeds, shares)]
    ratios = ", ".join(f"{a / b:.2f}" for a, b in speeds)
    print(f"{name}: planned {median[0][0]:.1f} tok/s, measured "
          f"{median[0][1]:.1f} ({ratios}); exchange {median[1][0]:.1%} of the "
          f"tick planned, {median[1][1]:.1%} measured", flush=True)


def over_hosts(mbit, rounds):
    sys.path.insert(0, str(ROOT / "tests/hosts"))
    from cluster import Cluster

    with Cluster(3) as cluster:
        for host in cluster.hosts:
            cluster.set_rate(host, mbit)

        def run(*words):
            code, out, err, _ = cluster.lockstep(*words, timeout=120)
            if code != 0:
                sys.exit(err)
            return json.loads(out)

        for backend in ("mpi", "ring"):
            world = ["--hosts", cluster.hosts_file(backend, 3)]
            show(f"3 hosts, {backend}, {mbit} Mbit/s",
                 [pair(run, *world) for _ in range(rounds)])


def main():
    words = sys.argv[1:]
    link = words[:1] == ["--link"]
    mbit = int(words[1]) if link else 0
    rounds = int((words[2 * link:] or ["5"])[0])
    if link:
        over_hosts(mbit, rounds)
        return
    pairs = {n: [] for n in (1, 2, 3, 4)}
    for _ in range(rounds):
        for n in pairs:
            pairs[n].append(pair(here, "-n", str(n)))
    for n in pairs:
        show(f"{n} rank{'s' * (n > 1)}", pairs[n])


if __name__ == "__main__":
    main()
