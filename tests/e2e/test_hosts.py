"""`lockstep hosts`, on hosts that are folders: a script stands in place of ssh
and gives each its own programs, or its own way to fail.

Seen to fail with: hosts asked before the file is looked for; the first failing
host told alone; ssh killed without what it started.
"""

import json
import os
import pathlib
import signal
import subprocess
import tempfile
import time
import unittest

from harness import PROGRAM, run, run_json

SSH = """#!/bin/sh
while test "$1" != --; do shift; done
host=$2
shift 2
echo "$host" >>"$HOSTS/asked"
test ! -e "$HOSTS/$host/instead" || exec sh "$HOSTS/$host/instead"
echo "Welcome to $host!"
echo 'name=a liar'
printf 'no newline at the end of this'
PATH=$HOSTS/$host:$PATH exec sh -c "$*"
"""
UNAME = """#!/bin/sh
test "$1" != -n || { echo NAME; exit; }
command -p uname "$@"
"""
NVIDIA = """#!/bin/sh
echo 'NVIDIA H100 80GB HBM3, 81559, 81000'
echo 'NVIDIA H100 80GB HBM3, 81559, 79000'
"""


class Hosts(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.program("ssh", SSH)
        self.env = {"LOCKSTEP_SSH": str(self.folder / "ssh"),
                    "HOSTS": folder.name}
        self.host("a", "10.0.0.1/24", "192.168.7.1/24")
        self.host("me@b", "192.168.7.2/24")
        self.fails("denied", "denied: Permission denied (publickey).")

    def program(self, name, text):
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)

    def host(self, name, *addresses):
        lines = [f"echo '2: eth0    inet {a} scope global eth0'"
                 for a in addresses]
        self.program(f"{name}/ip", "\n".join(
            ["#!/bin/sh", 'test "$2" = -4 || exit 0', *lines]) + "\n")
        self.program(f"{name}/uname", UNAME.replace("NAME", name + ".lan"))

    def fails(self, name, last_line):
        self.program(f"{name}/instead", f"echo '{last_line}' >&2; exit 255\n")

    def hosts(self, *arguments):
        return run("hosts", *arguments, env=self.env, timeout=60)

    def asked(self):
        path = self.folder / "asked"
        return sorted(path.read_text().split()) if path.exists() else []

    def test_a_file_of_hosts(self):
        done = self.hosts("a", "me@b")
        self.assertEqual(done.returncode, 0, done.stderr)
        first, second = json.loads(done.stdout)
        self.assertEqual(first["ssh"], "a")
        self.assertEqual(first["ips"], ["192.168.7.1"])
        self.assertEqual(second["ssh"], "me@b")
        self.assertEqual(second["ips"], ["192.168.7.2"])
        for host in (first, second):
            self.assertGreater(host["memory"], 0)
            self.assertEqual(host["memory"] % 100_000_000, 0)
        table = done.stderr.splitlines()
        self.assertEqual(len(table), 3, done.stderr)
        self.assertIn("a.lan", table[1])
        self.assertIn("10.0.0.1, 192.168.7.1", table[1])
        self.assertIn("me@b.lan", table[2])
        self.assertNotIn("liar", done.stderr)

    def test_a_host_with_gpus_twice(self):
        self.program("a/nvidia-smi", NVIDIA)
        done = self.hosts("a", "me@b", "a")
        self.assertEqual(done.returncode, 0, done.stderr)
        first, other, second = json.loads(done.stdout)
        self.assertEqual((first["gpu"], first["memory"]), (0, 84_900_000_000))
        self.assertEqual((second["gpu"], second["memory"]),
                         (1, 82_800_000_000))
        self.assertEqual(first["ips"], second["ips"])
        self.assertNotIn("gpu", other)
        self.assertIn("2 x NVIDIA H100", done.stderr)
        self.assertEqual(self.asked(), ["a", "me@b"])

    def test_json_for_scripts(self):
        found = run_json("hosts", "a", "localhost", "--json", env=self.env)
        self.assertEqual([host["ssh"] for host in found], ["a", "localhost"])
        self.assertEqual(set(found[0]), {
            "ssh", "name", "os", "machine", "cores", "memory_bytes",
            "free_bytes", "gpus", "addresses"})
        self.assertEqual(found[0]["name"], "a.lan")
        self.assertEqual(found[0]["cores"], found[1]["cores"])
        self.assertEqual(found[0]["addresses"][0], {
            "ip": "10.0.0.1", "prefix_bits": 24, "interface": "eth0",
            "link": "wired"})
        self.assertEqual(self.asked(), ["a"])

    def test_every_host_that_fails_is_told(self):
        self.fails("lost", "ssh: Could not resolve hostname lost: unknown")
        self.program("slow/instead", "exec sleep 100\n")
        self.program("odd/instead", "echo 'This account is not available.'\n")
        self.program("broken/instead", "echo 'sh: not found' >&2; exit 127\n")
        self.host("alone")
        done = self.hosts("a", "denied", "lost", "slow", "odd", "broken",
                          "alone", "--timeout", "3",
                          "-o", self.folder / "hosts.json")
        self.assertEqual(done.returncode, 69, done.stderr)
        self.assertEqual(done.stdout, "")
        self.assertEqual(done.stderr.splitlines(), [
            "lockstep: denied: cannot be reached: denied: Permission denied "
            "(publickey).; set up a key for it: ssh-copy-id denied",
            "lockstep: lost: cannot be reached: ssh: Could not resolve "
            "hostname lost: unknown; is the name right? ~/.ssh/config can say "
            "what address it has",
            "lockstep: slow: gave no answer within 3 s; try it by hand: ssh "
            "slow",
            "lockstep: odd: did not answer what was asked, expected that a "
            "POSIX sh runs there",
            "lockstep: broken: what was run there ended with exit code 127: "
            "sh: not found",
            "lockstep: alone: has no IPv4 address that other hosts could "
            "reach; join it to their network"])
        self.assertFalse((self.folder / "hosts.json").exists())

    def test_hosts_without_a_common_subnet(self):
        self.host("far", "10.99.0.1/24")
        done = self.hosts("a", "far")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("lockstep: warning: no subnet has an address of every "
                      "host (a has 10.0.0.1/24, far has 10.99.0.1/24)",
                      done.stderr)
        self.assertEqual(json.loads(done.stdout)[1]["ips"], ["10.99.0.1"])

    def test_a_file_is_not_written_over(self):
        path = self.folder / "hosts.json"
        self.assertEqual(self.hosts("a", "me@b", "-o", path).stdout, "")
        written = path.read_text()
        self.assertEqual(len(json.loads(written)), 2)
        (self.folder / "asked").unlink()
        done = self.hosts("a", "-o", path)
        self.assertEqual(done.returncode, 2)
        self.assertEqual(done.stderr, f"lockstep: {path}: is there already; "
                                      "--force writes over it\n")
        self.assertEqual(self.asked(), [])
        self.assertEqual(path.read_text(), written)
        done = self.hosts("a", "-o", path, "--force")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(json.loads(path.read_text())), 1)
        self.assertEqual([p.name for p in self.folder.glob("hosts.json*")],
                         ["hosts.json"])
        done = self.hosts("a", "-o", self.folder / "no" / "hosts.json")
        self.assertEqual(done.returncode, 70)
        self.assertIn("No such file or directory", done.stderr)

    def test_wrong_use(self):
        for arguments, words in (
                ([], "HOST is required"),
                (["a b"], '"a b" is no host'),
                (["me@-oProxyCommand=x"], "-oProxyCommand=x\" is no host"),
                (["a"] * 257, "257 hosts are named, expected at most 256"),
                (["a", "--force"], "--force writes over the FILE of -o"),
                (["a", "--json", "-o", "x"], "excludes"),
                (["a", "--timeout", "0"], "not in range")):
            with self.subTest(arguments=arguments[:3]):
                done = self.hosts(*arguments)
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertIn(words, done.stderr)
                self.assertEqual(done.stdout, "")
                self.assertEqual(len(done.stderr.splitlines()), 1)

    def test_no_ssh(self):
        done = run("hosts", "a", env={"LOCKSTEP_SSH": "/no/such/ssh -F x"})
        self.assertEqual(done.returncode, 69)
        self.assertIn("/no/such/ssh is not in PATH", done.stderr)

    def test_an_interrupt_ends_all_at_once(self):
        for name in ("slow", "slow2"):
            self.program(f"{name}/instead",
                         'echo $$ >>"$HOSTS/pids"\nsleep 100\n')
        process = subprocess.Popen(
            [PROGRAM, "hosts", "slow", "slow2", "--timeout", "90"],
            stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, **self.env})
        self.addCleanup(process.kill)
        pids = self.folder / "pids"
        until = time.monotonic() + 30
        while not pids.exists() or len(pids.read_text().split()) < 2:
            self.assertLess(time.monotonic(), until)
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 130, err)
        self.assertEqual((out, err), ("", "lockstep: interrupted\n"))
        # Each was a group of its own; a killed one may wait for its reaper.
        for pid in pids.read_text().split():
            left = subprocess.run(
                ["ps", "-A", "-o", "pgid=,stat=,args="], text=True,
                stdout=subprocess.PIPE, check=True).stdout.splitlines()
            left = [line.split() for line in left]
            self.assertEqual([line for line in left if line[0] == pid
                              and not line[1].startswith("Z")], [])


if __name__ == "__main__":
    unittest.main()
