"""Where rows come from: pipes that a process was given; what goes wrong in them."""

import io
import os
import sys
from pathlib import Path

import pytest

from gradcalc.data.columns import read_columns
from gradcalc.data.source import is_stream, opened
from gradcalc.errors import FileError
from tests.cli import process
from tests.data import plain

pytestmark = pytest.mark.skipif(not os.path.isdir("/dev/fd"), reason="open files have no names here")


def given(content: bytes) -> int:
    """A pipe that holds some bytes, open for reading."""
    read, write = os.pipe()
    os.write(write, content)
    os.close(write)
    return read


def test_a_pipe_that_the_process_was_given_is_read() -> None:
    number = given(b"x,y\n1,2\n")
    assert is_stream(f"/dev/fd/{number}") and is_stream("-") and not is_stream(__file__)
    with opened(f"/dev/fd/{number}") as (path,):
        assert plain(read_columns(path, "xy")) == {"x": [1.0], "y": [2.0]}
    os.close(number)
    assert not os.path.exists(path)


def test_what_is_wrong_in_a_pipe_is_said_of_it() -> None:
    for content, said in ((b"", " is empty"), (b"x\nq\n", ", line 2, column x: 'q' is no number")):
        number = given(content)
        with pytest.raises(FileError) as caught, opened(f"/dev/fd/{number}") as (path,):
            read_columns(path, "x")
        assert caught.value.message == f"/dev/fd/{number}{said}"
        os.close(number)


def test_standard_input_has_names_of_its_own() -> None:
    for source in ("-", "/dev/stdin", "/dev/fd/0"):
        made = process("map", "x*y", source, "-o", "-", "--format", "csv", "-q", input=b"x,y\n1,2\n3,4\n")
        assert (made.returncode, made.stdout) == (0, b"f,df/dx,df/dy\n2,2,1\n12,4,3\n"), made.stderr


class _Failing(io.RawIOBase):
    """What gives some bytes and then an error of the system."""

    def __init__(self) -> None:
        self.left = [b"x\n1\n"]

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if self.left:
            return self.left.pop()
        raise OSError(5, "Input/output error")


def test_a_pipe_that_fails_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(_Failing()))  # type: ignore[type-var]
    with pytest.raises(FileError, match="^standard input: Input/output error$"), opened("-"):
        pass
