"""`directional` and `polynomial`: slopes and curvature along directions against 40 digits, both sides at kinks,
tangents and normals; what is no direction is refused.
"""

import itertools
import json
import math
from typing import Any

import mpmath
import pytest

import gradcalc
from gradcalc.errors import GradcalcError
from tests.cli import run

mpmath.mp.dps = 40

SMOOTH = {
    "x^2*y + sin(x*y)": lambda x, y: x**2 * y + mpmath.sin(x * y),
    "exp(x - y^2)/(1 + x^2)": lambda x, y: mpmath.exp(x - y**2) / (1 + x**2),
    "log(x^2 + y^2)": lambda x, y: mpmath.log(x**2 + y**2),
    "atan2(y, x)": lambda x, y: mpmath.atan2(y, x),
    "sqrt(x*y + 3)": lambda x, y: mpmath.sqrt(x * y + 3),
    "gamma(x + 2)*y": lambda x, y: mpmath.gamma(x + 2) * y,
}
CASES = list(itertools.product(SMOOTH, [(1.5, 0.25), (0.5, -2.0)], [(1, 2), (-3, 0.5), (0, 1)]))


def at(formula: str, point: Any, direction: Any, **more: Any) -> Any:
    """What is found at the only point along a direction."""
    report = gradcalc.differentiate(formula, point, direction=direction, symbolic=False, **more)
    geometry = report.points[0].geometry
    assert geometry is not None and geometry.along is not None
    return geometry.along


@pytest.mark.parametrize(("formula", "point", "direction"), CASES)
def test_slope_and_curvature_are_right_to_forty_digits(
    formula: str, point: tuple[float, float], direction: tuple[float, float]
) -> None:
    function, (x, y), (a, b) = SMOOTH[formula], map(mpmath.mpf, point), map(mpmath.mpf, direction)
    slope, curvature = (
        mpmath.diff(lambda t: function(x + t * a, y + t * b), 0, n, h=mpmath.mpf(10) ** -12) for n in (1, 2)
    )
    found = at(formula, dict(zip("xy", point, strict=True)), dict(zip("xy", direction, strict=True)), digits=30)
    for quantity, truth in ((found.slope, slope), (found.curvature, curvature)):
        assert quantity.certified is not None and quantity.verdict == "agrees"
        assert (
            abs(mpmath.mpf(quantity.certified.value) - truth)
            <= abs(truth) * mpmath.mpf(10) ** -11 + mpmath.mpf(10) ** -20
        )
        assert quantity.value == pytest.approx(float(truth), rel=1e-12, abs=1e-14)
    assert found.left == found.right == found.slope.value
    length = math.hypot(*direction)
    assert found.length == length
    assert found.per_unit == pytest.approx((float(slope) / length, float(curvature) / length**2), rel=1e-13, abs=1e-15)


@pytest.mark.parametrize(
    ("formula", "point", "direction", "left", "right", "verdict"),
    [
        ("abs(x) + abs(y)", "x=0,y=0", "x=1,y=-2", -3, 3, "kink"),
        ("abs(x) + y", "x=0,y=1", "y=2", 2, 2, "agrees"),
        ("max(x, y)", "x=1,y=1", "x=1", 0, 1, "kink"),
        ("max(x, y)", "x=1,y=1", "x=1,y=1", 1, 1, "agrees"),
        ("max(x, y)", "x=1,y=1", "x=2,y=-1", -1, 2, "kink"),
        ("min(x, y)", "x=1,y=1", "x=2,y=-1", 2, -1, "kink"),
        ("norm([x, y])", "x=0,y=0", "x=3,y=4", -5, 5, "kink"),
        ("norm([x, y])", "x=0,y=0", "x=1e-3", -1e-3, 1e-3, "kink"),
        ("norm([x, y])^2", "x=0,y=0", "x=3,y=4", 0, 0, "agrees"),
        ("relu(x - y)", "x=2,y=2", "x=1", 0, 1, "kink"),
        ("relu(x - y)", "x=2,y=2", "y=1", -1, 0, "kink"),
        ("abs(x*y)", "x=0,y=3", "x=1,y=5", -3, 3, "kink"),
        ("min(abs(x), abs(y))", "x=0,y=0", "x=1", 0, 0, "agrees"),
        ("min(abs(x), abs(y))", "x=0,y=0", "x=1,y=2", -1, 1, "kink"),
        ("floor(x)*y", "x=1,y=2", "x=1", None, 0, "jump"),
        ("floor(x)*y", "x=1,y=2", "y=1", 1, 1, "agrees"),
        ("sqrt(x)", "x=0", "x=1", None, math.inf, "infinite"),
        ("cbrt(x)*y", "x=0,y=2", "x=1", math.inf, math.inf, "infinite"),
        ("x^1.5", "x=0", "x=1", None, 0, "agrees"),
        ("x^1.5", "x=0", "x=-1", 0, None, "agrees"),
        ("where(x > 0, x^2, x^3)", "x=0", "x=1", 0, 0, "agrees"),
        ("log(x)", "x=-1", "x=1", None, None, "undefined"),
        ("where(x > 0, log(x), x)", "x=-1", "x=2", 2, 2, "agrees"),
    ],
)  # fmt: skip
def test_both_sides(
    formula: str, point: str, direction: str, left: float | None, right: float | None, verdict: str
) -> None:
    found = at(formula, point, direction)
    assert found.slope.verdict == verdict
    assert (found.left, found.right) == (pytest.approx(left), pytest.approx(right))
    if verdict in ("kink", "jump", "undefined"):
        assert found.slope.certified is None
        assert found.to_dict()["slope"] is None and found.to_dict()["curvature"] is None


def test_lost_digits_are_told_and_the_sides_are_the_true_slope() -> None:
    found = at("(1 - cos(x))/x^2", "1e-9", "2")
    assert found.slope.verdict == "inaccurate"
    assert found.left == found.right == pytest.approx(-1e-9 / 6, rel=1e-9)


def test_a_direction_may_be_of_arrays_and_of_exact_numbers() -> None:
    found = at("sum(v^2)*x", {"v": [1, 2], "x": 3}, "v=[1,pi]")
    assert found.slope.value == pytest.approx(3 * (2 + 4 * math.pi))
    assert found.direction == {"v": [1.0, math.pi], "x": 0.0} and found.exact == {"v": [1.0, "pi"]}


def test_variables_that_are_not_differentiated_for_may_move() -> None:
    assert at("x*y", "x=2,y=3", "y=1", wrt="x").slope.value == 2


@pytest.mark.parametrize(
    ("direction", "message", "hint"),
    [
        ("x=0,y=0", "the direction is 0", 'direction={"x": 1, "y": 2}'),
        ("x=sin(pi)", "the direction is 0", 'direction={"x": 1, "y": 2}'),
        ("z=1", "the direction names z, and z is no variable", "x=1,y=1"),
        ("a=1", "a is bound by let: it does not move", "x=1,y=1"),
        ("x=[1,2]", "the shape (2,)", "x=1"),
        ("x=1:2:1", "a direction is one vector, and 2 are given", 'direction={"x": 1, "y": 2}'),
        ("1", "a direction of 2 variables", 'direction={"x": ..., "y": ...}'),
        ("x=nan", "finite", None),
        ("x=oo", "infinity", None),
    ],
)
def test_what_is_no_direction_is_refused(direction: str, message: str, hint: str | None) -> None:
    with pytest.raises(GradcalcError) as caught:
        gradcalc.differentiate("x*y + a", "x=1,y=2", let={"a": 1}, direction=direction, symbolic=False)
    assert message in caught.value.message
    assert hint is None or caught.value.hint == hint


@pytest.mark.parametrize("words", [["--direction", "x=1"], ["--tangent"]])
def test_there_is_no_direction_and_no_tangent_without_a_point(words: list[str]) -> None:
    ran = run("grad", "x*y", *words, "--no-symbolic")
    assert ran.code == 2 and "needs a point" in ran.err and "--at x=...,y=..." in ran.err


# -- tangents and normals ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("formula", "point", "tangent"),
    [
        ("x^2 + 4*x", "x=2", "y = 12 + 8*(x - 2)"),
        ("x^2*y", "x=1,y=2", "z = 2 + 4*(x - 1) + (y - 2)"),
        ("x*z", "x=0,z=0", "z = 0"),
        ("y^2", "y=1", "z = 1 + 2*(y - 1)"),
        ("-x", "x=-3", "y = 3 - (x + 3)"),
        ("sum(v^2)", "v=[1,2]", "z = 5 + 2*(v[0] - 1) + 4*(v[1] - 2)"),
        ("sin(x)", "x=pi/2", "y = 1"),
        ("abs(x)", "x=0", None),
        ("floor(x)", "x=1", None),
        ("sqrt(x)", "x=0", None),
        ("log(x)", "x=-1", None),
        ("max(x, y)", "x=1,y=1", None),
    ],
)
def test_the_tangent_is_an_equation(formula: str, point: str, tangent: str | None) -> None:
    report = gradcalc.differentiate(formula, point, tangent=True, symbolic=False)
    found = report.points[0].geometry
    assert found is not None
    expected = tangent if formula != "x*z" else "w = 0"
    assert found.tangent == expected


def test_where_there_is_no_tangent_that_is_told_and_latex_has_it_as_mathematics() -> None:
    words = ("--tangent", "--no-symbolic", "--at")
    assert "tangent none: kink" in run("grad", "abs(x)", *words, "0").out
    shown = run("grad", "x^2", *words, "0.5", "--format", "latex").out
    assert r"y &= 0.25 + \left(x - 0.5\right)" in shown.replace("{", "").replace("}", "") and "texttt" not in shown


def test_the_tangent_of_lost_digits_has_the_proved_numbers() -> None:
    report = gradcalc.differentiate("(1 - cos(x))/x^2", "1e-9", tangent=True, symbolic=False)
    found = report.points[0].geometry
    assert found is not None and found.tangent is not None and found.tangent.startswith("y = 0.5 - 8.33333333333333")


@pytest.mark.parametrize(
    ("formula", "point", "normal"),
    [
        ("x^2 + y^2", "x=3,y=4", {"x": 0.6, "y": 0.8}),
        ("x*y*z", "x=1,y=1,z=1", dict.fromkeys("xyz", 1 / math.sqrt(3))),
        ("exp(800*x) + exp(800*y)", "x=1,y=1", dict.fromkeys("xy", math.sqrt(0.5))),
        ("x^2 + y^2", "x=0,y=0", None),
        ("abs(x) + y", "x=0,y=0", None),
        ("x^2", "x=1", None),
    ],
)
def test_the_normal_is_the_unit_vector_along_the_gradient(
    formula: str, point: str, normal: dict[str, float] | None
) -> None:
    found = gradcalc.differentiate(formula, point, tangent=True, symbolic=False).points[0].geometry
    assert found is not None and found.normal == (normal if normal is None else pytest.approx(normal, rel=1e-15))


# -- every medium ------------------------------------------------------------------------------------------------------


def test_json_has_what_the_contract_says() -> None:
    ran = run("grad", "x^2 + x*y", "--at", "x=1,y=2", "--direction", "x=3,y=4", "--json", "--no-symbolic")
    point = json.loads(ran.out)["points"][0]
    found = point["directional"]
    assert found["direction"] == {"x": 3.0, "y": 4.0}
    assert (found["slope"], found["curvature"], found["left"], found["right"]) == (16.0, 42.0, 16.0, 16.0)
    assert found["certified"]["digits"] == 17 and found["per_unit_length"] == {"slope": 3.2, "curvature": 1.68}
    assert point["tangent"] == "z = 3 + 4*(x - 1) + (y - 2)" and point["normal"] == pytest.approx(
        {"x": 4 / math.sqrt(17), "y": 1 / math.sqrt(17)}
    )


def test_a_page_says_for_which_length_the_slope_is() -> None:
    out = run("grad", "x^2 + x*y", "--at", "x=1,y=2", "--direction", "x=3,y=4", "--no-symbolic").out
    assert "along x = 3, y = 4" in out
    assert "for length 1: slope 3.2, curvature 1.68   (the direction is 5 long)" in out
    assert "tangent z = 3 + 4*(x - 1) + (y - 2)" in out
    kink = run("grad", "abs(x)", "--at", "0", "--direction", "2", "--no-symbolic").out
    assert "slope -2 from behind, 2 ahead" in kink and "none" in kink


@pytest.mark.parametrize("shape", ["csv", "latex", "html", "markdown"])
def test_every_medium_tells_slope_and_tangent(shape: str) -> None:
    words = ("grad", "x^2 + x*y", "--direction", "x=3,y=4", "--no-symbolic", "--format", shape)
    for points in (("--at", "x=1,y=2"), ("--at", "x=1:3:1,y=2")):
        out = run(*words, *points).out
        assert "slope" in out and "16" in out
        assert "3 + 4*(x - 1) + (y - 2)" in out.replace("\\*", "*") or shape == "latex" and len(points) == 2


def test_lines_and_ranges_take_directions() -> None:
    rows = run("grad", "x*y", "--at", "x=0:1:0.5,y=1", "--direction", "x=1,y=1", "--format", "csv", "--no-symbolic").out
    head, *lines = rows.splitlines()
    column = head.split(",").index("slope")
    assert [line.split(",")[column] for line in lines] == ["1.0", "1.5", "2.0"]
