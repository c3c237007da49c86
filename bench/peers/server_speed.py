#!/usr/bin/env python3
"""Many requests at a time: lockstep beside llama-server, by turns.

llama-server with as many slots as streams gets as many requests at once over
HTTP, each of a short prompt and GEN tokens; lockstep bench does the same without
HTTP. With --rpc llama-server has no layers of its own but two ggml-rpc-servers
of one thread each, and lockstep two ranks of one thread. Tokens per second of
all streams together, from when all have their first token to when the first
one ends.

usage: server_speed.py [--repeat 3] [--streams 8] [--gen 64] [--rpc]
"""

import argparse
import contextlib
import http.client
import json
import pathlib
import socket
import statistics
import subprocess
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
LLAMA = ROOT / "build/peers/llama/bin"
MODEL = ROOT / "build/models/SmolLM2-135M-Instruct.Q4_1.gguf"
START_SECONDS = 60


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def running(*command):
    process = subprocess.Popen([str(word) for word in command],
                               stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=30)


def wait_for(port, path=None):
    """Until something listens, and says that it is well where `path` is given."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        try:
            if path is None:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
            connection.request("GET", path)
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise SystemExit(f"server_speed: nothing answers at port {port}")


def stream_tokens(port, stream, gen, times):
    """Takes down when each token of one request comes."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
    body = {"prompt": [504 + stream, 3725, 282, 1743], "n_predict": gen,
            "temperature": 0, "ignore_eos": True, "stream": True,
            "cache_prompt": False}
    connection.request("POST", "/completion", json.dumps(body),
                       {"Content-Type": "application/json"})
    for line in connection.getresponse():
        if line.startswith(b"data:") and b'"stop":false' in line:
            times.append(time.monotonic())


def llama_tps(port, streams, gen):
    times = [[] for _ in range(streams)]
    threads = [threading.Thread(target=stream_tokens,
                                args=(port, i, gen, times[i]))
               for i in range(streams)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    begin = max(each[0] for each in times)
    end = min(each[-1] for each in times)
    n = sum(begin < at <= end for each in times for at in each)
    return n / (end - begin)


def lockstep_tps(streams, gen, ranks, threads):
    out = subprocess.run(
        [ROOT / "build/lockstep", "bench", "demo", "-p", "0", "-g", str(gen),
         "-s", str(streams), "-n", str(ranks), "-t", str(threads), "-r", "1",
         "--json"], check=True, capture_output=True, text=True).stdout
    return json.loads(out)[0]["tps"]


@contextlib.contextmanager
def llama_server(streams, rpc):
    port = free_port()
    command = [LLAMA / "llama-server", "-m", MODEL, "--host", "127.0.0.1",
               "--port", port, "-np", streams, "-c", streams * 512,
               "-t", 1 if rpc else 2]
    with contextlib.ExitStack() as stack:
        if rpc:
            ports = [free_port(), free_port()]
            for each in ports:
                stack.enter_context(running(
                    LLAMA / "ggml-rpc-server", "-H", "127.0.0.1", "-p", each,
                    "-t", 1))
                wait_for(each)
            command += ["-ngl", 99, "--rpc",
                        ",".join(f"127.0.0.1:{each}" for each in ports)]
        stack.enter_context(running(*command))
        wait_for(port, "/health")
        yield port


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--streams", type=int, default=8)
    parser.add_argument("--gen", type=int, default=64)
    parser.add_argument("--rpc", action="store_true")
    args = parser.parse_args()
    ours, theirs = [], []
    for _ in range(args.repeat):
        with llama_server(args.streams, args.rpc) as port:
            llama_tps(port, args.streams, 8)
            theirs.append(llama_tps(port, args.streams, args.gen))
        ours.append(lockstep_tps(args.streams, args.gen,
                                 *((2, 1) if args.rpc else (1, 2))))
        print(f"lockstep {ours[-1]:.0f}, llama-server {theirs[-1]:.0f} tok/s",
              flush=True)
    ratio = statistics.median(ours) / statistics.median(theirs)
    print(f"{args.streams} streams{', rpc' if args.rpc else ''}: lockstep "
          f"{statistics.median(ours):.0f}, llama-server "
          f"{statistics.median(theirs):.0f} tok/s, ratio {ratio:.2f}")


if __name__ == "__main__":
    main()
