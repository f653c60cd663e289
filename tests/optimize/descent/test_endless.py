"""Whether a value falls for ever along a ray: valleys, poles and edges of a domain; and what has a minimum."""

import pytest

from gradcalc.language.points import to_value
from gradcalc.optimize.descend import ask
from gradcalc.optimize.descent.endless import Endless, endless, endless_by_powers
from gradcalc.settings import DescentSettings, Limits


def along(formula: str, x: float, direction: float) -> Endless | None:
    """What a ray from a point shows."""
    question = ask(formula, {"x": to_value("x", x, Limits())}, {}, [DescentSettings()])
    return endless(question.objective, [x], [[direction]])


@pytest.mark.parametrize(
    ("formula", "x", "direction", "words"),
    [
        ("exp(-x)", 745.7, 1, "towards 0 as x grows"),
        ("3+exp(-x)", 36, 1, "towards 3 as x grows"),
        ("exp(-exp(x))", 6.6, 1, "towards 0 as x grows"),
        ("atan(-x)", 1e8, 1, "towards -1.5708 as x grows"),
        ("sqrt(x^2+1)-x", 1e9, 1, "towards 0 as x grows"),
        ("1/log(x)", 1e100, 1, "below 0.000214272 as x grows"),
        ("-x^2", 3, 1, "towards -inf as x grows"),
        ("-log(x)", 3, 1, "towards -inf as x grows"),
        ("x^3", 0, -1, "towards -inf as x falls"),
        ("log(x)", 2.6e-19, -1, "towards -inf as x approaches 0"),
        ("log(x-1)", 1 + 2.0**-52, -1, "towards -inf as x approaches 1"),
        ("1/x", -1e-9, 1, "towards -inf as x approaches 0"),
        ("tan(x)", -1.5, -1, "towards -inf as x approaches -1.5708"),
    ],
)
def test_what_falls_for_ever(formula: str, x: float, direction: float, words: str) -> None:
    found = along(formula, x, direction)
    assert found is not None
    assert found.reason == f"no minimum: the value still falls {words}"
    assert found.bottomless == ("-inf" in words)


@pytest.mark.parametrize(
    ("formula", "x", "direction"),
    [
        ("x^4", 2e-16, -1),
        ("-x^2+1e-300*x^4", 5, 1),
        ("x^4-1e100*x^2", 5, 1),
        ("acos(x)", 0.99, 1),
        ("sqrt(x)", 0.01, -1),
        ("cos(x)", 1, 1),
        ("5", 0, 1),
        ("relu(x)^2", 3, -1),
        ("x*log(x)", 3, -1),
    ],
)
def test_what_has_a_bottom(formula: str, x: float, direction: float) -> None:
    assert along(formula, x, direction) is None


def test_a_direction_near_simple_ratios_is_taken_for_them() -> None:
    question = ask(
        "(x-3y)^4-y", {name: to_value(name, 0, Limits()) for name in "xy"}, {}, [DescentSettings()]
    )  # fmt: skip
    found = endless(question.objective, [0, 0], [[3, 1 + 1e-9]])
    assert found is not None
    assert found.where == "x and y grow"
    assert endless(question.objective, [0, 0], [[3, 1.01]]) is None


def test_a_bent_valley_is_followed_by_powers() -> None:
    question = ask("(y-x^3)*(y-2x^3)", {name: to_value(name, 0, Limits()) for name in "xy"}, {}, [DescentSettings()])
    found = endless_by_powers(question.objective, [1e4, 1.5e12], [1e2, 1.5e6], [True, True])
    assert found is not None
    assert found.reason == "no minimum: the value still falls towards -inf as x and y grow"
    assert endless_by_powers(question.objective, [1e4, 3e12], [1e2, 3e6], [True, True]) is None
