"""Reading a ball: its nearest double and its digits, correctly rounded, whatever the precision in force."""

import math
import random
from fractions import Fraction

import pytest
from flint import arb, ctx

from gradcalc.arithmetic.balls import Balls
from gradcalc.arithmetic.digits import digits_text, nearest_double, tiny_bounds
from gradcalc.arithmetic.marks import UNDECIDED, UNDEFINED

BALLS = Balls(128)


def test_nearest_double_rounds_as_division_does() -> None:
    generator = random.Random(7)
    for _ in range(500):
        numerator, exponent = generator.getrandbits(80) - 2**79, generator.randrange(-1160, 1000)
        exact = Fraction(numerator) * Fraction(2) ** exponent
        try:
            expected = exact.numerator / exact.denominator
        except OverflowError:
            expected = math.copysign(math.inf, numerator)
        assert nearest_double(arb((numerator, exponent))) == expected


def test_nearest_double_knows_ties_and_borders() -> None:
    half = arb((2**53 + 1, 0))
    assert nearest_double(half) == 2.0**53
    with ctx.workprec(200):
        assert nearest_double(half + arb((1, -50))) == 2.0**53 + 2
        assert nearest_double(half + arb(0, 1e-9)) is None
        assert nearest_double(arb(1, 1e-30)) == 1.0
    with ctx.workprec(1200):
        largest = arb(2) ** 1024 - arb(2) ** 970
        assert nearest_double(largest) == math.inf
        assert nearest_double(largest - 1) == 1.7976931348623157e308
    assert nearest_double(arb((1, -1074))) == 5e-324
    assert nearest_double(arb((1, -1075))) == 0.0
    assert nearest_double(arb((3, -1076))) == 5e-324
    assert math.copysign(1, nearest_double(arb((-1, -(10**30)))) or 0.0) == 1
    assert nearest_double(arb(0, arb((1, -1080)))) == 0.0
    assert nearest_double(UNDECIDED) is None
    assert nearest_double(BALLS.constant("oo")) is None


@pytest.mark.parametrize(
    "text, digits, shown",
    [
        ("32", 19, "32.00000000000000000"), ("0", 19, "0"), ("-6", 3, "-6.00"), ("5.0757e-435", 4, "5.076e-435"),
        ("1e400", 3, "1.00e+400"), ("99999", 3, "1.00e+05"), ("0.00012345", 3, "0.000123"), ("1e-6", 2, "1.0e-06"),
        ("25", 1, "2e+01"), ("35", 1, "4e+01"), ("123", 3, "123"), ("-0.0", 5, "0"), ("1e-99999999", 3, "1.00e-99999999"),
        ("0.1", 19, "0.1000000000000000056"), ("7", 1, "7"),
    ],
)  # fmt: skip
def test_digits_text(text: str, digits: int, shown: str) -> None:
    assert digits_text(BALLS.constant(text), digits) == shown


def test_digits_text_agrees_with_python_for_random_doubles() -> None:
    generator = random.Random(3)
    for _ in range(300):
        x = generator.uniform(-1, 1) * 10.0 ** generator.randrange(-300, 300)
        assert Fraction(digits_text(arb(x), 17) or "nan") == Fraction(f"{x:.16e}")


def test_a_wide_ball_has_no_digits() -> None:
    with ctx.workprec(128):
        assert digits_text(arb(1, 1e-5), 12) is None
        assert digits_text(arb(1.5, 1e-5), 3) == "1.50"
        assert digits_text(arb(0, 1e-300), 3) is None
    assert digits_text(UNDEFINED, 3) is None


def test_reading_does_not_depend_on_the_precision_in_force() -> None:
    with ctx.workprec(256):
        third = arb(1) / 3
    with ctx.workprec(10):
        assert nearest_double(third) == 1 / 3
        assert digits_text(third, 30) == "0." + "3" * 30


@pytest.mark.parametrize(
    ("low", "high", "bounds"),
    [
        ((-1, -5000), (1, -5000), ("-1e-1504", "1e-1504")),
        ((0, 0), (1, -1076), ("0", "1e-323")),
        ((-1, -(10**40)), (0, 0), ("-1e-400", "0")),
        ((-1, -(10**6)), (1, -2000), ("-1e-301029", "1e-601")),
    ],
)
def test_bounds_of_what_no_double_shows(low: tuple[int, int], high: tuple[int, int], bounds: tuple[str, str]) -> None:
    """Each ball made of exact ends, its bounds compared with them as integers."""
    ends = arb(low), arb(high)
    with ctx.workprec(2_000_000 if low[1] == -(10**6) else 200):
        middle, radius = (ends[0] + ends[1]) / 2, (ends[1] - ends[0]) / 2
        around = arb(0, radius)
        shift = around.rad() if bounds[0] == "0" else -around.rad() if bounds[1] == "0" else middle
        found = tiny_bounds(around + shift)
    assert found is not None
    for end, bound in zip(ends, found, strict=True):
        assert end.is_zero() or abs(end) <= abs(Balls(400).constant(bound.removeprefix("-")))
    assert (found[0] == "0") == (bounds[0] == "0") and (found[1] == "0") == (bounds[1] == "0")


def test_no_bounds_of_what_is_known_or_what_a_double_may_show() -> None:
    assert tiny_bounds(UNDECIDED) is None
    assert tiny_bounds(arb(0, 1e-300)) is None and tiny_bounds(arb((1, -5000))) is None
    assert tiny_bounds(arb(1)) is None
