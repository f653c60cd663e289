"""Functions at a point, in integers: the truth lies between the two, which are close."""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from flint import arb, ctx

from gradcalc.truth.claims import series

FUNCTIONS: dict[str, tuple[Callable[[int, int], series.Ends], Callable[[Any], Any], tuple[float, float]]] = {
    "exp": (series.exp, lambda x: x.exp(), (-90, 30)),
    "log": (series.log, lambda x: x.log(), (1e-9, 1e9)),
    "atan": (series.atan, lambda x: x.atan(), (-1e6, 1e6)),
    "sin": (lambda bits, x: series.sin_cos(bits, x)[0], lambda x: x.sin(), (-1e9, 1e9)),
    "cos": (lambda bits, x: series.sin_cos(bits, x)[1], lambda x: x.cos(), (-1e9, 1e9)),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_truth_lies_between_two_whole_numbers(name: str) -> None:
    function, true, (least, most) = FUNCTIONS[name]
    chance = Random(name)
    for bits in (64, 96, 320, 1000):
        for x in (least, most, 1.0, 0.75, 1.125, *(chance.uniform(least, most) for _ in range(12))):
            place = int(x * 2**60) << bits - 60
            low, high = function(bits, place)
            with ctx.workprec(2 * bits + 200):
                value = true(arb(place) / arb(2) ** bits) * arb(2) ** bits
                assert arb(low) <= value <= arb(high), (bits, x)
                assert arb(high - low) <= 4 + abs(value) / arb(2) ** (bits - 4), (bits, x)


@pytest.mark.parametrize(
    ("found", "true"), [(series.log_of_2, lambda: arb(2).log()), (series.half_pi, lambda: arb.pi() / 2)]
)
def test_log_of_2_and_pi_are_off_by_2_at_most(found: Callable[[int], int], true: Callable[[], Any]) -> None:
    for bits in (20, 24, 96, 120, 344, 1100, 5000):
        with ctx.workprec(bits + 100):
            assert abs(arb(found(bits)) - true() * arb(2) ** bits) < 2, bits
