"""What tests of worlds over hosts share."""

import os
import pathlib
import select
import signal
import time
import unittest

from cluster import Cluster, cluster_is_possible

QUESTION = "Why is the sky blue?"
IMPOSSIBLE = cluster_is_possible()
needs_hosts = unittest.skipIf(
    IMPOSSIBLE, f"no hosts in namespaces here: {IMPOSSIBLE}")

# The long form: `make check-hosts`.
FULL = os.environ.get("LOCKSTEP_HOSTS_FULL") == "1"


def ask(tokens, *more):
    return ["generate", "demo", "-t", "1", "-p", QUESTION, "--temperature", "0",
            "--ignore-eos", "--max-tokens", str(tokens), *more]


class World:
    """One that generates, from its first words to its end."""

    def __init__(self, cluster, backend, n=None, **keys):
        self.cluster = cluster
        self.process = cluster.start(
            *ask(4000, "--hosts", cluster.hosts_file(backend, n, **keys)))
        ready, _, _ = select.select([self.process.stdout], [], [], 30)
        self.first = os.read(self.process.stdout.fileno(), 100) if ready else b""
        if not self.first:
            os.killpg(self.process.pid, signal.SIGKILL)
            raise AssertionError(
                f"no words came: {self.process.communicate()[1]}")

    def rank(self, host):
        """The process of the rank there."""
        # Keepers and ssh have the program's name in their command lines too,
        # and the shell around a rank its environment.
        pids = [pid for pid in self.cluster.hosts[host].pids("generate")
                if pathlib.Path(f"/proc/{pid}/comm").read_text() == "lockstep\n"
                and b"LOCKSTEP_LIFELINE=" in pathlib.Path(
                    f"/proc/{pid}/environ").read_bytes()]
        assert len(pids) == 1, pids
        return pids[0]

    def end(self, since, timeout=30):
        """-> (exit code, stderr, seconds since then)"""
        # Read as it comes: a full pipe would keep the launcher.
        _, err = self.process.communicate(timeout=timeout)
        return self.process.returncode, err, time.monotonic() - since


def wait_until_none_is_left(cluster, seconds):
    """-> what is left then"""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not cluster.left():
            return {}
        time.sleep(0.05)
    return cluster.left()


