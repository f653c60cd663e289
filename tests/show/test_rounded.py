"""Numbers as the GUM writes them."""

import math

import pytest

from gradcalc.show.rounded import concise, tolerance, two_digits


@pytest.mark.parametrize(
    ("value", "u", "text"),
    [
        (127.7322, 0.0709, "127.732(71)"),
        (0.0, 1.41, "0.0(14)"),
        (1234.0, 23.0, "1234(23)"),
        (1234567.0, 2300.0, "1.2346(23)e+06"),
        (6.62607015e-34, 8.1e-42, "6.626070150(81)e-34"),
        (0.0, 0.0996, "0.00(10)"),
        (-1.5, 0.996, "-1.5(10)"),
        (5.0, 1e300, "0.0(10)e+300"),
        (1.0, 1e-300, "1 ± 1e-300"),
        (5.0, 0.0, "5"),
        (math.nan, 1.0, "nan"),
        (5.0, math.inf, "5"),
        (-0.001, 0.23, "0.00(23)"),
    ],
)  # fmt: skip
def test_a_value_with_two_digits_of_its_uncertainty(value: float, u: float, text: str) -> None:
    assert concise(value, u) == text


def test_an_uncertainty_alone() -> None:
    assert [two_digits(u) for u in (0.0, 0.2956, 1.0, 14.4, 231.0, 1e-9, math.inf)] == [
        "0", "0.30", "1.0", "14", "230", "1e-09", "inf",
    ]  # fmt: skip


def test_the_tolerance_is_half_a_unit_of_the_second_digit() -> None:
    """JCGM 101:2008, 7.9.2: 0.000 35 has 0.000 005, 10.0 has 0.5."""
    assert [tolerance(u) for u in (0.00035, 10.0, 2.0, 0.0996)] == [5e-6, 0.5, 0.05, 0.005]
