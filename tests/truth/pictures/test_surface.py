"""Grids of functions of two variables: no contour passes where a function breaks."""

import numpy as np
import pytest

import gradcalc
from gradcalc.truth.pictures.surface import Surface


def surface(text: str) -> Surface:
    """The grid over -2 to 2."""
    found = gradcalc.plot(text, range={"x": (-2, 2), "y": (-2, 2)}).surface
    assert found is not None
    return found


def test_heights_are_the_values() -> None:
    found = surface("x^2 + 3*y")
    xs, ys = np.meshgrid(found.xs, found.ys)
    assert np.allclose(found.heights, xs**2 + 3 * ys)
    assert found.unsettled == found.undefined == 0 and not found.breaks
    jumps = surface("floor(x)*floor(y)")
    assert jumps.unsettled < 0.01 and jumps.breaks
    assert surface("floor(1000*x) + y").unsettled > 0.9
    assert found.slopes[0] == (2 * found.places[0][0], 3.0)


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        ("floor(x) + y", lambda x, y: np.isclose(x, np.round(x), atol=1e-9)),
        ("1/(x - y)", lambda x, y: np.isclose(x, y)),
        ("where(x > 0, 1, 0) + 0*y", lambda x, y: np.isclose(x, 0)),
    ],
)
def test_every_line_across_a_break_meets_a_hidden_place(text: str, broken: object) -> None:
    found = surface(text)
    xs, ys = np.meshgrid(found.xs, found.ys)
    on = broken(xs, ys)  # type: ignore[operator]
    on[:, [0, -1]] = on[[0, -1]] = False
    assert np.isnan(found.heights[on]).mean() > 0.5
    for row, mask in zip(found.heights[1::2], on[1::2], strict=True):
        for k in np.flatnonzero(mask):
            assert np.isnan(row[max(0, k - 1) : k + 2]).any()


def test_what_has_no_value_is_hidden_and_told() -> None:
    found = surface("log(x) + sqrt(y)")
    assert found.undefined > 0.7
    assert np.isfinite(found.heights).mean() < 0.26
    assert all(x > 0 and y > 0 for x, y in found.places)
    assert surface("log(-1 - x^2) + y").is_empty


def test_wide_heights_are_logarithmic_and_poles_cut() -> None:
    assert surface("(1 - x)^2 + 100*(y - x^2)^2").base == 0
    assert surface("x + y").base is None
    low, high = surface("x/y").sight
    assert -20 < low < 0 < high < 20
