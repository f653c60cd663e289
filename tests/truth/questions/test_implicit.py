"""Slopes of curves given by equations: right values, points beside the curve, where there is no slope, refusals."""

import json
import pickle

import mpmath
import pytest
import sympy

from gradcalc import ExpressionError, UsageError, implicit


@pytest.mark.parametrize(
    ("equation", "formula"),
    [
        ("x^2 + y^2 = 25", "-x/y"),
        ("x^2 + y^2 == 25", "-x/y"),
        ("x^2/4 + y^2/9 = 1", "-9*x/(4*y)"),
        ("x^3 + y^3 = 3x*y", "(x**2 - y)/(x - y**2)"),
        ("x*y + sin(y) = 1", "-y/(cos(y) + x)"),
        ("exp(x*y) = x + y", "(1 - y*exp(x*y))/(x*exp(x*y) - 1)"),
        ("0 = 2x + 3y - 1", "-2/3"),
        ("sum(i=1..3, x^i) + y^2 = 7", "-(3*x**2 + 2*x + 1)/(2*y)"),
        (r"\frac{x^2}{4} + y^2 = 1", "-x/(4*y)"),
    ],
)
def test_the_formula_is_minus_the_quotient_of_the_derivatives(equation: str, formula: str) -> None:
    found = implicit(equation, "y", "x")
    assert sympy.simplify(sympy.sympify(found.formula) - sympy.sympify(formula)) == 0
    assert len(found.formula) <= len(formula) + 2 and found.slopes["x"].points == ()


@pytest.mark.parametrize(
    ("dialect", "equation", "of", "wrt"),
    [("excel", "=A1^2+B1^2=25", "B1", "A1"), ("mathematica", "x^2 + y^2 == 25", "y", "x"),
     ("matlab", "x.^2 + y.^2 == 25", "y", "x"), ("latex", r"x^2 + y^2 = 25", "y", "x")],
)  # fmt: skip
def test_every_dialect_has_equations(dialect: str, equation: str, of: str, wrt: str) -> None:
    assert implicit(equation, of, wrt, dialect=dialect).formula == f"-{wrt}/{of}"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("equation", "at", "right"),
    [
        ("x^2 + y^2 = 25", {"x": 3, "y": 4}, "-0.75"),
        ("x^2 + y^2 = 4", {"x": "sqrt(2)", "y": "sqrt(2)"}, "-1"),
        ("x^2 + y^2 = 1", {"x": "1/2", "y": "sqrt(3)/2"}, str(-1 / mpmath.sqrt(3))),
        ("x^2/4 + y^2/9 = 1", {"x": "6/5", "y": "12/5"}, "-1.125"),
        ("x^3 + y^3 = 6x*y", {"x": 3, "y": 3}, "-1"),
        ("x^3 + y^3 = 3x*y", {"x": "2/3", "y": "4/3"}, "0.8"),
        ("x*y + sin(y) = 1", {"x": "1 - sin(1)", "y": 1}, str(-1 / (mpmath.cos(1) + 1 - mpmath.sin(1)))),
        ("y = sin(x)", {"x": 1, "y": "sin(1)"}, str(mpmath.cos(1))),
        ("log(y) = x", {"x": 0, "y": 1}, "1"),
        ("sum(i=1..3, x^i) + y^2 = 7", {"x": 1, "y": -2}, "1.5"),
        ("y^2 + sum(v^2) + x = 6", {"v": [1, 1], "x": 0, "y": 2}, "-0.25"),
    ],
)
def test_the_slope_at_a_point_of_the_curve_is_proved(equation: str, at: dict[str, object], right: str) -> None:
    found = implicit(equation, "y", "x", at)
    (point,) = found.slopes["x"].points
    assert point.value.verdict == "agrees" and point.value.certified is not None and found.exit_code == 0
    assert abs(float(point.value.certified.value) - float(right)) <= 1e-15 * abs(float(right))
    assert point.value.certified.digits >= 15 and set(point.at) == set(at)


def test_digits_of_a_slope() -> None:
    (point,) = implicit("y = sin(x)", "y", "x", {"x": 1, "y": "sin(1)"}, digits=40).slopes["x"].points
    with mpmath.workdps(40):
        assert point.value.certified.value == mpmath.nstr(mpmath.cos(1), 40)


# -- points beside the curve -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("equation", "at", "rest", "hint"),
    [
        ("x^2 + y^2 = 25", {"x": 3, "y": 5}, "is 9 there", 'at={"x": 3, "y": 4}'),
        ("x^2 + y^2 = 25", {"x": 3, "y": -5}, "is 9 there", 'at={"x": 3, "y": -4}'),
        ("x^2 + y^2 = 25", {"x": 0, "y": 0}, "is -25 there", 'at={"x": 0, "y": 5}'),
        ("x^2 + y^2 = 1", {"x": 0.5, "y": 0.8660254037844386}, "there", 'at={"x": 0.5, "y": "sqrt(3/4)"}'),
        ("2y = x", {"x": 0.5, "y": 0.3}, "is 0.1 there", 'at={"x": 0.5, "y": "1/4"}'),
        ("x^2 + y^2 = 25", {"x": 30, "y": 5}, "is 900 there", "values for which x**2 + y**2 and 25 are equal"),
    ],
)
def test_a_point_beside_the_curve_is_refused_with_one_on_it(
    equation: str, at: dict[str, object], rest: str, hint: str
) -> None:
    with pytest.raises(UsageError, match="not on the curve") as caught:
        implicit(equation, "y", "x", at)
    assert caught.value.message.endswith(rest) and caught.value.hint == hint


def test_decimals_that_lie_only_nearly_on_the_curve_are_refused() -> None:
    with mpmath.workdps(30):
        y = float(mpmath.findroot(lambda y: y / 2 + mpmath.sin(y) - 1, 0.7))
    with pytest.raises(UsageError, match="is not on the curve: left - right is -?[0-9.]+e-1[5-9] there") as caught:
        implicit("x*y + sin(y) = 1", "y", "x", {"x": 0.5, "y": y})
    assert f"the curve passes near y={y!r}" in caught.value.hint
    assert f'gradcalc grad "-y/(cos(y) + x)" at={{"x": 0.5, "y": {y!r}}}' in caught.value.hint


@pytest.mark.parametrize(
    ("equation", "at"),
    [
        ("atan(x) + atan(y) = pi/2", {"x": 2, "y": 0.5}),
        ("x - y = 1", {"x": "sqrt(2) + 1", "y": "sqrt(sqrt(2)*sqrt(2)*atan(2) + 2*atan(1/2) + 2 - pi)"}),
    ],
)
def test_a_point_that_is_not_proved_to_lie_on_the_curve_claims_nothing(equation: str, at: dict[str, object]) -> None:
    found = implicit(equation, "y", "x", at, symbolic=False)
    (point,) = found.slopes["x"].points
    assert point.value.verdict == "unverified" and point.value.certified is None and found.exit_code == 0
    assert "whether the point lies on the curve is not settled" in point.notes[0].message


# -- where there is no slope -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("equation", "at", "verdict", "code", "note"),
    [
        ("x^2 + y^2 = 25", {"x": 5, "y": 0}, "infinite", 0, "the tangent is vertical"),
        ("y^2 = x", {"x": 0, "y": 0}, "infinite", 0, "the tangent is vertical"),
        ("y^3 = x^3", {"x": 0, "y": 0}, "undefined", 3, "a singular point"),
        ("x^3 + y^3 = 3x*y", {"x": 0, "y": 0}, "undefined", 3, "a singular point"),
        ("(x - y)^2 = 0", {"x": 1, "y": 1}, "undefined", 3, "a singular point"),
        ("log(x) + y = 1", {"x": -1, "y": 1}, "undefined", 3, "log(x) needs x > 0"),
        ("max(x, y) = 1", {"x": 1, "y": 1}, "unverified", 0, "does not follow"),
        ("abs(x - y) + 2(x - y) = 0", {"x": 1, "y": 1}, "unverified", 0, "does not follow"),
        ("where(x > 0, y - x - 1, 3y - 3) = 0", {"x": 0, "y": 1}, "unverified", 0, "does not follow"),
        ("floor(x) + y = 1", {"x": 1, "y": 0}, "unverified", 0, "does not follow"),
        ("cbrt(x - y) = 0", {"x": 2, "y": 2}, "unverified", 0, "does not follow"),
        ("sqrt(y) = x", {"x": 0, "y": 0}, "unverified", 0, "does not follow"),
    ],
)
def test_where_no_slope_is_proved(equation: str, at: dict[str, object], verdict: str, code: int, note: str) -> None:
    found = implicit(equation, "y", "x", at, symbolic=False)
    (point,) = found.slopes["x"].points
    assert (point.value.verdict, found.exit_code, point.value.certified) == (verdict, code, None)
    assert any(note in each.message for each in point.notes)


def test_at_a_kink_of_x_alone_both_sides_are_told() -> None:
    found = implicit("2y + abs(x) = 2", "y", "x", {"x": 0, "y": 1}, symbolic=False)
    (point,) = found.slopes["x"].points
    (note,) = point.notes
    assert point.value.verdict == "kink" and (note.left, note.right) == (0.5, -0.5)
    assert found.kinks == ("x = 0",)


# -- several, bindings, media ------------------------------------------------------------------------------------------


def test_several_slopes_of_a_surface() -> None:
    found = implicit("x^2 + y^2 + z^2 = 9", "z", "x,y", {"x": 1, "y": 2, "z": 2}, symbolic=False)
    assert found.formulas == {"x": "-x/z", "y": "-y/z"}
    body = found.to_dict()
    assert json.loads(json.dumps(body)) == body and body["formulas"] == found.formulas and "formula" not in body
    (point,) = body["points"]
    assert {name: slope["value"] for name, slope in point["slopes"].items()} == {"x": -0.5, "y": -1.0}
    assert list(found.records()) == [
        ("x", "y", "z", "slope", "value", "certified", "digits", "verdict"),
        (1.0, 2.0, 2.0, "dz/dx", -0.5, "-0.5000000000000000000", 17, "agrees"),
        (1.0, 2.0, 2.0, "dz/dy", -1.0, "-1.000000000000000000", 17, "agrees"),
    ]


def test_the_json_of_one_slope_is_that_of_diff() -> None:
    body = implicit("x^2 + y^2 = r^2", "y", "x", {"x": 3, "y": 4}, let={"r": 5}, symbolic=False).to_dict()
    points = body.pop("points")
    assert body == {
        "schema": 1, "command": "grad", "expression": "x**2 + y**2 = r**2", "of": "y", "wrt": ["x"], "kinks": [],
        "let": {"r": 5.0}, "formula": "-x/y", "domain": "y != 0",
    }  # fmt: skip
    assert points == [{
        "at": {"x": 3.0, "y": 4.0}, "value": -0.75, "symbolic": None, "verdict": "agrees", "notes": [],
        "certified": {"value": "-0.7500000000000000000", "ulps": 0.0, "digits": 17},
    }]  # fmt: skip


def test_it_is_drawn_in_every_medium_and_pickled() -> None:
    found = implicit("x^2 + y^2 = r^2", "y", "x", {"x": 3, "y": 4}, let={"r": 5}, symbolic=False)
    assert pickle.loads(pickle.dumps(found)).to_dict() == found.to_dict()
    assert "dy/dx = -x/y" in str(found.page())
    assert r"x^{2} + y^{2} &= r^{2}" in found.drawn("latex") and r"\frac{d y}{d x} &= " in found.drawn("latex")
    assert "-x/y" in found.drawn("html") and "-x/y" in found.drawn("markdown") and "-0.75" in repr(found)


def test_an_equation_of_sympy_and_formulas_bound_by_let() -> None:
    x, y = sympy.symbols("x y")
    assert implicit(sympy.Eq(x**2 + y**2, 25), "y", "x").formula == "-x/y"
    assert implicit("g = 25", "y", "x", let={"g": "x^2 + y^2"}).formula == "-x/y"


def test_a_slope_that_is_0_holds_only_where_the_curve_has_one() -> None:
    found = implicit("y^2 + x - x = 1", "y", "x", {"x": 7, "y": 1}, symbolic=False)
    assert found.formula == "0" and found.slopes["x"].formula.where == "y != 0"
    assert found.slopes["x"].points[0].value.value == 0.0


def test_a_long_equation_is_answered_without_a_normal_form() -> None:
    found = implicit("sum(i=1..800, x^i/i) + y^3 = 1", "y", "x", {"x": 0, "y": 1}, symbolic=False)
    (point,) = found.slopes["x"].points
    assert found.formula is None and point.value.certified is not None
    assert point.value.certified.value == "-0.3333333333333333333"


# -- refusals ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("equation", "of", "wrt", "at", "hint"),
    [
        ("x^2 + y^2", "y", "x", None, '"x^2 + y^2 = 0"'),
        ("x >= y", "y", "x", None, '"x^2 + y^2 = 25"'),
        ("", "y", "x", None, '"x^2 + y^2 = 25"'),
        ("x = y = 3", "y", "x", None, "one, as"),
        ("x^2 + y^2 =", "y", "x", None, '"x^2 + y^2 = 25"'),
        ("x^2 + y^2 = 25", "z", "x", None, "its variables are x, y"),
        ("x^2 + y^2 = 25", "y", "z", None, "its variables are x, y"),
        ("x^2 + y^2 = 25", "Y", "x", None, "did you mean y?"),
        ("x^2 + y^2 = 25", "y", "y", None, 'wrt="x"'),
        ("x^2 + y^2 = 25", "y", "x,x", None, 'wrt="x"'),
        ("x^2 + y^2 = 25", "y", "x", {"x": 3}, 'at={"x": 3, "y": ...}'),
        ("x + y - y = 2", "y", "x", None, "sides move with y"),
        ("sum(x)*y = 25", "y", "x", {"x": [1, 2], "y": 4}, 'at={"x": 2}'),
    ],
)
def test_what_is_no_question_is_refused_with_a_hint(
    equation: str, of: str, wrt: str, at: dict[str, object] | None, hint: str
) -> None:
    with pytest.raises(UsageError) as caught:
        implicit(equation, of, wrt, at)
    assert hint in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("equation", "place"), [("x^2 + y^2 = 2*(3+", 17), ("x) + (y = 25", 1), ("x^2 = 2 + qq(3)", 10), ("1/2x = y", 0)]
)
def test_a_side_that_is_no_formula_is_shown_in_the_whole_equation(equation: str, place: int) -> None:
    with pytest.raises(ExpressionError) as caught:
        implicit(equation, "y", "x")
    assert caught.value.text == equation and caught.value.span is not None
    assert caught.value.span[0] in (place, place + 1, place - 1, place - 2)


def test_what_is_no_equation_at_all() -> None:
    with pytest.raises(UsageError, match="a int is no equation"):
        implicit(3, "y", "x")
    with pytest.raises(UsageError, match="bound by let"):
        implicit("x + y = 1", "y", "x", let={"y": 2})
