"""Numbers that are known exactly: whether they lie on a face."""

from types import SimpleNamespace
from typing import Any

import pytest

from gradcalc.truth.claims.points import Known
from gradcalc.truth.claims.verify import FINE, Number


def known(whole: int, low: int, high: int) -> Number:
    """A number that is between two in `FINE`, and whole among formulas."""
    return lambda on: (low, high) if on is FINE else on.whole(whole)


@pytest.mark.parametrize(
    ("low", "high", "is_on_face"),
    [((2, 3), (7, 8), True), ((2, 4), (7, 8), False), ((2, 5), (7, 8), False), ((2, 3), (6, 8), False),
     ((2, 3), (5, 8), False)],
)  # fmt: skip
def test_beside_a_face_all_others_are_between_the_ends_of_their_ranges_for_certain(
    low: tuple[int, int], high: tuple[int, int], is_on_face: bool
) -> None:
    face = (known(0, 0, 0), known(9, 90, 90))
    case: Any = SimpleNamespace(ranges=[face, (known(1, *low), known(3, *high))])
    assert Known(case, [known(0, 0, 0), known(2, 4, 6)]).is_on_face() is is_on_face
    assert Known(case, [known(9, 90, 90), known(2, 4, 6)]).is_on_face() is is_on_face
    assert Known(case, [known(5, 50, 50), known(2, 4, 6)]).is_on_face() is False
