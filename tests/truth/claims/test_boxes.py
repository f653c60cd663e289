"""Numbers of a proof file, and boxes that are cut."""

from fractions import Fraction

import pytest

from gradcalc.truth.claims.boxes import cut, digits_fit, number
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
