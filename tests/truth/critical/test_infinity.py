"""Sides without an end: a point far out along one of them, beside the end of another."""

import pytest

import gradcalc


@pytest.mark.parametrize(("end", "at"), [("x=-3:inf", -2), ("x=-inf:3", 2)])
def test_a_point_far_out_near_the_finite_end_of_another_side(end: str, at: int) -> None:
    """Beyond 10 along y, where x is no further out than 3."""
    found = gradcalc.critical(f"(x - ({at}))^2 + (y - 50)^2", f"{end},y=-inf:inf", max_seconds=60)
    assert found.complete and [(point.kind, point.floats) for point in found.points] == [
        ("minimum", {"x": at, "y": 50})
    ]
