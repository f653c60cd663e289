"""Exponents, bounds and indices are exact where they are small, and never computed where they are large."""

import time
from fractions import Fraction

import pytest

from gradcalc.language.exact import Exact
from gradcalc.language.parse import parse_value
from tests import HANG

VALUES = {
    "3": 3, "-3": -3, "7/3": Fraction(7, 3), "2*(1 + 1/2) - 4": -1, "2**-3": Fraction(1, 8), "-(2/4)": Fraction(-1, 2),
    "2.0": 2, "1e2": 100, "0x1.8p+1": 3, "0**0": 1,
    "0.5": None, "0.1": None, "pi": None, "sqrt(4)": None, "1/0": None, "0**-1": None, "1e400": None, "9**9**9": None,
    "2**150*2**150": None, "7" * 100: None,
}  # fmt: skip


@pytest.mark.parametrize("text", VALUES, ids=lambda text: text[:20])
def test_only_small_rational_arithmetic_is_followed(text: str) -> None:
    value = parse_value(text)
    assert Exact(value.graph).value(value.items[0]) == VALUES[text]


def test_long_chains_neither_recurse_nor_grow() -> None:
    began = time.process_time()
    value = parse_value("/".join(["3"] * 20_000))
    assert Exact(value.graph).value(value.items[0]) is None
    assert time.process_time() - began < HANG
