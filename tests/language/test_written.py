"""Functions that are written out: each means what it stands for, and the formula that was understood shows it."""

import math
from collections.abc import Callable

import pytest
from mpmath import e1, li, polylog

from gradcalc import differentiate
from gradcalc.language.format import format_node
from gradcalc.language.parse import parse
from gradcalc.language.written import WRITTEN

MEANINGS: dict[str, tuple[str, Callable[[float], float]]] = {
    "deg(x)": ("180*x/pi", math.degrees),
    "rad2deg(x)": ("180*x/pi", math.degrees),
    "rad(x)": ("pi*x/180", math.radians),
    "deg2rad(x)": ("pi*x/180", math.radians),
    "exp1(x)": ("expint(1, x)", lambda x: float(e1(x))),
    "spence(x)": ("polylog(2, 1 - x)", lambda x: float(polylog(2, 1 - x))),
    "Li(x)": ("li(x) - li(2)", lambda x: float(li(x) - li(2))),
}


@pytest.mark.parametrize("text", MEANINGS)
def test_a_call_is_read_as_what_it_stands_for(text: str) -> None:
    shown, value = MEANINGS[text]
    formula = parse(text)
    assert format_node(formula.graph, formula.output) == shown
    assert differentiate(text, {"x": 1.7}, symbolic=False).value == pytest.approx(value(1.7), rel=1e-15)


def test_each_has_a_meaning_here() -> None:
    assert set(WRITTEN) <= {text.partition("(")[0] for text in MEANINGS}


@pytest.mark.parametrize("text", ["pi*rad^2", "deg + 1", "2*li", "frac/3"])
def test_their_names_are_variables_without_parentheses(text: str) -> None:
    assert len(parse(text).variables) == 1
