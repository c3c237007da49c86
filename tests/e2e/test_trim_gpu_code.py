"""tools/trim_gpu_code on a library made for it.

Seen to fail with: code of all kinds kept; the container's length left as it
was.
"""

import pathlib
import struct
import subprocess
import tempfile
import unittest

from harness import ROOT

TOOL = ROOT / "tools/trim_gpu_code"
NAMES = b"\0.nv_fatbin\0.shstrtab\0"


def entry(kind, arch, code):
    header = struct.pack("<HHIQ", kind, 0x101, 64, len(code))
    header += b"\0" * 12 + struct.pack("<I", arch)
    return header.ljust(64, b"\1") + code


def container(*entries):
    code = b"".join(entries)
    return struct.pack("<IHHQ", 0xBA55ED50, 1, 16, len(code)) + code


def library(section):
    """An ELF file of two sections: what is in `section`, and the names."""
    place, names = 64, 64 + len(section)
    table = names + len(NAMES)
    header = b"\x7fELF\x02\x01\x01".ljust(16, b"\0")
    header += struct.pack("<HHIQQQIHHHHHH", 3, 62, 1, 0, 0, table, 0, 64, 0, 0,
                          64, 3, 2)
    sections = b"\0" * 64
    for name, begin, size in ((1, place, len(section)),
                              (12, names, len(NAMES))):
        sections += struct.pack("<IIQQQQIIQQ", name, 1, 0, 0, begin, size, 0, 0,
                                1, 0)
    return header + section + NAMES + sections


OLD, OURS, NEW = b"old code", b"our code, 90", b"a newer kind's"
PTX = b"text for kinds to come"
FIRST = container(entry(2, 80, OLD), entry(2, 90, OURS), entry(1, 120, PTX))
SECOND = container(entry(2, 120, NEW), entry(2, 90, b"more of it"))


class TrimGpuCode(unittest.TestCase):
    def trimmed(self, data, arch=90):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "lib.so")
            path.write_bytes(data)
            done = subprocess.run([TOOL, path, str(arch)], text=True,
                                  capture_output=True)
            return done, path.read_bytes()

    def test_leaves_the_code_of_one_kind(self):
        data = library(FIRST + b"\0" * 8 + SECOND)
        done, result = self.trimmed(data)
        self.assertEqual(done.returncode, 0, done.stderr)
        expected = library(
            container(entry(2, 90, OURS)).ljust(len(FIRST) + 8, b"\0") +
            container(entry(2, 90, b"more of it")).ljust(len(SECOND), b"\0"))
        self.assertEqual(result, expected)
        self.assertEqual(self.trimmed(result)[1], result)

    def test_refuses_what_it_does_not_know(self):
        broken = container(entry(2, 90, OURS))[:-4]
        for data, says in (
                (b"no library", "no 64-bit"),
                (library(FIRST)[:-200], "trim_gpu_code: "),
                (library(b"rubbish, not containers"), "no container"),
                (library(broken), "trim_gpu_code: "),
                (library(container(entry(2, 80, OLD))), "without code for sm_90")
        ):
            with self.subTest(says=says):
                done, result = self.trimmed(data)
                self.assertEqual(done.returncode, 1)
                self.assertIn(says, done.stderr)
                self.assertEqual(done.stderr.count("\n"), 1)
                self.assertEqual(result, data)


if __name__ == "__main__":
    unittest.main()
