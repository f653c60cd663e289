"""Numbers of a proof file, and boxes that are cut."""

from fractions import Fraction

import pytest

from gradcalc.truth.claims.boxes import cut, differ, digits_fit, everywhere, inertia, number
from gradcalc.truth.claims.intervals import Arithmetic, Weak

FINE = Arithmetic(320)


def test_digits_fit_to_a_unit_of_the_17th_and_of_the_last() -> None:
    half = Fraction(1, 2) + Fraction(5, 10**18)
    side = FINE.of(half, half)
    for text in ("0.5", "0.500000000000000005"):
        digits_fit(FINE, side, text, "x")
    for text in ("0.500000000000000015", "0.50000000000000000000", "0.49999999999999999"):
        with pytest.raises(Weak, match="its digits are not those"):
            digits_fit(FINE, side, text, "x")


@pytest.mark.parametrize(
    "given", ["1e5000", "0x10", "", "1_000", " 1", "nan", float("nan"), float("inf"), True, None, []]
)
def test_what_is_no_number_is_refused(given: object) -> None:
    with pytest.raises(Weak, match="is no number"):
        number(given)
    assert number("1.25e-2") == Fraction(1, 80) and number(3) == 3


def test_a_cut_leaves_nothing_out() -> None:
    box = [(0, 8), (1, 3)]
    assert cut(box, 0, (4, 5)) == [[(0, 5), (1, 3)], [(4, 8), (1, 3)]]
    for k, place in ((0, (-1, 0)), (1, (3, 4)), (-1, (2, 2)), (0, (5, 4))):
        with pytest.raises(Weak, match="beside"):
            cut(box, k, place)


@pytest.mark.parametrize(
    ("rows", "signs"),
    [([[2, 1], [1, 3]], (2, 0)), ([[0, 1], [1, 0]], (1, 1)), ([[-2, 0], [0, 3]], (1, 1)), ([[0, 2, 1], [2, 0, 1], [1, 1, -5]], (1, 2)),
     ([[-4, 1, 0], [1, -3, 1], [0, 1, -2]], (0, 3))],
)  # fmt: skip
def test_signs_of_eigenvalues(rows: list[list[int]], signs: tuple[int, int]) -> None:
    on = Arithmetic(96)
    assert inertia([[on.whole(x) for x in row] for row in rows], on) == signs
    with pytest.raises(Weak):
        inertia([[on.whole(1), on.whole(1)], [on.whole(1), on.whole(1)]], on)


def test_what_meets_may_be_the_same() -> None:
    differ([[(0, 1), (0, 9)], [(2, 3), (0, 9)], [(2, 3), (10, 11)]])
    with pytest.raises(Weak, match="may be the same"):
        differ([[(0, 1), (0, 9)], [(2, 5), (0, 9)], [(5, 6), (9, 11)]])


def test_what_holds_in_small_parts_holds_everywhere() -> None:
    assert everywhere([(0, 1 << 20)], lambda part: part[0][1] - part[0][0] <= 1 << 12)
    assert not everywhere([(0, 1 << 20)], lambda part: not part[0][0] <= 123456 <= part[0][1])
    assert not everywhere([(5, 5)], lambda part: False)
