"""Something is broken on a host, or between hosts: the start ends soon, with a
line that names the host and the cause."""

import os
import pathlib
import shutil
import signal
import subprocess
import unittest

from broken import MODELS, Broken
from cluster import PROGRAM, ROOT
from worlds import FULL, ask, needs_hosts

MLX = ROOT / "build/python/mlx/lib"
needs_patience = unittest.skipUnless(FULL, "ten seconds each; make check-hosts")


@needs_hosts
class BrokenProgram(Broken):
    def says(self, code, *words, program, mode=0o755):
        self.both(code, *words, change=self.in_place_of_lockstep(program, mode))

    # Seen to fail with: orte_tag_output left out.
    def test_it_says_why_and_ends(self):
        self.says(69, "rank 1 did not start on mini-2", "disk quota exceeded",
                  program="echo disk quota exceeded >&2; exit 1")

    # Seen to fail with: a rank over MPI without the shell around it, in 18
    # starts of 60, as Open MPI then forgets to say who ended.
    def test_it_is_killed(self):
        self.says(69, "rank 1 did not start on mini-2", "signal",
                  program="kill -SEGV $$")

    def test_it_may_not_be_run(self):
        self.says(69, "mini-2", "bin/lockstep", "lockstep push",
                  program="exit 0", mode=0o644)

    def test_it_is_for_another_machine(self):
        elf = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x02\x00\xb7\x00"
        self.says(69, "mini-2", "bin/lockstep", "lockstep push",
                  program=elf + bytes(200))

    def test_a_file_lies_where_its_folder_should(self):
        self.both(69, "mini-2", "a-file/bin/lockstep", "lockstep push",
                  change=(1, {"dir": str(self.file("a-file", b""))}))

    def test_its_libraries_are_not_there(self):
        empty = self.folder / "empty"
        empty.mkdir(exist_ok=True)
        with self.over(empty, MLX):
            self.both(69, "mini-2", "libmlx", "lockstep push")

    # Seen to fail with: check_same_versions() left out.
    def test_another_mlx(self):
        library = (MLX / "libmlx.so").read_bytes()
        version = subprocess.run(
            ["python3", "-c", "import sys; sys.path[:0] = sys.argv[1:]; "
             "import importlib.metadata as m; print(m.version('mlx-cpu'))",
             str(MLX.parents[1])], capture_output=True, text=True)
        own = version.stdout.strip().encode()
        self.assertIn(own + b"\0", library)
        other = own[:-1] + (b"8" if own[-1:] != b"8" else b"7")
        patched = self.file(
            "libmlx.so", library.replace(own + b"\0", other + b"\0"))
        with self.over(patched, MLX / "libmlx.so"):
            self.both(73, "rank 1 on mini-2 has MLX " + other.decode(),
                      own.decode())

    def test_the_secret_of_another_run(self):
        # Over MPI it is in the environment, else in the order on stdin.
        self.says(69, "rank 1 did not start on mini-2", "secret", program=f"""
            case $1 in
            keep-rank)
              sed -u 's/"LOCKSTEP_SECRET":"..../"LOCKSTEP_SECRET":"0000/' |
                {PROGRAM} "$@" ;;
            *)
              LOCKSTEP_SECRET=$(echo $LOCKSTEP_SECRET | sed 's/^..../0000/')
              exec {PROGRAM} "$@" ;;
            esac""")

    def test_a_launcher_that_is_no_more(self):
        self.says(69, "rank 1 did not start on mini-2", "10.77.0.1:9",
                  "Connection refused", program=f"""
            case $1 in
            keep-rank)
              sed -u 's/10[.]77[.]0[.]1:[0-9]*/10.77.0.1:9/' |
                {PROGRAM} "$@" ;;
            *)
              LOCKSTEP_LIFELINE=tcp:10.77.0.1:9 exec {PROGRAM} "$@" ;;
            esac""")

    # Seen to fail with: a deadline of 30 s for the start.
    @needs_patience
    def test_it_hangs(self):
        self.says(69, "rank 1 of 3 did not start", "mini-2",
                  program="exec sleep 1000")

    @needs_patience
    def test_it_talks_without_end(self):
        self.says(69, "rank 1 of 3 did not start", "mini-2 said: y",
                  program="exec yes")

    @needs_patience
    def test_it_ends_without_a_word(self):
        self.says(69, "rank 1", "mini-2", program="exit 0")


@needs_hosts
class BrokenModel(Broken):
    def model(self):
        return next(MODELS.glob("*.gguf"))

    def test_it_is_not_there(self):
        empty = self.folder / "empty"
        empty.mkdir(exist_ok=True)
        with self.over(empty, MODELS):
            self.both(3, "rank 1", "is not here")

    def test_half_of_it(self):
        content = self.model().read_bytes()
        half = self.file("half.gguf", content[:len(content) // 2])
        with self.over(half, self.model()):
            self.both(3, "rank 1", "truncated or damaged")

    def test_something_else(self):
        with self.over(self.file("other.gguf", b"hello" * 100), self.model()):
            self.both(3, "rank 1", "this is not a GGUF file")


@needs_hosts
class BrokenWay(Broken):
    def test_an_ssh_server_that_hangs(self):
        servers = self.host.pids("sshd")
        for pid in servers:
            os.kill(pid, signal.SIGSTOP)
        try:
            self.both(69, "mini-2", "timed out during banner exchange")
        finally:
            for pid in servers:
                os.kill(pid, signal.SIGCONT)

    def test_no_ssh_server_answers_there(self):
        with self.ssh_answered_by("c.sendall(b'HTTP/1.1 400 Bad\\r\\n\\r\\n')"
                                  "; c.close()"):
            self.both(69, "rank 1 did not start on mini-2", "ssh failed")
        with self.ssh_answered_by("c.close()"):
            self.both(69, "rank 1 did not start on mini-2", "ssh failed")

    def test_the_hosts_key_has_changed(self):
        known = self.folder / "known_hosts"
        before = known.read_text()
        self.addCleanup(known.write_text, before)
        other = (self.folder / "user_key.pub").read_text()
        known.write_text(f"{self.host.ip} {other}" + "".join(
            line for line in before.splitlines(keepends=True)
            if not line.startswith(self.host.ip + " ")))
        self.both(69, "mini-2", "Host key verification failed", "ssh mini-2")

    def test_settings_of_ssh_that_are_none(self):
        with self.ssh_settings("Nonsense yes\n"):
            self.both(69, "bad configuration option")

    def test_a_way_through_a_proxy_that_fails(self):
        with self.ssh_settings("Host mini-2\n  ProxyCommand /bin/false\n"):
            self.both(69, "rank 1 did not start on mini-2", "ssh failed")

    def test_no_ssh_here(self):
        self.both(69, "/nowhere/ssh is not in PATH",
                  env={"LOCKSTEP_SSH": "/nowhere/ssh"})
        self.both(2, "LOCKSTEP_SSH", env={"LOCKSTEP_SSH": " "})

    def test_an_account_without_a_shell(self):
        accounts = self.file("accounts", b"".join(
            line.rsplit(b":", 1)[0] + b":/usr/sbin/nologin\n"
            if line.startswith(b"root:") else line
            for line in pathlib.Path("/etc/passwd").read_bytes()
            .splitlines(keepends=True)))
        with self.over(accounts, "/etc/passwd"):
            self.both(69, "mini-2", "currently not available")

    def test_a_shell_that_greets_is_no_fault(self):
        greeting = self.host.home / ".bashrc"
        greeting.write_text("echo Welcome; echo to mini-2 >&2\n")
        self.addCleanup(greeting.unlink)
        for backend in ("mpi", "ring"):
            code, _, err, _ = self.cluster.lockstep(
                "selftest", "--ticks", "5", "--hosts",
                self.hosts(backend=backend))
            self.assertEqual(code, 0, err)


@needs_hosts
class BrokenMpi(Broken):
    def refused_over_mpi(self, *words, env=None):
        self.refused(self.hosts(backend="mpi"), 69, *words, env=env)

    def test_it_is_not_here(self):
        path = self.folder / "path"
        path.mkdir()
        for name in ("nsenter", "ssh", "sh"):
            (path / name).symlink_to(shutil.which(name))
        self.refused_over_mpi("mpirun is not in PATH", env={"PATH": str(path)})

    # Seen to fail with: daemon_failure() left out.
    def test_it_is_not_there(self):
        with self.over("/dev/null", os.path.realpath(shutil.which("orted"))):
            self.refused_over_mpi("mini-2", "orted", "Open MPI", "ring")

    def test_no_temporary_files_there(self):
        with self.mounted("none", self.host.home / "tmp", "-t", "tmpfs",
                          "-o", "ro"):
            self.refused_over_mpi("mini-2", "Read-only file system")


@needs_hosts
class BrokenNetwork(Broken):
    def setUp(self):
        super().setUp()
        if not shutil.which("nft"):
            self.skipTest("nft is not installed")

    # Seen to fail with: judge_joining() left out.
    def test_a_firewall_between_two_hosts(self):
        with self.firewall("tcp sport 22 accept", "ip daddr 10.77.0.3 drop"):
            self.both(69, "did not meet", "firewall", "lockstep doctor")

    # Where they arrive: what is dropped where it is sent TCP is told of.
    def test_lost_packets_make_a_world_slow_and_no_more(self):
        with self.firewall("numgen random mod 100 == 0 drop", hook="input"):
            for backend in ("mpi", "ring"):
                code, out, err, seconds = self.cluster.lockstep(
                    *ask(16, "--hosts", self.hosts(backend=backend)))
                self.assertEqual(code, 0, err)
                alone = self.cluster.lockstep(*ask(16))
                self.assertEqual(out, alone[1])
                print(f"\n3 hosts, {backend}, a packet in 100 lost: "
                      f"{seconds:.1f} s", end="")

    @needs_patience
    def test_a_firewall_before_the_launcher(self):
        with self.firewall("tcp sport 22 accept", "ip daddr 10.77.0.1 drop"):
            self.both(69, "did not", "firewall")


if __name__ == "__main__":
    unittest.main()
