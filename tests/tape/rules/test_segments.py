"""Rows put together by number: values by loops, gradients by remainders."""

import numpy as np
import pytest

from gradcalc import GradientTape, Variable, gradcheck
from gradcalc.tape.rules import segments
from gradcalc.tape.tensor import constant

NUMBERS = np.array([3, 0, -1, 3, 3, 0, 5])
ROWS = np.sin(np.arange(14.0)).reshape(7, 2)


@pytest.mark.parametrize(
    ("rule", "ufunc"), [(segments.summed, np.add), (segments.multiplied, np.multiply)], ids=["sum", "product"]
)
def test_rows_of_a_number_become_one(rule: object, ufunc: np.ufunc) -> None:
    found = rule(constant(ROWS), NUMBERS, 6).numpy()  # type: ignore[operator]
    for number in range(6):
        np.testing.assert_allclose(found[number], ufunc.reduce(ROWS[number == NUMBERS], axis=0), rtol=1e-14)


def test_products_have_derivatives_of_every_order_at_zeros_too() -> None:
    assert gradcheck(lambda x: np.sum(segments.multiplied(x, NUMBERS, 6) ** 2), ROWS)
    x = Variable([2.0, 0.0, 3.0, 0.0])
    with GradientTape(persistent=True) as outer:
        with GradientTape() as tape:
            y = segments.multiplied(x, np.zeros(4, int), 1)
        slope = tape.gradient(y, x)
    assert slope.numpy().tolist() == [0, 0, 0, 0]
    assert outer.jacobian(slope, x).numpy().tolist() == [[0, 0, 0, 0], [0, 0, 0, 6], [0, 0, 0, 0], [0, 6, 0, 0]]


def test_a_large_segment_beside_many_small_ones_costs_no_table() -> None:
    numbers = np.concatenate([np.zeros(50_000, int), np.arange(50_000)])
    x = Variable(np.ones(100_000))
    with GradientTape() as tape:
        y = segments.multiplied(x, numbers, 50_000)
    assert tape.gradient(y, x).numpy().tolist() == [1] * 100_000


def test_extremes_at_places_share_the_gradient_among_equals_and_forget_nan() -> None:
    x, new = Variable([1.0, 2.0, np.nan]), Variable([2.0, 2.0, 0.0])
    with GradientTape() as tape:
        y = segments.EXTREME_AT(x, new, index=(np.array([1, 1, 2]),), ufunc=np.maximum)
    for g, expected in zip(tape.gradient(y, [x, new]), ([1, 1 / 3, 0], [1 / 3, 1 / 3, 0]), strict=True):
        np.testing.assert_allclose(g.numpy(), expected)
    assert np.isnan(y.numpy()[2])


def test_many_adjoints_go_together() -> None:
    x = Variable(ROWS[:, 0])
    for rule in (
        lambda z: segments.multiplied(z, NUMBERS, 6), lambda z: segments.extreme(z, NUMBERS, 6, np.maximum, -np.inf),
    ):  # fmt: skip
        with GradientTape(persistent=True) as tape:
            y = rule(x)
            parts = [y[i] for i in (0, 3, 5)]
        whole = tape.jacobian(y, x).numpy()[[0, 3, 5]]
        np.testing.assert_allclose(whole, [tape.gradient(part, x).numpy() for part in parts], rtol=1e-13)
