"""Worlds over hosts: what one rank says, three hosts say, from one command."""

import json
import os
import signal
import unittest

from cluster import PROGRAM, Cluster
from worlds import (
    FULL, QUESTION, World, ask, needs_hosts, wait_until_none_is_left)

BACKENDS = ("mpi", "ring")
SIZES = (2, 3, 4) if FULL else (3,)


@needs_hosts
class Start(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(max(SIZES))
        cls.addClassCleanup(cls.cluster.close)

    def run_well(self, *words, **options):
        code, out, err, seconds = self.cluster.lockstep(*words, **options)
        self.assertEqual(code, 0, err)
        self.assertEqual(wait_until_none_is_left(self.cluster, 2), {})
        return out, err, seconds

    # Seen to fail with: ranks started without MLX_RANK's order (rank 2 first).
    def test_same_text_as_one_rank(self):
        alone, _, _ = self.run_well(*ask(24))
        for backend in BACKENDS:
            for n in SIZES:
                with self.subTest(backend=backend, hosts=n):
                    out, _, seconds = self.run_well(
                        *ask(24, "--hosts",
                             self.cluster.hosts_file(backend, n)))
                    self.assertEqual(out, alone)
                    print(f"\n{n} hosts, {backend}: 24 tokens after "
                          f"{seconds:.2f} s", end="")

    def test_the_report_names_the_hosts(self):
        out, _, _ = self.run_well(
            *ask(2, "--json", "--hosts", self.cluster.hosts_file("ring", 3)))
        report = json.loads(out)
        self.assertEqual(report["backend"], "ring")
        self.assertEqual([rank["host"] for rank in report["ranks"]],
                         ["mini-1", "mini-2", "mini-3"])

    # Seen to fail with: Supervisor::send_input() sending nothing to rank 0.
    def test_stdin_goes_to_rank_0(self):
        for backend in BACKENDS:
            with self.subTest(backend=backend):
                words = ask(8, "--hosts", self.cluster.hosts_file(backend, 2))
                words[words.index("-p"):words.index("-p") + 2] = [
                    "--prompt-file", "-"]
                long = " ".join([QUESTION] * 300)
                out, _, _ = self.run_well(*words, input=long)
                at_home = [word for word in words[:-2]]
                alone, _, _ = self.run_well(*at_home, input=long)
                self.assertEqual(out, alone)

    def test_several_ranks_on_a_host(self):
        """A host that is listed twice has two ranks."""
        file = self.cluster.folder / "twice.json"
        hosts = self.cluster.hosts
        for backend in BACKENDS:
            with self.subTest(backend=backend):
                file.write_text(json.dumps({"backend": backend, "hosts": [
                    {"ssh": hosts[1].name, "ips": [hosts[1].ip]},
                    {"ssh": hosts[1].name, "ips": [hosts[1].ip]},
                    {"ssh": hosts[2].name, "ips": [hosts[2].ip]}]}))
                out, _, _ = self.run_well(*ask(4, "--json", "--hosts", file))
                self.assertEqual(
                    [rank["host"] for rank in json.loads(out)["ranks"]],
                    ["mini-2", "mini-2", "mini-3"])

    # Seen to fail with: environment_of() leaving the hosts' keys out.
    def test_keys_of_a_host_reach_its_rank(self):
        for backend in BACKENDS:
            with self.subTest(backend=backend):
                words = ask(2, "--json", "--hosts", self.cluster.hosts_file(
                    backend, 2, **{"mini-2": {"threads": 1}}))
                del words[words.index("-t"):words.index("-t") + 2]
                out, _, _ = self.run_well(*words)
                self.assertEqual(json.loads(out)["ranks"][1]["threads"], 1)
                code, _, err, _ = self.cluster.lockstep(
                    *ask(2, "--hosts", self.cluster.hosts_file(
                        backend, 2, **{"mini-2": {"memory": "20M"}})))
                self.assertEqual(code, 5, err)
                self.assertIn("rank 1", err)

    def test_no_secret_is_on_a_command_line(self):
        for backend in BACKENDS:
            with self.subTest(backend=backend):
                world = World(self.cluster, backend, 3)
                pids = [pid for host in self.cluster.hosts
                        for pid in host.pids("")]
                secrets = set()
                lines = b""
                for pid in pids:
                    try:
                        with open(f"/proc/{pid}/environ", "rb") as file:
                            variables = file.read().split(b"\0")
                        with open(f"/proc/{pid}/cmdline", "rb") as file:
                            lines += file.read()
                    except OSError:
                        continue  # it has just ended
                    secrets |= {line.split(b"=")[1] for line in variables
                                if line.startswith(b"LOCKSTEP_SECRET=")}
                os.killpg(world.process.pid, signal.SIGKILL)
                world.end(0)
                self.assertIn(PROGRAM.encode(), lines)
                self.assertEqual(len(secrets), 1)
                self.assertNotIn(secrets.pop(), lines)


if __name__ == "__main__":
    unittest.main()
