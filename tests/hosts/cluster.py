"""Several hosts on one machine: each has its own network, host name, processes,
shared memory, home and ssh server; a bridge joins them.

A host is a process in namespaces of its own, so all that it holds goes when it
is killed. Needs root and Linux; `cluster_is_possible()` says why not.
"""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("LOCKSTEP_PROGRAM", str(ROOT / "build/lockstep"))
NEEDED = ("setpriv", "unshare", "nsenter", "ip", "ssh", "ssh-keygen")
# They go with us, however we end.
WITH_US = ["setpriv", "--pdeathsig", "KILL"]
SSHD = "/usr/sbin/sshd"
NETWORK = "10.77.0"


def cluster_is_possible():
    """-> what is missing, "" when nothing is"""
    if os.uname().sysname != "Linux":
        return "hosts in namespaces need Linux"
    if os.geteuid() != 0:
        return "hosts in namespaces need root"
    missing = [name for name in NEEDED if not shutil.which(name)]
    if not os.path.exists(SSHD):
        missing.append("sshd")
    if missing:
        return f"not installed: {', '.join(missing)}"
    tried = subprocess.run(
        ["unshare", "--mount", "--uts", "--net", "--pid", "--fork", "true"],
        capture_output=True, text=True)
    return "" if tried.returncode == 0 else tried.stderr.strip()


def sh(*command, **options):
    return subprocess.run(
        [str(word) for word in command], check=True, timeout=30,
        capture_output=True, text=True, **options)


class Host:
    """One of them; the first is where lockstep is called."""

    def __init__(self, folder, number):
        self.name = f"mini-{number}"
        self.ip = f"{NETWORK}.{number}"
        self.port = f"port{number}"  # its end at the bridge
        self.home = folder / self.name
        (self.home / "tmp").mkdir(parents=True)
        # Its first process: what it mounts is its own.
        self.process = subprocess.Popen(
            [*WITH_US, "unshare", "--mount", "--uts", "--ipc", "--net", "--pid",
             "--fork", "--kill-child", "--mount-proc", "sh", "-c",
             f"hostname {self.name} && mount -t tmpfs none /dev/shm && "
             "mount -t tmpfs none /run && mkdir /run/sshd && "
             "echo up && exec sleep infinity >/dev/null"],
            stdout=subprocess.PIPE, text=True)
        if self.process.stdout.readline() != "up\n":
            raise RuntimeError(f"{self.name} does not come up")
        children = pathlib.Path(
            f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        self.pid = int(children.read_text().split()[0])

    def command(self, *words):
        return ["nsenter", "--target", str(self.pid), "--mount", "--uts",
                "--ipc", "--net", "--pid", f"--wd={os.getcwd()}",
                *map(str, words)]

    def environment(self, **more):
        kept = {name: os.environ[name] for name in ("PATH", "LANG")
                if name in os.environ}
        return {**kept, "HOME": str(self.home),
                "TMPDIR": str(self.home / "tmp"), **more}

    def run(self, *words):
        return sh(*self.command(*words))

    def pids(self, text):
        """Processes here whose command line has `text`, by their numbers
        outside."""
        own = os.readlink(f"/proc/{self.pid}/ns/pid")
        found = []
        for entry in pathlib.Path("/proc").iterdir():
            try:
                if (entry.name.isdigit()
                        and os.readlink(entry / "ns/pid") == own
                        and text.encode() in (entry / "cmdline").read_bytes()):
                    found.append(int(entry.name))
            except (OSError, ValueError):
                pass  # it has just ended
        return found


class Cluster:
    """`n` hosts that reach each other by ssh without a password."""

    def __init__(self, n):
        self._temporary = tempfile.TemporaryDirectory(prefix="lockstep-hosts-")
        self.folder = pathlib.Path(self._temporary.name)
        self._switch = subprocess.Popen(
            [*WITH_US, "unshare", "--net", "sh", "-c",
             "echo up && exec sleep infinity >/dev/null"],
            stdout=subprocess.PIPE, text=True)
        self._switch.stdout.readline()
        self.hosts = []
        try:
            self._at_switch("ip", "link", "add", "bridge", "type", "bridge")
            self._at_switch("ip", "link", "set", "bridge", "up")
            self._make_keys()
            for number in range(1, n + 1):
                self.hosts.append(Host(self.folder, number))
                self._plug_in(self.hosts[-1])
            for host in self.hosts:
                self._start_sshd(host)
            self._write_ssh_config()
        except BaseException:
            self.close()
            raise

    def close(self):
        for process in [host.process for host in self.hosts] + [self._switch]:
            process.kill()
            process.wait()
            process.stdout.close()
        self._temporary.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # What is on the first host.

    def start(self, *words, env=None, **options):
        """lockstep there, as a process -> Popen"""
        host = self.hosts[0]
        return subprocess.Popen(
            host.command(PROGRAM, *words),
            env={**host.environment(
                LOCKSTEP_SSH=f"ssh -F {self.folder}/ssh_config"), **(env or {})},
            stdin=options.pop("stdin", subprocess.DEVNULL),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            start_new_session=True, **options)

    def lockstep(self, *words, timeout=60, env=None, input=None):
        """-> (exit code, stdout, stderr, seconds)"""
        began = time.monotonic()
        process = self.start(
            *words, env=env,
            stdin=subprocess.DEVNULL if input is None else subprocess.PIPE)
        try:
            out, err = process.communicate(input, timeout=timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
            raise AssertionError(
                f"lockstep {' '.join(map(str, words))} did not end in "
                f"{timeout} s:\n{out}\n{err}") from None
        return process.returncode, out, err, time.monotonic() - began

    def hosts_file(self, backend="ring", n=None, **keys):
        """A hosts file for the first `n`; keys={"mini-2": {…}} adds to one."""
        entries = []
        for i, host in enumerate(self.hosts[:n]):
            entries.append({"ssh": "localhost" if i == 0 else host.name,
                            "ips": [host.ip], **keys.get(host.name, {})})
        path = self.folder / f"hosts-{backend}-{len(entries)}.json"
        path.write_text(json.dumps({"backend": backend, "hosts": entries}))
        return str(path)

    # What is between them.

    def set_link(self, host, up):
        self._at_switch("ip", "link", "set", host.port,
                        "up" if up else "down")

    def set_rate(self, host, mbit):
        """Both ways."""
        limit = ["root", "tbf", "rate", f"{mbit}mbit", "burst", "64kb",
                 "latency", "200ms"]
        self._at_switch("tc", "qdisc", "add", "dev", host.port, *limit)
        host.run("tc", "qdisc", "add", "dev", "net0", *limit)

    def left(self, text=PROGRAM):
        """Processes of lockstep that are on any host -> {name: [pid]}"""
        found = {host.name: host.pids(text) for host in self.hosts}
        return {name: pids for name, pids in found.items() if pids}

    def _at_switch(self, *words):
        sh("nsenter", "--target", self._switch.pid, "--net", *words)

    def _plug_in(self, host):
        self._at_switch("ip", "link", "add", host.port, "type", "veth", "peer",
                        "name", "net0", "netns", host.pid)
        self._at_switch("ip", "link", "set", host.port, "master", "bridge",
                        "up")
        host.run("ip", "address", "add", f"{host.ip}/24", "dev", "net0")
        host.run("ip", "link", "set", "net0", "up")
        host.run("ip", "link", "set", "lo", "up")

    def _make_keys(self):
        for name in ("user", "host"):
            sh("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f",
               self.folder / f"{name}_key")
        (self.folder / "authorized").write_text(
            (self.folder / "user_key.pub").read_text())

    def _start_sshd(self, host):
        config = host.home / "sshd_config"
        config.write_text(
            f"ListenAddress {host.ip}\n"
            f"HostKey {self.folder}/host_key\n"
            f"AuthorizedKeysFile {self.folder}/authorized\n"
            "PidFile none\nUsePAM no\nStrictModes no\nPermitRootLogin yes\n"
            "PasswordAuthentication no\nUseDNS no\nMaxStartups 100\n"
            f"SetEnv HOME={host.home} TMPDIR={host.home}/tmp\n")
        host.run(SSHD, "-f", config)

    def _write_ssh_config(self):
        key = (self.folder / "host_key.pub").read_text()
        (self.folder / "known_hosts").write_text(
            "".join(f"{host.ip} {key}" for host in self.hosts))
        text = "".join(
            f"Host {host.name}\n  HostName {host.ip}\n" for host in self.hosts)
        (self.folder / "ssh_config").write_text(
            text + f"Host *\n  User root\n  IdentityFile {self.folder}/user_key\n"
            f"  UserKnownHostsFile {self.folder}/known_hosts\n"
            "  IdentitiesOnly yes\n")
