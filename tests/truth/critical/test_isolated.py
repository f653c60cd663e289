"""Points that all rays leave: cones, cusps, kinks of many pieces, degenerate points. `rays`, `switches` too."""

import pytest

import gradcalc

PLANE, LINE = "x=-1:2,y=-1:1", "x=-1:2"
AT_0 = [
    ("sqrt(x^2 + y^2)", PLANE, "kink"), ("norm([x, y]) + y^2", PLANE, "kink"), ("sqrt(x^2 + y^2) + x/2", PLANE, "kink"),
    ("1 - hypot(x, y)", PLANE, "kink"), ("sqrt(x^2 + y^2)^3", PLANE, "minimum"),
    ("abs(x) + abs(2x)", LINE, "kink"), ("abs(x) - abs(2x)", LINE, "kink"), ("max(x, 2x, -x)", LINE, "kink"),
    ("abs(x) + abs(y) + abs(x + y)", PLANE, "kink"), ("max(abs(x), abs(y))", PLANE, "kink"),
    ("sqrt(x^2 + y^2) - 2abs(x)", PLANE, "kink"),
    ("abs(x)^(2/3)", LINE, "kink"), ("-cbrt(x)^2", LINE, "kink"), ("abs(x)^0.5 + y^2", PLANE, "kink"),
    ("abs(x)^1.5", LINE, "minimum"), ("x*abs(x)", LINE, "degenerate"), ("abs(x)^(4/3) + y^2", PLANE, "minimum"),
    ("x^4 + y^4", PLANE, "minimum"), ("-x^2 - y^4", PLANE, "maximum"), ("x^3 - 3x*y^2", PLANE, "degenerate"),
    ("x^2 + y^3", PLANE, "degenerate"),
]  # fmt: skip


@pytest.mark.parametrize("text, box, kind", AT_0)
def test_the_one_critical_point_is_0(text: str, box: str, kind: str) -> None:
    found = gradcalc.critical(text, box, max_seconds=60)
    assert found.complete and [point.kind for point in found.points] == [kind]
    assert not any(found.points[0].floats.values())


@pytest.mark.parametrize(
    "text, box",
    [
        ("max(x, y, x + y)", PLANE), ("sqrt(x^2 + y^2) + 2x", PLANE), ("cbrt(x)", LINE), ("exp(-1/x^2)", LINE),
        ("abs(x) + 2x + abs(y)", PLANE), ("gamma(x)", "x=-3.2:-2.7"), ("digamma(x)", "x=-1.2:-0.7"), ("lgamma(x)", "x=-0.3:0.5"),
    ],
)  # fmt: skip
def test_what_is_not_critical_is_left_out(text: str, box: str) -> None:
    found = gradcalc.critical(text, box, max_seconds=60)
    assert found.complete and not found.points


def test_a_point_of_short_numbers_beside_0() -> None:
    found = gradcalc.critical("abs(x - 1/3)^(2/3) + abs(y - 1/2)^(2/3)", PLANE, max_seconds=60)
    assert found.complete and [(p.kind, p.floats) for p in found.points] == [("kink", {"x": 1 / 3, "y": 0.5})]


def test_a_multiple_root_is_alone() -> None:
    found = gradcalc.critical("[x^2 + y^2, x*y]", PLANE, roots=True)
    assert found.complete and [p.kind for p in found.points] == ["root"]
    assert not gradcalc.critical("[x^2 - y^2, x - y]", PLANE, roots=True).complete


def test_jumps_are_not_taken_for_kinks() -> None:
    for text in ("where(x > 0, x - 1, -x)", "where(x > 0, x + 1, -x)", "where(x != 0, x, 0)"):
        assert not gradcalc.critical(text, LINE).points
