"""The verifier's own numbers: intervals that hold the truth."""

from collections.abc import Callable
from fractions import Fraction
from random import Random
from typing import Any

import pytest
from flint import arb, ctx

from gradcalc.truth.claims.intervals import Arithmetic, Interval, Weak

FUNCTIONS: dict[str, tuple[Callable[[Arithmetic, Interval], Interval], Callable[[Any], Any], tuple[float, float]]] = {
    "exp": (Arithmetic.exp, lambda x: x.exp(), (-60, 60)),
    "log": (Arithmetic.log, lambda x: x.log(), (1e-9, 1e6)),
    "root": (Arithmetic.root, lambda x: x.sqrt(), (0, 1e6)),
    "atan": (Arithmetic.atan, lambda x: x.atan(), (-50, 50)),
    "sine": (lambda on, x: on.sin_cos(x)[0], lambda x: x.sin(), (-60, 60)),
    "cosine": (lambda on, x: on.sin_cos(x)[1], lambda x: x.cos(), (-60, 60)),
}


@pytest.mark.parametrize("bits", [96, 320])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_an_interval_holds_what_a_function_makes_of_its_numbers(name: str, bits: int) -> None:
    function, true, (least, most) = FUNCTIONS[name]
    chance, on = Random(name), Arithmetic(bits)
    for width in (0.0, 0.0, 1e-9, 0.1, 2.0, 7.0) * 5:
        start = chance.choice([chance.uniform(least, most), chance.uniform(max(least, -2), 2), max(least, 0.0), 1.0])
        low, high = function(on, on.of(Fraction(start), Fraction(start) + Fraction(width)))
        with ctx.workprec(bits + 200):
            ends = [arb((end, -bits)) for end in (low, high)]
            values = [true(arb(start) + arb(width) * arb(part)) for part in (0, 0.25, 0.5, 0.8, 1)]
            assert all(not value < ends[0] and not value > ends[1] for value in values)
            if not width:
                assert ends[1] - ends[0] <= abs(values[0]) * arb((1, 8 - bits)) + arb((1, 8 - bits))


@pytest.mark.parametrize(
    ("function", "low", "high"), [(Arithmetic.log, -1, 1), (Arithmetic.root, -1, 1), (Arithmetic.log, 0, 0)]
)
def test_where_a_function_may_have_no_value_nothing_is_claimed(function: Any, low: int, high: int) -> None:
    with pytest.raises(Weak):
        function(Arithmetic(96), Arithmetic(96).of(Fraction(low), Fraction(high)))
    with pytest.raises(Weak):
        Arithmetic(96).over((1, 1), (low - 1, high))
