"""Starts that cannot work: each ends soon, with one line that names the cause."""

import json
import os
import subprocess
import time
import unittest

from cluster import PROGRAM
from refusals import BACKENDS, Refusals
from worlds import World, ask, needs_hosts


@needs_hosts
class Refused(Refusals):

    # Seen to fail with: not_started_on_line() leaving out what was said.
    def test_the_program_is_not_there(self):
        self.both(69, "mini-2", "/nowhere/bin/lockstep", "lockstep push",
                  change=(1, {"dir": "/nowhere"}))

    def test_a_name_nobody_knows(self):
        self.both(69, "no-such-host", "Could not resolve",
                  change=(1, {"ssh": "no-such-host"}))

    def test_a_host_that_is_off(self):
        self.cluster.set_link(self.cluster.hosts[2], False)
        self.addCleanup(self.cluster.set_link, self.cluster.hosts[2], True)
        self.both(69, "mini-3", change=(0, {}))

    def test_ssh_that_is_refused(self):
        config = self.cluster.folder / "ssh_config"
        text = config.read_text()
        self.addCleanup(config.write_text, text)
        config.write_text(
            "Host mini-2\n  Port 2222\n" + text)
        self.both(69, "mini-2", "Connection refused", change=(0, {}))
        config.write_text("Host mini-2\n  IdentityFile /dev/null\n"
                          "  IdentitiesOnly yes\n" + text.replace(
                              "Host *", "Host mini-1 mini-3") +
                          "Host mini-2\n  User root\n  UserKnownHostsFile "
                          f"{self.cluster.folder}/known_hosts\n")
        self.both(69, "mini-2", "Permission denied", "ssh-copy-id mini-2",
                  )
        config.write_text("Host mini-2\n  UserKnownHostsFile /dev/null\n"
                          + text)
        self.both(69, "mini-2", "Host key verification failed",
                  )

    def test_an_address_that_is_not_the_hosts(self):
        # MPI finds its hosts' addresses itself.
        self.refused(self.hosts((1, {"ips": ["10.77.0.77"]})), 69,
                     "rank 1", "10.77.0.77")

    def test_a_port_that_is_taken(self):
        host = self.cluster.hosts[1]
        code = ("import socket,time;s=socket.socket();"
                f"s.bind(('{host.ip}',7777));s.listen();print('up',flush=True);"
                "time.sleep(60)")
        taker = subprocess.Popen(
            host.command("python3", "-c", code), stdout=subprocess.PIPE,
            text=True)
        self.addCleanup(taker.communicate)
        self.addCleanup(taker.kill)
        self.assertEqual(taker.stdout.readline(), "up\n")
        for pid in host.pids("7777"):
            self.addCleanup(os.kill, pid, 9)
        self.refused(self.hosts((1, {"port": 7777})), 69, "rank 1", "7777")

    def test_too_little_memory(self):
        self.both(5, "rank 1", change=(1, {"memory": "20M"}))

    def test_more_hosts_than_layers(self):
        path = self.cluster.folder / "many.json"
        entry = {"ssh": "localhost", "ips": [self.cluster.hosts[0].ip]}
        path.write_text(json.dumps([entry] * 31))
        self.refused(path, 2, "31 ranks for a model of 30 layers")

    def test_a_number_of_ranks_that_is_not_the_files(self):
        self.refused(self.hosts(), 2, "-n is 2", "3 hosts", more=("-n", "2"))

    def test_a_host_without_address(self):
        self.refused(self.hosts((1, {"ips": []})), 2, "mini-2", "no ips")

    # What these need is not here; how ranks come to it is the ring's way, and
    # tests/gpu starts NCCL so.
    def test_a_back_end_that_this_mlx_lacks(self):
        self.refused(self.hosts(), 69, "rank ", "the nccl back end is not "
                     "available", backend="nccl")
        self.refused(self.hosts(), 2, "localhost", "rdma", "jaccl",
                     backend="jaccl")
        device = ["rdma_en2"]
        matrix = [(i, {"rdma": [None if i == j else device for j in range(3)]})
                  for i in range(3)]
        self.refused(self.hosts(*matrix), 69, "rank ", "jaccl",
                     backend="jaccl")

    def test_a_model_that_differs_on_a_host(self):
        host = self.cluster.hosts[1]
        model = self.cluster.folder / "model.gguf"
        demo = subprocess.run(
            ["find", str(os.path.dirname(PROGRAM)), "-name", "SmolLM2*.gguf"],
            capture_output=True, text=True).stdout.split()[0]
        model.symlink_to(demo)
        other = self.cluster.folder / "other.gguf"
        # Another training of the same model: all is the same but its weights.
        with open(demo, "rb") as file:
            text = bytearray(file.read())
        for place in range(len(text) // 2, len(text)):
            text[place] ^= 1
        other.write_bytes(text)
        host.run("mount", "--bind", other, demo)
        self.addCleanup(host.run, "umount", demo)
        for backend in BACKENDS:
            with self.subTest(backend=backend):
                words = ask(2, "--hosts", self.hosts(backend=backend))
                words[1] = str(model)
                code, _, err, _ = self.cluster.lockstep(*words)
                self.assertEqual(code, 73, err)
                self.assertIn("rank 1 on mini-2 has the model", err)

    def test_strangers_at_the_launchers_door(self):
        """Who connects without the secret is shown out; the world goes on."""
        world = World(self.cluster, "ring", 3)
        first = self.cluster.hosts[0]
        listening = first.run("cat", "/proc/net/tcp").stdout.split("\n")[1:]
        own = "".join(f"{int(part):02X}" for part in
                      reversed(first.ip.split(".")))
        ports = {int(line.split()[1].split(":")[1], 16) for line in listening
                 if line and line.split()[3] == "0A"
                 and line.split()[1].startswith(own)} - {22}
        self.assertGreaterEqual(len(ports), 1)
        for port in ports:
            for words in ("GET / HTTP/1.1\\r\\n\\r\\n", "\\x00" * 64):
                # The ring's own port takes nobody any more; ours answers.
                self.cluster.hosts[2].run(
                    "python3", "-c",
                    "import socket\n"
                    "try:\n"
                    f"  s = socket.create_connection(('{first.ip}', {port}), 2)\n"
                    f"  s.sendall(b'{words}'); s.settimeout(2); s.recv(4096)\n"
                    "except OSError: pass")
        time.sleep(1)
        self.assertIsNone(world.process.poll())
        os.killpg(world.process.pid, 9)
        world.end(0)

if __name__ == "__main__":
    unittest.main()
