"""Calls of all kinds in one process leave nothing behind; `.ci/soak` makes 10,000."""

from collections import Counter
from pathlib import Path

import pytest

from gradcalc.arithmetic.native.kernel import shared
from tests.soak import MISSING, Held, calls


@pytest.mark.skipif(bool(MISSING), reason=MISSING)
def test_nothing_is_left_of_a_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "most", 8)
    kinds = calls(tmp_path)

    def rounds(first: int, end: int) -> Held:
        for number in range(first, end):
            for call in kinds:
                call(number)
        return Held.now()

    before = rounds(1, 3)
    assert rounds(3, 5).grown(before, memory=20_000_000) == ""


def test_what_has_grown_is_named() -> None:
    few, many = (Held(n, n, n, n, Counter(Graph=n)) for n in (1, 3))
    assert few.grown(many, 0) == many.grown(many, 0) == ""
    for word in ("memory: 2 bytes", "descriptors: 1 before, 3 now", "threads", "children", "objects: {'Graph': 2}"):
        assert word in many.grown(few, memory=1)
