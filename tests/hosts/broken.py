"""Ways to break a host, and to mend it again."""

import contextlib
import os
import pathlib
import signal
import subprocess

from cluster import PROGRAM
from refusals import Refusals

MODELS = pathlib.Path(PROGRAM).parent / "models"


class Broken(Refusals):
    """What harms the second host, and the way back."""

    def setUp(self):
        self.host = self.cluster.hosts[1]
        self.folder = self.cluster.folder
        self.ssh_config = self.folder / "ssh_config"

    def in_place_of_lockstep(self, program, mode=0o755):
        """A change of the hosts file: this is what lies there."""
        place = self.folder / self.id()
        (place / "bin").mkdir(parents=True, exist_ok=True)
        (place / "models").unlink(missing_ok=True)
        (place / "models").symlink_to(MODELS)
        file = place / "bin/lockstep"
        file.write_bytes(program if isinstance(program, bytes)
                         else f"#!/bin/sh\n{program}\n".encode())
        file.chmod(mode)
        return (1, {"dir": str(place)})

    @contextlib.contextmanager
    def mounted(self, source, target, *options):
        self.host.run("mount", *options, source, target)
        try:
            yield
        finally:
            self.host.run("umount", target)

    def over(self, source, target):
        return self.mounted(source, target, "--bind")

    def file(self, name, content):
        path = self.folder / name
        path.write_bytes(content)
        return path

    @contextlib.contextmanager
    def ssh_settings(self, text):
        before = self.ssh_config.read_text()
        self.ssh_config.write_text(text + before)
        try:
            yield
        finally:
            self.ssh_config.write_text(before)

    @contextlib.contextmanager
    def ssh_answered_by(self, code):
        """Python that gets a connection `c`, in place of the ssh server."""
        server = subprocess.Popen(
            self.host.command(
                "python3", "-c",
                "import socket\n"
                "s = socket.socket(); s.setsockopt(1, 2, 1)\n"
                f"s.bind(('{self.host.ip}', 2222)); s.listen(9)\n"
                "print('up', flush=True); kept = []\n"
                "while True:\n"
                f"  c, _ = s.accept(); kept.append(c); {code}"),
            stdout=subprocess.PIPE, text=True)
        try:
            self.assertEqual(server.stdout.readline(), "up\n")
            with self.ssh_settings("Host mini-2\n  Port 2222\n"):
                yield
        finally:
            for pid in self.host.pids("2222"):
                os.kill(pid, signal.SIGKILL)
            server.communicate()

    @contextlib.contextmanager
    def firewall(self, *rules, hook="output"):
        """The host sends nothing that one of these keeps back."""
        self.host.run(
            "nft", "add table ip t; add chain ip t o "
            f"{{ type filter hook {hook} priority 0; }}; " + "; ".join(
                f"add rule ip t o {rule}" for rule in rules))
        try:
            yield
        finally:
            self.host.run("nft", "delete table ip t")
