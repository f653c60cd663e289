"""Where addresses are limited: what libraries are told, and that one which falls ends with a word."""

import os
import signal
import subprocess
import sys

import pytest

from gradcalc.cli import room
from gradcalc.errors import ExitCode
from tests.cli import environment

LIMITED = "import os, sys; from gradcalc.cli import room; room.save_room(3_000_000_000); room.code = int(sys.argv[1]);"


@pytest.mark.skipif(sys.platform != "linux", reason="limits and signals of Linux")
@pytest.mark.parametrize(("code", "fall"), [(1, "os.abort()"), (0, "import ctypes; ctypes.string_at(8)")])
def test_a_library_that_falls_ends_with_a_word_or_as_the_answer_said(code: int, fall: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", LIMITED + fall, str(code)], capture_output=True, env=environment(), check=False
    )
    said = b"error: not enough memory: a library fell\n"
    assert (ran.returncode, ran.stderr) == (code, said if code == ExitCode.NO else b"")


@pytest.mark.parametrize(("limit", "threads"), [(1_000_000_000, "1"), (10**12, None)])
def test_libraries_begin_small_under_a_tight_limit(
    limit: int, threads: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "ARROW_IO_THREADS", "ARROW_DEFAULT_MEMORY_POOL"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.setattr(room, "_kept", [None])  # the signals of the tests stay
    room.save_room(limit)
    assert os.environ.get("OMP_NUM_THREADS") == threads
    assert signal.getsignal(signal.SIGABRT) == signal.SIG_DFL
