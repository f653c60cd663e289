"""Kinks of one variable at which a slope is 0: minima, maxima, points of inflection, and what is none of them."""

import pytest

import gradcalc

SETTLED = [
    ("tanh(x)*abs(x)", "x=-1:2", [("degenerate", 0.0)]), ("log(1 + x)*abs(x)", "x=-1/2:2", [("degenerate", 0.0)]),
    ("cosh(abs(abs(x - 3)))", "x=0:4", [("minimum", 3.0)]), ("exp(-abs(x))*(1 + abs(x))", "x=-1:2", [("maximum", 0.0)]),
    ("where(x < 1, 2x - x^2, 1 + (x - 1)^2)", "x=-1:3", [("degenerate", 1.0)]), ("sin(abs(x)) - abs(x)", "x=-1:2", [("maximum", 0.0)]),
    ("sign(x)*x^2", "x=-1:2", [("degenerate", 0.0)]), ("sign(x)*x", "x=-1:2", [("kink", 0.0)]), ("max(x^2, x^3)", "x=-1:2", [("minimum", 0.0)]),
    ("where(x >= 0, 1 - cos(x), -x^3)", "x=-1:2", [("minimum", 0.0)]), ("where(x > 0, x^2, -x)", "x=-1:2", [("kink", 0.0)]),
    ("where(x > 0, cosh(x), 1 + x)", "x=-1/2:2", [("kink", 0.0)]), ("where(x > 0, exp(x) - 1, x)", "x=-1:2", []),
    ("where(x > 1, 1/x, 2 - x)", "x=1/2:2", []), ("cbrt(x - 2)", "x=-1:2", []), ("min(x, x) + cosh(x)", "x=-2:3", [("minimum", -0.881373587019543)]),
]  # fmt: skip


@pytest.mark.parametrize("text, box, points", SETTLED)
def test_both_sides_settle_a_kink(text: str, box: str, points: list[tuple[str, float]]) -> None:
    found = gradcalc.critical(text, box, max_seconds=60)
    assert found.complete
    assert [(point.kind, pytest.approx(point.floats["x"], rel=1e-15)) for point in found.points] == points


@pytest.mark.parametrize("text", ["where(x > 0, x^2 + 1, x^2)", "sign(x)*(x + 1)", "where(x > 0, x^2, 1e-30 - x)"])
def test_jumps_are_left(text: str) -> None:
    """Pieces that do not meet at the point."""
    found = gradcalc.critical(text, "x=-1/2:2", max_seconds=60)
    assert not found.complete and any(each.box["x"][0] <= 0 <= each.box["x"][1] for each in found.unsettled)
