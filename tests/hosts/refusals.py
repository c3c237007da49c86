"""What tests of starts that cannot work share."""

import json
import unittest

from cluster import Cluster
from worlds import ask, wait_until_none_is_left

BACKENDS = ("mpi", "ring")
MOST_SECONDS = 15


class Refusals(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(3)
        cls.addClassCleanup(cls.cluster.close)

    def refused(self, file, code, *words, more=(), backend=None, env=None):
        """It ends with this code, and its first line has these words."""
        if backend:
            more = ("--backend", backend, *more)
        ended, out, err, seconds = self.cluster.lockstep(
            *ask(2, "--hosts", file, *more), env=env)
        self.assertEqual(ended, code, err)
        self.assertEqual(out, "")
        line = err.split("\n")[0]
        self.assertTrue(line.startswith("lockstep: "), err)
        for word in words:
            self.assertIn(word, line, err)
        self.assertLess(seconds, MOST_SECONDS, err)
        self.assertEqual(wait_until_none_is_left(self.cluster, 3), {})
        return err

    def hosts(self, *changes, backend="ring", **keys):
        """A file of all hosts, in which `changes` are made: (number, {…})"""
        hosts = self.cluster.hosts
        entries = [{"ssh": "localhost" if host is hosts[0] else host.name,
                    "ips": [host.ip]} for host in hosts]
        for number, change in changes:
            entries[number].update(change)
        path = self.cluster.folder / "refused.json"
        path.write_text(json.dumps({"backend": backend, "hosts": entries,
                                    **keys}))
        return path

    def both(self, code, *words, change=(0, {}), more=(), env=None):
        for backend in BACKENDS:
            with self.subTest(backend=backend):
                self.refused(self.hosts(change, backend=backend), code, *words,
                             more=more, env=env)
