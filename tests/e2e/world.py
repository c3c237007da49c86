"""A run of the program over several ranks, for tests that do it harm."""

import os
import pathlib
import re
import select
import signal
import subprocess
import time
import uuid

from harness import MODEL, PROGRAM

HAS_PROC = pathlib.Path("/proc/self/environ").exists()

# What a shell starts with & ignores interrupts, and so would the worlds here.
signal.signal(signal.SIGINT, signal.default_int_handler)


def _processes_of_proc():
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
            words = (entry / "cmdline").read_bytes().split(b"\0")
            words += (entry / "environ").read_bytes().split(b"\0")
        except OSError:
            continue  # it has ended, or it is somebody else's
        if state not in "ZX":
            yield int(entry.name), b" ".join(words).decode(errors="replace")


def _processes_of_ps():
    # -E shows the environment of one's own processes behind the arguments.
    lines = subprocess.run(
        ["ps", "-Eaxww", "-o", "pid=,stat=,command="],
        capture_output=True, text=True, errors="replace").stdout.splitlines()
    for line in lines:
        pid, state, words = (line.split(None, 2) + ["", ""])[:3]
        if not state.startswith("Z"):
            yield int(pid), words


def processes(mark):
    """The living processes that have the mark in a word of their own.

    -> {pid: their arguments and environment}
    """
    found = _processes_of_proc() if HAS_PROC else _processes_of_ps()
    return {pid: words for pid, words in found
            if mark in words and pid != os.getpid()}


def end_all(mark, process):
    """Kills all that have the mark; the process is waited for and closed."""
    for pid in processes(mark):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    process.wait()
    process.stdout.close()
    process.stderr.close()


def rank_of(words):
    """The rank by the variables its launcher set; None: not a rank."""
    match = re.search(r"\b(?:OMPI_COMM_WORLD_RANK|MLX_RANK)=(\d+)", words)
    return int(match[1]) if match else None


class World:
    """`lockstep generate` that would talk for minutes, and what it wrote.

    Use as a context manager: whatever a test does, nothing is left behind.
    """

    def __init__(self, ranks, backend, prefix=(), env=None, arguments=()):
        self.mark = uuid.uuid4().hex
        own = ["-n", str(ranks), "--backend", backend] if not prefix else []
        self.command = [
            *prefix, PROGRAM, "generate", MODEL, "--raw", "-p", "Once upon a",
            "--temperature", "0", "--ignore-eos", "--max-tokens", "1500",
            *own, *arguments]
        self.out = b""
        self.err = b""
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, start_new_session=True,
            env={**os.environ, "LOCKSTEP_TEST_MARK": self.mark, **(env or {})})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        end_all(self.mark, self.process)

    def left(self):
        return processes(self.mark)

    def ranks(self):
        """-> {rank: pid}"""
        found = {rank_of(words): pid for pid, words in self.left().items()}
        return {rank: pid for rank, pid in found.items() if rank is not None}

    def wait_for_ranks(self, n, seconds=60):
        deadline = time.monotonic() + seconds
        while len(self.ranks()) < n:
            assert time.monotonic() < deadline, f"no {n} ranks: {self.told()}"
            time.sleep(0.005)

    def wait_for_text(self, seconds=120):
        """Until the answer has begun: all ranks are in the middle of it."""
        deadline = time.monotonic() + seconds
        while not self.out:
            self._read(deadline - time.monotonic())
            assert time.monotonic() < deadline and self.process.poll() is None, (
                f"no answer began: {self.told()}")

    def finish(self, seconds=60):
        """Until it ends. -> its exit code; minus the signal that killed it"""
        deadline = time.monotonic() + seconds
        while self._read(deadline - time.monotonic()):
            assert time.monotonic() < deadline, f"no end: {self.told()}"
        return self.process.wait(max(0.1, deadline - time.monotonic()))

    def wait_until_nothing_left(self, seconds=10):
        """-> the seconds it took; fails with what is left"""
        began = time.monotonic()
        while left := self.left():
            passed = time.monotonic() - began
            assert passed < seconds, f"left after {passed:.1f} s: {left}"
            time.sleep(0.01)
        return time.monotonic() - began

    def told(self):
        return (f"{' '.join(self.command)} wrote "
                f"{self.out.decode(errors='replace')!r} and "
                f"{self.err.decode(errors='replace')!r}")

    def _read(self, seconds):
        """Takes in what comes next; False at the end of both streams."""
        streams = [s for s in (self.process.stdout, self.process.stderr)
                   if not s.closed]
        if not streams:
            return False
        for stream in select.select(streams, [], [], max(0.0, seconds))[0]:
            data = os.read(stream.fileno(), 65536)
            if not data:
                stream.close()
            elif stream is self.process.stdout:
                self.out += data
            else:
                self.err += data
        return True
