"""What every end-to-end test needs: the program, its model, a run with a limit.

Environment: LOCKSTEP_PROGRAM (build/lockstep), LOCKSTEP_MODEL (demo).
"""

import json
import os
import pathlib
import signal
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PROGRAM = os.environ.get("LOCKSTEP_PROGRAM", str(ROOT / "build/lockstep"))
MODEL = os.environ.get("LOCKSTEP_MODEL", "demo")


def run(*arguments, timeout=120, stdin="", env=None, text=True):
    """Runs the program in a session of its own, so that a timeout ends its
    ranks with it. -> subprocess.CompletedProcess
    """
    command = [PROGRAM, *map(str, arguments)]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=text, start_new_session=True,
        encoding="utf-8" if text else None, env={**os.environ, **(env or {})})
    try:
        out, err = process.communicate(stdin, timeout)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        out, err = process.communicate()
        raise AssertionError(
            f"{' '.join(command)} took over {timeout} s; it wrote:\n{err}")
    return subprocess.CompletedProcess(command, process.returncode, out, err)


def run_json(*arguments, timeout=120, stdin="", env=None):
    """run(), which must succeed. -> its stdout, parsed"""
    done = run(*arguments, timeout=timeout, stdin=stdin, env=env)
    if done.returncode != 0:
        raise AssertionError(
            f"{' '.join(done.args)} ended with {done.returncode}:\n"
            f"{done.stderr}")
    return json.loads(done.stdout)
