"""The installed program finds its libraries below its own prefix."""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from harness import ROOT


@unittest.skipUnless(sys.platform == "linux", "reads the answer of ldd")
class Install(unittest.TestCase):
    # Seen to fail with: INSTALL_RPATH left empty, mlx_cpu.libs not installed.

    def test_finds_its_libraries_below_the_prefix(self):
        with tempfile.TemporaryDirectory() as folder:
            first, prefix = pathlib.Path(folder, "a"), pathlib.Path(folder, "b")
            subprocess.run(
                ["cmake", "--install", ROOT / "build", "--prefix", first],
                check=True, stdout=subprocess.DEVNULL)
            # Moved, so that nothing can depend on where it was put first.
            shutil.move(first, prefix)
            program = prefix / "bin/lockstep"
            libraries = subprocess.run(
                ["ldd", program], check=True, text=True,
                capture_output=True).stdout
            for line in libraries.splitlines():
                self.assertNotIn("not found", line)
                self.assertNotIn(str(ROOT), line)
            for name in ("libmlx.so", "libblas"):
                place = re.search(rf"\b{name}\S* => (\S+)", libraries)
                self.assertIn(prefix / "lib/lockstep",
                              pathlib.Path(place[1]).resolve().parents)
            version = subprocess.run(
                [program, "--version"], check=True, text=True,
                capture_output=True, timeout=60).stdout
            self.assertRegex(version, r"\d+\.\d+\.\d+")


if __name__ == "__main__":
    unittest.main()
