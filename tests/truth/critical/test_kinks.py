"""Kinks closer together than boxes become: of each case of branches and slopes what is a zero of it, and nothing else."""

import math

import pytest

import gradcalc

CROSSING = math.sqrt(1 - 0.999999**2)
HERE = math.asin(1 / 3)


@pytest.mark.parametrize(
    ("text", "box", "points"),
    [
        ("3*abs(x) + abs(x + y + 1e-13) + y^2", "x=-1:2,y=-1:1", [("kink", (0, -1e-13))]),
        (
            "abs(x^2 + y^2 - 1) + abs(x - 1 + 1e-6)/10",
            "x=-1/2:2,y=-1:1",
            [
                ("kink", (0.999999, -CROSSING)),
                ("kink", (0.999999, CROSSING)),
                ("kink", (1, 0)),
                ("maximum", (-0.05, 0)),
            ],
        ),
        (
            "abs(x^2 + y^2 - 1) + abs(x - 1 - 1e-6)/10",
            "x=-1/2:2,y=-1:1",
            [("kink", (1, 0)), ("maximum", (-0.05, 0))],
        ),
        ("leaky_relu(sin(x) - 1/3) - (sin(x) - 1/3)/2", "x=0:1", [("kink", (HERE,))]),
        ("abs(sin(x) - 1/3) - 1.0001*(sin(x) - 1/3)", "x=0:1", []),  # the slope would be 1.0001, or -1.0001
        ("abs(sin(x) - 1/3) + 1.0001*(sin(x) - 1/3)", "x=0:1", []),
    ],
)
def test_kinks_side_by_side(text: str, box: str, points: list[tuple[str, tuple[float, ...]]]) -> None:
    """Where a mean of the slopes to both sides of each is 0, the others being as they are there."""
    found = gradcalc.critical(text, box, max_seconds=60)
    told = sorted((point.kind, tuple(point.floats.values())) for point in found.points)
    assert found.complete and [kind for kind, _ in told] == [kind for kind, _ in sorted(points)]
    for (_, at), (_, true) in zip(told, sorted(points), strict=True):
        assert at == pytest.approx(true, abs=1e-12)
