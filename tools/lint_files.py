"""What tools/lint knows of files: what they include, and what passed before."""

import functools
import hashlib
import json
import pathlib
import re
import subprocess
import threading

ROOT = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.M)
HEAVY = re.compile(r'^\s*#\s*include\s*[<"](doctest/doctest\.h|fmt/format\.h|'
                   r'mlx/array\.h|nlohmann/json\.hpp)[>"]', re.M)


@functools.cache
def content(name):
    return (ROOT / name).read_bytes()


@functools.cache
def included(name):
    """Files of ours that a file includes, and large headers of others."""
    text = content(name).decode("utf-8")
    ours = [root + path for path in INCLUDE.findall(text)
            for root in ("src/", "tests/", "rust/include/")
            if (ROOT / root / path).is_file()]
    return ours, set(HEAVY.findall(text))


def reach(name, found):
    """Adds `name` and all files of ours that it includes to `found`."""
    found.add(name)
    for target in included(name)[0]:
        if target not in found:
            reach(target, found)
    return found


class Seen:
    """Remembers by content which files a command had no complaint about."""

    def __init__(self, name, settings):
        self.path = ROOT / "build/lint" / name
        self.settings = json.dumps(settings)
        self.digests = {}
        try:
            self.passed = set(self.path.read_text().split())
        except FileNotFoundError:
            self.passed = set()
        self.current = set()

    def key(self, name):
        whole = hashlib.sha256((self.settings + name).encode())
        for part in sorted(reach(name, set())):
            if part not in self.digests:
                self.digests[part] = hashlib.sha256(content(part)).digest()
            whole.update(self.digests[part])
        return whole.hexdigest()

    def knows(self, name):
        self.current.add(self.key(name))
        return self.key(name) in self.passed

    def add(self, name):
        self.passed.add(self.key(name))

    def save(self, complete):
        """Forgets old contents once every file has been asked about."""
        kept = self.passed & self.current if complete else self.passed
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text("\n".join(sorted(kept)) + "\n")


class Precompiled:
    """Large headers of others, read once for all files that include the same
    of them, whether or not through headers of ours."""

    def __init__(self, command):
        self.command = command
        self.lock = threading.Lock()
        self.made = {}

    def flags(self, name):
        heavy = set()
        for part in reach(name, set()):
            heavy |= included(part)[1]
        if not heavy:
            return []
        with self.lock:
            key = tuple(sorted(heavy))
            if key not in self.made:
                self.made[key] = self.make(key)
            made = self.made[key]
        return ["-include-pch", made] if made else []

    def make(self, headers):
        folder = ROOT / "build/lint/headers"
        folder.mkdir(parents=True, exist_ok=True)
        name = hashlib.sha256(repr(headers).encode()).hexdigest()[:16]
        header = folder / f"{name}.h"
        header.write_text("".join(f"#include <{h}>\n" for h in headers))
        made = folder / f"{name}.pch"
        done = subprocess.run(
            [*self.command, "-x", "c++-header", str(header), "-o", str(made)],
            cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True)
        # Where this fails the files themselves will tell why.
        return str(made) if done.returncode == 0 else None
