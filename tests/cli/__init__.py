"""Tests of the command line; here a command line in this process, and one in a process of its own."""

import contextlib
import io
import json
import os
import subprocess
import sys
from typing import Any, NamedTuple

from gradcalc.cli import main
from tests import ROOT

COMMAND = [sys.executable, "-P", "-c", "from gradcalc.cli import run; run()"]


class Ran(NamedTuple):
    code: int
    out: str
    err: str


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def run(*words: str, err: io.StringIO | None = None) -> Ran:
    """A command line in this process."""
    out, err = io.StringIO(), err or io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(words)
    return Ran(int(code), out.getvalue(), err.getvalue())


def grad(*words: str) -> Ran:
    """`gradcalc grad` without SymPy."""
    return run("grad", *words, "--no-symbolic")


def asked(*words: str) -> Any:
    """The JSON of a command that must succeed."""
    ran = run(*words, "--no-symbolic", "--json")
    assert (ran.code, ran.err) == (0, "")
    return json.loads(ran.out)


def environment(**changes: str) -> dict[str, str]:
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH", ""))))
    return {**os.environ, "PYTHONPATH": path, **changes}


def process(*words: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
    """A command line in a process of its own."""
    options = {"capture_output": True, "env": environment(), "timeout": 60} | options
    return subprocess.run([*COMMAND, *words], check=False, **options)
