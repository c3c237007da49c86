"""What tests of `lockstep push` share."""

import json
import unittest

from cluster import ROOT, Cluster

MODEL = ROOT / "build/models/SmolLM2-135M-Instruct.Q4_1.gguf"


class Pushed(unittest.TestCase):
    """Two hosts beside the first, from which all that was built is hidden."""

    HOSTS = 3

    @classmethod
    def setUpClass(cls):
        cls.cluster = Cluster(cls.HOSTS)
        cls.addClassCleanup(cls.cluster.close)
        empty = cls.cluster.folder / "empty"
        empty.mkdir()
        for host in cls.cluster.hosts[1:]:
            host.run("mount", "--bind", empty, ROOT / "build")

    def push(self, *words, code=0, file=None, **keys):
        """-> {host: what came of it}, stderr"""
        got, out, err, _ = self.cluster.lockstep(
            "push", *words, "--json", "--hosts",
            file or self.cluster.hosts_file(**keys), timeout=120)
        self.assertEqual(got, code, err)
        return {each["host"]: each for each in json.loads(out)}, err

    def place(self, host, place=".lockstep"):
        return host.home / place

    def weights(self, host, place=".lockstep"):
        return self.place(host, place) / "models" / MODEL.name / MODEL.name

    def held(self, host):
        """-> [(offset, bytes)]"""
        listed = json.loads(self.weights(host).with_name(
            ".lockstep-pushed.json").read_text())
        return [(piece[0], piece[1]) for piece in listed["files"][0]["pieces"]]

    def assert_right(self, host):
        """What is listed there is what the model has here."""
        with MODEL.open("rb") as here, self.weights(host).open("rb") as there:
            for offset, n in self.held(host):
                here.seek(offset)
                there.seek(offset)
                self.assertEqual(here.read(n) == there.read(n), True, offset)
