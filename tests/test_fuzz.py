"""The fuzzers of `fuzz/` in a small form: the corpus and some changes of it, and that a finding is found."""

import random
from itertools import islice
from pathlib import Path

import pytest

from fuzz import readers


@pytest.mark.parametrize("name", readers.TARGETS)
def test_bytes_end_as_an_answer_or_an_error(name: str, tmp_path: Path) -> None:
    known = readers.seeds(name)
    assert known
    for data in [*known, *islice(readers.mutants(known, random.Random(name)), 25)]:
        assert not readers.tried(name, data, tmp_path), data


def test_a_bad_end_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(path: Path) -> None:
        raise KeyError(path.read_bytes())

    monkeypatch.setitem(readers.TARGETS, "csv", ("csv", broken))
    assert readers.tried("csv", b"x", tmp_path) == "KeyError: b'x'"
